"""How often short work is executed within a sample, and what is too short to be timed at all.

Below 10 ms one slice of the system's scheduler is more than half of a sample; below 1 ms, or 1,000 steps of the timer,
the figure is the timer's as much as the work's. Source: docs/methodology.md.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

LONG_ENOUGH = 0.010
"""Seconds that a sample should last."""
_TOO_SHORT = 0.001
_MOST_REPEATS = 100
_LONGEST = 1.0
"""Seconds that repeating may make a sample take."""


def repeats_for(seconds: Sequence[float]) -> int:
    """The number of executions in a sample that makes the quickest long enough, from one execution of each."""
    if not seconds:
        return 1
    return min(math.ceil(LONG_ENOUGH / max(min(seconds), 1e-9)), _MOST_REPEATS)


def bearable_repeats(repeats: int, seconds: float) -> int:
    """As many, or so few that a sample of a slow cell, of which an execution takes so long, is no longer than bearable.

    A slow cell must not keep the others from being long enough.
    """
    return max(1, min(repeats, math.floor(_LONGEST / max(seconds, 1e-9))))


def timer_step() -> float:
    """Seconds of the smallest step that the timer makes, the call itself included; a median of 50."""
    steps = []
    for _ in range(50):
        first = time.perf_counter()
        while (then := time.perf_counter()) == first:
            pass
        steps.append(then - first)
    return sorted(steps)[len(steps) // 2]


def shortest_sample() -> float:
    """Seconds below which a sample is refused: a millisecond, or 1,000 steps of the timer if those are longer."""
    return max(_TOO_SHORT, 1_000 * max(timer_step(), time.get_clock_info("perf_counter").resolution))
