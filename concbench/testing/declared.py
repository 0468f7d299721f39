"""The law that declared traits are true, checked by process ids, threads, interpreters and overlaps of tasks.

Traits that a runner does not declare are not checked.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from concbench.runners.base import Runner, workers_for
from concbench.task import attempt, exception_text
from concbench.traits import CALLER, ELSEWHERE, INTERPRETERS, LOOP, PLACES, PROCESSES, THREADS, Traits

_SHORT, _LONG = 0.005, 0.1
"""Seconds of a task, and of a long task that others may overtake."""
_BURN_SECONDS = 0.05
"""CPU seconds of a task in the check of CPU time accounting."""
_FEW_TASKS, _MANY_TASKS = 6, 80
"""Bounds on the number of tasks, which should exceed the workers of a pool."""
_threads: set[int] = set()
"""Native ids of the threads that have run a task in this interpreter."""


@dataclass(frozen=True)
class TaskSighting:
    """The place and time of one task."""

    machine: tuple[str, int]
    """Host name and process id."""
    interpreter: int
    """An id that differs between the interpreters of a process."""
    thread: int
    looping: bool
    """Whether an event loop was running in the thread."""
    first: bool
    """Whether it was the first task of its thread."""
    item: Traveller
    began: float
    ended: float


class Traveller:
    """An item or result that records whether it has been pickled."""

    def __init__(self, seconds: float, *, travelled: bool = False) -> None:
        self.seconds = seconds
        self.travelled = travelled

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle_traveller, (self.seconds,)


def _unpickle_traveller(seconds: float) -> Traveller:
    return Traveller(seconds, travelled=True)


def look_around(item: Traveller) -> TaskSighting:
    """A task that waits, and returns where and when it ran."""
    start = _start_task()
    time.sleep(item.seconds)
    return _sighting(item, start)


async def look_around_awaiting(item: Traveller) -> TaskSighting:
    """A coroutine function that waits, and returns where and when it ran."""
    import asyncio

    start = _start_task()
    await asyncio.sleep(item.seconds)
    return _sighting(item, start)


class CountsPickling:
    """A task that waits, and counts how often it is pickled."""

    times = 0

    def __call__(self, item: Traveller) -> TaskSighting:
        """Wait, and return where and when it ran."""
        return look_around(item)

    def __reduce__(self) -> tuple[Any, ...]:
        CountsPickling.times += 1
        return CountsPickling, ()


def burn(seconds: float) -> None:
    """A task that computes."""
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass


def _start_task() -> tuple[bool, float]:
    thread = threading.get_native_id()  # get_ident() is soon reused
    first = thread not in _threads
    _threads.add(thread)
    return first, time.monotonic()


def _sighting(item: Traveller, start: tuple[bool, float]) -> TaskSighting:
    first, began = start
    machine = socket.gethostname(), os.getpid()
    interpreter, thread = id(sys.modules), threading.get_ident()
    return TaskSighting(machine, interpreter, thread, _looping(), first, item, began, time.monotonic())


def _looping() -> bool:
    asyncio = sys.modules.get("asyncio")  # if it is not imported, no loop runs; an import would cost every worker
    try:
        return asyncio is not None and asyncio.get_running_loop() is not None
    except RuntimeError:
        return False


def it_is_what_it_declares(make: Callable[[], Runner], directory: Path) -> None:
    """Every declared trait is observed: where tasks run, what they share, and how workers are started and fed."""
    del directory
    runner = make()
    traits = _declared_traits(runner)
    if traits == Traits():
        return
    workers, chunk = (getattr(runner, name, 1) or 1 for name in ("workers", "chunksize"))
    tasks = min(_MANY_TASKS, max(_FEW_TASKS, 2 * workers * chunk + 1))
    function = look_around_awaiting if getattr(runner, "awaits", False) else look_around
    with runner:
        first_run = runner.run(function, [Traveller(_SHORT) for _ in range(tasks)])
        lengths = [_LONG, *([_SHORT] * (tasks - 1))]
        second_run = runner.run(function, [Traveller(seconds) for seconds in lengths])
    at_once = workers_for(runner, tasks)
    for claim, observation in _contradictions(traits, [*first_run, *second_run], second_run, at_once):
        raise AssertionError(f"traits.{claim}, but {observation}")
    if traits.sends is not None and function is look_around:
        _require_sending(make(), tasks, chunk, sends=traits.sends)
    if traits.where == PROCESSES and traits.reaped is not None and function is look_around:
        _require_cpu_accounting(make(), reaped=traits.reaped)


def _declared_traits(runner: Runner) -> Traits:
    """The traits of a runner; faults that a measurement would ignore are reported."""
    if not hasattr(type(runner), "traits") and not hasattr(runner, "traits"):
        return Traits()
    traits, error = attempt(getattr, runner, "traits")
    assert error is None, f"traits cannot be read: {exception_text(error)}"
    assert traits is None or isinstance(traits, Traits), f"traits must be a concbench.traits.Traits, not {traits!r:.80}"
    return traits or Traits()


def _contradictions(
    traits: Traits, sightings: Sequence[TaskSighting], last: Sequence[TaskSighting], at_once: int
) -> Iterator[tuple[str, str]]:
    """Yield pairs of a declared trait and the observation that contradicts it."""
    if traits.where is not None:
        contradiction = _place_contradiction(traits.where, sightings)
        if contradiction:
            yield f"where is {traits.where!r}", contradiction
    if traits.where == CALLER and at_once > 1:
        yield f"where is {CALLER!r}", f"workers is {at_once}, and one thread does one task at a time"
    if traits.shares_interpreter is not None and at_once > 1:
        together = _together_in_one_interpreter(sightings)
        if together != traits.shares_interpreter:
            yield (
                f"shares_interpreter is {traits.shares_interpreter}",
                f"{'two' if together else 'no two'} tasks were in progress in one interpreter at once",
            )
    travelled = sum(sight.item.travelled for sight in sightings)
    if traits.pickles is not None and travelled != (len(sightings) if traits.pickles else 0):
        yield f"pickles is {traits.pickles}", f"{travelled} of {len(sightings)} items or results came out of a pickle"
    new = sum(sight.first for sight in sightings)
    if traits.worker_per_task is not None and (new == len(sightings)) != traits.worker_per_task:
        yield (
            f"worker_per_task is {traits.worker_per_task}",
            f"{new} of {len(sightings)} tasks were the first of their thread",
        )
    if traits.barriers is not None and 1 < at_once < len(last):
        batched = _in_batches(last, at_once)
        if batched != traits.barriers:
            subject = "no batch" if batched else "at least one batch"
            yield (
                f"barriers is {traits.barriers}",
                f"{subject} of {at_once} tasks began before the previous one had finished",
            )


def _place_contradiction(where: str, sightings: Sequence[TaskSighting]) -> str:
    """The observation that contradicts the declared place; empty if there is none."""
    if where not in PLACES:
        return f"it must be one of {', '.join(PLACES)}"
    caller = socket.gethostname(), os.getpid()
    outside = sum(sight.machine != caller for sight in sightings)
    if where in {PROCESSES, ELSEWHERE}:
        return (
            ""
            if outside == len(sightings)
            else f"{len(sightings) - outside} of {len(sightings)} tasks ran in the process that called run()"
        )
    if outside:
        return f"{outside} of {len(sightings)} tasks ran in other processes"
    return _local_place_contradiction(where, sightings)


def _local_place_contradiction(where: str, sightings: Sequence[TaskSighting]) -> str:
    """The observation that contradicts a declared place within this process; empty if there is none."""
    in_other_interpreter = sum(sight.interpreter != id(sys.modules) for sight in sightings)
    in_caller = sum(sight.thread == threading.get_ident() and not sight.looping for sight in sightings)
    looping = sum(sight.looping for sight in sightings)
    threads = len({sight.thread for sight in sightings})
    agrees = {
        CALLER: in_caller == len(sightings),
        THREADS: not in_caller and not looping and not in_other_interpreter,
        LOOP: looping == len(sightings) and threads == 1,
        INTERPRETERS: in_other_interpreter == len(sightings),
    }
    if agrees[where]:
        return ""
    return (
        f"of {len(sightings)} tasks, {in_caller} ran in the thread that called run(), {looping} in an event loop, and "
        f"{in_other_interpreter} in another interpreter; they ran in {threads} threads"
    )


def _together_in_one_interpreter(sightings: Sequence[TaskSighting]) -> bool:
    by_interpreter: dict[tuple[Any, ...], list[TaskSighting]] = {}
    for sight in sightings:
        by_interpreter.setdefault((sight.machine, sight.interpreter), []).append(sight)
    return any(
        before.ended > after.began
        for sights in by_interpreter.values()
        for before, after in pairwise(sorted(sights, key=lambda sight: sight.began))
    )


def _in_batches(sightings: Sequence[TaskSighting], size: int) -> bool:
    batches = [sightings[first : first + size] for first in range(0, len(sightings), size)]
    return all(
        max(sight.ended for sight in before) <= min(sight.began for sight in after)
        for before, after in pairwise(batches)
    )


def _require_sending(runner: Runner, tasks: int, chunk: int, *, sends: bool) -> None:
    """Check whether the function is pickled for every chunk of tasks."""
    CountsPickling.times = 0
    with runner:
        runner.run(CountsPickling(), [Traveller(_SHORT) for _ in range(tasks)])
    chunks = -(-tasks // chunk)
    assert (CountsPickling.times >= chunks) == sends, (
        f"traits.sends is {sends}, but the function was pickled {CountsPickling.times} times "
        f"for {chunks} chunks of {chunk} tasks"
    )


def _require_cpu_accounting(runner: Runner, *, reaped: bool) -> None:
    """Check whether the CPU time of its processes is accounted to this process after the runner was left."""
    if sys.platform == "win32":
        return
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with runner:
        runner.run(burn, [_BURN_SECONDS] * 2)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    accounted = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert (accounted >= _BURN_SECONDS) == reaped, (
        f"traits.reaped is {reaped}, but {accounted:.2f} of {2 * _BURN_SECONDS:.2f} seconds of CPU time were "
        "attributed to this process's children"
    )
