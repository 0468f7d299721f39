"""Hosts that are processes: isolated, robust, and gone afterwards."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from misbehaving import (
    Odd,
    Stuck,
    Uncompared,
    become_another_program,
    close_everything,
    die_in_a_worker,
    escape,
    exit_at_once,
    exit_when_idle,
    exit_with_its_own_code,
    fail,
    finish_later,
    flood,
    fork_and_return,
    give_ending,
    give_hanging,
    give_refusing,
    hang,
    kill_self,
    kill_the_group,
    leave_a_child,
    leave_a_process,
    leave_a_thread,
    loud,
    overtaken,
    remove_what_is_ours,
    remove_what_is_ours_at_last,
    replace_what_others_use,
    stop_all_clocks,
    system_exit,
    where,
    write_everywhere,
)
from traces import wait_until

from concbench import measure
from concbench.campaign import measure_plans
from concbench.errors import Inapplicable
from concbench.harness.hosts.base import CellEnded
from concbench.harness.hosts.child import GuardedProcess
from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.planning.plan import plan
from concbench.harness.planning.runner_specs import parse
from concbench.harness.preparation.probe import named_workload
from concbench.host.cell import HostedCell
from concbench.options import make_options
from concbench.runners.process_pool import ProcessPool
from concbench.runners.sequential import Sequential
from concbench.wire import Wire
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.item_source import ItemSource
from concbench.workloads.function.lookup import ObjectPath


def outcome(function: Callable[[Any], Any], runner: str = "sequential", **options: Any) -> tuple[str, str, str]:
    cell = measure(Uncompared(function), runners=[runner], rounds=1, **options).tables[0].cells[0]
    return cell.outcome.kind, cell.outcome.reason, cell.outcome.detail


def test_a_function_finds_an_empty_input_and_prints_where_nobody_is_disturbed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Its output is not taken for an answer, and does not reach the terminal."""
    assert outcome(loud)[0] == "ok"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (exit_at_once, "exit code 7"),
        (kill_self, "SIGKILL"),
        (fail, "ValueError: two is odd; raised by task 1, item 2"),
        (system_exit, "SystemExit: 3"),
    ],
)
def test_a_fault_is_one_row_with_its_reason(function: Callable[[Any], Any], says: str) -> None:
    """This holds whatever the function does to its process."""
    kind, reason, _ = outcome(function)
    assert kind == "failed"
    assert says in reason


