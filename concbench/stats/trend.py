"""Whether times still change from one execution to the next, as those of a compiler that warms up do (PyPy).

Verdicts rest on rounds that could have come in any order. Where the ratios of two cells go on rising or falling, there
is no verdict yet: what is measured is the way there.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

_SURE = 2.6
"""Standard deviations, by the test of Mann and Kendall: six values in order are enough, five are not."""
_MUCH = log(1.05)
"""And by how much the later half differs from the earlier one."""
_LAST, _GAIN = 3, 0.97
"""Executions that have settled: the best of so many is no less than this share of the best before."""


def trends(log_ratios: NDArray[np.float64]) -> bool:
    """Whether ratios, in the order of their rounds, surely rise or fall, and by more than a little."""
    count = log_ratios.size
    if count < 2 * _LAST:
        return False
    later, earlier = np.triu_indices(count, 1)[::-1]
    agreeing = abs(float(np.sign(log_ratios[later] - log_ratios[earlier]).sum()))
    deviation = sqrt(count * (count - 1) * (2 * count + 5) / 18)
    halves = np.median(log_ratios[: count // 2]) - np.median(log_ratios[-(count // 2) :])
    return agreeing - 1 > _SURE * deviation and abs(float(halves)) > _MUCH


def has_settled(seconds: Sequence[float]) -> bool:
    """Whether executions in one process have stopped getting shorter."""
    last, before = seconds[-_LAST:], seconds[:-_LAST]
    return bool(before) and min(last) >= _GAIN * min(before)
