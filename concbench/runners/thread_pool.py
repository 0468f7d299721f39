"""A pool of threads: concurrent.futures.ThreadPoolExecutor."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from concbench.runners.base import as_sequence, require_positive
from concbench.task import Caught, gather
from concbench.traits import THREADS, Traits


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
        with closing(self._executor.map(Caught(function), items)) as answers:  # type: ignore[type-var] # a generator
            return gather(answers, items)

    def __exit__(self, *exc: object) -> None:
        self._executor.shutdown()
        del self._executor
