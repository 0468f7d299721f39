"""What adapts a user's function to the way that tasks are called: a function of one item, an ordinary one.

Every cell of a workload gets the same one, and the table says so. Each is pickled as its function is. Standard
library only: worker processes import this.
"""

from __future__ import annotations

import sys
import threading
from time import perf_counter, thread_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from typing import Any

    Initializer = Callable[[], object]


class Unpacked:
    """Calls a function with the parts of an item as its arguments, those of a dict by their names."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call it; a coroutine function gives its coroutine."""
        return self.function(**item) if isinstance(item, dict) else self.function(*item)


class WithoutArguments:
    """Calls a function of no arguments, whatever the item."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call it; a coroutine function gives its coroutine."""
        del item
        return self.function()


class InEventLoop:
    """Runs a coroutine function as an ordinary one, in an event loop that each worker thread keeps."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Run the coroutine to its end."""
        from concbench.task import Raised

        answer = _run(_loop_of_this_thread().runner, self.function, item)
        if type(answer) is not Raised:
            return answer
        try:
            raise answer.error  # here, where no frame of its traceback holds the loop
        finally:
            del answer


class Awaited:
    """Makes a coroutine function of an ordinary one that returns awaitables, always or now and then."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    async def __call__(self, item: Any) -> Any:
        """Call it, and await what it returns if that is an awaitable."""
        result = self.function(item)
        return await result if hasattr(result, "__await__") else result


class Tolerant:
    """Returns the exception that a task raises, so that it is a result like any other."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call it."""
        from concbench.task import sendable

        try:
            return self.function(item)
        except Exception as error:  # noqa: BLE001 - it was asked for
            return sendable(BaseException.with_traceback(error, None))


class TolerantCoroutine:
    """The same for a coroutine function."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self.function = function

    async def __call__(self, item: Any) -> Any:
        """Await it."""
        from concbench.task import sendable

        try:
            return await self.function(item)
        except Exception as error:  # noqa: BLE001 - it was asked for
            return sendable(BaseException.with_traceback(error, None))


class Initialized:
    """A function before whose first call in each worker an initializer is called.

    A worker is a thread: one of a pool, that of a worker process, or the one of the caller or of an event loop. What an
    initializer has done holds for one execution, since a thread may be there before it and after it.
    """

    def __init__(self, function: Callable[[Any], Any], initializer: Initializer, execution: int) -> None:
        self.function = function
        self.initializer = initializer
        self.execution = execution

    def __call__(self, item: Any) -> Any:
        """Call it."""
        if getattr(_own, "execution", None) == self.execution:
            return self.function(item)
        seconds = self._initialize()
        return _with_initializer(self.function(item), seconds)

    def _initialize(self) -> float:
        """Call the initializer; returns the seconds that it took."""
        from concbench.errors import InitializerFailed
        from concbench.task import exception_text, tried

        cpu, began = thread_time(), perf_counter()
        _, failed = tried(self.initializer)
        seconds = perf_counter() - began
        if failed is not None:
            module, name = (getattr(self.initializer, part, "") for part in ("__module__", "__qualname__"))
            told = f"{module}:{name}" if module and name else type(self.initializer).__name__
            raise InitializerFailed(f"the initializer {told} raised {exception_text(failed)}") from failed
        initializing.append((seconds, thread_time() - cpu))
        _own.execution = self.execution
        _own.initializers = self.paid() + seconds
        return seconds

    @staticmethod
    def paid() -> float:
        """Seconds that initializers have taken in this thread so far."""
        return getattr(_own, "initializers", 0.0)


class InitializedCoroutine(Initialized):
    """The same for a coroutine function: the initializer is called once in the thread of the event loop."""

    async def __call__(self, item: Any) -> Any:
        """Await it."""
        if getattr(_own, "execution", None) == self.execution:
            return await self.function(item)
        seconds = self._initialize()
        return _with_initializer(await self.function(item), seconds)


initializing: list[tuple[float, float]] = []
"""Of every initializer that was called in this process, seconds and seconds of CPU time."""


def _with_initializer(result: Any, seconds: float) -> Any:
    """The same, with the seconds that an initializer took before it if it is the record of a task."""
    observing = sys.modules.get("concbench.observing")  # not imported, it cannot be one
    if observing is None or type(result) is not observing.Observation:
        return result
    return result._replace(initializer=seconds)


class _Loop:
    """An event loop that is closed when its thread ends.

    No frame may hold this object: that of an exception would keep it until a garbage collection in some other thread.
    """

    def __init__(self) -> None:
        import asyncio

        self.runner = asyncio.Runner()

    def __del__(self) -> None:
        if not sys.is_finalizing():  # closing it takes modules that may be gone
            self.runner.close()


def _run(runner: asyncio.Runner, function: Callable[[Any], Awaitable[Any]], item: Any) -> Any:
    """What the function returns or, as a Raised, raises."""
    import asyncio

    from concbench.task import Raised

    answers: list[Any] = []

    async def task() -> None:
        """Neither return nor raise what the function does: asyncio would take its repr."""
        own = asyncio.current_task()
        try:
            answers.append(await function(item))
        except BaseException as error:
            if own and own.cancelling() and not isinstance(error, Exception):
                raise  # by Ctrl-C, for one
            answers.append(Raised(error))

    runner.run(task())
    return answers.pop()


_own = threading.local()


def _loop_of_this_thread() -> _Loop:
    if not hasattr(_own, "loop"):
        _own.loop = _Loop()
    loop: _Loop = _own.loop
    return loop
