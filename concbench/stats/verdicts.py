"""Verdicts in words from confidence intervals, and the group of cells statistically tied with the fastest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from concbench.stats.intervals import FEWEST, NO_PRIOR, Interval, Prior, log_ratios, ratio_interval
from concbench.stats.noise import Cell, Noise
from concbench.stats.trend import trends

MARGIN = 1.02
"""Least ratio for `faster` and `slower`: a margin of 2 % halves the false claims for 0.1 to 1 more rounds."""
BAND = 1.05
"""Ratio within which cells count as the same: 5 %."""
CLOSE = 1.10
"""Ratio within which two cells are close: 10 %. They need no further rounds to be compared, even without a verdict."""

FASTER, SLOWER, SAME, UNDECIDED = "faster", "slower", "same", "undecided"


def verdict(interval: Interval | None) -> str:
    """The verdict that an interval allows on a cell against the baseline; faster and slower precede same."""
    if interval is None:
        return UNDECIDED
    if interval.low > MARGIN:
        return FASTER
    if interval.high < 1 / MARGIN:
        return SLOWER
    if interval.within(BAND):
        return SAME
    return UNDECIDED


def verdict_of(log_ratios: NDArray[np.float64], level: float, prior: Prior = NO_PRIOR) -> str:
    """The verdict on the ratios of two cells by round, shape (rounds,); undecided while they trend."""
    return UNDECIDED if trends(log_ratios) else verdict(ratio_interval(log_ratios, level, prior))


def fastest(seconds: Mapping[Cell, Mapping[int, float]]) -> Cell:
    """The leading cell: the one with the least median of its seconds by round, for any number of rounds."""
    return min(seconds, key=lambda cell: float(np.median(list(seconds[cell].values()))))


def fastest_group(
    seconds: Mapping[Cell, Mapping[int, float]], level: float, noise: Noise[Cell]
) -> dict[Cell, Interval | None]:
    """The leader and the cells statistically tied with it: not proved to be more than 2 % slower.

    Args:
        seconds: seconds of one execution of every cell, by round.
        level: two-sided error level of each comparison at this look; cells are compared with the leader only.
        noise: the noise of the table.

    Returns:
        The ratio of each cell to the leader (1: as fast); None for the leader itself, and below three rounds that both
        took. A cell with fewer than three rounds, while the leader has three, was dropped as hopeless and is not
        included.
    """
    leader = fastest(seconds)
    group: dict[Cell, Interval | None] = {leader: None}
    for cell, times in seconds.items():
        if cell != leader:
            interval = ratio_interval(log_ratios(seconds[leader], times), level, noise.prior(leader, cell))
            dropped = len(times) < FEWEST <= len(seconds[leader])
            if (interval is None and not dropped) or (interval and interval.high >= 1 / MARGIN):
                group[cell] = interval
    return group