def test_the_last_words_of_a_host_are_kept() -> None:
    """The end of its output is kept."""
    assert "last words" in outcome(exit_at_once)[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.parametrize("runner", ["sequential", "threads", "thread-pool:2"])
def test_a_forked_child_that_comes_back_answers_nobody(runner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends where it would continue in our code; the results are those of its parent."""
    monkeypatch.setattr("concbench.harness.hosts.child._GROUP_SECONDS", 0.2)
    assert outcome(fork_and_return, runner) == ("ok", "", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_child_that_comes_back_does_not_go_on_with_a_measurement_in_process(tmp_path: Path) -> None:
    """It does not remove the directories of its parent or print its table either."""
    program = (
        "import os, concbench\n"
        "def work(item):\n    return os.fork() * 0 if item == 2 else 0\n"
        "run = concbench.measure(work, items=[1, 2, 3], runners=['sequential', 'threads'], rounds=1, isolate=False)\n"
        "print([cell.outcome.kind for cell in run.record.tables[0].cells], flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("['ok', 'ok']\n", 0), done.stderr


def test_a_stray_byte_ends_that_row_only() -> None:
    """A sentence says where it came from."""
    run = measure(Uncompared(write_everywhere), runners=["sequential"], rounds=1)
    outcome = run.record.tables[0].cells[0].outcome
    assert outcome.kind == "failed"
    assert outcome.reason.startswith("something else wrote to the channel on which the measuring process answers: ")


def test_of_a_flood_both_ends_are_kept() -> None:
    """60 MB went to a file."""
    kind, _, detail = outcome(flood)
    assert kind == "failed"
    assert detail.startswith("first words\nxxx")
    assert "bytes were not kept" in detail
    assert detail.endswith("last words")
    assert len(detail) < 5_000


FORKS_IN_HOSTS = """
import multiprocessing, os, sys, time
if "concbench.host.host_process" in sys.modules and os.fork():
    time.sleep(0.3)
def work(item):
    return item
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_child_that_an_import_has_forked_prepares_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be there before its parent."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forks_in_hosts.py").write_text(FORKS_IN_HOSTS)
    workload = named_workload(ObjectPath.read("forks_in_hosts:work"), CallForm(), ItemSource("1..3"))
    one = plan(workload, ["sequential"], make_options(rounds=1, observe=False))
    assert measure_plans([one], ProcessHosts()).record.tables[0].cells[0].outcome.kind == "ok"


SLOW_IN_HOSTS = """
import os, sys, time
from pathlib import Path
if "concbench.host.host_process" in sys.modules:
    time.sleep({seconds})
def work(item):
    return item
"""


@pytest.mark.parametrize(("seconds", "limit"), [(1000, 0.5), (0.4, 60.0)])
def test_an_import_that_hangs_only_in_measuring_processes_has_the_limit_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, limit: float
) -> None:
    """All processes wait at the same time, and one message is printed."""
    monkeypatch.setattr("concbench.harness.hosts.import_wait.NOTICE_SECONDS", 0.2)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow_in_hosts.py").write_text(SLOW_IN_HOSTS.format(seconds=seconds))
    workload = named_workload(ObjectPath.read("slow_in_hosts:work"), CallForm(), ItemSource("1..3"))
    said: list[str] = []
    options = make_options(import_timeout=limit, rounds=1, observe=False)
    began = time.monotonic()
    one = plan(workload, ["sequential", "threads", "thread-pool:2"], options)
    table = measure_plans([one], ProcessHosts(said.append)).record.tables[0]
    doing = "importing slow_in_hosts:work in a measuring process"
    assert said == [f"{doing} is taking long; the limit is {limit:g} s (--import-timeout)"]
    if seconds < limit:
        assert {cell.outcome.kind for cell in table.cells} == {"ok"}
        return
    expected = ("failed", "timeout", f"{doing} took more than 0.5 s; --import-timeout allows more")
    assert {(cell.outcome.kind, cell.outcome.cause, cell.outcome.reason) for cell in table.cells} == {expected}
    assert time.monotonic() - began < 20


def test_items_that_hang_as_they_are_pickled_are_told_from_imports_that_hang() -> None:
    """The limit is that of loading."""
    one = plan(Odd(where, [Stuck()]), ["process-pool:2"], make_options(import_timeout=0.5, rounds=1))
    (cell,) = measure_plans([one], ProcessHosts()).record.tables[0].cells
    assert (cell.outcome.kind, cell.outcome.cause) == ("failed", "timeout")
    said = "importing odd in a measuring process took more than 0.5 s while its items were pickled and unpickled; "
    assert cell.outcome.reason.startswith(said)


def test_a_hang_ends_at_its_timeout() -> None:
    """The whole process group is killed, and the row gives the time."""
    kind, reason, _ = outcome(hang, "process-pool:2", timeout=0.5)
    assert (kind, reason) == ("failed", "timed out after 0.5 s")


def test_the_other_cells_go_on() -> None:
    """One runner of the workload dies, and one does not."""
    run = measure(Odd(overtaken), runners=["sequential", "threads"], rounds=1, observe=False)
    kinds = {cell.label: cell.outcome.kind for cell in run.tables[0].cells}
    assert kinds == {"sequential": "ok", "threads": "failed"}
    assert "of 3 results differ, first at item" in run.tables[0].cell("threads").outcome.reason


