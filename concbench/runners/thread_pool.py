"""The runner of concurrent.futures.ThreadPoolExecutor: a pool of threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from concbench.runners.base import as_sequence, require_positive
from concbench.task import Catcher, gather
from concbench.traits import THREADS, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program
    from concbench.runners.look import Look


@dataclass
class ThreadPool:
    """A pool of threads that take the tasks as they come free."""

    traits: ClassVar[Traits] = Traits(
        where=THREADS, shares_interpreter=True, pickles=False, worker_per_task=False, barriers=False, simplicity=10
    )

    workers: int = 32

    def __post_init__(self) -> None:
        require_positive(workers=self.workers)

    def __enter__(self) -> Self:
        self._executor = ThreadPoolExecutor(self.workers)
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        with closing(self._executor.map(Catcher(function), items)) as answers:  # type: ignore[type-var] # a generator
            return gather(answers, items)

    @classmethod
    def candidates(cls, look: "Look") -> list[Self]:
        """Offer a few sizes."""
        return [cls(workers) for workers in look.threads()]

    def neighbours(self, look: "Look") -> list[Self]:
        """Offer half and twice the threads."""
        return [type(self)(workers) for workers in look.beside(self.workers, look.most_threads)]

    def program(self, call: "CallExpression") -> "Program":
        """Write a program with the pool of the standard library."""
        call = call.ordinary().of_one_item()
        return call.program(
            f"with ThreadPoolExecutor({self.workers}) as pool:",
            f"    results = list(pool.map({call.function}, {call.items}))",
            imports=["from concurrent.futures import ThreadPoolExecutor"],
        )

    def __exit__(self, *exc: object) -> None:
        self._executor.shutdown()
        del self._executor
