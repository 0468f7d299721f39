"""What happens inside a worker: sending results, naming the item of a failure, observing a task.

Standard library only, and as little of it as possible: every spawned worker imports this, `typing` and `traceback`
would double what it costs.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import namedtuple
from time import perf_counter, sleep, thread_time

from concbench.errors import WorkerFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Sequence
    from multiprocessing.connection import Connection
    from typing import Any

_LONG_BITS = 1_000
MEET_SECONDS = 30.0
"""How long workers wait for one another."""


def short(value: object, limit: int = 60) -> str:
    """A representation for messages: one line, at most `limit` characters, never an exception of its own."""
    if isinstance(value, int) and value.bit_length() > _LONG_BITS:
        return _long_number(value)
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a broken __repr__ must not hide the message that it is for
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _long_number(value: int) -> str:
    """A number that Python refuses to write out: about how many digits it has, and a digest to tell it by."""
    from hashlib import sha256

    digits = int(value.bit_length() * 0.30103) + 1
    return f"a number of some {digits:,} digits (sha256 of its hex {sha256(f'{value:x}'.encode()).hexdigest()[:12]})"


def name_item(error: BaseException, index: int, item: object) -> None:
    """Add to a task's exception the note that says which task raised it."""
    error.add_note(f"raised by task {index}, item {short(item)}")


def gather(results: Any, items: Sequence[Any]) -> list[Any]:
    """List what an iterator yields in the order of the items; if it raises, the note names the item it was at."""
    gathered: list[Any] = []
    try:
        gathered.extend(results)
    except Exception as error:
        if len(gathered) < len(items):
            name_item(error, len(gathered), items[len(gathered)])
        raise
    return gathered


def run_chunk(function: Callable[[Any], Any], chunk: tuple[int, Sequence[Any]]) -> list[Any]:
    """Run neighbouring tasks in one go; `chunk` is the index of its first task and its items."""
    first, items = chunk
    results: list[Any] = []
    try:
        results.extend(map(function, items))
    except Exception as error:
        name_item(error, first + len(results), items[len(results)])
        raise
    return results


def portable(error: BaseException) -> BaseException:
    """The same exception if it survives a trip through pickle, else a WorkerFailure that quotes it.

    An exception whose __init__ takes other arguments than it hands to super() pickles well and cannot be unpickled.
    """
    import pickle
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever goes wrong on the trip, the answer is the same
        error = WorkerFailure(f"a task raised an exception that cannot be brought home: {short(error, 200)}")
    error.add_note(f"in the worker process {os.getpid()}:\n{text.rstrip()}")
    return error


def answer(connection: Connection[Any, Any], function: Callable[[Any], Any], item: Any) -> None:
    """Be a process for one task: send (True, result) or (False, exception)."""
    try:
        result = (True, function(item))
    except BaseException as error:  # noqa: BLE001 - raised again in the parent
        result = (False, portable(error))
    try:
        connection.send(result)
    except Exception as error:  # noqa: BLE001 - a result that cannot be pickled
        connection.send((False, portable(error)))


def meet(place: tuple[str, int]) -> bool:
    """A task that ends when so many workers have begun one: each leaves a mark in a directory and waits for the others.

    Returns:
        Whether they all came.
    """
    directory, expected = place
    mark = os.path.join(directory, f"{os.getpid()}-{threading.get_native_id()}")  # noqa: PTH118 - pathlib is slow to import
    os.close(os.open(mark, os.O_CREAT | os.O_WRONLY, 0o600))
    deadline = perf_counter() + MEET_SECONDS
    while len(os.listdir(directory)) < expected:  # noqa: PTH208
        if perf_counter() > deadline:
            return False
        sleep(0.001)
    return True


Observation = namedtuple("Observation", "result started finished cpu worker")  # noqa: PYI024 - typing is dear
"""One task as it was seen from inside its worker.

`started` and `finished` are perf_counter() of the worker, comparable across the processes of a machine; `cpu` is the
seconds of CPU time of the worker's thread, of a coroutine summed over its steps; `worker` is the process id and the
native id of the thread (of the asyncio task, for a coroutine).
"""


class Observed:
    """A function that returns an Observation of each call; it is pickled as its function is."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Observation:
        """Call it, and say when, where and at what cost."""
        cpu = thread_time()
        started = perf_counter()
        result = self.function(item)
        finished = perf_counter()
        return Observation(result, started, finished, thread_time() - cpu, (os.getpid(), threading.get_native_id()))


class ObservedCoroutine:
    """The same for a coroutine function."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self.function = function

    async def __call__(self, item: Any) -> Observation:
        """Await it, and say when, where and at what cost."""
        steps = _Steps(self.function(item))
        started = perf_counter()
        result = await steps
        finished = perf_counter()
        asyncio = sys.modules["asyncio"]  # it is running this
        return Observation(result, started, finished, steps.cpu, (os.getpid(), id(asyncio.current_task())))


class _Steps:
    """Awaits another awaitable and adds up the CPU time between its suspensions."""

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self.awaitable = awaitable
        self.cpu = 0.0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self.awaitable.__await__()
        resume: Callable[[], Any] = lambda: next(steps)  # noqa: E731
        while True:
            before = thread_time()
            try:
                waits_for = resume()
            except StopIteration as done:
                return done.value
            finally:
                self.cpu += thread_time() - before
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001 - a cancellation goes on into the coroutine
                thrown = error
                resume = lambda: steps.throw(thrown)  # noqa: B023, E731
            else:
                resume = lambda: next(steps)  # noqa: E731
