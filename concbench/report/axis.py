"""Logarithmic axes, for figures of a page and for tables of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1, 1.1, 1.2, 1.5, 2, 3, 5, 7, 8, 9)
"""Where a logarithmic axis may have a tick, within a power of 10."""
_MOST_TICKS = 7


@dataclass(frozen=True)
class LogAxis:
    """A logarithmic axis from low to high; both are above 0."""

    low: float
    high: float
    begin: float = 2.0
    """Where low is, in percent of the width, in pixels of the height or in columns of text."""
    end: float = 98.0
    """Where high is."""

    @classmethod
    def around(cls, values: Sequence[float], begin: float = 2.0, end: float = 98.0) -> LogAxis:
        """The axis that shows these values, 1 among them, with some room beside them."""
        low, high = min([1.0, *values]), max([1.0, *values])
        room = max(1.05, (high / low) ** 0.04)
        return cls(low / room, high * room, begin, end)

    def at(self, value: float) -> float:
        """Where a value is; what lies beyond an end is at that end."""
        within = min(max(value, self.low), self.high)
        return self.begin + (self.end - self.begin) * math.log(within / self.low) / math.log(self.high / self.low)

    def is_beyond(self, value: float) -> bool:
        """Whether a value cannot be shown where it is."""
        return not self.low <= value <= self.high

    def ticks(self) -> list[float]:
        """A few round values, 1 among them where it is on the axis."""
        first, last = math.floor(math.log10(self.low)), math.floor(math.log10(self.high))
        candidates = [step * 10.0**power for power in range(first, last + 1) for step in _STEPS]
        ticks = [value for value in candidates if self.low <= value <= self.high]
        for steps in ((1, 1.2, 1.5, 2, 3, 5), (1, 2, 5), (1,)):
            if len(ticks) <= _MOST_TICKS:
                break
            ticks = [value for value in ticks if any(math.isclose(_mantissa(value), step) for step in steps)]
        few = ticks[:: math.ceil(len(ticks) / _MOST_TICKS)] if ticks else []
        return sorted({*few, *({1.0} & {*ticks})})


def _mantissa(value: float) -> float:
    return value / 10.0 ** math.floor(math.log10(value) + 1e-9)
