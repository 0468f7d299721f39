"""Dask workers: on this machine, and at the address of a cluster that is already running."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from concbench import measure
from concbench.cli.main import main
from concbench.errors import BadSetting, Inapplicable, WorkerDied, WorkerFailure
from concbench.harness.planning.runner_specs import default_runners, parse
from concbench.testing import RUNNER_LAWS, Law, law_name
from concbench.testing.declared import it_is_what_it_declares
from concbench.testing.laws import (
    double,
    double_from,
    every_task_is_run_once,
    fail_on_thirteen,
    the_first_failure_is_raised_with_its_item,
)

pytest.importorskip("distributed")

from dask_cluster import SHOP, Cluster, cluster, import_path

from concbench.runners.clusters import running
from concbench.runners.clusters.cluster_process import LocalCluster
from concbench.runners.dask import Dask


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers that all tests use and none changes."""
    with cluster(tmp_path_factory.mktemp("dask"), 2) as running_one:
        yield running_one
    from distributed import utils

    utils._offload_executor.shutdown()  # Dask keeps a thread for large messages as long as a process lives


def nap(item: float) -> float:
    time.sleep(item)
    return item


def slow_double(item: int) -> int:
    time.sleep(0.001)
    return item * 2


def die_at_three(item: int) -> int:
    if item == 3:
        os._exit(7)
    return item


def lock(item: int) -> Any:
    return threading.Lock()


async def later(item: int) -> int:
    return item


@pytest.mark.parametrize("law", [law for law in RUNNER_LAWS if law is not it_is_what_it_declares], ids=law_name)
def test_it_keeps_the_laws(law: Law, shared: Cluster, tmp_path: Path) -> None:
    """The cluster outlives the runner."""
    law(lambda: Dask(address=shared.address), tmp_path)


@pytest.mark.measured
@pytest.mark.parametrize("settings", [{}, {"chunksize": 4}], ids=["chosen", "chunks"])
def test_it_is_what_it_declares(settings: dict[str, Any], shared: Cluster, tmp_path: Path) -> None:
    """The overlap of tasks shows most of it."""
    it_is_what_it_declares(lambda: Dask(address=shared.address, **settings), tmp_path)


@pytest.mark.parametrize("law", [the_first_failure_is_raised_with_its_item, every_task_is_run_once], ids=law_name)
def test_it_keeps_them_with_chunks_of_a_size_that_is_set(law: Law, shared: Cluster, tmp_path: Path) -> None:
    law(lambda: Dask(address=shared.address, chunksize=4), tmp_path)


