"""An initializer runs once in each worker before its first task: under every runner alike, and on the clock."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from concbench import Asyncio, BatchedThreads, ProcessPool, Sequential, ThreadPool, Threads, ToThread, load, measure
from concbench.cli.main import main
from concbench.errors import BadFunction, InitializerFailed, UsageError
from concbench.harness.search.search import _task_seconds
from concbench.host.cell import HostedCell
from concbench.registry import runner_class
from concbench.runners.base import Runner
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

PLUGINS = Path(__file__).parents[1] / "plugins"
SECONDS = 0.02
ready = threading.local()
called: list[tuple[int, int]] = []


def get_ready() -> None:
    """Make the calling thread ready, as a connection may be."""
    time.sleep(SECONDS)
    called.append((os.getpid(), threading.get_native_id()))
    ready.since = time.perf_counter()


def ask(item: int) -> int:
    """Fail in a worker that is not ready."""
    assert ready.since <= time.perf_counter()
    time.sleep(0.005)
    return item * 2


async def ask_later(item: int) -> int:
    await asyncio.sleep(0.005)
    return item * 2 if ready.since else 0


def refuse() -> None:
    raise ConnectionError("nobody is there")


def refuse_threads() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise ConnectionError("one connection at most")


@pytest.fixture(autouse=True)
def not_ready() -> None:
    """Fail in every worker."""
    called.clear()
    ready.__dict__.clear()


def hosted(runner: Runner, function: Callable[..., Any] = ask, *, warm: bool = False, **how: Any) -> HostedCell:
    workload = FunctionWorkload.of(
        function, list(range(8)), CallForm(initializer=how.pop("initializer", get_ready), **how)
    )
    return HostedCell(workload, runner, warm=warm)


RUNNERS: dict[str, tuple[Runner, int]] = {
    "sequential": (Sequential(), 1),
    "threads": (Threads(), 8),
    "batched-threads": (BatchedThreads(4), 8),
    "thread-pool": (ThreadPool(3), 3),
    "to-thread": (ToThread(3), 3),
    "asyncio": (Asyncio(3), 1),
}
"""For each runner, the most workers that eight tasks have."""


@pytest.mark.parametrize("name", RUNNERS)
def test_every_worker_is_ready_before_its_first_task_and_once(name: str) -> None:
    """Each execution calls it again, even in the same thread; its calls and its time are recorded."""
    runner, workers = RUNNERS[name]
    cell = hosted(runner, ask_later if name == "asyncio" else ask)
    for _ in range(2):
        called.clear()
        timing = cell.sample()
        assert timing.results == [item * 2 for item in range(8)]
        assert 1 <= len(called) == len(set(called)) <= workers
        assert timing.work.seconds >= SECONDS
    called.clear()
    figures, _, _ = cell.observe()
    assert figures["initializer_calls"] == len(called)
    assert figures["initializer_seconds"] >= len(called) * SECONDS
    assert figures["began"][0] >= SECONDS  # no task has begun before
    cell.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_worker_process_is_ready_too_and_inherits_nothing_of_that() -> None:
    """It does not report initializers of the caller's thread either."""
    cell = hosted(ProcessPool(2, "fork"))
    assert cell.reference()[0] == [item * 2 for item in range(8)]  # in this thread, which is forked
    figures, _, _ = cell.observe()
    assert 1 <= figures["initializer_calls"] <= 2
    assert len(called) == 1


def test_workers_that_outlive_the_measuring_process_are_made_ready_for_the_next_one() -> None:
    """Workers of a cluster at an address are such: their state belongs to no other process."""
    ask_for_one = "from concbench.host import sessions; print(next(sessions._SESSION_NUMBERS))"
    numbers = [subprocess.check_output([sys.executable, "-c", ask_for_one]) for _ in range(2)]
    assert len(set(numbers)) == 2


def test_runners_of_other_packages_need_know_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function that they are given handles it."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    try:
        cell = hosted(runner_class("crew")(workers=2))
        assert cell.sample().results == [item * 2 for item in range(8)]
        assert len(called) == len(set(called)) <= 2
    finally:
        sys.modules.pop("other_ways", None)


@pytest.mark.parametrize("name", ["sequential", "thread-pool", "asyncio"])
def test_workers_that_are_kept_are_ready_before_the_clock(name: str) -> None:
    """They stay ready."""
    runner, workers = RUNNERS[name]
    cell = hosted(runner, ask_later if name == "asyncio" else ask, warm=True)
    try:
        assert [cell.sample_of(cell.sample()).initializer for _ in range(2)] == [0.0, 0.0]
        assert len(called) == workers
    finally:
        cell.close()


