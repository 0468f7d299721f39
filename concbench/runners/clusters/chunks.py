"""Chunks of neighbouring tasks sent to a worker of a cluster and back, as bytes that only concbench reads.

So concbench itself detects errors in sending, on the side where they occur; an engine would retry repeatedly, or never
answer. Workers import this module, which needs only the standard library there.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any, NamedTuple

from concbench.errors import WorkerFailure
from concbench.task import TaskException, attempt, exception_text

_LOOK_SECONDS, _MAX_LOOK_SECONDS, _LEAST_TASKS = 0.05, 0.5, 3
"""Seconds after which a look at the work ends, if three tasks are done; seconds after which it ends in any case; and
that number of tasks."""


class Reply(NamedTuple):
    """The answer of a worker for one chunk, as plain values."""

    answers: bytes | str
    """A pickle of the results, with exceptions as TaskException; or the reason why they cannot be pickled."""
    finished: int
    """Tasks done; fewer than were sent if one raised, or the look was over."""
    seconds: float
    """Seconds from reading the chunk to the end of its last task, without the initializer of the worker."""
    cpu: float
    """CPU seconds of the thread in the same time."""
    typical: float
    """Median seconds of a task, so that first-use costs of the first task do not count."""
    longest: float
    """Seconds of the longest task."""


class Call:
    """A chunk that a worker executes by unpickling it; the scheduler passes it on as bytes, without concbench."""

    def __init__(self, packed: bytes, *, look: bool) -> None:
        self._packed = packed
        self._look = look

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a call of `work`, so that unpickling does the work and gives its result."""
        return work, (self._packed, self._look)


def work(packed: bytes, look: bool = False) -> bytes:
    """Run a chunk of neighbouring tasks in a worker.

    Args:
        packed: a pickle of the function and of the items.
        look: whether to stop when the time of a task is known.

    Returns:
        A pickle of a Reply as a tuple: an engine spends 0.1 ms to find out the size of the tuple itself.
    """
    cpu, began = thread_time(), perf_counter()
    call, unreadable = attempt(pickle.loads, packed)
    answers: list[Any] = []
    task_seconds: list[float] = []
    initializing = 0.0
    if unreadable is not None:
        reason = f"a task cannot be read in its worker: {exception_text(unreadable)}"
        answers.append(TaskException(WorkerFailure(reason)))
    else:
        function, items = call
        initializer_time = getattr(function, "initializer_seconds", float)  # which no task counts
        before = initializer_time()
        _run(function, items, answers, task_seconds, initializer_time, look=look)
        initializing = initializer_time() - before
    body, unsendable = attempt(pickle.dumps, answers)
    ordered = sorted(task_seconds) or [0.0]
    reply = Reply(
        exception_text(unsendable) if unsendable is not None else body,
        len(answers),
        perf_counter() - began - initializing,
        thread_time() - cpu,
        ordered[len(ordered) // 2],
        ordered[-1],
    )
    return pickle.dumps(tuple(reply))


def _run(
    function: Any,
    items: Any,
    answers: list[Any],
    task_seconds: list[float],
    initializer_time: Callable[[], float],
    *,
    look: bool,
) -> None:
    """Append results, up to the first task that raises, and the seconds of each task without its initializer."""
    began = before = perf_counter() - initializer_time()
    for item in items:
        try:
            answers.append(function(item))
        except BaseException as error:  # noqa: BLE001 - raised again where the results are gathered
            answers.append(TaskException(error))
            return
        after = perf_counter() - initializer_time()
        task_seconds.append(after - before)
        before = after
        if look and after - began > (_LOOK_SECONDS if len(task_seconds) >= _LEAST_TASKS else _MAX_LOOK_SECONDS):
            return