def test_a_cluster_of_this_machine_is_gone_with_all_that_it_has_started() -> None:
    """Processes, threads and temporary files are gone, without a trace."""
    before = {*threading.enumerate()}, {*Path(os.environ["TMPDIR"]).iterdir()}
    others = {*psutil.Process().children(recursive=True)}
    with Dask(2) as runner:
        started = {*psutil.Process().children(recursive=True)} - others
        assert runner.run(double, range(7)) == double_from(range(7))
        with pytest.raises(WorkerDied, match="a worker of the Dask cluster died") as died:
            runner.run(die_at_three, range(6))
        assert re.match(r"raised by (task|one of the tasks [\d, ]*) ?3", died.value.__notes__[0])
    assert len(started) >= 3, "a scheduler and two workers"
    psutil.wait_procs(started, timeout=1)
    assert not [one for one in started if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert ({*threading.enumerate()}, {*Path(os.environ["TMPDIR"]).iterdir()}) == before


def test_a_measurement_has_its_workers_before_and_leaves_nothing(shared: Cluster, tmp_path: Path) -> None:
    """Their start is outside the times, their CPU seconds are as reported, and memory is blank."""
    spec = f"dask:address={shared.address}"
    run = measure(slow_double, items=range(40), runners=["sequential", spec], rounds=3)
    cell = run.tables[0].cells[1]
    assert (cell.outcome.kind, cell.workers, len(cell.samples)) == ("ok", 2, 3), cell.outcome
    assert cell.interpreter["provided"] > 0
    assert cell.observed is not None
    assert cell.observed.figures["tasks_seconds"] >= 40 * 0.001
    shown = run[0].cells[1]
    assert shown.cores is not None
    assert shown.memory is shown.start_up is None
    text = " ".join(str(run).split())
    assert "its workers were ready before the clock started (made ready in " in text
    assert "as fast as the best of this machine, sequential. By these figures " in text
    assert shared.forgets()


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_in_this_process_it_is_measured_alike(warm: bool, shared: Cluster) -> None:
    run = measure(double, items=range(9), runners=["sequential", f"dask:2,address={shared.address}"], rounds=1,
                  isolate=False, warm=warm)  # fmt: skip
    assert run.ok, str(run)
    assert run.tables[0].cells[1].samples[0].start > 0 or warm


def test_a_client_that_is_killed_leaves_no_task_and_no_data(shared: Cluster) -> None:
    """It is killed by SIGKILL with most of its tasks still to be done: the scheduler forgets them."""
    program = (
        f"from concbench.runners.dask import Dask\nfrom test_dask import nap\n"
        f"with Dask(address={shared.address!r}, chunksize=1) as runner:\n"
        "    print('entered', flush=True)\n    runner.run(nap, [0.05] * 400)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": import_path()}
    )
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 10
    while shared.holds()[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    process.stdout.close()
    assert shared.forgets()


def test_a_failing_task_leaves_nothing_either(shared: Cluster) -> None:
    with pytest.raises(ValueError, match="no 13"), Dask(address=shared.address, chunksize=2) as runner:
        runner.run(fail_on_thirteen, range(60))
    assert shared.forgets()


def test_a_worker_that_is_killed_is_made_up_for_by_the_others(shared: Cluster) -> None:
    """The engine runs its tasks again; results are complete and in order."""
    third = shared.worker()
    shared.wait_for(3)
    items = [0.02] * 60
    with Dask(address=shared.address, chunksize=1) as runner:
        killer = threading.Timer(0.2, third.kill)
        killer.start()
        assert runner.run(nap, items) == items
        killer.join()
    shared.wait_for(2)


def test_a_scheduler_that_vanishes_is_a_failure_within_seconds(tmp_path: Path) -> None:
    """It vanishes in the midst of the tasks; leaving the runner does not hang."""
    local = LocalCluster(1, tmp_path)
    try:
        runner = Dask(address=local.address, chunksize=1)
        runner.provide(nap)
        gone = threading.Timer(0.3, local.close, [0.0])
        with runner:
            gone.start()
            began = time.monotonic()
            with pytest.raises(WorkerFailure, match="the Dask scheduler has gone"):
                runner.run(nap, [0.05] * 400)
        assert time.monotonic() - began < 10
        gone.join()
    finally:
        local.close()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:8786", "address must be that of a running scheduler, such as tcp://HOST:8786"),
        ("tcp://", "address must be that of a running scheduler"),
        ("tcp://127.0.0.1:99999", "address must be that of a running scheduler"),
        ("tls://127.0.0.1:8786", "requires TLS, but Dask has no credentials here; set the paths"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """There is one line before anything has run."""
    assert main(["run", "primes", "-r", f"dask:address={address}"]) == 2
    out, err = capsys.readouterr()
    assert says in err
    assert (out, err.count("\n")) == ("", 1)


def test_where_nobody_listens_the_answer_comes_within_five_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of the waiting is left out here."""
    left_out = running.CONNECT_SECONDS - 0.3
    monkeypatch.setattr(running, "CONNECT_SECONDS", 0.3)
    began = time.monotonic()
    assert main(["run", "primes", "-r", "dask:address=tcp://127.0.0.1:9"]) == 2
    assert time.monotonic() - began + left_out < 5
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err


def test_part_of_a_cluster_can_be_asked_for(shared: Cluster) -> None:
    runner = Dask(1, address=shared.address)
    with runner:
        assert len({*runner.run(os_pid, range(6))}) == 1
    assert parse(f"dask:address={shared.address}").record(10).workers == 2
    says = "dask: workers must be the number of threads of one or more workers of the cluster, not 3"
    with pytest.raises(BadSetting, match=says):
        parse(f"dask:3,address={shared.address}")


def os_pid(item: int) -> int:
    return os.getpid()


@pytest.fixture
def own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of modules that this machine has, and that no worker has."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("dask_shop", "dask_shelf"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("dask_shelf", SHOP, "cannot import dask_shelf (ModuleNotFoundError: No module named 'dask_shelf'): put it"),
        ("dask_shop", SHOP + "LATER = 1\n", "has a different dask_shop from this machine: use the same version there"),
        ("dask_shop", SHOP, ""),
    ],
    ids=["lacking", "another", "same"],
)
def test_workers_must_have_the_module_of_the_function(
    name: str, text: str, says: str, shared: Cluster, own_path: Path
) -> None:
    """The module of this machine counts; one sentence names the worker."""
    (own_path / f"{name}.py").write_text(text)
    function = partial(__import__(name).double)
    runner = Dask(address=shared.address)
    if not says:
        runner.provide(function)
        return
    with pytest.raises(Inapplicable) as caught:
        runner.provide(function)
    assert says in str(caught.value)
    assert str(caught.value).startswith("the worker tcp://127.0.0.1:")


def test_a_worker_of_another_python_is_refused(shared: Cluster) -> None:
    """It joins the cluster, is asked before anything is sent, and is named."""
    own = "{}.{}".format(*sys.version_info)
    others = [f"python3.{minor}" for minor in (11, 12, 13, 14) if f"3.{minor}" != own]
    path = import_path()
    have = [
        found
        for other in others
        if (found := shutil.which(other))
        and subprocess.run(
            [found, "-c", "import distributed"],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            check=False,
        ).returncode
        == 0
    ]
    if not have:
        pytest.skip("no other Python here has distributed")
    other = shared.worker(have[0])
    shared.wait_for(3)
    try:
        with pytest.raises(Inapplicable, match=r"^the worker tcp://\S+ runs cpython 3\.\d+\.\d+, but this is cpython "):
            Dask(address=shared.address).provide(double)
    finally:
        other.kill()
        shared.wait_for(2)


def test_what_cannot_be_sent_is_named_with_its_item(shared: Cluster) -> None:
    """An item on its way out and a result on its way back: neither hangs, as they do when the engine sends them."""
    with Dask(address=shared.address, chunksize=1) as runner:
        with pytest.raises(TypeError) as caught:
            runner.run(double, [1, threading.Lock(), 3])
        assert any("raised by task 1" in note for note in caught.value.__notes__)
        with pytest.raises(WorkerFailure, match="the result of a task cannot be sent from its worker") as failed:
            runner.run(lock, range(3))
        assert "raised by task 0" in failed.value.__notes__[0]
        with pytest.raises(Inapplicable, match="dask runs ordinary functions; later is a coroutine function"):
            runner.run(later, range(3))


def test_results_that_are_larger_than_a_frame_of_the_wire_come_home(shared: Cluster) -> None:
    """Our code does not limit them, and there is no warning."""
    with Dask(address=shared.address) as runner:
        (result,) = runner.run(bytes, [20_000_000])
        assert len(result) == 20_000_000
        assert runner.run(len, [result]) == [20_000_000]


def test_short_tasks_go_out_in_chunks_and_long_ones_alone(shared: Cluster) -> None:
    with Dask(address=shared.address) as runner:
        assert runner.run(double, range(2000)) == double_from(range(2000))
        short = runner.figures["chunks"]
        runner.run(nap, [0.06] * 8)
    assert short <= 40
    assert runner.figures["chunks"] == 8


def test_it_takes_part_where_it_is_named() -> None:
    """It does not take part in a run that names no runner: it would start a cluster unasked."""
    assert "dask" not in default_runners()
    assert parse("dask:3").label == "dask:3"


def test_a_program_to_paste_does_the_same(shared: Cluster, tmp_path: Path) -> None:
    """It runs on the cluster at the address, with and without chunks."""
    from concbench.program import CallExpression

    for settings in ({}, {"chunksize": 3}):
        call = CallExpression((), "abs", "range(7)")  # which the scheduler can import, too: it reads what is not ours
        program = Dask(address=shared.address, **settings).program(call)
        text = "\n".join(map(str, [*program.imports, *program.definitions, *program.body]))
        names: dict[str, Any] = {}
        if settings:  # what the main program defines is sent by value
            names["__name__"] = "__main__"
        exec(text, names)
        assert names["results"] == [*range(7)]
    opened = Dask(2).program(CallExpression((), "double", "range(7)")).body[0]
    one = "LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)"
    assert opened == f"with {one} as cluster, Client(cluster) as client:"


def test_without_the_extra_the_line_to_type_is_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`list` says it, and so does one line of a run that names it."""
    monkeypatch.delitem(sys.modules, "distributed")
    monkeypatch.delitem(sys.modules, "concbench.runners.dask")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["run", "primes", "-r", "dask:2"]) == 2
    line = "the runner 'dask' needs distributed: pip install \"concbench[dask]\""
    assert capsys.readouterr().err == f"concbench: {line}\n"
    assert main(["list"]) == 0
    assert f"not available: {line}" in capsys.readouterr().out
