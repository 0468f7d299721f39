"""The figures of a page: pure functions from plain values to SVG. They know nothing of runs and cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from statistics import median

from concbench.report.axis import LogAxis
from concbench.report.page.svg import TEXT, box, dot, element, escaped, figure, line, words
from concbench.units import listed, ratio, seconds

_BAR = 24
"""Pixels for a bar below a label."""
_TOGETHER, _LONGEST = 52, 52
"""Characters of a label and its value that fit on one line of a page of 400 pixels, and of either alone."""
_AXIS = 24
"""Pixels for an axis below the rows."""
_OPEN = 8.0
"""An interval that ends so many times beyond the largest or smallest ratio of a figure is cut off."""
_STRIP = 34
"""Pixels of a strip of dots."""
_LANE = 9
"""Pixels of the lane of a worker."""
_MOST_LANES = 16
_MOST_SPANS = 240
"""Most tasks of one runner that are drawn."""
_MOST_DOTS = 200
"""Most rounds of one runner that are drawn."""
_HEIGHT = 260
"""Pixels of a plot of lines."""
_MOST_DESCRIBED = 12
"""Most rows that a description lists."""
COLOURS = 9
"""Colours of the style sheet for parts and lines: c0 to c8."""
Ends = tuple[float | None, float | None]
"""The ends of an interval; None if there is no interval."""
Span = tuple[int, float, float, bool]
"""A task: its worker, its start and end in seconds, and whether it failed."""


@dataclass(frozen=True)
class ForestRow:
    """A row of a forest plot."""

    name: str
    text: str
    """The speed-up and the verdict as text."""
    centre: float
    low: float | None = None
    high: float | None = None
    """The ends of the interval; None if there is no interval."""
    fastest: bool = False
    baseline: bool = False


def forest(identity: str, title: str, rows: Sequence[ForestRow]) -> str:
    """Draw speed-ups with their intervals on a logarithmic axis; the fastest group is shaded."""
    axis = _axis_of([row.centre for row in rows], [(row.low, row.high) for row in rows])
    shades, parts, top = [], [], 0.0
    for row in rows:
        label, below = _label(top, row.name, row.text, "best" if row.fastest else "")
        parts += label + _whisker(row, axis, below + _BAR / 2)
        if row.fastest:
            shades.append(box(0, top, 100, below + _BAR - top, "fastest"))
        top = below + _BAR
    description = _description(f"{row.name}: {row.text}" for row in rows)
    if fastest := [row.name for row in rows if row.fastest]:
        description += f" Tied with the fastest: {listed(fastest)}."
    return figure(identity, title, description, top + _AXIS, [*shades, *_grid(axis, top), *parts])


def _axis_of(centres: Sequence[float], intervals: Sequence[Ends], begin: float = 2.0, end: float = 98.0) -> LogAxis:
    """An axis for ratios and their intervals, of which very wide ones are cut off."""
    least, most = min([1.0, *centres]) / _OPEN, max([1.0, *centres]) * _OPEN
    ends = [min(max(one, least), most) for interval in intervals for one in interval if one is not None]
    return LogAxis.around([*centres, *ends], begin, end)


def _description(rows: Iterable[str]) -> str:
    """A description that lists the first rows."""
    lines = list(rows)
    more = f" And {len(lines) - _MOST_DESCRIBED:,} more." if len(lines) > _MOST_DESCRIBED else ""
    return f"{'; '.join(lines[:_MOST_DESCRIBED])}.{more}"


def _label(top: float, name: str, text: str, css: str = "") -> tuple[list[str], float]:
    """A name on the left and its value on the right, on two lines if they are long; and the height where they end."""
    below = top if len(name) + len(text) <= _TOGETHER else top + TEXT
    parts = [words(0.5, top + TEXT, _cut(name), css=f"name {css}".strip(), title=name)]
    if text:
        parts.append(words(99.5, below + TEXT, _cut(text), css=css, anchor="end", title=text))
    return parts, below + TEXT + 4


def _cut(text: str) -> str:
    """A text without its middle if it is too long: names of variants differ at their ends."""
    half = (_LONGEST - 3) // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}...{text[-half:]}"


def _whisker(row: ForestRow, axis: LogAxis, middle: float) -> list[str]:
    parts = []
    if row.low is not None and row.high is not None:
        parts.append(line(axis.at(row.low), middle, axis.at(row.high), middle, "whisker"))
        parts += [
            line(x, middle - 5, x, middle + 5, "whisker cut" if axis.is_beyond(end) else "whisker")
            for x, end in ((axis.at(end), end) for end in (row.low, row.high))
        ]
    parts.append(dot(axis.at(row.centre), middle, 5, "baseline" if row.baseline else "centre"))
    return parts


def _grid(axis: LogAxis, height: float) -> list[str]:
    places = [(tick, axis.at(tick)) for tick in axis.ticks()]
    lines = [line(x, 0, x, height, "one" if tick == 1.0 else "grid") for tick, x in places]
    return lines + [words(x, height + TEXT, _tick(tick), css="tick", anchor="middle") for tick, x in places]


def _tick(value: float) -> str:
    return f"{value:.6g}x"


@dataclass(frozen=True)
class Curve:
    """The speed-up of one kind of runner over its numbers of workers."""

    name: str
    points: tuple[tuple[int, float, float | None, float | None], ...]
    """The number of workers, the speed-up, and the ends of its interval, ordered by workers."""


def curves(identity: str, title: str, lines: Sequence[Curve], *, ideal: bool) -> str:
    """Draw speed-ups over workers on two logarithmic axes.

    Args:
        identity: unique in the page.
        title: the title of the figure.
        lines: the curves.
        ideal: whether to draw a dashed line where the speed-up is the number of workers.
    """
    workers = [float(point[0]) for curve in lines for point in curve.points]
    ratios = [point[1] for curve in lines for point in curve.points]
    across = LogAxis(min(workers) / 1.1, max(workers) * 1.1, 8, 97)
    highest = min(max(workers), 2 * max(ratios)) if ideal else 1.0
    intervals = [(point[2], point[3]) for curve in lines for point in curve.points]
    up = _axis_of([*ratios, highest], intervals, _HEIGHT - _AXIS, TEXT)
    heights = [(tick, up.at(tick)) for tick in up.ticks()]
    parts = [line(8, y, 97, y, "one" if tick == 1.0 else "grid") for tick, y in heights]
    parts += [words(7, y + 4, _tick(tick), css="tick", anchor="end") for tick, y in heights]
    last_x = -100.0
    for number in sorted({*workers}):
        if across.at(number) - last_x >= 5:
            last_x = across.at(number)
            parts.append(words(last_x, _HEIGHT - 6, f"{number:,.0f}", css="tick", anchor="middle"))
    first, last = max(min(workers), up.low), min(max(workers), up.high)
    if ideal and first < last:
        parts.append(line(across.at(first), up.at(first), across.at(last), up.at(last), "ideal"))
    for index, curve in enumerate(lines):
        parts += _curve(curve, across, up, colour(index))
    best = max(lines, key=lambda curve: max(point[1] for point in curve.points))
    top = max(best.points, key=lambda point: point[1])
    description = f"The largest speed-up is {ratio(top[1])}: {best.name} with {top[0]:,} workers."
    return figure(identity, title, description, _HEIGHT, parts)


def colour(index: int) -> str:
    """The class of a line or part: a colour, and dashed when the colours are used up."""
    return f"c{index % COLOURS}{' dashed' if index >= COLOURS else ''}"


def _curve(curve: Curve, across: LogAxis, up: LogAxis, css: str) -> list[str]:
    places = [(across.at(workers), up.at(speedup)) for workers, speedup, _, _ in curve.points]
    parts = [line(*before, *after, f"{css} curve") for before, after in pairwise(places)]
    for (x, y), (_, _, low, high) in zip(places, curve.points, strict=True):
        if low is not None and high is not None:
            cut = " cut" if up.is_beyond(low) or up.is_beyond(high) else ""
            parts.append(line(x, up.at(low), x, up.at(high), f"{css} thin{cut}"))
        parts.append(dot(x, y, 4, f"{css} filled"))
    return parts


def stacked(identity: str, title: str, rows: Sequence[tuple[str, str, Mapping[str, float]]]) -> str:
    """Draw a bar of 100 % for each row.

    Args:
        identity: unique in the page.
        title: the title of the figure.
        rows: for each row its name, its value as text, and the share of each part, in one order. Parts that overlap
            have a sum above 1; then the bar is scaled, and the row says so.
    """
    parts, top = [], 0.0
    for name, text, shares in rows:
        whole = sum(max(0.0, share) for share in shares.values()) or 1.0
        overlap = f"; parts overlap by {100 * (whole - 1):.0f} %" if whole > 1.01 else ""
        label, top = _label(top, name, f"{text}{overlap}".removeprefix("; "))
        parts += label
        x = 0.0
        for number, (part, share) in enumerate(shares.items()):
            width = 100 * max(0.0, share) / whole
            if width >= 0.1:
                parts.append(box(x, top, width, 13, f"{colour(number)} part", f"{part}: {100 * share:.0f} %"))
            x += width
        top += _BAR
    return figure(identity, title, _description(f"{name}: {text}" for name, text, _ in rows), top, parts)


def dots(
    identity: str, title: str, rows: Sequence[tuple[str, Sequence[tuple[int, float]]]], load: Sequence[float]
) -> str:
    """Draw the times of each row by round, relative to its own median, and the cores used by others in each round.

    Args:
        identity: unique in the page.
        title: the title of the figure.
        rows: for each row its name, and pairs of a round (from 0) and its seconds. All rows have one scale.
        load: cores that other processes used, by round; empty if they are not known.
    """
    last = max([len(load) - 1, *(number for _, times in rows for number, _ in times)])
    middles = [median(value for _, value in times) for _, times in rows]
    relative_times = [value / middle for (_, times), middle in zip(rows, middles, strict=True) for _, value in times]
    parts, top = [], 0.0
    for (name, times), middle in zip(rows, middles, strict=True):
        span = f"{seconds(min(value for _, value in times))} to {seconds(max(value for _, value in times))}"
        label, top = _label(top, name, span)
        axis = LogAxis.around([*relative_times, 1.25, 0.8], top + _STRIP - 4, top + 4)
        parts += [*label, line(1, axis.at(1.0), 99, axis.at(1.0), "grid")]
        parts += [dot(_moment(number, last), axis.at(value / middle), 2.5, "sample") for number, value in _few(times)]
        top += _STRIP
    if load:
        label, top = _label(top, "cores used by other processes", f"at most {max(load):.2f}")
        parts += label
        full_scale = max(1.0, *load)
        for number, cores in _few(list(enumerate(load))):
            height = max(1.0, (_STRIP - 4) * cores / full_scale)
            parts.append(box(_moment(number, last) - 0.4, top + _STRIP - height, 0.8, height, "load"))
        top += _STRIP + 4
    description = f"{len(rows)} runners in {last + 1} rounds, the first round on the left."
    return figure(identity, title, description, top, parts)


def _few(times: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """Every n-th round, if there are too many to draw."""
    return times[:: ceil(len(times) / _MOST_DOTS)]


def _moment(number: int, last: int) -> float:
    return 2 + 96 * (number + 0.5) / (last + 1)


@dataclass(frozen=True)
class TaskLanes:
    """The tasks of one execution."""

    name: str
    seconds: float
    """The length of the execution."""
    spans: tuple[Span, ...]
    """The tasks that are known."""
    tasks: int
    """All tasks of the execution."""


def timeline(identity: str, title: str, rows: Sequence[TaskLanes]) -> str:
    """Draw tasks in the lanes of their workers; of too many, those that failed, the longest, and every n-th other."""
    longest = max(row.seconds for row in rows) or 1.0
    parts, top, descriptions = [], 0.0, []
    for row in rows:
        workers = sorted({worker for worker, _, _, _ in row.spans})
        lanes = {worker: lane for lane, worker in enumerate(workers[:_MOST_LANES])}
        spans = thinned([span for span in row.spans if span[0] in lanes])
        text = seconds(row.seconds)
        if len(workers) > len(lanes):
            text += f", {len(lanes)} of {len(workers):,} workers"
        if len(spans) < row.tasks:
            text += f", {len(spans):,} of {row.tasks:,} tasks"
        descriptions.append(f"{row.name}: {text}")
        label, top = _label(top, row.name, text)
        parts += [*label, box(0, top, 100 * row.seconds / longest, _LANE * len(lanes), "lanes")]
        for worker, began, ended, failed in spans:
            x = min(100 * began / longest, 99.9)
            width = min(max(0.1, 100 * (ended - began) / longest), 100 - x)
            parts.append(box(x, top + _LANE * lanes[worker] + 1, width, _LANE - 2, "task failed" if failed else "task"))
        top += _LANE * len(lanes) + 8
    return figure(identity, title, _description(descriptions), top, parts)


def thinned(spans: Sequence[Span], most: int = _MOST_SPANS) -> list[Span]:
    """At most so many tasks: first those that failed and the longest, then every n-th other."""
    if len(spans) <= most:
        return list(spans)
    by_length = sorted(range(len(spans)), key=lambda index: (not spans[index][3], spans[index][1] - spans[index][2]))
    chosen = {*by_length[: most // 4]}
    others = [index for index in range(len(spans)) if index not in chosen]
    step = len(others) / (most - len(chosen))
    chosen |= {others[int(number * step)] for number in range(most - len(chosen))}
    return [spans[index] for index in sorted(chosen)]


def legend(names: Sequence[str], shown: Collection[str] | None = None) -> str:
    """The meaning of the colours, as an HTML list.

    Args:
        names: in the order of the colours.
        shown: the names that are in the figure; None: all.
    """
    keys = [
        element("li", element("span", " ", css=f"{colour(number)} key", aria_hidden="true") + escaped(name))
        for number, name in enumerate(names)
        if shown is None or name in shown
    ]
    return element("ul", "".join(keys), css="legend")
