"""A runner of your own: the thread pool of multiprocessing."""

from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from typing import ClassVar

from concbench.task import Catcher, gather
from concbench.traits import THREADS, Traits


@dataclass
class MpThreadPool:
    """Threads of multiprocessing.pool.ThreadPool, which take the tasks as they come free."""

    workers: int = 8
    traits: ClassVar[Traits] = Traits(
        where=THREADS, shares_interpreter=True, pickles=False, worker_per_task=False, barriers=False, simplicity=15
    )

    def __enter__(self):
        self._pool = ThreadPool(self.workers)
        return self

    def run(self, function, items):
        items = list(items)
        return gather(self._pool.imap(Catcher(function), items), items)

    def __exit__(self, *exc):
        self._pool.close()
        self._pool.join()
