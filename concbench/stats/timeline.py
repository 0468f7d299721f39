"""The division of the workers' time, from the start and end of every task: arrays in, numbers out.

Workers times makespan is an area; each worker is a lane in it. A lane is busy while it has a task. The time before its
first task is start-up; between two tasks it waits for the next (dispatch). After the last task of all was handed out,
the lane has nothing left to do (tail). After the last task of all has ended, it is shut down.

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
    """Tasks as arrays of one shape (tasks,); times are in seconds after the execution began."""

    started: ArrayLike
    """Start of each task."""
    finished: ArrayLike
    """End of each task, never before its start."""
    cpu: ArrayLike
    """CPU seconds of each task."""
    worker: ArrayLike
    """The number of the worker of each task. If there are more workers than lanes, since some replaced others that had
    ended, tasks are assigned to lanes by their start."""


@dataclass(frozen=True)
class Timeline:
    """One execution of all tasks; areas are in worker-seconds, and add up to the workers' time except for overlaps."""

    workers: int
    """Number of lanes."""
    makespan: float
    """Seconds from the beginning to the end of the execution."""
    tasks: int
    busy: float
    """Worker-seconds in tasks."""
    cpu: float
    """CPU seconds within `busy`."""
    start_up: float
    """Worker-seconds before first tasks."""
    dispatch: float
    """Worker-seconds of waiting for a next task."""
    tail: float
    """Worker-seconds without a task left to take, until the last task ended."""
    shut_down: float
    """Worker-seconds after the last task ended."""
    in_flight: float
    """Mean number of tasks in progress, from the first start to the last end."""
    peak: int
    """Most tasks in progress at the same time."""
    service: list[float]
    """Seconds of a task: the median, the 90 % and 99 % quantiles, and the longest."""
    queueing: list[float]
    """Seconds from the submission of the tasks to the start of a task: the same four quantiles."""
    longest: int
    """Index of the longest task."""
    last: int
    """Index of the task that ended last."""
    last_seconds: float
    """Seconds of the task that ended last."""

    @property
    def total(self) -> float:
        """The workers' time in worker-seconds."""
        return self.workers * self.makespan


def timeline(
    spans: Spans,
    *,
    workers: int,
    makespan: float,
    submitted: float = 0.0,
    workers_kept: bool = False,
    one_task_each: bool = False,
    dealt_out: bool = False,
) -> Timeline:
    """Divide the workers' time of an execution.

    Args:
        spans: its tasks.
        workers: number of lanes: the most tasks in progress at the same time.
        makespan: seconds from the beginning to the end of the execution.
        submitted: seconds after which all tasks were handed to the runner.
        workers_kept: the workers existed before the execution, so that the time before their first tasks is dispatch.
        dealt_out: tasks were assigned to workers in advance, so that a worker that has done its own is in the tail.
        one_task_each: a worker is started for every task, so that the time between two tasks of a lane is start-up, and
            there are as many lanes as workers were busy at once.

    Raises:
        ValueError: there are no tasks.
    """
    begin, end, cpu = (np.asarray(values, dtype=float) for values in (spans.started, spans.finished, spans.cpu))
    if not begin.size:
        raise ValueError("a timeline needs at least one task")
    peak, mean = _in_flight(begin, end)
    lanes = min(workers, peak) if one_task_each else workers
    order = np.argsort(begin, kind="stable")
    lane = _lanes(begin, end, np.asarray(spans.worker), lanes, order)
    first, between, tail = _idle(begin, end, lane, lanes, order, dealt_out=dealt_out)
    start_up = 0.0 if workers_kept else first + between if one_task_each else first
    lengths = end - begin
    return Timeline(
        workers=lanes,
        makespan=makespan,
        tasks=int(begin.size),
        busy=float(lengths.sum()),
        cpu=float(cpu.sum()),
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
    """The number of tasks in progress over time: the times at which it changed, and the number from each of them on."""
    begin, end = np.asarray(started, dtype=float), np.asarray(finished, dtype=float)
    moments = np.concatenate([end, begin])  # at equal times, an end comes before a start
    changes = np.concatenate([np.full(end.size, -1), np.ones(begin.size, dtype=int)])
    order = np.argsort(moments, kind="stable")
    return moments[order], np.cumsum(changes[order])


def _in_flight(begin: Floats, end: Floats) -> tuple[int, float]:
    _, counts = tasks_in_flight(begin, end)
    span = float(end.max() - begin.min())
    return max(1, int(counts.max())), float((end - begin).sum() / span) if span > 0 else 1.0


def _lanes(begin: Floats, end: Floats, worker: NDArray[np.int64], lanes: int, order: NDArray[np.int64]) -> list[int]:
    """The lane of each task: its worker or, with more workers than lanes, the lane that has been free longest."""
    workers, numbers = np.unique(worker, return_inverse=True)
    if workers.size <= lanes:
        return [int(number) for number in numbers]
    free = [(0.0, number) for number in range(lanes)]
    lane = [0] * begin.size
    for task in order:
        _, number = heapq.heappop(free)
        lane[task] = number
        heapq.heappush(free, (float(end[task]), number))
    return lane


def _idle(
    begin: Floats, end: Floats, lane: list[int], lanes: int, order: NDArray[np.int64], *, dealt_out: bool
) -> tuple[float, float, float]:
    """Idle seconds before the first task, between tasks and after the last, each summed over the lanes."""
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
