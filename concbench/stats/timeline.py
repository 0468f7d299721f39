"""Where the workers' time went, from the start and end of every task: arrays in, numbers out.

Workers times makespan is an area; each worker is a lane in it. A lane is at work while it has a task. Before its first
it is started; between two it waits to be handed the next; after the last task of all was handed out it has nothing left
to do (the tail); after the last task of all has ended, it is shut down.

    lane 1   sssTTTTTTdTTTTTTTTTTTTTTTxx        s  start-up     d  dispatch
    lane 2   sssssTTTTTTTTTdTTTTTT.....xx       T  tasks        .  tail
                            ^ last one begins   x  shut-down
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
QUANTILES = (0.5, 0.9, 0.99, 1.0)


@dataclass(frozen=True)
class Spans:
    """Tasks as arrays of one length; seconds after the beginning of everything."""

    started: ArrayLike
    finished: ArrayLike
    """Never before started."""
    cpu: ArrayLike
    """CPU seconds."""
    worker: ArrayLike
    """A number for each worker. Where there were more of them than lanes, one took the place of another that had ended,
    and tasks are put into lanes by their start."""


@dataclass(frozen=True)
class Timeline:
    """One execution of all tasks; areas are in worker-seconds: their sum is the workers' time, but for overlaps."""

    workers: int
    makespan: float
    tasks: int
    busy: float
    """In tasks."""
    cpu: float
    """Of which on the CPU."""
    start_up: float
    dispatch: float
    tail: float
    shut_down: float
    in_flight: float
    """Tasks in progress, in the mean from the first start to the last end."""
    peak: int
    """And at most."""
    service: list[float]
    """Seconds of a task: its median, 90 %, 99 % and the longest."""
    queueing: list[float]
    """Seconds from the beginning of the work to a task's start: the same."""
    longest: int
    """Index of the longest task."""
    last: int
    """Index of the task that ended last."""
    last_seconds: float
    """And how long it took."""

    @property
    def total(self) -> float:
        """The workers' time."""
        return self.workers * self.makespan


def timeline(
    spans: Spans,
    *,
    workers: int,
    makespan: float,
    submitted: float = 0.0,
    kept: bool = False,
    one_task_each: bool = False,
    dealt_out: bool = False,
) -> Timeline:
    """Take an execution apart.

    Args:
        spans: its tasks.
        workers: lanes: tasks in progress at most.
        makespan: seconds from the beginning to the end of everything.
        submitted: when all tasks were handed to the runner.
        kept: the workers were there before, so that what lies before their first tasks is dispatch.
        dealt_out: tasks were assigned to workers beforehand, so that one whose own are done has nothing left to do.
        one_task_each: a worker is started for every task, so that what lies between two tasks of a lane is start-up,
            and there are as many lanes as workers ever were at work at once.

    Raises:
        ValueError: there is no task.
    """
    begin, end, of = (np.asarray(values, dtype=float) for values in (spans.started, spans.finished, spans.cpu))
    if not begin.size:
        raise ValueError("a timeline takes one task or more")
    peak, mean = _in_flight(begin, end)
    lanes = min(workers, peak) if one_task_each else workers
    order = np.argsort(begin, kind="stable")
    lane = _lanes(begin, end, np.asarray(spans.worker), lanes, order)
    first, between, tail = _idle(begin, end, lane, lanes, order, dealt_out=dealt_out)
    start_up = 0.0 if kept else first + between if one_task_each else first
    lengths = end - begin
    return Timeline(
        workers=lanes,
        makespan=makespan,
        tasks=int(begin.size),
        busy=float(lengths.sum()),
        cpu=float(of.sum()),
        start_up=start_up,
        dispatch=first + between - start_up,
        tail=tail,
        shut_down=lanes * max(0.0, makespan - float(end.max())),
        in_flight=mean,
        peak=peak,
        service=[float(value) for value in np.quantile(lengths, QUANTILES)],
        queueing=[float(value) for value in np.quantile(begin - submitted, QUANTILES)],
        longest=int(lengths.argmax()),
        last=int(end.argmax()),
        last_seconds=float(lengths[end.argmax()]),
    )


def tasks_in_flight(started: ArrayLike, finished: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """How many tasks were in progress: the moments at which that changed, and the number from each of them on."""
    begin, end = np.asarray(started, dtype=float), np.asarray(finished, dtype=float)
    moments = np.concatenate([end, begin])  # of an end and a start at one moment, the end comes first
    changes = np.concatenate([np.full(end.size, -1), np.ones(begin.size, dtype=int)])
    order = np.argsort(moments, kind="stable")
    return moments[order], np.cumsum(changes[order])


def _in_flight(begin: Floats, end: Floats) -> tuple[int, float]:
    _, counts = tasks_in_flight(begin, end)
    span = float(end.max() - begin.min())
    return max(1, int(counts.max())), float((end - begin).sum() / span) if span > 0 else 1.0


def _lanes(begin: Floats, end: Floats, worker: NDArray[np.int64], lanes: int, order: NDArray[np.int64]) -> list[int]:
    """The lane of each task: its worker, or if there were more workers than lanes, whichever has been free longest."""
    known, own = np.unique(worker, return_inverse=True)
    if known.size <= lanes:
        return [int(number) for number in own]
    free = [(0.0, number) for number in range(lanes)]
    chosen = [0] * begin.size
    for task in order:
        _, number = heapq.heappop(free)
        chosen[task] = number
        heapq.heappush(free, (float(end[task]), number))
    return chosen


def _idle(
    begin: Floats, end: Floats, lane: list[int], lanes: int, order: NDArray[np.int64], *, dealt_out: bool
) -> tuple[float, float, float]:
    """Before the first task, between tasks and after the last, added up over the lanes."""
    handed_out, ended = float(begin.max()), float(end.max())
    free_from: dict[int, float] = {}
    start_up = dispatch = tail = 0.0
    for task in order:
        number = lane[task]
        if number in free_from:
            dispatch += max(0.0, float(begin[task]) - free_from[number])
        else:
            start_up += max(0.0, float(begin[task]))
        free_from[number] = max(free_from.get(number, 0.0), float(end[task]))
    for free in free_from.values():
        left_over = free if dealt_out else max(free, handed_out)
        dispatch += left_over - free
        tail += ended - left_over
    unused = lanes - len(free_from)
    return start_up + unused * handed_out, dispatch, tail + unused * (ended - handed_out)