def test_nothing_that_a_host_started_outlives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that the function left behind has a moment to end by itself."""
    monkeypatch.setattr("concbench.harness.hosts.child._GROUP_SECONDS", 0.2)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    assert outcome(leave_a_child)[0] == "ok"
    sleeping = [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if "import time; time.sleep(60)" in (process.info["cmdline"] or [])
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]
    assert not sleeping
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_every_cell_has_a_process_group_of_its_own(tmp_path: Path) -> None:
    """One can be ended without the others."""
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(ProcessHosts().host(Odd(where), parse(spec), tmp_path, make_options()))
            for spec in ("sequential", "threads")
        ]
        for host in hosts:
            host.prepare()
        pids = [child.pid for child in psutil.Process().children()]
        groups = {os.getpgid(pid) for pid in pids if os.getpgid(pid) == pid}
        assert len(groups) >= 2
        assert os.getpgid(0) not in groups


def test_the_observed_pass_knows_memory_and_workers() -> None:
    """The whole tree is seen from outside."""
    cell = measure(Odd(where, range(8)), runners=["process-pool:2"], rounds=1).tables[0].cells[0]
    observed = cell.observed
    assert observed is not None
    assert observed.memory is not None
    assert 5e6 < observed.memory < 1e9
    assert 1 <= len(observed.began) <= 2
    assert observed.tasks is not None
    assert len(observed.tasks.started) == 8
    assert all(start <= finish for start, finish in zip(observed.tasks.started, observed.tasks.finished, strict=True))


def test_an_interruption_while_processes_end_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measured results are kept."""

    def interrupted(process: GuardedProcess) -> None:
        monkeypatch.setattr(GuardedProcess, "_wait_for_end", let_end)
        raise KeyboardInterrupt

    let_end = GuardedProcess._wait_for_end
    before = set(psutil.Process().children(recursive=True))
    monkeypatch.setattr(GuardedProcess, "_wait_for_end", interrupted)
    run = measure(Uncompared(where), runners=["sequential", "threads"], rounds=1, observe=False)
    assert run.record.interrupted
    assert [len(cell.samples) for cell in run.tables[0].cells] == [1, 1]
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.mark.measured
@pytest.mark.skipif(sys.platform != "linux", reason="only there is it seen")
@pytest.mark.parametrize(
    ("function", "runner", "what"),
    [
        (leave_a_thread, "sequential", "a busy thread"),
        (leave_a_process, "process-pool:2", "a busy process"),
    ],
)
def test_what_computes_on_and_on_ends_its_cell_before_it_disturbs_another(
    function: Callable[[Any], Any], runner: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named; a sample of it does not count."""
    monkeypatch.setattr("concbench.harness.hosts.process_host._SETTLE_SECONDS", 0.5)
    cell = measure(Uncompared(function), runners=[runner], rounds=1).tables[0].cells[0]
    assert (cell.outcome.kind, cell.outcome.cause) == ("failed", "busy")
    assert cell.outcome.reason.startswith(f"odd leaves {what} behind that was still computing 0.5 s after the last")
    assert cell.samples == []


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it seen")
def test_what_computes_for_a_while_after_the_last_task_is_said() -> None:
    """Its time is in no figure."""
    table = measure(Uncompared(finish_later), runners=["sequential"], rounds=1, observe=False).tables[0]
    assert table.cells[0].outcome.kind == "ok"
    said = "odd was still computing a while after its last task had returned; no time above includes that"
    assert f"{said} (under sequential)." in table.notes


class Slow:
    """Takes a long time to write out."""

    def __repr__(self) -> str:
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass
        return "slow"


def test_what_we_ask_of_it_between_executions_is_not_put_down_to_the_work() -> None:
    """The texts of the items are such a request."""
    table = measure(Uncompared(where, [Slow(), Slow()]), runners=["sequential"], rounds=1).tables[0]
    assert table.items == ["slow", "slow"]
    assert not any("still computing" in note for note in table.notes)


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it found")
def test_a_program_without_session_and_environment_in_common_is_found_ended_and_named() -> None:
    """It is found by the limit that it inherited."""
    table = measure(Uncompared(escape), runners=["sequential", "processes"], rounds=1, observe=False).tables[0]
    assert [cell.outcome.kind for cell in table.cells] == ["ok", "ok"]
    under = "(under sequential, processes(forkserver))"
    assert f"odd left programs running, which were ended: sleep {under}." in table.notes
    left = [one for one in psutil.process_iter(["cmdline"]) if "86421" in (one.info["cmdline"] or [])]
    assert [one.pid for one in left if one.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="semaphores cannot be seen")
@pytest.mark.parametrize("runner", ["process-pool:workers=2,start_method=spawn", "joblib:2"])
def test_shared_memory_goes_with_a_process_group_that_is_killed_tracker_and_all(runner: str) -> None:
    """Names begin with 16 digits of the measuring process's mark, or hold its identity where joblib chose them."""

    def shared() -> set[str]:
        ours = re.compile(r"sem\.mp-[0-9a-f]{16}-|sem\.loky-|joblib_memmapping_folder_")
        return {path.name for path in Path("/dev/shm").iterdir() if ours.match(path.name)}

    if runner.startswith("joblib"):
        pytest.importorskip("joblib")
    before = shared()
    assert "died (signal SIGKILL)" in outcome(kill_the_group, runner)[1]
    new = shared() - before  # what other measurements of this machine have there is gone when they have ended
    wait_until(lambda: not new & shared(), "shared memory goes")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (give_hanging, "Results cannot be compared: timed out after 1 s while its results were compared."),
        (give_ending, "Results cannot be compared: the measuring process died (exit code 4) while its results were "),
        (give_refusing, "raises SystemExit: 5 when it is compared; --check"),
    ],
)
def test_results_that_misbehave_are_blamed_and_their_tasks_are_not(function: Callable[[Any], Any], says: str) -> None:
    """Everything that needs no comparison is measured."""
    table = measure(Odd(function), runners=["sequential", "thread-pool:2"], rounds=1, timeout=1.0).tables[0]
    assert [cell.outcome.kind for cell in table.cells] == ["ok", "ok"]
    assert any(says in note for note in table.notes), table.notes


