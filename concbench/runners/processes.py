"""The runner with a process for each task, all started at once, each sending its result back."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, ClassVar, Self

from concbench.errors import Inapplicable, WorkerDied
from concbench.runners import start_method as starting
from concbench.runners.base import as_sequence, require_positive
from concbench.task import attempt, exception_text, exit_text, gather, run_and_send, unsendable_results, with_task_note
from concbench.traits import PROCESSES, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.runners.look import Look


_MOST_FORKED = 64
"""Most tasks for which a process for each is worth a race."""


@dataclass
class Processes:
    """A process for each task, all started at once; results are sent back."""

    workers: ClassVar[None] = None
    start_method: str = starting.DEFAULT
    """fork, forkserver or spawn."""
    limit: int = 256
    """Most processes at once; more tasks are rejected."""

    def __post_init__(self) -> None:
        require_positive(limit=self.limit)
        starting.require_start_method(self.start_method)

    @property
    def traits(self) -> Traits:
        """Traits that depend on the settings: the start method decides whether this process reaps its workers."""
        return Traits(
            where=PROCESSES, shares_interpreter=False, pickles=True, sends=self.start_method != "fork",
            worker_per_task=True, barriers=False, reaped=self.start_method != "forkserver", simplicity=60,
        )  # fmt: skip

    def preload(self, function: Callable[[Any], Any]) -> None:
        """Have a fork server import the modules that it imports in an ordinary program; see `base.Runner`."""
        if self.start_method == "forkserver":
            starting.preload(function)

    def __enter__(self) -> Self:
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        if len(items) > self.limit:
            raise Inapplicable(
                f"{len(items):,} tasks would start {len(items):,} processes at once; "
                f"allow it with processes:limit={len(items)}, or use process-pool"
            )
        started: list[tuple[BaseProcess, Connection[Any, Any]]] = []
        try:
            start = self._starter(function)
            for item in items:
                started.append(start(item))  # noqa: PERF401 - those that were started must be reaped
            answers = (_receive(process, inbox, index, items) for index, (process, inbox) in enumerate(started))
            return gather(answers, items)
        except BaseException:
            for process, _ in started:
                process.terminate()
            raise
        finally:
            for process, inbox in started:
                inbox.close()
                process.join()
                process.close()

    @classmethod
    def candidates(cls, look: Look) -> list[Self]:
        """Offer fork if items are large and the platform forks safely enough: a forked process inherits its item.

        Offer it as it is where tasks wait for something that each process has for itself.
        """
        forks = starting.DEFAULT == "forkserver" and look.items_are_large
        if forks and 1 < look.tasks <= min(look.most, _MOST_FORKED):
            return [cls(start_method="fork")]
        waits_for_process = look.outdone > 0 and 1 < look.tasks <= min(look.most, look.most_processes)
        return [cls()] if waits_for_process else []

    def __exit__(self, *exc: object) -> None:
        pass

    def _starter(self, function: Callable[[Any], Any]) -> Callable[[Any], tuple[BaseProcess, Connection[Any, Any]]]:
        context = starting.context(self.start_method)

        def start(item: Any) -> tuple[BaseProcess, Connection[Any, Any]]:
            inbox, outbox = context.Pipe(duplex=False)
            process = context.Process(  # type: ignore[attr-defined] # every context has one
                target=run_and_send, args=(outbox, function, item)
            )
            process.start()
            outbox.close()  # only the child's copy is left: if it dies, the parent reads the end of the file
            return process, inbox

        return start


def _receive(process: BaseProcess, inbox: Connection[Any, Any], index: int, items: Sequence[Any]) -> Any:
    try:
        packed = inbox.recv_bytes()
    except EOFError:
        process.join()
        failure = WorkerDied(f"a worker process died ({exit_text(process.exitcode)})")
        raise with_task_note(failure, index, items) from None
    received, unreadable = attempt(pickle.loads, packed)
    if unreadable is not None:
        raise unsendable_results(exception_text(unreadable), index, items) from unreadable
    return received
