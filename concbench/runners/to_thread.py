"""The runner of asyncio.to_thread: ordinary functions in threads that one event loop awaits, as in web applications."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from concbench.errors import Inapplicable
from concbench.runners.asyncio import is_coroutine_function, new_loop
from concbench.runners.base import as_sequence, require_positive
from concbench.task import Catcher, TaskException, gather
from concbench.traits import THREADS, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program


@dataclass
class ToThread:
    """Threads for which one event loop waits, a bounded number in progress at once."""

    traits: ClassVar[Traits] = Traits(
        where=THREADS, shares_interpreter=True, pickles=False, worker_per_task=False, barriers=False, simplicity=45
    )

    workers: int = 32
    """Number of threads, and of calls awaited at once."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers)

    def __enter__(self) -> Self:
        self._runner = new_loop()
        self._runner.get_loop().set_default_executor(ThreadPoolExecutor(self.workers))
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        if _awaits(function):
            raise Inapplicable("to-thread calls ordinary functions, but this is a coroutine function: use asyncio")
        items = as_sequence(items)
        answers: list[Any] = [None] * len(items)
        self._runner.run(self._work(Catcher(function), items, answers))
        return gather(answers, items)

    async def _work(self, catcher: Catcher, items: Sequence[Any], answers: list[Any]) -> None:
        """Store the answers by index; they are not returned, since asyncio would call repr on them."""
        waiting = iter(range(len(items)))
        failed = False

        async def worker() -> None:
            nonlocal failed
            for index in waiting:
                answers[index] = answer = await asyncio.to_thread(catcher, items[index])
                failed = failed or type(answer) is TaskException
                if failed:  # tasks in progress finish, so that the first error in order is known; no new ones begin
                    return

        await asyncio.gather(*(worker() for _ in range(min(self.workers, len(items)))))

    def program(self, call: "CallExpression") -> "Program":
        """Write a program with a semaphore that limits the number in progress, and an executor of the same size."""
        call = call.ordinary().of_one_item()
        return call.in_one_loop(
            f"asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor({self.workers}))",
            f"at_once = asyncio.Semaphore({self.workers})",
            "",
            "async def one(item):",
            "    async with at_once:",
            f"        return await asyncio.to_thread({call.function}, item)",
            "",
            "return await asyncio.gather(*(one(item) for item in items))",
            imports=["from concurrent.futures import ThreadPoolExecutor"],
        )

    def __exit__(self, *exc: object) -> None:
        self._runner.close()  # and with it the threads of its executor
        del self._runner


def _awaits(function: Any) -> bool:
    """Whether a function is a coroutine function, possibly inside adapters of concbench."""
    while not is_coroutine_function(function):
        if not type(function).__module__.startswith("concbench.") or not hasattr(function, "function"):
            return False
        function = function.function
    return True
