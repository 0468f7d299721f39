"""Ratios of two cells, paired by round: what disturbs a round disturbs both sides of its ratio."""

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
"""One value a round; shape (rounds,)."""


def paired_ratios(baseline: Seconds, candidate: Seconds) -> NDArray[np.float64]:
    """How many times as fast the candidate was, round by round: T_baseline / T_candidate; shape (rounds,)."""
    ratios: NDArray[np.float64] = np.divide(baseline, candidate)
    return ratios


def median_ratio(baseline: Seconds, candidate: Seconds) -> float:
    """The median of the paired ratios."""
    return float(np.median(paired_ratios(baseline, candidate)))


def never_far_behind(leader: Seconds, candidate: Seconds, margin: float) -> bool:
    """Whether some round has the candidate within `margin` (0.05: 5 %) of the leader, or before it.

    A candidate that is further behind in every single round can be called slower; with three rounds no more than that
    can be said without an interval.
    """
    return bool(np.max(paired_ratios(leader, candidate)) >= 1 / (1 + margin))
