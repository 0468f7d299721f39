"""Noise that the cells of a table have in common, so that few rounds of each say more about all of them.

Three rounds give the variance of one ratio two degrees of freedom. The ratios of other cells, in the same rounds, give
it more: the variance is moderated by theirs (Smyth 2004), as docs/methodology.md describes.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Generic, TypeVar

import numpy as np

from concbench.stats.intervals import FEWEST, NO_PRIOR, TRIM_FROM, Prior, log_ratios

Cell = TypeVar("Cell", bound=Hashable)
"""The identity of a cell."""

MOST_BORROWED = 4
"""Most degrees of freedom of a prior. Source: benchmarks/honesty/moderated.py."""
COUNTED = 0.5
"""Share of the degrees of freedom of other ratios that counts: they have the base in common, and its noise with it.
Source: benchmarks/honesty/moderated.py."""


@dataclass(frozen=True)
class Noise(Generic[Cell]):
    """The times of all cells of a table at one look, and which cells are expected to have about the same noise."""

    seconds: Mapping[Cell, Mapping[int, float]] = field(default_factory=dict)
    """Seconds of one execution of every cell, by round; also of cells that ended early."""
    groups: Mapping[Cell, Hashable] = field(default_factory=dict)
    """The group of every cell: cells of one group have about the same noise. It must not depend on their times."""

    def prior(self, base: Cell, cell: Cell) -> Prior:
        """Estimate the variance of the log ratio of two cells from the other cells in the group of the second.

        Only the rounds that the two cells share count. So rounds in which a cell rests do not change its interval.

        Args:
            base: the cell in the numerator of the ratio: the baseline, or the leader.
            cell: the cell that is compared with it. Neither of the two is part of the prior by itself.

        Returns:
            An empty prior if there are no others, or if the ratio has fewer than 3 rounds, or 8 or more.
        """
        shared = self.seconds.get(base, {}).keys() & self.seconds.get(cell, {}).keys()
        if not FEWEST <= len(shared) < TRIM_FROM:
            return NO_PRIOR
        common = {number: self.seconds[base][number] for number in shared}
        others = [one for one, group in self.groups.items() if group == self.groups[cell] and one not in {base, cell}]
        ratios = [log_ratios(common, self.seconds[one]) for one in others]
        ratios = [one for one in ratios if one.size > 1]
        freedom = sum(one.size - 1 for one in ratios)
        if not freedom:
            return NO_PRIOR
        squares = fsum(float(np.var(one)) * one.size for one in ratios)
        return Prior(squares / freedom, min(MOST_BORROWED, int(COUNTED * freedom)))
