"""Hosts that are processes: apart, robust, and gone afterwards."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from concbench import Workload, measure
from concbench.harness.plan import Options
from concbench.harness.process_host import GuardedProcess
from concbench.harness.process_hosts import ProcessHosts
from concbench.harness.runner_specs import parse


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


def test_a_hang_ends_at_its_timeout() -> None:
    """The whole group is killed, and the row says after how long."""
    kind, reason, _ = outcome(hang, "process-pool:2", timeout=2.0)
    assert (kind, reason) == ("failed", "timed out after 2 s")


def test_the_other_cells_go_on() -> None:
    """One workload, one runner that dies, one that does not."""
    run = measure(Odd(overtaken), runners=["sequential", "threads"], rounds=2)
    kinds = {cell.label: cell.outcome.kind for cell in run.tables[0].cells}
    assert kinds == {"sequential": "ok", "threads": "failed"}
    assert "of 3 results differ, first at item 0: expected 1, got" in run.tables[0].cell("threads").outcome.reason


def test_nothing_that_a_host_started_outlives_it() -> None:
    """Not even a child that the function left behind."""
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
            stack.enter_context(ProcessHosts().host(Odd(where), parse(spec), tmp_path, Options()))
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
