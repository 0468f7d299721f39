"""Confidence intervals for a typical per-round ratio, valid for a whole table and at any stopping point.

The quantity is d = log(T_baseline / T_candidate) within a round. Below 8 rounds: Student's t on the mean of d, with a
variance that the other ratios of the table may moderate. From 8 rounds: the 20 % trimmed mean with the winsorised
deviation (Tukey and McLaughlin 1963), which one bad round cannot widen. The level of a look is so small that a look
after every round does not weaken the claim; docs/methodology.md describes its calibration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from concbench.stats.student import quantile

FEWEST = 3
"""Fewest rounds for an interval."""
MOST = 100
"""Most rounds for which a level was calibrated."""
TRIM_FROM = 8
"""Fewest rounds for the trimmed mean."""
LEAST_KEPT = 1.0
"""Least share of its own variance that a ratio keeps beside a prior: at 1, a prior never makes a variance smaller.
Source: benchmarks/honesty/moderated.py."""
_LEVELS = ((30, 0.0045), (60, 0.0035), (100, 0.0030))
"""Error level of one look for one comparison, by the most rounds that may be taken: 5 % over all looks at normally
distributed ratios. Source: docs/methodology.md."""
_REQUIREMENT_LEVELS = ((30, 7.0e-5), (60, 5.0e-5), (100, 4.5e-5))
"""Error level of one look at a requirement, by the most rounds: 0.1 % over all looks on each side; only one side can be
wrong. Source: docs/methodology.md."""


@dataclass(frozen=True)
class Interval:
    """A ratio with its confidence interval: low <= centre <= high, as speed-ups."""

    low: float
    centre: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the width, relative to the centre: 0.05 is plus or minus 5 %."""
        return (self.high - self.low) / 2 / self.centre

    def within(self, factor: float) -> bool:
        """Whether the whole interval lies within this factor of 1, on both sides."""
        return 1 / factor < self.low and self.high < factor


@dataclass(frozen=True)
class Prior:
    """What other ratios show about the variance of one, before its own rounds are counted."""

    variance: float = 0.0
    """The variance of a log ratio from round to round."""
    freedom: int = 0
    """The degrees of freedom that the variance counts for; 0: nothing is known."""

    def moderated(self, variance: float, freedom: int) -> tuple[float, int]:
        """Return a variance that counts this one and that of a ratio's own rounds, and its degrees of freedom."""
        if not self.freedom:
            return variance, freedom
        total = self.freedom + freedom
        pooled = (self.freedom * self.variance + freedom * variance) / total
        return max(pooled, LEAST_KEPT * variance), total


NO_PRIOR = Prior()
"""The prior of a ratio that is judged by its own rounds alone."""


def look_level(max_rounds: int, comparisons: int) -> float:
    """The two-sided error level of one look at one of so many comparisons, after any round up to `max_rounds`.

    Above the calibrated numbers of rounds, all looks share 5 % evenly (Bonferroni), which is conservative.
    """
    return _of_a_look(_LEVELS, 0.05, max_rounds) / max(comparisons, 1)


def requirement_level(max_rounds: int) -> float:
    """The error level of one look at a requirement, which is decided wrongly in 0.1 % of cases; 50 in less than 5 %.

    It does not depend on the number of requirements, which is unknown where tests are selected or distributed.
    """
    return _of_a_look(_REQUIREMENT_LEVELS, 0.002, max_rounds)


def _of_a_look(levels: Sequence[tuple[int, float]], whole: float, max_rounds: int) -> float:
    return next((level for rounds, level in levels if max_rounds <= rounds), whole / max_rounds)


def log_ratios(base: Mapping[int, float], candidate: Mapping[int, float]) -> NDArray[np.float64]:
    """Return log(T_base / T_candidate) of the rounds that both took part in, shape (rounds,): above 0 is faster."""
    shared = sorted(base.keys() & candidate.keys())
    return np.log([base[number] / candidate[number] for number in shared]) if shared else np.empty(0)


def ratio_interval(log_ratios: NDArray[np.float64], level: float, prior: Prior = NO_PRIOR) -> Interval | None:
    """The confidence interval of the typical ratio; None below 3 rounds.

    Args:
        log_ratios: d = log(T_baseline / T_candidate) of each round, shape (rounds,).
        level: two-sided error level of this look.
        prior: what the other ratios of the table show about the variance; it counts below 8 rounds.
    """
    n = log_ratios.size
    if n < FEWEST:
        return None
    if n < TRIM_FROM:
        variance, df = prior.moderated(float(np.var(log_ratios, ddof=1)), n - 1)
        centre, error = float(np.mean(log_ratios)), sqrt(variance) / sqrt(n)
    else:
        centre, error, df = _trimmed(np.sort(log_ratios))
    half = quantile(level, df) * error
    return Interval(_exp(centre - half), _exp(centre), _exp(centre + half))


def _trimmed(ordered: NDArray[np.float64]) -> tuple[float, float, int]:
    """Centre, standard error and degrees of freedom of the 20 % trimmed mean of sorted values."""
    n = ordered.size
    cut = n // 5
    winsorised = np.clip(ordered, ordered[cut], ordered[n - cut - 1])
    error = float(np.std(winsorised, ddof=1)) / ((1 - 2 * cut / n) * sqrt(n))
    return float(np.mean(ordered[cut : n - cut])), error, n - 2 * cut - 1


def _exp(value: float) -> float:
    """Compute exp without overflow: the interval of three very different rounds may be almost unbounded."""
    return exp(min(max(value, -700.0), 700.0))
