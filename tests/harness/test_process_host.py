"""Hosts that are processes: apart, robust, and gone afterwards."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from concbench import Workload, measure
from concbench.campaign import measure_plans
from concbench.harness.plan import plan
from concbench.harness.probe import named_workload
from concbench.harness.process_host import GuardedProcess
from concbench.harness.process_hosts import ProcessHosts
from concbench.harness.runner_specs import parse
from concbench.options import chosen
from concbench.workloads.how import How
from concbench.workloads.item_source import ItemSource
from concbench.workloads.loading import Place


class Odd(Workload):
    """Runs a function of this file."""

    name = "odd"
    kind: ClassVar[str] = "cpu"

    def __init__(self, function: Callable[[Any], Any], items: Sequence[Any] = (1, 2, 3)) -> None:
        self._function = function
        self._items = items

    @property
    def function(self) -> Callable[[Any], Any]:
        return self._function

    @property
    def items(self) -> Sequence[Any]:
        return self._items

    def title(self) -> str:
        return "odd things"


class Uncompared(Odd):
    """Nothing is checked, so no process ends before the first sample."""

    compares = False


def where(item: object) -> int:
    return os.getpid() * 0


def loud(item: object) -> int:
    print("to standard output", flush=True)
    print("to standard error", file=sys.stderr, flush=True)
    os.write(1, b"to descriptor 1\n")
    return len(sys.stdin.read())


def exit_at_once(item: object) -> None:
    print("last words", flush=True)
    os._exit(7)


def kill_self(item: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(item: object) -> None:
    time.sleep(60)


def fail(item: int) -> int:
    if item == 2:
        raise ValueError("two is odd")
    return item


def system_exit(item: object) -> None:
    raise SystemExit(3)


def fork_and_return(item: int) -> int:
    if item == 2:
        os.fork()
    return item


def write_everywhere(item: int) -> int:
    for descriptor in range(3, 1100):
        with suppress(OSError):
            os.write(descriptor, b"stray")
    return item


def flood(item: int) -> int:
    print("first words")
    for _ in range(300):
        print("x" * 100_000)
    print("last words", flush=True)
    return os._exit(7) if item == 3 else item


last = 0


def overtaken(item: int) -> int:
    global last  # noqa: PLW0603 - it is what is wrong with it
    last = item
    time.sleep(0.01)
    return last


def leave_a_child(item: object) -> int:
    import subprocess

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    return 0


def outcome(function: Callable[[Any], Any], runner: str = "sequential", **options: Any) -> tuple[str, str, str]:
    cell = measure(Uncompared(function), runners=[runner], rounds=1, **options).tables[0].cells[0]
    return cell.outcome.kind, cell.outcome.reason, cell.outcome.detail


def test_a_function_finds_an_empty_input_and_prints_where_nobody_is_disturbed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What it prints is not taken for an answer, and does not reach the terminal."""
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
    """Whatever the function does to its process."""
    kind, reason, _ = outcome(function)
    assert kind == "failed"
    assert says in reason


