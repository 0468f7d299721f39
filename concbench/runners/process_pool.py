"""A pool of processes: concurrent.futures.ProcessPoolExecutor."""

import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, Self

from concbench.errors import BadSetting, WorkerFailure
from concbench.machine import usable_cores
from concbench.runners import start_method as starting
from concbench.runners.base import as_sequence, require_positive
from concbench.task import gather, run_chunk


@dataclass
class ProcessPool:
    """A pool of processes that take the tasks as they come free."""

    workers: int = field(default_factory=usable_cores)
    """Processes; by default one for each core that this process may use."""
    start_method: str = starting.DEFAULT
    """fork, forkserver or spawn."""
    chunksize: int = 1
    """Neighbouring tasks that are handed over in one go."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers, chunksize=self.chunksize)
        if sys.platform == "win32" and self.workers > 61:
            raise BadSetting(f"workers must be 61 or fewer for process-pool on Windows, not {self.workers}")
        starting.require_start_method(self.start_method)

    def __enter__(self) -> Self:
        self._executor = ProcessPoolExecutor(self.workers, mp_context=starting.context(self.start_method))
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        try:
            if self.chunksize == 1:
                return gather(self._executor.map(function, items), items)
            chunks = self._executor.map(partial(run_chunk, function), self._chunks(items))
            return list(chain.from_iterable(chunks))
        except BrokenProcessPool as broken:
            raise WorkerFailure(f"a worker process of process-pool({self.workers}) died: {broken}") from broken

    def _chunks(self, items: Sequence[Any]) -> Iterable[tuple[int, Sequence[Any]]]:
        return ((first, items[first : first + self.chunksize]) for first in range(0, len(items), self.chunksize))

    def __exit__(self, *exc: object) -> None:
        self._executor.shutdown()
        del self._executor
