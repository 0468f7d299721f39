"""The runner of asyncio: coroutines in one thread, a bounded number at once."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from concbench.errors import Inapplicable
from concbench.runners.base import as_sequence, require_positive
from concbench.task import with_task_note
from concbench.traits import LOOP, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program
    from concbench.runners.look import Look


@dataclass
class Asyncio:
    """Coroutines in one thread, a bounded number in progress at once."""

    awaits: ClassVar[bool] = True
    traits: ClassVar[Traits] = Traits(
        where=LOOP, shares_interpreter=True, pickles=False, worker_per_task=False, barriers=False, simplicity=40
    )

    workers: int = 32
    """Coroutines in progress at once."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers)

    def __enter__(self) -> Self:
        self._runner = new_loop()
        return self

    def run(self, function: Callable[[Any], Awaitable[Any]], items: Sequence[Any]) -> list[Any]:
        """Await the function once on each item; the contract is that of `base.Runner.run`."""
        if not is_coroutine_function(function):
            name = getattr(function, "__name__", type(function).__name__)
            raise Inapplicable(f"asyncio runs coroutine functions (async def); {name} is an ordinary function")
        items = as_sequence(items)
        results: list[Any] = [None] * len(items)
        errors: dict[int, BaseException] = {}
        self._runner.run(self._work(function, items, results, errors))
        if errors:  # raised here, since SystemExit, for example, would break the loop
            raise with_task_note(errors[min(errors)], min(errors), items)
        return results

    async def _work(
        self,
        function: Callable[[Any], Awaitable[Any]],
        items: Sequence[Any],
        results: list[Any],
        errors: dict[int, BaseException],
    ) -> None:
        """Store results and exceptions by index; they are not returned, since asyncio would call repr on them."""
        waiting = iter(range(len(items)))
        run = asyncio.current_task()
        assert run is not None, "this is awaited by a task"

        async def worker() -> None:
            for index in waiting:
                try:
                    results[index] = await function(items[index])
                except BaseException as error:
                    if run.cancelling() and not isinstance(error, Exception):
                        raise  # the whole run is cancelled, for example by Ctrl-C, and not by a task
                    errors[index] = error
                if errors:  # tasks in progress finish, so that the first error in order is known; no new ones begin
                    return

        await asyncio.gather(*(worker() for _ in range(min(self.workers, len(items)))))

    @classmethod
    def candidates(cls, look: "Look") -> list[Self]:
        """Offer a few numbers of coroutines, if there is a coroutine function."""
        return [cls(workers) for workers in look.waiting_workers()] if look.awaitable else []

    def neighbours(self, look: "Look") -> list[Self]:
        """Offer half and twice the coroutines."""
        return [type(self)(workers) for workers in look.beside(self.workers, look.most_threads)]

    def program(self, call: "CallExpression") -> "Program":
        """Write a program with a semaphore that limits the number in progress."""
        call = call.awaited()
        return call.in_one_loop(
            f"at_once = asyncio.Semaphore({self.workers})",
            "",
            "async def one(item):",
            "    async with at_once:",
            f"        return await {call.on_item}",
            "",
            *call.entering("return await asyncio.gather(*(one(item) for item in items))"),
            entered=True,
        )

    def __exit__(self, *exc: object) -> None:
        self._runner.close()
        del self._runner


def new_loop() -> asyncio.Runner:
    """Make an event loop for this thread.

    Raises:
        Inapplicable: an event loop runs in this thread already.
    """
    if _in_event_loop():
        raise Inapplicable("an event loop is already running in this thread; use the runner in another thread")
    runner = asyncio.Runner()
    runner.get_loop()
    return runner


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def is_coroutine_function(function: Callable[..., Any]) -> bool:
    """Whether calling the function returns a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
