"""The runner of concurrent.futures.ProcessPoolExecutor: a pool of processes."""

import pickle
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count, islice, repeat
from signal import SIGTERM
from typing import TYPE_CHECKING, Any, Self

from concbench.errors import WorkerDied, WorkerFailure
from concbench.machine import usable_cores
from concbench.runners import start_method as starting
from concbench.runners.base import as_sequence, require_positive
from concbench.task import (
    Parcel,
    attempt,
    being_read,
    exception_text,
    exit_text,
    gather,
    one_line,
    run_chunk,
    unsendable_results,
    with_task_note,
)
from concbench.traits import PROCESSES, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program
    from concbench.runners.look import Look

_TERMINATED = (
    "was terminated by its executor or by another process (signal SIGTERM); this also happens when the function "
    "replaces its process with another program (exec), or closes file descriptors that it did not open"
)


@dataclass
class ProcessPool:
    """A pool of processes that take the tasks as they come free."""

    workers: int = field(default_factory=usable_cores)
    """Processes; by default one for each core that this process may use."""
    start_method: str = starting.DEFAULT
    """fork, forkserver or spawn."""
    chunksize: int = 1
    """Neighbouring tasks that are sent together."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers, chunksize=self.chunksize)
        starting.require_few(self.workers, "process-pool")
        starting.require_start_method(self.start_method)

    @property
    def traits(self) -> Traits:
        """Traits that depend on the settings: the start method decides whether this process reaps its workers."""
        return Traits(
            where=PROCESSES, shares_interpreter=False, pickles=True, sends=True, worker_per_task=False,
            barriers=False, reaped=self.start_method != "forkserver", simplicity=50,
        )  # fmt: skip

    def preload(self, function: Callable[[Any], Any]) -> None:
        """Have a fork server import the modules that it imports in an ordinary program; see `base.Runner`."""
        if self.start_method == "forkserver":
            starting.preload(function)

    def __enter__(self) -> Self:
        self._executor = ProcessPoolExecutor(self.workers, mp_context=starting.context(self.start_method))
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        with closing(self._answers(function, items)) as answers:
            return gather(answers, items)

    def _answers(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Generator[Any, None, None]:
        """Yield results and exceptions of tasks, both as values; an exception raised here concerns sending them."""
        remaining_items = iter(items)
        chunks = iter(lambda: tuple(islice(remaining_items, self.chunksize)), ())
        first = 0
        try:
            lists = self._executor.map(run_chunk, repeat(function), repeat(id(self)), count(0, self.chunksize), chunks)
            with closing(lists):  # type: ignore[type-var] # a generator
                for answers in lists:
                    yield from answers.answers if isinstance(answers, Parcel) else answers
                    first += self.chunksize
        except BrokenProcessPool as broken:
            raise self._broken_pool_error(broken, items) from broken
        except BaseException as error:
            if not _is_from_worker(error):
                raise
            raise self._unsendable_error(error, function, first, items) from error

    def _broken_pool_error(self, broken: BrokenProcessPool, items: Sequence[Any]) -> BaseException:
        """The cause of a broken pool: an answer that cannot be read is its `__cause__`; without one, a worker died."""
        if broken.__cause__ is None:
            return self._dead_worker_error()
        reason = one_line(str(broken.__cause__).strip("\n '\"").splitlines()[-1])
        first = being_read.pop(id(self), None)
        if first is None:
            return WorkerFailure(
                f"the message of a worker process of process-pool({self.workers}) cannot be read: {reason}"
            )
        return unsendable_results(reason, first, items, min(self.chunksize, len(items) - first))

    def _dead_worker_error(self) -> WorkerDied:
        """Describe the worker that died: the one that the executor did not terminate itself.

        After a death, the executor terminates the other workers. If it has terminated all, it took one for dead.
        """
        processes = list((getattr(self._executor, "_processes", None) or {}).values())
        self._executor.shutdown()  # returns when all of them have ended
        exit_codes = {process.pid: process.exitcode for process in processes}
        died = {pid: code for pid, code in exit_codes.items() if code not in {None, -SIGTERM}} or exit_codes
        pid, code = next(iter(died.items()), (None, None))
        reason = _TERMINATED if code == -SIGTERM else f"died ({exit_text(code)})"
        failure = WorkerDied(f"a worker process of process-pool({self.workers}) {reason}")
        failure.process = pid if len(died) == 1 else None
        return failure

    def _unsendable_error(
        self, error: BaseException, function: Callable[[Any], Any], first: int, items: Sequence[Any]
    ) -> BaseException:
        """The cause of a failure: an item that cannot be sent, or a result that cannot be sent back."""
        chunk = range(first, min(first + self.chunksize, len(items)))
        for index in chunk:
            if attempt(pickle.dumps, (function, items[index]))[1] is not None:
                return with_task_note(error, index, items)
        return unsendable_results(exception_text(error), first, items, len(chunk))

    @classmethod
    def candidates(cls, look: "Look") -> list[Self]:
        """Offer a few sizes; with chunks as well, if tasks are short."""
        return [cls(workers, chunksize=chunk) for workers in look.processes() for chunk in look.chunks(workers)]

    def neighbours(self, look: "Look") -> list[Self]:
        """Offer half and twice the processes."""
        sizes = look.beside(self.workers, look.most_processes)
        return [type(self)(workers, chunksize=chunk) for workers in sizes for chunk in look.chunks(workers)]

    def program(self, call: "CallExpression") -> "Program":
        """Write a program with the pool of the standard library, and an explicit start method."""
        call = call.ordinary().of_one_item()
        chunks = f", chunksize={self.chunksize}" if self.chunksize != 1 else ""
        return call.program(
            f'context = multiprocessing.get_context("{self.start_method}")',
            f"with ProcessPoolExecutor({self.workers}, mp_context=context) as pool:",
            f"    results = list(pool.map({call.function}, {call.items}{chunks}))",
            imports=["import multiprocessing", "from concurrent.futures import ProcessPoolExecutor"],
            guarded=True,
        )

    def __exit__(self, *exc: object) -> None:
        self._executor.shutdown()
        del self._executor


def _is_from_worker(error: BaseException | None) -> bool:
    """Whether an exception was sent by a worker: it then has the worker's traceback as its cause."""
    while error is not None and type(error).__name__ != "_RemoteTraceback":
        error = error.__cause__
    return error is not None