@pytest.mark.parametrize("runner", ["processes", "process-pool:2"])
def test_of_a_dead_worker_the_end_the_last_words_and_the_task_are_told(runner: str) -> None:
    """The task is recorded in the first execution that is compared."""
    cells = measure(Odd(die_in_a_worker), runners=["sequential", runner], rounds=2, observe=False).tables[0].cells
    assert cells[0].outcome.kind == "ok"
    reason = cells[1].outcome.reason
    assert "died (signal SIGSEGV); raised by task 1, item 2; last printed: alas" in reason


def test_where_no_execution_is_recorded_the_item_is_unknown() -> None:
    """The reason says so."""
    assert outcome(die_in_a_worker, "process-pool:2")[1].endswith("raised by a task, item unknown; last printed: alas")
    assert "died (exit code 7), item unknown; last printed: last words" in outcome(exit_at_once)[1]


def test_the_task_that_ended_the_measuring_process_is_told() -> None:
    """It is the task of the sequential pass."""
    cell = measure(Odd(kill_the_group), runners=["sequential"], rounds=1).tables[0].cells[0]
    assert cell.outcome.reason == "the measuring process died (signal SIGKILL) while task 1 was at work"


@pytest.mark.parametrize(
    ("function", "runner"),
    [
        (become_another_program, "sequential"),
        (close_everything, "sequential"),
        (become_another_program, "process-pool:workers=2,start_method=fork"),
    ],
)
def test_what_can_answer_no_more_is_not_said_to_have_died_of_our_own_signal(
    function: Callable[[Any], Any], runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure comes at once, with the probable cause."""
    monkeypatch.setattr("concbench.harness.hosts.child._DYING_SECONDS", 0.3)
    began = time.monotonic()
    reason = outcome(function, runner)[1]
    assert time.monotonic() - began < 30
    assert "with another program (exec), or closes file descriptors that it did not open" in reason
    assert "died" not in reason


def test_no_exit_code_of_the_function_is_taken_for_a_closed_wire() -> None:
    """The process ended itself with an exit code of the function's own."""
    assert "died (exit code 113)" in outcome(exit_with_its_own_code)[1]


def test_what_a_function_replaces_its_measuring_process_does_not_use() -> None:
    """This holds for communication and for keeping results."""
    assert (
        measure(Odd(replace_what_others_use), runners=["sequential"], rounds=2).tables[0].cells[0].outcome.kind == "ok"
    )


def test_clocks_that_a_function_has_stopped_are_not_ours() -> None:
    """This holds even for clocks that were imported by name."""
    cell = measure(Odd(stop_all_clocks), runners=["sequential"], rounds=2).tables[0].cells[0]
    assert cell.outcome.kind == "ok", cell.outcome.reason
    assert all(sample.seconds > 0 for sample in cell.samples)


def test_a_host_that_dies_between_two_executions_has_failed_in_none(tmp_path: Path) -> None:
    """Its last output is given."""
    cell, before = parse("sequential"), {*psutil.Process().children()}

    def ended() -> bool:  # with its last thread: until then, its end of the wire is open
        children = {*psutil.Process().children()} - before
        return any(
            child.status() == psutil.STATUS_ZOMBIE and len(list(Path(f"/proc/{child.pid}/task").iterdir())) == 1
            for child in children
        )

    with ProcessHosts().host(Uncompared(exit_when_idle), cell, tmp_path, make_options()) as host:
        host.prepare()
        host.sample()
        wait_until(ended, "end")
        with pytest.raises(CellEnded) as caught:
            host.sample()
    says = "the measuring process died (exit code 7) between two executions; last printed: no heartbeat"
    assert (caught.value.outcome.reason, caught.value.idle) == (says, True)


@pytest.mark.skipif(sys.platform == "win32", reason="no children to reap")
def test_an_exit_code_that_somebody_else_has_taken_is_unknown() -> None:
    """A program may ignore SIGCHLD, or reap all its children."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert "the measuring process died (exit code unknown), item unknown" in outcome(exit_at_once)[1]
    finally:
        signal.signal(signal.SIGCHLD, before)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), "concbench ran out of memory while reading the answer of the measuring process; allow it"),
        (RecursionError("too deep"), "the answer of the measuring process cannot be read: RecursionError: too deep"),
    ],
)
def test_whatever_happens_to_a_reader_is_an_answer(
    error: Exception, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no wait for a timeout, and no traceback of ours."""

    def fails(wire: Wire) -> None:
        raise error

    monkeypatch.setattr(Wire, "receive", fails)
    assert outcome(where)[1].startswith(says)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is suspended there")
def test_the_time_in_which_this_process_is_suspended_does_not_count(tmp_path: Path) -> None:
    """It does not count in a budget either; an answer that has arrived meanwhile is read afterwards."""
    program = (
        "import os, sys, time\nfrom misbehaving import Uncompared, nap\nfrom concbench import measure\n"
        "run = measure(Uncompared(nap, [1]), runners=['sequential'], rounds=1, observe=False, timeout=1.0)\n"
        "print(run.record.tables[0].cells[0].outcome.reason or 'ok')\n"
        "from concbench.harness.clock import AWAKE\n"
        "print('as if awake' if time.monotonic() - AWAKE.now() < 1.0 else 'asleep')\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NAPPING": str(tmp_path / "napping")}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment) as running:
        wait_until((tmp_path / "napping").exists, "nap")
        running.send_signal(signal.SIGSTOP)
        time.sleep(2.5)
        running.send_signal(signal.SIGCONT)
        assert running.communicate(timeout=60)[0] == b"ok\nasleep\n"


