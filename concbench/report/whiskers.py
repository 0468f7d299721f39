"""Speed-ups as text: points on a logarithmic axis, with whiskers for their intervals.

Pure functions from numbers to characters. A value stands in the column that is nearest to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from concbench.report.axis import LogAxis
from concbench.units import ratio

_SHORTEST = (0.8, 1.25)
"""Ends of the shortest axis: on a shorter one, runners that are equal would look different."""
_OPEN = 2.0
"""An interval that ends more than so many times beyond the smallest or largest point is cut off."""
_FARTHEST = 1e6
"""A point that is farther from 1 than so many times is not shown where it is."""
_ONE = "1x"


@dataclass(frozen=True)
class Whisker:
    """A speed-up and the ends of its interval."""

    centre: float | None
    """None if there is no speed-up."""
    low: float | None = None
    high: float | None = None
    """None if there is no interval."""


@dataclass(frozen=True)
class Signs:
    """The characters of a drawing."""

    point: str
    line: str
    low: str
    high: str
    one: str
    """The line at 1."""
    crossing: str
    """Where an interval crosses the line at 1."""
    before: str
    after: str
    """What lies before the beginning or after the end of the axis."""


UNICODE = Signs(point="●", line="─", low="├", high="┤", one="│", crossing="┼", before="←", after="→")
ASCII = Signs(point="o", line="-", low="[", high="]", one=":", crossing="+", before="<", after=">")


def axis_of(rows: Sequence[Whisker], width: int) -> LogAxis:
    """The axis for all rows of a table.

    Args:
        rows: what is drawn on it; every point is on the axis, and so are the ends of intervals that are not cut off.
        width: columns of text.
    """
    points = [min(max(row.centre, 1 / _FARTHEST), _FARTHEST) for row in rows if row.centre is not None]
    least, most = min([_SHORTEST[0], *points]), max([_SHORTEST[1], *points])
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    limited_ends = [min(max(end, least / _OPEN), most * _OPEN) for end in ends]
    return LogAxis.around([least, most, *limited_ends], 0.0, width - 1.0)


def scale(axis: LogAxis) -> str:
    """The header of an axis: 1x at its place and, where there is room, the values at the ends."""
    width, low, high = _width(axis), ratio(axis.low), ratio(axis.high)
    line = " " * width
    one = min(_column(axis, 1.0), width - len(_ONE))
    for text, place in ((_ONE, one), (high, width - len(high)), (low, 0)):
        end = place + len(text)
        if not line[max(0, place - 1) : end + 1].strip():
            line = line[:place] + text + line[end:]
    return line


def draw_whisker(row: Whisker, axis: LogAxis, signs: Signs) -> str:
    """A row as wide as the axis: the line at 1, the interval, and the point above both."""
    one = _column(axis, 1.0)
    text = [" "] * _width(axis)
    text[one] = signs.one
    if row.low is not None and row.high is not None:
        first, last = _column(axis, row.low), _column(axis, row.high)
        for place in range(first, last + 1):
            text[place] = signs.crossing if place == one else signs.line
        text[first] = _sign(axis, row.low, signs.low, signs)
        text[last] = _sign(axis, row.high, signs.high, signs)
    if row.centre is not None:
        text[_column(axis, row.centre)] = _sign(axis, row.centre, signs.point, signs)
    return "".join(text)


def _width(axis: LogAxis) -> int:
    return round(axis.end - axis.begin) + 1


def _column(axis: LogAxis, value: float) -> int:
    return round(axis.at(value))


def _sign(axis: LogAxis, value: float, within: str, signs: Signs) -> str:
    if not axis.is_beyond(value):
        return within
    return signs.before if value < axis.low else signs.after
