"""Additions to tasks in executions that are not samples: recording, the meeting of workers, sequential passes.

Standard library only, since workers import this module, though never in a sample.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import namedtuple
from functools import partial
from os import getpid
from time import sleep, thread_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from typing import Any

perf_counter = partial(time.perf_counter)
"""The clock of all times. It is a partial, since packages such as freezegun replace the function in every module."""

MEET_SECONDS = 30.0
"""Most seconds that workers wait for one another."""


def meet(meeting: tuple[str, int, object]) -> bool:
    """A task that ends when all workers have begun one: each leaves a file in a directory and waits for the others.

    Returns:
        Whether all workers began in time.
    """
    directory, expected, _ = meeting
    mark = os.path.join(directory, f"{getpid()}-{threading.get_native_id()}")  # noqa: PTH118 - pathlib is slow to import
    os.close(os.open(mark, os.O_CREAT | os.O_WRONLY, 0o600))
    deadline = perf_counter() + MEET_SECONDS
    while len(os.listdir(directory)) < expected:  # noqa: PTH208
        if perf_counter() > deadline:
            return False
        sleep(0.001)
    return True


Observation = namedtuple(  # noqa: PYI024 - workers need no typing
    "Observation", "result started finished cpu worker initializer", defaults=[None]
)
"""The record of one task, made inside its worker.

`started` and `finished` are perf_counter() of the worker, comparable across the processes of a machine. `cpu` is the
CPU seconds of the worker's thread; for a coroutine, summed over its steps. `worker` is the process id and the native id
of the thread (for a coroutine, the id of the asyncio task). `initializer` is the seconds of the worker's initializer
before this task; None if it had been called already.
"""


class Observer:
    """A function that returns an Observation of each call; it can be pickled if its function can."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Observation:
        """Call the function, and return the result with its times, worker and CPU time."""
        started = perf_counter()
        cpu = thread_time()
        result = self.function(item)
        cpu = thread_time() - cpu
        finished = perf_counter()
        return Observation(result, started, finished, cpu, (getpid(), threading.get_native_id()))


class CoroutineObserver:
    """A coroutine function that returns an Observation of each call."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self.function = function

    async def __call__(self, item: Any) -> Observation:
        """Await the function, and return the result with its times, worker and CPU time."""
        steps = _Steps(self.function(item))
        started = perf_counter()
        result = await steps
        finished = perf_counter()
        asyncio = sys.modules["asyncio"]  # it is running this
        return Observation(result, started, finished, steps.cpu, (getpid(), id(asyncio.current_task())))


class NumberedItem:
    """An item with its index; it has the repr of the item."""

    def __init__(self, index: int, item: Any) -> None:
        self.index = index
        self.item = item

    def __repr__(self) -> str:
        return repr(self.item)


class Recorder:
    """A function of numbered items that records the process of each item in progress in a file that survives it."""

    def __init__(self, function: Callable[[Any], Any], path: str) -> None:
        self.function = function
        self.path = path

    def __call__(self, numbered: NumberedItem) -> Any:
        """Call the function on the item, recorded while it is in progress."""
        with _Record(self.path, numbered.index):
            return self.function(numbered.item)


class CoroutineRecorder(Recorder):
    """A coroutine function of numbered items that records the process of each item in progress."""

    async def __call__(self, numbered: NumberedItem) -> Any:
        """Await the function on the item, recorded while it is in progress."""
        with _Record(self.path, numbered.index):
            return await self.function(numbered.item)


_SLOT_BYTES = 4
"""Bytes for each item: the id of the process that executes it, or 0."""
_mapped_files: dict[str, Any] = {}
"""Record files mapped by this process: writing to mapped memory takes no time, and survives the process."""


class _Record:
    def __init__(self, path: str, index: int) -> None:
        self._slot = slice(_SLOT_BYTES * index, _SLOT_BYTES * (index + 1))
        if path not in _mapped_files:
            import mmap

            with open(path, "r+b") as file:  # noqa: PTH123 - pathlib is slow to import
                _mapped_files[path] = mmap.mmap(file.fileno(), 0)
        self._map = _mapped_files[path]

    def __enter__(self) -> None:
        self._map[self._slot] = getpid().to_bytes(_SLOT_BYTES, "little")

    def __exit__(self, *exc: object) -> None:
        self._map[self._slot] = bytes(_SLOT_BYTES)


def create_record(path: str, item_count: int) -> None:
    """Create an empty record file for so many items."""
    with open(path, "wb") as file:  # noqa: PTH123 - as above
        file.write(bytes(_SLOT_BYTES * item_count))


def items_in_progress(path: str) -> dict[int, int]:
    """The indexes of the items in progress, each with the id of its process; empty if there is no such file."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            record = file.read()
    except OSError:
        return {}
    pids = (
        int.from_bytes(record[start : start + _SLOT_BYTES], "little") for start in range(0, len(record), _SLOT_BYTES)
    )
    return {index: pid for index, pid in enumerate(pids) if pid}


PASS_SECONDS = 0.3
"""Seconds after which no further sequential pass begins; the first two are always made."""


class Passes:
    """Sequential passes as one task: the function is called on all items in order, once for each list of items.

    One worker makes all passes, so their results show a dependence on the process or the thread. For short work there
    are as many passes as lists of items, otherwise two.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item_lists: list[list[Any]]) -> list[list[Any]]:
        """Make one pass over each list of items."""
        passes: list[list[Any]] = []
        began = perf_counter()
        for items in item_lists:
            if len(passes) < 2 or perf_counter() - began < PASS_SECONDS:
                passes.append([self.function(item) for item in items])
        return passes


class PassesOfCoroutine:
    """Sequential passes of a coroutine function as one task."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self.function = function

    async def __call__(self, item_lists: list[list[Any]]) -> list[list[Any]]:
        """Make one pass over each list of items."""
        passes: list[list[Any]] = []
        began = perf_counter()
        for items in item_lists:
            if len(passes) < 2 or perf_counter() - began < PASS_SECONDS:
                passes.append([await self.function(item) for item in items])
        return passes


class _Steps:
    """Awaits another awaitable and adds up the CPU time between its suspensions."""

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self.awaitable = awaitable
        self.cpu = 0.0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self.awaitable.__await__()
        resume: Callable[[], Any] = lambda: next(steps)  # noqa: E731
        while True:
            cpu_before = thread_time()
            try:
                waits_for = resume()
            except StopIteration as done:
                return done.value
            finally:
                self.cpu += thread_time() - cpu_before
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001 - a cancellation is passed on to the coroutine
                thrown = error
                resume = lambda: steps.throw(thrown)  # noqa: B023, E731
            else:
                resume = lambda: next(steps)  # noqa: E731
