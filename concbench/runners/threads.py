"""The runner with a thread for each task, all started at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from concbench.errors import WorkerFailure
from concbench.runners.base import as_sequence
from concbench.task import Catcher, gather
from concbench.traits import THREADS, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program
    from concbench.runners.look import Look


@dataclass
class Threads:
    """A thread for each task, all started at once."""

    workers: ClassVar[None] = None
    traits: ClassVar[Traits] = Traits(
        where=THREADS, shares_interpreter=True, pickles=False, worker_per_task=True, barriers=False, simplicity=20
    )

    def __enter__(self) -> Self:
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        return run_in_threads(function, items, at_once=len(items))

    @classmethod
    def candidates(cls, look: "Look") -> list[Self]:
        """Offer itself if tasks may wait, and so many threads are allowed."""
        return [cls()] if not look.computes and look.tasks <= min(look.most, look.most_threads) else []

    def program(self, call: "CallExpression") -> "Program":
        """Write a program that starts threads itself; each stores its result by index."""
        call = call.ordinary(once=True)
        return call.program(
            f"threads = [threading.Thread(target=work, args=pair) for pair in enumerate({call.items})]",
            "results, errors = [None] * len(threads), []",
            "for thread in threads:",
            "    thread.start()",
            "for thread in threads:",
            "    thread.join()",
            "if errors:",
            "    raise errors[0]",
            imports=["import threading"],
            definitions=[_WORK.format(call=call.on_item)],
        )

    def __exit__(self, *exc: object) -> None:
        pass


_WORK = """\
def work(place, item):
    try:
        results[place] = {call}
    except Exception as error:
        errors.append(error)"""
"""The function that each thread of a program runs."""


def run_in_threads(function: Callable[[Any], Any], items: Sequence[Any], at_once: int) -> list[Any]:
    """Run each task in a new thread; batches of `at_once` threads are started and joined in sequence.

    When a task fails, later batches are not started.
    """
    return gather(_answers(function, items, at_once), items)


def _answers(function: Callable[[Any], Any], items: Sequence[Any], at_once: int) -> Iterator[Any]:
    """Yield results and exceptions of tasks; both are stored by index, since a thread returns neither."""
    catcher = Catcher(function)
    answers: list[Any] = [None] * len(items)

    def call(index: int, item: Any) -> None:
        answers[index] = catcher(item)

    for first in range(0, len(items), max(at_once, 1)):
        batch = range(first, min(first + at_once, len(items)))
        _start_and_join([threading.Thread(target=call, args=(index, items[index])) for index in batch])
        yield from answers[first : first + at_once]


def _start_and_join(threads: list[threading.Thread]) -> None:
    started_count = 0
    try:
        for thread in threads:
            thread.start()
            started_count += 1
    except RuntimeError as error:
        raise WorkerFailure(
            f"the system started only {started_count} of {len(threads)} threads; use fewer at once, such as thread-pool"
        ) from error
    finally:
        for thread in threads[:started_count]:
            thread.join()
