"""The sequential runner, which every other runner is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from concbench.runners.base import as_sequence
from concbench.task import with_task_note
from concbench.traits import CALLER, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program
    from concbench.runners.look import Look


@dataclass
class Sequential:
    """One task after another, in the calling thread."""

    workers: ClassVar[int] = 1
    traits: ClassVar[Traits] = Traits(
        where=CALLER, shares_interpreter=True, pickles=False, worker_per_task=False, barriers=False, simplicity=0
    )

    def __enter__(self) -> Self:
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        count = len(items)
        results: list[Any] = []
        try:
            for item in items:  # map() is faster by 2 ns, but ends silently at a StopIteration of the function
                results.append(function(item))  # noqa: PERF401 - results before an exception are counted
        except BaseException as error:  # noqa: BLE001 - it is raised again
            raise with_task_note(error, len(results), items)  # noqa: B904 - it is the same exception, or has it as cause
        if len(results) != count:
            raise RuntimeError(f"the items changed during the run: {len(results)} instead of {count}")
        return results

    @classmethod
    def candidates(cls, look: "Look") -> list[Self]:
        """Offer itself, as the baseline."""
        del look
        return [cls()]

    def program(self, call: "CallExpression") -> "Program":
        """Write a program with a list comprehension; for a coroutine function, in one event loop."""
        if call.awaits:
            call = replace(call, coroutine="").awaited()
            return call.in_one_loop(f"return [await {call.on_item} for item in items]")
        call = call.ordinary()
        return call.program(f"results = [{call.on_item} for item in {call.items}]")

    def __exit__(self, *exc: object) -> None:
        pass