def test_the_last_words_of_a_host_are_kept() -> None:
    """The end of what it printed."""
    assert "last words" in outcome(exit_at_once)[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.parametrize("runner", ["sequential", "threads", "thread-pool:2"])
def test_a_forked_child_that_comes_back_answers_nobody(runner: str) -> None:
    """It ends where it would go on through our code; the function's results are those of its parent."""
    assert outcome(fork_and_return, runner) == ("ok", "", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_child_that_comes_back_does_not_go_on_with_a_measurement_in_process(tmp_path: Path) -> None:
    """Nor does it remove the directories of its parent, or print its table."""
    program = (
        "import os, concbench\n"
        "def work(item):\n    return os.fork() * 0 if item == 2 else 0\n"
        "run = concbench.measure(work, items=[1, 2, 3], runners=['sequential', 'threads'], rounds=1, isolate=False)\n"
        "print([cell.outcome.kind for cell in run.record.tables[0].cells], flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("['ok', 'ok']\n", 0), done.stderr


def test_a_stray_byte_ends_that_row_only() -> None:
    """With a sentence that says where it came from."""
    run = measure(Uncompared(write_everywhere), runners=["sequential"], rounds=1)
    outcome = run.record.tables[0].cells[0].outcome
    assert outcome.kind == "failed"
    assert outcome.reason.startswith("something else wrote where the measuring process answers: the function, or a ")


def test_of_a_flood_both_ends_are_kept() -> None:
    """Of 60 MB that went to a file."""
    kind, _, detail = outcome(flood)
    assert kind == "failed"
    assert detail.startswith("first words\nxxx")
    assert "bytes were not kept" in detail
    assert detail.endswith("last words")
    assert len(detail) < 5_000


SLOW_IN_HOSTS = """
import os, sys, time
from pathlib import Path
if "concbench.host.main" in sys.modules:
    time.sleep({seconds})
def work(item):
    return item
"""


@pytest.mark.parametrize(("seconds", "limit"), [(1000, 1.0), (0.4, 60.0)])
def test_an_import_that_hangs_only_in_measuring_processes_has_the_limit_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, limit: float
) -> None:
    """All wait at the same time, and somebody is told once."""
    monkeypatch.setattr("concbench.harness.loading.NOTICE_SECONDS", 0.2)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow_in_hosts.py").write_text(SLOW_IN_HOSTS.format(seconds=seconds))
    workload = named_workload(Place.read("slow_in_hosts:work"), How(), ItemSource("1..3"))
    said: list[str] = []
    options = chosen(import_timeout=limit, rounds=1, observe=False)
    began = time.monotonic()
    one = plan(workload, ["sequential", "threads", "thread-pool:2"], options)
    table = measure_plans([one], ProcessHosts(said.append)).record.tables[0]
    doing = "importing slow_in_hosts:work in a measuring process"
    assert said == [f"{doing} takes long; it may take {limit:g} s (--import-timeout)"]
    if seconds < limit:
        assert {cell.outcome.kind for cell in table.cells} == {"ok"}
        return
    expected = ("failed", "timeout", f"{doing} took more than 1 s; --import-timeout allows more")
    assert {(cell.outcome.kind, cell.outcome.cause, cell.outcome.reason) for cell in table.cells} == {expected}
    assert time.monotonic() - began < 20


def test_a_hang_ends_at_its_timeout() -> None:
    """The whole group is killed, and the row says after how long."""
    kind, reason, _ = outcome(hang, "process-pool:2", timeout=0.5)
    assert (kind, reason) == ("failed", "timed out after 0.5 s")


def test_the_other_cells_go_on() -> None:
    """One workload, one runner that dies, one that does not."""
    run = measure(Odd(overtaken), runners=["sequential", "threads"], rounds=1, observe=False)
    kinds = {cell.label: cell.outcome.kind for cell in run.tables[0].cells}
    assert kinds == {"sequential": "ok", "threads": "failed"}
    assert "of 3 results differ, first at item 0: expected 1, got" in run.tables[0].cell("threads").outcome.reason


def test_nothing_that_a_host_started_outlives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a child that the function left behind, which has a moment to end by itself."""
    monkeypatch.setattr("concbench.harness.process_host._GROUP_SECONDS", 0.2)
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
    """So that one can be ended without the others."""
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(ProcessHosts().host(Odd(where), parse(spec), tmp_path, chosen()))
            for spec in ("sequential", "threads")
        ]
        for host in hosts:
            host.prepare()
        pids = [child.pid for child in psutil.Process().children()]
        groups = {os.getpgid(pid) for pid in pids if os.getpgid(pid) == pid}
        assert len(groups) >= 2
        assert os.getpgid(0) not in groups


def test_the_observed_pass_knows_memory_and_workers() -> None:
    """Of the whole tree, seen from outside."""
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
    """What was measured is there."""

    def interrupted(process: GuardedProcess) -> None:
        monkeypatch.setattr(GuardedProcess, "_let_end", let_end)
        raise KeyboardInterrupt

    let_end = GuardedProcess._let_end
    before = set(psutil.Process().children(recursive=True))
    monkeypatch.setattr(GuardedProcess, "_let_end", interrupted)
    run = measure(Uncompared(where), runners=["sequential", "threads"], rounds=1, observe=False)
    assert run.record.interrupted
    assert [len(cell.samples) for cell in run.tables[0].cells] == [1, 1]
    assert set(psutil.Process().children(recursive=True)) <= before
