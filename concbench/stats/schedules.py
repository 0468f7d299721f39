"""The shortest time of given tasks on a number of workers, as a bound to compare speed-ups with."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

import numpy as np


def in_order(seconds: Iterable[float], workers: int) -> float:
    """Makespan in seconds of a pool: each worker takes the next task, in the given order, when it is free."""
    free: list[float] = []
    for length in seconds:
        start = heapq.heappop(free) if len(free) >= workers else 0.0
        heapq.heappush(free, start + length)
    return max(free, default=0.0)


def longest_first(seconds: Sequence[float], workers: int) -> float:
    """Makespan in seconds of a pool with the longest tasks first: at most 4/3 of the best possible (Graham 1969)."""
    return in_order(sorted(seconds, reverse=True), workers)


def in_batches(seconds: Sequence[float], size: int) -> float:
    """Makespan in seconds of batches of `size` tasks; each batch begins when the previous one has ended."""
    return sum(max(seconds[first : first + size]) for first in range(0, len(seconds), size))


def lower_bound(seconds: Sequence[float], workers: int) -> float:
    """Lower bound on the makespan in seconds: the work shared evenly, but at least the longest task (Brent 1974)."""
    return max(float(np.sum(seconds)) / workers, max(seconds, default=0.0)) if seconds else 0.0
