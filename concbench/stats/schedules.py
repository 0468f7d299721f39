"""The shortest that given tasks can take on a number of workers: what a speed-up is to be compared with."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

import numpy as np


def in_order(seconds: Iterable[float], workers: int) -> float:
    """Makespan of workers that take the tasks as they come, each the next when it is free (a pool)."""
    free: list[float] = []
    for length in seconds:
        start = heapq.heappop(free) if len(free) >= workers else 0.0
        heapq.heappush(free, start + length)
    return max(free, default=0.0)


def longest_first(seconds: Sequence[float], workers: int) -> float:
    """The same with the longest tasks first: at most 4/3 of the best possible (Graham 1969)."""
    return in_order(sorted(seconds, reverse=True), workers)


def in_batches(seconds: Sequence[float], size: int) -> float:
    """Makespan of batches, each of which begins when the one before has ended."""
    return sum(max(seconds[first : first + size]) for first in range(0, len(seconds), size))


def least(seconds: Sequence[float], workers: int) -> float:
    """No schedule is shorter: all the work shared evenly, and no less than the longest task (Brent 1974)."""
    return max(float(np.sum(seconds)) / workers, max(seconds, default=0.0)) if seconds else 0.0
