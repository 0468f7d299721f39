"""Failures of runners beyond failing tasks."""

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from concbench import Asyncio, BatchedThreads, MpPool, Processes, ProcessPool, ThreadPool, Threads, ToThread
from concbench.errors import BadSetting, Inapplicable, WorkerFailure
from concbench.testing.laws import double
from concbench.workloads.function.adapters import InEventLoop, WithToleratedErrors


def die(item: int) -> int:
    if item == 2:
        os._exit(3)
    return item


def test_processes_refuses_too_many_before_starting_any() -> None:
    """The error says how to allow it."""
    with pytest.raises(Inapplicable, match=r"processes:limit=257"), Processes() as runner:
        runner.run(double, range(257))


def test_a_dead_process_is_named_with_its_exit_code_and_item() -> None:
    """os._exit in a task is a failure of the worker, not a hang."""
    with pytest.raises(WorkerFailure, match="exit code 3") as caught, Processes() as runner:
        runner.run(die, range(4))
    assert any("task 2" in note for note in caught.value.__notes__)


def test_a_dead_pool_worker_is_a_failure_of_the_worker() -> None:
    """BrokenProcessPool becomes our own type."""
    with pytest.raises(WorkerFailure, match="died"), ProcessPool(workers=2) as runner:
        runner.run(die, range(4))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_worker_that_dies_in_a_pool_of_multiprocessing_is_noticed() -> None:
    """The pool itself would wait for ever; it can be used again afterwards."""
    with MpPool(workers=2, start_method="fork") as runner:
        with pytest.raises(WorkerFailure, match=r"a worker process of mp-pool\(2\) died \(exit code 3\)") as caught:
            runner.run(die, range(4))
        assert isinstance(getattr(caught.value, "process", None), int)
        assert runner.run(double, range(3)) == [0, 2, 4]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_worker_that_is_killed_while_it_holds_a_lock_hangs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle worker has the lock of the task queue, for which all others wait, and so does the end of the pool."""
    monkeypatch.setattr("concbench.runners.mp_pool._END_SECONDS", 0.2)
    with MpPool(workers=2, start_method="fork") as runner:
        workers = set(runner.run(worker_of, range(8)))
        time.sleep(0.1)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        with pytest.raises(WorkerFailure, match=r"died \(signal SIGKILL\)"):
            runner.run(double, range(3))


def worker_of(item: int) -> int:
    time.sleep(0.02)
    return os.getpid()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_workers_that_are_replaced_have_not_died() -> None:
    """Each has one task, and counts as a worker of its own."""
    with MpPool(workers=2, start_method="fork", maxtasksperchild=1) as runner:
        assert len(set(runner.run(worker_of, range(6)))) == 6


def test_a_lambda_for_processes_says_that_it_cannot_be_pickled() -> None:
    """The start method pickles; the error is that of the interpreter."""
    with pytest.raises((pickle.PicklingError, AttributeError)), Processes(start_method="spawn") as runner:
        runner.run(lambda item: item, [1])


def test_threads_that_the_system_refuses_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started threads are joined, and the error gives their number."""
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def refuse_the_fourth(thread: threading.Thread) -> None:
        if len(started) == 3:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_the_fourth)
    with pytest.raises(WorkerFailure, match="3 of 10 threads"), Threads() as runner:
        runner.run(double, range(10))
    assert not any(thread.is_alive() for thread in started)


def test_asyncio_refuses_an_ordinary_function_before_calling_it() -> None:
    """The message says what is needed instead."""
    called: list[int] = []
    with pytest.raises(Inapplicable, match="async def"), Asyncio() as runner:
        runner.run(called.append, [1])  # type: ignore[arg-type]
    assert called == []


@pytest.mark.parametrize(
    "around", [lambda function: function, InEventLoop, lambda one: WithToleratedErrors(InEventLoop(one))]
)
def test_threads_of_a_loop_refuse_a_coroutine_function_before_calling_it(around: Callable[..., Any]) -> None:
    """This includes functions that a measurement has wrapped."""
    called: list[int] = []

    async def task(item: int) -> None:
        called.append(item)

    with pytest.raises(Inapplicable, match="use asyncio"), ToThread() as runner:
        runner.run(around(task), [1])
    assert called == []


def test_asyncio_inside_an_event_loop_says_so() -> None:
    """A notebook is an example."""

    async def notebook() -> None:
        with Asyncio():
            pass

    with pytest.raises(Inapplicable, match="event loop"), Asyncio() as runner:
        runner.run(_ignoring_the_item(notebook), [None])


def _ignoring_the_item(function: Callable[[], Awaitable[None]]) -> Callable[[object], Awaitable[None]]:
    async def call(item: object) -> None:
        await function()

    return call


def test_asyncio_keeps_no_more_than_its_workers_in_progress() -> None:
    """It keeps exactly that many."""
    import asyncio

    now = most = 0

    async def task(item: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.002)
        now -= 1

    with Asyncio(workers=7) as runner:
        runner.run(task, range(40))
    assert most == 7


def test_batches_are_joined_before_the_next_begins() -> None:
    """There are ten at most, where the article's loop starts eleven."""
    lock, now, most = threading.Lock(), 0, 0
    meet = threading.Barrier(10)

    def task(item: int) -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        meet.wait(10)  # all ten of a batch are here at once, or this fails
        with lock:
            now -= 1
        return item

    with BatchedThreads() as runner:
        assert runner.run(task, range(30)) == list(range(30))
    assert most == 10


@pytest.mark.parametrize("make", [ThreadPool, ToThread, BatchedThreads, ProcessPool, MpPool, Asyncio])
@pytest.mark.parametrize("workers", [0, -1, "many", 2.5, True])
def test_workers_must_be_a_whole_number_of_one_or_more(make: type, workers: object) -> None:
    """They are refused when the runner is made, before anything runs."""
    with pytest.raises(BadSetting, match="workers must be a whole number"):
        make(workers=workers)


def test_a_start_method_that_is_not_here_is_refused_with_those_that_are() -> None:
    """Nothing is started before."""
    with pytest.raises(BadSetting, match="spawn"):
        ProcessPool(start_method="teleport")
