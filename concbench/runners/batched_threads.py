"""The runner of threads in batches, each joined before the next begins, which limits the number of threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from concbench.runners.base import as_sequence, require_positive
from concbench.runners.threads import run_in_threads
from concbench.traits import THREADS, Traits


@dataclass
class BatchedThreads:
    """A thread for each task, in batches; each batch is joined before the next begins."""

    traits: ClassVar[Traits] = Traits(
        where=THREADS, shares_interpreter=True, pickles=False, worker_per_task=True, barriers=True, simplicity=30
    )

    workers: int = 10
    """Threads in a batch."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers)

    def __enter__(self) -> Self:
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        return run_in_threads(function, as_sequence(items), at_once=self.workers)

    def __exit__(self, *exc: object) -> None:
        pass
