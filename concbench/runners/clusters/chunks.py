"""Neighbouring tasks on their way to a worker of a cluster and back, as bytes that only we read.

So what cannot be sent is noticed by us, on the side where it is: an engine tries again and again, or never answers.
Workers import this, and the standard library is all that it needs there.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any, NamedTuple

from concbench.errors import WorkerFailure
from concbench.task import Raised, exception_text, tried

_LOOKED_AT, _MOST_LOOKED_AT, _FEWEST = 0.05, 0.5, 3
"""Seconds after which a look at the work ends, if it has seen three tasks; and after which it ends whatever it saw."""


class Reply(NamedTuple):
    """What a worker tells of neighbouring tasks: plain values."""

    answers: bytes | str
    """A pickle of what they return or, as a Raised, raise; or why there is none."""
    done: int
    """Tasks that were done; fewer than were sent where one raised, or the look was over."""
    seconds: float
    """From reading them to the end of the last, what the initializer of the worker took apart."""
    cpu: float
    """CPU seconds of the thread meanwhile."""
    typical: float
    """Seconds of the task in the middle, by length: what the first one pays for all others does not count."""
    longest: float


class Call:
    """What a worker does when it reads it: the scheduler, which need not have concbench, passes it on as bytes."""

    def __init__(self, packed: bytes, *, look: bool) -> None:
        self._packed = packed
        self._look = look

    def __reduce__(self) -> tuple[Any, ...]:
        """Reading it is doing the work; what comes of that is read."""
        return work, (self._packed, self._look)


def work(packed: bytes, look: bool = False) -> tuple[Any, ...]:
    """Run neighbouring tasks in a worker.

    Args:
        packed: a pickle of the function and of their items.
        look: whether to stop when it is known what a task takes.

    Returns:
        A Reply, as a tuple.
    """
    cpu, began = thread_time(), perf_counter()
    read, unreadable = tried(pickle.loads, packed)
    answers: list[Any] = []
    took: list[float] = []
    initialized = 0.0
    if unreadable is not None:
        why = f"a task cannot be read in its worker: {exception_text(unreadable)}"
        answers.append(Raised(WorkerFailure(why)))
    else:
        function, items = read
        paid = getattr(function, "paid", float)  # of one with an initializer, whose time is no task's
        before = paid()
        _run(function, items, answers, took, paid, look=look)
        initialized = paid() - before
    body, unsendable = tried(pickle.dumps, answers)
    ordered = sorted(took) or [0.0]
    return tuple(
        Reply(
            exception_text(unsendable) if unsendable is not None else body,
            len(answers),
            perf_counter() - began - initialized,
            thread_time() - cpu,
            ordered[len(ordered) // 2],
            ordered[-1],
        )
    )


def _run(
    function: Any, items: Any, answers: list[Any], took: list[float], paid: Callable[[], float], *, look: bool
) -> None:
    """Add what they return, up to the first that raises, and how long each took without what was paid meanwhile."""
    began = before = perf_counter() - paid()
    for item in items:
        try:
            answers.append(function(item))
        except BaseException as error:  # noqa: BLE001 - raised again where the results are gathered
            answers.append(Raised(error))
            return
        after = perf_counter() - paid()
        took.append(after - before)
        before = after
        if look and after - began > (_LOOKED_AT if len(took) >= _FEWEST else _MOST_LOOKED_AT):
            return
