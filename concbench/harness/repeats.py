"""The number of executions in a sample of short work, and the limit below which work is too short to time.

Below 10 ms, one slice of the system's scheduler is more than half of a sample. Below 1 ms, or 1,000 steps of the timer,
the figure describes the timer as much as the work. Source: docs/methodology.md.
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
"""Most seconds of a sample with several executions."""


def repeats_for(seconds: Sequence[float]) -> int:
    """The number of executions that makes a sample of the fastest cell long enough; `seconds` has one of each cell."""
    if not seconds:
        return 1
    return min(math.ceil(LONG_ENOUGH / max(min(seconds), 1e-9)), _MOST_REPEATS)


def bearable_repeats(repeats: int, seconds: float) -> int:
    """The number of executions for a cell whose execution takes so many seconds: fewer if its sample would be too long.

    Slow cells repeat less often, so that the samples of the other cells can be long enough.
    """
    return max(1, min(repeats, math.floor(_LONGEST / max(seconds, 1e-9))))


def timer_step() -> float:
    """The smallest step of the timer in seconds, including the call itself; the median of 50."""
    steps = []
    for _ in range(50):
        first = time.perf_counter()
        while (then := time.perf_counter()) == first:
            pass
        steps.append(then - first)
    return sorted(steps)[len(steps) // 2]


def shortest_sample() -> float:
    """Seconds below which a sample is rejected: a millisecond, or 1,000 steps of the timer if those are longer."""
    return max(_TOO_SHORT, 1_000 * max(timer_step(), time.get_clock_info("perf_counter").resolution))