@pytest.mark.parametrize("name", ["sequential", "threads", "to-thread", "asyncio"])
def test_a_failure_is_told_with_its_name_and_as_no_task_of_anybody(name: str) -> None:
    """This holds even if exceptions of tasks are tolerated."""
    cell = hosted(RUNNERS[name][0], ask_later if name == "asyncio" else ask, initializer=refuse, tolerate=True)
    says = f"the initializer {__name__}:refuse raised ConnectionError: nobody is there"
    with pytest.raises(InitializerFailed, match=f"^{re.escape(says)}$") as caught:
        cell.sample()
    assert isinstance(caught.value.__cause__, ConnectionError)
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_failure_in_a_worker_process_comes_home() -> None:
    """It says where it was raised."""
    with pytest.raises(InitializerFailed, match="refuse raised ConnectionError") as caught:
        hosted(ProcessPool(2, "fork"), initializer=refuse).sample()
    assert "in refuse" in caught.value.__notes__[0]


def test_a_failure_is_that_of_its_row_alone(tmp_path: Path) -> None:
    """The other rows are measured, and the note gives its time; the saved file is read back."""
    run = measure(
        ask, items=[1, 2, 3], initializer=get_ready, runners=["sequential", "threads"], isolate=False, rounds=3
    )
    table = run.tables[0]
    assert [cell.outcome.kind for cell in table.cells] == ["ok", "ok"]
    assert [cell.observed.initializer_calls for cell in table.cells if cell.observed] == [1, 3]
    said = " ".join(str(run).split())
    assert f"The initializer {__name__}:get_ready is called in each worker before its first task, and the" in said
    assert re.search(r"sequential once \(\d\S* ms\), threads 3 times \(\d\S* ms\)", said)
    run.save(tmp_path / "run.json")
    assert load(tmp_path / "run.json").record == run.record
    run = measure(
        abs, items=[1, 2], initializer=refuse_threads, runners=["sequential", "threads"], isolate=False, rounds=1
    )
    sequential, threads = run.tables[0].cells
    assert sequential.outcome.kind == "ok"
    assert threads.outcome.kind == "failed"
    assert threads.outcome.reason.endswith("refuse_threads raised ConnectionError: one connection at most")


def test_what_a_task_takes_is_without_it() -> None:
    """The choice of candidates looks at a single task, which would otherwise seem to take as long as both."""
    run = measure(ask, items=[1], initializer=get_ready, runners=["sequential"], isolate=False, rounds=1, observe=False)
    (sample,) = run.tables[0].cells[0].samples
    assert sample.work >= sample.initializer >= SECONDS * sample.repeats
    assert _task_seconds(run.record.tables[0]) < sample.work - SECONDS / 2


async def later() -> None:
    pass


def wants(size: int) -> None:
    pass


@pytest.mark.parametrize(
    ("initializer", "says"),
    [
        (later, f"the initializer {__name__}:later is a coroutine function: name an ordinary one"),
        (wants, f"the initializer {__name__}:wants(size: 'int') -> 'None' is called without arguments: missing a"),
        (3, "initializer must be a function, or where one is found, such as 'app:same', not 3"),
        ("app.load", "cannot read 'app.load'"),
    ],
)
def test_what_cannot_be_called_so_is_refused_before_anything_runs(initializer: Any, says: str) -> None:
    """The message says what to do."""
    with pytest.raises(UsageError, match=re.escape(says)):
        measure(ask, items=[1], initializer=initializer, isolate=False)


def test_from_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It is examined together with the function."""
    (tmp_path / "app_1.py").write_text("def f(item): return item\nnumber = 3\ndef wants(size): pass\n")
    place = f"{tmp_path / 'app_1.py'}"
    for name, says in (("number", "is 3, which cannot be called"), ("wants", "is called without arguments")):
        assert main(["run", f"{place}:f", "--items", "1..2", "--initializer", f"{place}:{name}"]) == 2
        assert says in capsys.readouterr().err
    assert main(["run", "primes", "--initializer", f"{place}:f"]) == 2
    assert capsys.readouterr().err == "concbench: --initializer is for a function of your own, such as app:fetch\n"


def test_one_that_cannot_be_sent_keeps_everything_at_home() -> None:
    """The same holds for a function."""
    workload = FunctionWorkload.of(abs, [1], CallForm(initializer=lambda: None))
    assert "cannot be sent to another process" in workload.unsendable
    with pytest.raises(BadFunction, match="cannot be called"):
        FunctionWorkload.of(abs, [1], CallForm(initializer=3))  # type: ignore[arg-type]
