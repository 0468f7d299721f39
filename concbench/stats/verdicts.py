"""Verdicts in words from intervals, and which cells cannot be told apart from the best."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from concbench.stats.intervals import FEWEST, Interval, ratio_interval
from concbench.stats.trend import trends

Cell = TypeVar("Cell", bound=Hashable)
"""What cells are told apart by."""

MARGIN = 1.02
"""Faster and slower are said only past 2 %: it halves the false claims for a tenth to one round more."""
BAND = 1.05
"""The same is said within 5 %."""

FASTER, SLOWER, SAME, UNDECIDED = "faster", "slower", "same", "undecided"


def verdict(interval: Interval | None) -> str:
    """What an interval allows to say of a cell against the baseline; where two hold, the difference goes first."""
    if interval is None:
        return UNDECIDED
    if interval.low > MARGIN:
        return FASTER
    if interval.high < 1 / MARGIN:
        return SLOWER
    if interval.low > 1 / BAND and interval.high < BAND:
        return SAME
    return UNDECIDED


def verdict_of(log_ratios: NDArray[np.float64], level: float) -> str:
    """The verdict on the ratios of two cells by round; undecided while they trend."""
    return UNDECIDED if trends(log_ratios) else verdict(ratio_interval(log_ratios, level))


def fastest(seconds: Mapping[Cell, Mapping[int, float]]) -> Cell:
    """The cell that leads: the least median of its seconds by round, whatever number of rounds it took."""
    return min(seconds, key=lambda cell: float(np.median(list(seconds[cell].values()))))


def fastest_group(seconds: Mapping[Cell, Mapping[int, float]], level: float) -> dict[Cell, Interval | None]:
    """The leader and the cells that cannot be told apart from it: not proved to be more than 2 % slower.

    Args:
        seconds: of every cell, by round.
        level: two-sided error level of each comparison at this look; the leader is compared, and no pair of others.

    Returns:
        For each of them the ratio to the leader (1: as fast), None for the leader and below three rounds. A cell that
        has fewer, though the leader has them, was given up as hopeless and is not among them.
    """
    leader = fastest(seconds)
    group: dict[Cell, Interval | None] = {leader: None}
    for cell, own in seconds.items():
        if cell != leader:
            interval = ratio_interval(log_ratios(seconds[leader], own), level)
            if (interval is None and len(seconds[leader]) < FEWEST) or (interval and interval.high >= 1 / MARGIN):
                group[cell] = interval
    return group


def log_ratios(base: Mapping[int, float], candidate: Mapping[int, float]) -> NDArray[np.float64]:
    """log(T_base / T_candidate) of the rounds that both took part in, shape (rounds,): above 0 is faster."""
    shared = sorted(base.keys() & candidate.keys())
    return np.log([base[number] / candidate[number] for number in shared]) if shared else np.empty(0)
