"""Adapters that turn a user's function into an ordinary function of one item.

Every cell of a workload gets the same adapter, and the table says so. An adapter is pickled like its function. Standard
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


class WithUnpackedItem:
    """Calls a function with the parts of an item as arguments; the parts of a dict become keyword arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call the function; a coroutine function returns its coroutine."""
        return self.function(**item) if isinstance(item, dict) else self.function(*item)


class WithoutArguments:
    """Calls a function without arguments, whatever the item."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call the function; a coroutine function returns its coroutine."""
        del item
        return self.function()


class InEventLoop:
    """Runs a coroutine function as an ordinary one, in an event loop that each worker thread keeps."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Run the coroutine to its end."""
        from concbench.task import TaskException

        answer = _run(_loop_of_this_thread().runner, self.function, item)
        if type(answer) is not TaskException:
            return answer
        try:
            raise answer.error  # raised here, where no frame of its traceback holds the loop
        finally:
            del answer


class WithAwaitedResult:
    """Makes a coroutine function of an ordinary one that returns awaitables, always or sometimes."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    async def __call__(self, item: Any) -> Any:
        """Call the function, and await its result if that is awaitable."""
        result = self.function(item)
        return await result if hasattr(result, "__await__") else result


class WithToleratedErrors:
    """Returns the exception that a task raises as its result."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call the function; returns its result or its exception."""
        from concbench.task import sendable_exception

        try:
            return self.function(item)
        except Exception as error:  # noqa: BLE001 - it was asked for
            return sendable_exception(BaseException.with_traceback(error, None))


class CoroutineWithToleratedErrors:
    """The same for a coroutine function."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self.function = function

    async def __call__(self, item: Any) -> Any:
        """Await the function; returns its result or its exception."""
        from concbench.task import sendable_exception

        try:
            return await self.function(item)
        except Exception as error:  # noqa: BLE001 - it was asked for
            return sendable_exception(BaseException.with_traceback(error, None))


class WithInitializer:
    """A function that calls an initializer before its first call in each worker.

    A worker is a thread: one of a pool, that of a worker process, or the one of the caller or of an event loop. An
    initializer holds for one execution, since a thread may exist before and after it.
    """

    def __init__(self, function: Callable[[Any], Any], initializer: Initializer, execution: int) -> None:
        self.function = function
        self.initializer = initializer
        self.execution = execution

    def __call__(self, item: Any) -> Any:
        """Call the function, after the initializer if that is due."""
        if getattr(_thread_state, "execution", None) == self.execution:
            return self.function(item)
        seconds = self._initialize()
        return _with_initializer(self.function(item), seconds)

    def _initialize(self) -> float:
        """Call the initializer; returns the seconds that it took."""
        from concbench.errors import InitializerFailed
        from concbench.task import attempt, exception_text

        cpu, began = thread_time(), perf_counter()
        _, error = attempt(self.initializer)
        seconds = perf_counter() - began
        if error is not None:
            module, name = (getattr(self.initializer, part, "") for part in ("__module__", "__qualname__"))
            description = f"{module}:{name}" if module and name else type(self.initializer).__name__
            raise InitializerFailed(f"the initializer {description} raised {exception_text(error)}") from error
        initializing.append((seconds, thread_time() - cpu))
        _thread_state.execution = self.execution
        _thread_state.initializers = self.initializer_seconds() + seconds
        return seconds

    @staticmethod
    def initializer_seconds() -> float:
        """Seconds that initializers have taken in this thread so far."""
        return getattr(_thread_state, "initializers", 0.0)


class CoroutineWithInitializer(WithInitializer):
    """The same for a coroutine function: the initializer is called once in the thread of the event loop."""

    async def __call__(self, item: Any) -> Any:
        """Await the function, after the initializer if that is due."""
        if getattr(_thread_state, "execution", None) == self.execution:
            return await self.function(item)
        seconds = self._initialize()
        return _with_initializer(await self.function(item), seconds)


initializing: list[tuple[float, float]] = []
"""Seconds and CPU seconds of every call of an initializer in this process."""


def _with_initializer(result: Any, seconds: float) -> Any:
    """The same result; if it is the record of a task, with the seconds that an initializer took before it."""
    observing = sys.modules.get("concbench.observing")  # if it is not imported, the result is not a record
    if observing is None or type(result) is not observing.Observation:
        return result
    return result._replace(initializer=seconds)


class _Loop:
    """An event loop that is closed when its thread ends.

    No frame may hold this object: the frame of an exception would keep it until a garbage collection in another thread.
    """

    def __init__(self) -> None:
        import asyncio

        self.runner = asyncio.Runner()

    def __del__(self) -> None:
        if not sys.is_finalizing():  # closing it needs modules that may be gone
            self.runner.close()


def _run(runner: asyncio.Runner, function: Callable[[Any], Awaitable[Any]], item: Any) -> Any:
    """The result of the function, or a `TaskException` with its exception."""
    import asyncio

    from concbench.task import TaskException

    answers: list[Any] = []

    async def task() -> None:
        """Neither return the result nor raise the exception of the function: asyncio would take its repr."""
        current = asyncio.current_task()
        try:
            answers.append(await function(item))
        except BaseException as error:
            if current and current.cancelling() and not isinstance(error, Exception):
                raise  # such as by Ctrl-C
            answers.append(TaskException(error))

    runner.run(task())
    return answers.pop()


_thread_state = threading.local()


def _loop_of_this_thread() -> _Loop:
    if not hasattr(_thread_state, "loop"):
        _thread_state.loop = _Loop()
    loop: _Loop = _thread_state.loop
    return loop
