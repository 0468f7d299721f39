"""Pairs: two ways of doing the same, measured in turn, and what the pairs say of their ratio. Imported, never run.

The two sides of a pair are measured one right after the other, in an order drawn anew for every pair, so that whatever
slows the machine slows both. The ratio is the geometric mean over the pairs; its interval is Student's t on the logs.
No budget of its own.
"""

from __future__ import annotations

import gc
import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Measure = Callable[[], float]
"""Does the work once and returns the seconds it took."""


@dataclass(frozen=True)
class Pair:
    """Seconds of both sides."""

    ours: float
    theirs: float


@dataclass(frozen=True)
class Ratio:
    """Ours divided by theirs."""

    mean: float
    low: float
    high: float
    median: float
    """For comparison: where it is far from the mean, a few disturbed pairs made the mean."""

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def take_pairs(ours: Measure, theirs: Measure, *, pairs: int, warm_up: int, order: random.Random) -> list[Pair]:
    """Measure both sides so many times in turn; the pairs of the warm-up are left out."""
    taken = [_take_pair(ours, theirs, ours_first=order.random() < 0.5) for _ in range(warm_up + pairs)]
    return taken[warm_up:]


def _take_pair(ours: Measure, theirs: Measure, *, ours_first: bool) -> Pair:
    gc.collect()
    if ours_first:
        first = ours()
        gc.collect()
        return Pair(first, theirs())
    first = theirs()
    gc.collect()
    return Pair(ours(), first)


def ratio_of(pairs: Sequence[Pair], confidence: float = 0.95) -> Ratio:
    """The geometric mean of ours / theirs and its interval."""
    logs = [math.log(pair.ours / pair.theirs) for pair in pairs]
    centre = statistics.fmean(logs)
    reach = math.inf
    if len(logs) > 1:
        reach = t_quantile(confidence, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return Ratio(math.exp(centre), math.exp(centre - reach), _exp(centre + reach), math.exp(statistics.median(logs)))


def t_quantile(confidence: float, freedom: int) -> float:
    """Student's t for a two-sided interval, by Cornish and Fisher's expansion: right to 1 % from 5 degrees up."""
    z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    terms = (
        z,
        (z**3 + z) / (4 * freedom),
        (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2),
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3),
    )
    return sum(terms)


def typical(seconds: Sequence[float]) -> float:
    """The median."""
    return statistics.median(seconds)


class Columns:
    """A plain table that is printed line by line as its figures come in; the first column is text, to the left."""

    def __init__(self, *titles: tuple[str, int]) -> None:
        self._widths = [width for _, width in titles]
        self.row(*(title for title, _ in titles))
        print("-" * (sum(self._widths) + 2 * (len(titles) - 1)))

    def row(self, *cells: object) -> None:
        """Print one line; the last column may be as long as it likes."""
        first, *rest = (str(cell) for cell in cells)
        texts = [first.ljust(self._widths[0])]
        texts += [text.rjust(width) for text, width in zip(rest[:-1], self._widths[1:-1], strict=True)]
        print("  ".join([*texts, rest[-1]]), flush=True)


def verdict(*, met: bool) -> str:
    """What a line of a table says of its budget."""
    return "met" if met else "MISSED"


def _exp(power: float) -> float:
    return math.exp(power) if power < 700 else math.inf
