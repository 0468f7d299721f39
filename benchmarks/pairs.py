"""Pairs: two ways of doing the same, measured in turn, and what the pairs say of their ratio. Imported, never run.

The two sides of a pair are measured one right after the other, in an order drawn anew for every pair, so that whatever
slows the machine slows both. The ratio and its interval are those of the rounds of a table (docs/methodology.md): the
trimmed mean of the logs. No budget of its own.
"""

from __future__ import annotations

import gc
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from concbench.stats.intervals import ratio_interval

Measure = Callable[[], float]
"""Does the work once and returns the seconds it took."""


@dataclass(frozen=True)
class Pair:
    """Seconds of both sides."""

    ours: float
    theirs: float


@dataclass(frozen=True)
class Ratio:
    """Ours divided by theirs: what is typical, its interval, and the plain median for comparison."""

    centre: float
    low: float
    high: float
    median: float

    def __str__(self) -> str:
        return f"{self.centre:.3f} [{self.low:.3f}, {self.high:.3f}]"


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
    """The typical ours / theirs and its interval, looked at once."""
    logs = np.log([pair.ours / pair.theirs for pair in pairs])
    interval = ratio_interval(logs, 1 - confidence)
    assert interval is not None, "three pairs are the least"
    return Ratio(interval.centre, interval.low, interval.high, float(np.exp(np.median(logs))))


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