def test_results_that_cannot_be_kept_are_not_said_to_be_unsendable() -> None:
    """The directory was removed: the reason says so, and so does that of the next process, which cannot be started."""
    first, second = measure(Odd(remove_what_is_ours), runners=["sequential", "threads"], rounds=1).tables[0].cells
    assert first.outcome.reason.startswith("concbench could not keep the results in ")
    assert "was removed" in second.outcome.reason


def test_where_the_results_to_compare_with_are_gone_that_is_said() -> None:
    """This holds even after good samples: no execution has failed."""
    runners = ["sequential", "process-pool:2"]
    first, second = measure(Odd(remove_what_is_ours_at_last), runners=runners, rounds=2).tables[0].cells
    assert first.outcome.reason.startswith("concbench could not read the results to compare with: No such file or ")
    assert all(" was removed" in cell.outcome.reason for cell in (first, second))


class Unreadable:
    """Can be pickled, but not unpickled."""

    def __reduce__(self) -> Any:
        return int, ("x",)


class Unwritable:
    """Cannot be pickled."""

    def __reduce__(self) -> Any:
        raise LookupError("not for sale")


@pytest.mark.parametrize(
    ("item", "why"), [(Unreadable(), "ValueError: invalid literal"), (Unwritable(), "LookupError: not for sale")]
)
def test_an_item_that_cannot_travel_makes_workers_inapplicable_wherever_it_stands(item: object, why: str) -> None:
    """This holds in both directions; threads take the item."""
    with pytest.raises(Inapplicable) as refused:
        HostedCell(Odd(id, [1, item]), ProcessPool(2)).examine()
    assert str(refused.value).startswith(f"item 1, <{__name__}.")
    assert f"cannot be sent to another process ({why}" in str(refused.value)
    HostedCell(Odd(id, [1, item]), Sequential()).examine()
