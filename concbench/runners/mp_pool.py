"""The runner of multiprocessing.Pool, the older pool of processes, which sends a task at less cost than any other."""

import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from concbench.errors import WorkerDied, WorkerFailure
from concbench.machine import usable_cores
from concbench.runners import start_method as starting
from concbench.runners.base import as_sequence, require_positive
from concbench.sealing import run_sealed, unseal
from concbench.task import attempt, exception_text, exit_text, gather, with_task_note
from concbench.traits import PROCESSES, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program
    from concbench.runners.look import Look

_CHECK_SECONDS = 0.1
"""Seconds between two checks for workers that died; the pool itself checks as often."""
_END_SECONDS = 3.0
"""Seconds that a pool gets to end after a worker has died, before its locks are released."""


@dataclass
class MpPool:
    """A pool of processes of multiprocessing, which hands a task over for less than any other."""

    workers: int = field(default_factory=usable_cores)
    """Processes; by default one for each core that this process may use."""
    start_method: str = starting.DEFAULT
    """fork, forkserver or spawn."""
    chunksize: int = 1
    """Neighbouring tasks that are sent together."""
    maxtasksperchild: int | None = None
    """Chunks after which a process is replaced by a new one; None: never."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers, chunksize=self.chunksize)
        if self.maxtasksperchild is not None:
            require_positive(maxtasksperchild=self.maxtasksperchild)
        starting.require_few(self.workers, "mp-pool")
        starting.require_start_method(self.start_method)

    @property
    def traits(self) -> Traits:
        """Traits that depend on the settings: the start method decides whether this process reaps its workers."""
        return Traits(
            where=PROCESSES, shares_interpreter=False, pickles=True, sends=True,
            worker_per_task=self.maxtasksperchild == self.chunksize == 1, barriers=False,
            reaped=self.start_method != "forkserver", simplicity=52,
        )  # fmt: skip

    @property
    def hangs(self) -> str:
        """The reason why a run may never end: replaced processes also end with exit code 0. See `base.Runner`."""
        reason = "multiprocessing.Pool never answers when a worker process ends in a task with exit code 0"
        return reason if self.maxtasksperchild is not None else ""

    def preload(self, function: Callable[[Any], Any]) -> None:
        """Have a fork server import the modules that it imports in an ordinary program; see `base.Runner`."""
        if self.start_method == "forkserver":
            starting.preload(function, "concbench.sealing")

    def __enter__(self) -> Self:
        self._pool: Pool | None = self._start_pool()
        return self

    def _start_pool(self) -> Pool:
        pool = starting.context(self.start_method).Pool(self.workers, maxtasksperchild=self.maxtasksperchild)
        self._processes = _workers_of(pool)
        return pool

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`.

        Like `Pool.map`, it runs every task even if one of them fails.
        """
        items = as_sequence(items)
        pool = self._pool = self._pool or self._start_pool()
        # the implementation of map(), with a different loop over the tasks of a chunk
        result = pool._map_async(function, items, run_sealed, self.chunksize)  # type: ignore[attr-defined] # noqa: SLF001
        while not result.ready():
            result.wait(_CHECK_SECONDS)
            if not result.ready():
                self._require_alive(pool)
        answers, error = attempt(result.get)
        if error is not None:
            raise self._unsendable_error(error, function, items) from error
        return gather(unseal(answers), items)

    def _require_alive(self, pool: Pool) -> None:
        """End the pool if a worker has died: the pool replaces it, but never answers for its task.

        Raises:
            WorkerDied: a worker has died.
        """
        current = _workers_of(pool)
        ended, self._processes = [process for process in self._processes if process not in current], current
        for process in ended:  # the pool has reaped it, so its exit code is final
            if process.exitcode or self.maxtasksperchild is None:
                self._pool = None
                _end_pool(pool)
                end = exit_text(process.exitcode)
                failure = WorkerDied(f"a worker process of mp-pool({self.workers}) died ({end})")
                failure.process = process.pid
                raise failure

    def _unsendable_error(
        self, error: BaseException, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> BaseException:
        """The cause of a failure: an item that cannot be sent; results are sealed, and always arrive."""
        for index, item in enumerate(items):
            if attempt(pickle.dumps, (function, item))[1] is not None:
                return with_task_note(error, index, items)
        return WorkerFailure(f"mp-pool({self.workers}) failed: {exception_text(error)}")

    @classmethod
    def candidates(cls, look: "Look") -> list[Self]:
        """Offer a few sizes if tasks are short: it sends them one by one, where others need chunks."""
        return [cls(workers) for workers in look.processes() if look.chunks(workers) != [1]]

    def neighbours(self, look: "Look") -> list[Self]:
        """Offer half and twice the processes."""
        return [type(self)(workers) for workers in look.beside(self.workers, look.most_processes)]

    def program(self, call: "CallExpression") -> "Program":
        """Write a program with the pool of the standard library, and explicit start method and chunk size."""
        call = call.ordinary().of_one_item()
        renewal = f", maxtasksperchild={self.maxtasksperchild}" if self.maxtasksperchild is not None else ""
        return call.program(
            f'context = multiprocessing.get_context("{self.start_method}")',
            f"with context.Pool({self.workers}{renewal}) as pool:",
            f"    results = pool.map({call.function}, {call.items}, chunksize={self.chunksize})",
            imports=["import multiprocessing"],
            guarded=True,
        )

    def __exit__(self, *exc: object) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()  # as leaving a pool does; close() and join() would never end after Ctrl-C
            pool.join()


def _workers_of(pool: Pool) -> list[BaseProcess]:
    return list(pool._pool)  # type: ignore[attr-defined] # noqa: SLF001


def _end_pool(pool: Pool) -> None:
    """End a pool that has lost a worker.

    A worker that was killed while it waited for a task, or sent a result, never releases the lock of that queue.
    Ending the pool would wait for the lock, so it is released here.
    """
    termination = Thread(target=pool.terminate, daemon=True)
    termination.start()
    termination.join(_END_SECONDS)
    locks = pool._inqueue._rlock, pool._outqueue._wlock  # type: ignore[attr-defined] # noqa: SLF001
    while termination.is_alive():
        for lock in locks:
            with suppress(ValueError):  # it is free
                lock.release()
        termination.join(_END_SECONDS)
    pool.join()
