"""Trends in times from one execution to the next, as they occur while a JIT compiler warms up (PyPy).

Verdicts assume that the order of the rounds does not matter. While the ratios of two cells keep rising or falling,
there is no verdict: the samples describe the transition.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

_SURE = 2.6
"""Threshold of the Mann-Kendall trend test in standard deviations: six values in order suffice, five do not."""
_MUCH = log(1.05)
"""Least difference of log ratios between the earlier and the later half."""
_LAST, _GAIN = 3, 0.97
"""Number of last executions, and the share of the best before that their best must reach for times to have settled."""


def trends(log_ratios: NDArray[np.float64]) -> bool:
    """Whether log ratios, shape (rounds,), in the order of their rounds, have a significant trend of more than 5 %."""
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
