"""The figures of a page: pure functions from plain values to SVG, that know nothing of runs and cells."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from concbench.report.page.svg import TEXT, LogAxis, box, dot, element, escaped, figure, line, words
from concbench.units import ratio, seconds

_BAR = 24
"""Pixels of what is drawn below a label, with some room."""
_TOGETHER, _LONGEST = 52, 52
"""Characters of a name and what is said of it on one line, and of either alone, on a page of 400 pixels."""
_AXIS = 24
"""Pixels for an axis below the rows."""
_OPEN = 8.0
"""Times the largest ratio of a plot, or below the smallest, where an interval may be cut off."""
_STRIP = 34
"""Pixels of a strip of dots."""
_LANE = 9
"""Pixels of a worker's lane."""
_MOST_LANES = 16
_MOST_SPANS = 240
"""Tasks of one runner that are drawn, so that a page stays small."""
_HEIGHT = 260
"""Pixels of a plot of lines."""
COLOURS = 9
"""Colours that the style sheet has for parts and lines: c0 to c8."""


@dataclass(frozen=True)
class Rated:
    """A runner in a forest plot."""

    name: str
    said: str
    """Its speed-up and verdict, in words."""
    centre: float
    low: float | None = None
    high: float | None = None
    """None where there is no interval."""
    fastest: bool = False
    baseline: bool = False


def forest(identity: str, title: str, rows: Sequence[Rated]) -> str:
    """Speed-ups with their intervals on a logarithmic axis; the fastest group is shaded."""
    centres = [row.centre for row in rows]
    least, most = min([1.0, *centres]) / _OPEN, max([1.0, *centres]) * _OPEN
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    axis = LogAxis.around([*centres, *(min(max(end, least), most) for end in ends)])
    shaded, drawn, top = [], [], 0.0
    for row in rows:
        label, below = _label(top, row.name, row.said, "best" if row.fastest else "")
        drawn += label + _rated(row, axis, below + _BAR / 2)
        if row.fastest:
            shaded.append(box(0, top, 100, below + _BAR - top, "fastest"))
        top = below + _BAR
    fastest = [row.name for row in rows if row.fastest]
    described = f"{len(rows)} runners. {'; '.join(f'{row.name}: {row.said}' for row in rows[:12])}."
    if fastest:
        described += f" Fastest group: {', '.join(fastest[:12])}."
    return figure(identity, title, described, top + _AXIS, [*shaded, *_grid(axis, top), *drawn])


def _label(top: float, name: str, said: str, css: str = "") -> tuple[list[str], float]:
    """A name on the left and what is said of it on the right, below it where both are long; and where that ends."""
    below = top if len(name) + len(said) <= _TOGETHER else top + TEXT
    parts = [words(0.5, top + TEXT, _cut(name), css=f"name {css}".strip())]
    if said:
        parts.append(words(99.5, below + TEXT, _cut(said), css=css, anchor="end"))
    return parts, below + TEXT + 4


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _rated(row: Rated, axis: LogAxis, middle: float) -> list[str]:
    parts = []
    if row.low is not None and row.high is not None:
        parts.append(line(axis.at(row.low), middle, axis.at(row.high), middle, "whisker"))
        parts += [
            line(axis.at(end), middle - 5, axis.at(end), middle + 5, "whisker cut" if axis.beyond(end) else "whisker")
            for end in (row.low, row.high)
        ]
    parts.append(dot(axis.at(row.centre), middle, 5, "baseline" if row.baseline else "centre"))
    return parts


def _grid(axis: LogAxis, height: float) -> list[str]:
    places = [(tick, axis.at(tick)) for tick in axis.ticks()]
    lines = [line(x, 0, x, height, "one" if tick == 1.0 else "grid") for tick, x in places]
    return lines + [words(x, height + TEXT, ratio(tick), css="tick", anchor="middle") for tick, x in places]


@dataclass(frozen=True)
class Curve:
    """The speed-up of one kind of runner over its numbers of workers."""

    name: str
    points: tuple[tuple[int, float, float | None, float | None], ...]
    """Workers, speed-up, and the ends of its interval, by workers."""


def curves(identity: str, title: str, drawn: Sequence[Curve]) -> str:
    """Speed-ups over workers, both logarithmic, with the line of a speed-up by as much as there are workers."""
    workers = [float(point[0]) for curve in drawn for point in curve.points]
    ratios = [point[1] for curve in drawn for point in curve.points]
    across = LogAxis(min(workers) / 1.1, max(workers) * 1.1, 7, 97)
    up = LogAxis.around([*ratios, min(max(workers), 2 * max(ratios))], _HEIGHT - _AXIS, TEXT)
    heights = [(tick, up.at(tick)) for tick in up.ticks()]
    parts = [line(7, y, 97, y, "one" if tick == 1.0 else "grid") for tick, y in heights]
    parts += [words(6, y + 4, ratio(tick), css="tick", anchor="end") for tick, y in heights]
    parts += [
        words(across.at(number), _HEIGHT - 6, f"{number:,.0f}", css="tick", anchor="middle")
        for number in sorted({*workers})
    ]
    first, last = max(min(workers), up.low), min(max(workers), up.high)
    parts.append(line(across.at(first), up.at(first), across.at(last), up.at(last), "ideal"))
    for place, curve in enumerate(drawn):
        parts += _curve(curve, across, up, f"c{place % COLOURS}")
    best = max(drawn, key=lambda curve: max(point[1] for point in curve.points))
    top = max(best.points, key=lambda point: point[1])
    described = (
        f"The largest speed-up is {ratio(top[1])}, of {best.name} with {top[0]:,} workers. The dashed line is a "
        "speed-up equal to the number of workers."
    )
    return figure(identity, title, described, _HEIGHT, parts)


def _curve(curve: Curve, across: LogAxis, up: LogAxis, css: str) -> list[str]:
    places = [(across.at(workers), up.at(speedup)) for workers, speedup, _, _ in curve.points]
    parts = [line(*before, *after, f"{css} curve") for before, after in pairwise(places)]
    for (x, y), (_, _, low, high) in zip(places, curve.points, strict=True):
        if low is not None and high is not None:
            parts.append(line(x, up.at(low), x, up.at(high), f"{css} thin"))
        parts.append(dot(x, y, 4, f"{css} filled"))
    return parts


def stacked(identity: str, title: str, rows: Sequence[tuple[str, str, Mapping[str, float]]]) -> str:
    """Bars of 100 %, one for each row: its name, what is said of it, and the share of each part in one order."""
    parts, top = [], 0.0
    for name, said, shares in rows:
        label, top = _label(top, name, said)
        parts += label
        x = 0.0
        whole = sum(max(0.0, share) for share in shares.values()) or 1.0
        for number, (part, share) in enumerate(shares.items()):
            width = 100 * max(0.0, share) / whole
            if width >= 0.1:
                parts.append(box(x, top, width, 13, f"c{number % COLOURS} part", f"{part}: {100 * share:.0f} %"))
            x += width
        top += _BAR
    described = "; ".join(f"{name}: {said}" for name, said, _ in rows[:12])
    return figure(identity, title, f"{described}.", top, parts)


def dots(
    identity: str, title: str, rows: Sequence[tuple[str, Sequence[tuple[int, float]]]], load: Sequence[float]
) -> str:
    """The times of each row by round, each around its own median; below, the cores that others used in each round.

    Args:
        identity: what no other figure of the page is called.
        title: what it shows.
        rows: a name, and pairs of a round, counted from 0, and its seconds.
        load: cores that other processes used, by round; empty where that is not known.
    """
    last = max([len(load) - 1, *(number for _, taken in rows for number, _ in taken)])
    parts, top = [], 0.0
    for name, taken in rows:
        middle = sorted(value for _, value in taken)[len(taken) // 2]
        span = f"{seconds(min(value for _, value in taken))} to {seconds(max(value for _, value in taken))}"
        label, top = _label(top, name, span)
        axis = LogAxis.around([value / middle for _, value in taken] + [1.25, 0.8], top + _STRIP - 4, top + 4)
        parts += [*label, line(1, axis.at(1.0), 99, axis.at(1.0), "grid")]
        parts += [dot(_moment(number, last), axis.at(value / middle), 2.5, "sample") for number, value in taken]
        top += _STRIP
    if load:
        label, top = _label(top, "cores used by other processes", f"at most {max(load):.2f}")
        parts += label
        most = max(1.0, *load)
        for number, used in enumerate(load):
            height = max(1.0, (_STRIP - 4) * used / most)
            parts.append(box(_moment(number, last) - 0.4, top + _STRIP - height, 0.8, height, "load"))
        top += _STRIP + 4
    described = f"{len(rows)} runners in {last + 1} rounds, from the first on the left to the last on the right."
    return figure(identity, title, described, top, parts)


def _moment(number: int, last: int) -> float:
    return 2 + 96 * (number + 0.5) / (last + 1)


@dataclass(frozen=True)
class Lanes:
    """The tasks of one execution."""

    name: str
    seconds: float
    """How long all of it took."""
    spans: tuple[tuple[int, float, float, bool], ...]
    """Of each task: its worker, when it began and ended in seconds, and whether it failed."""


def timeline(identity: str, title: str, rows: Sequence[Lanes]) -> str:
    """Tasks in the lanes of their workers; where there are too many, every n-th of them and the longest."""
    longest = max(row.seconds for row in rows)
    parts, top, told = [], 0.0, []
    for row in rows:
        workers = sorted({worker for worker, _, _, _ in row.spans})
        lanes = {worker: place for place, worker in enumerate(workers[:_MOST_LANES])}
        shown = thinned([span for span in row.spans if span[0] in lanes])
        more = f", {len(workers) - len(lanes):,} more workers not shown" if len(workers) > len(lanes) else ""
        fewer = f", {len(shown):,} of {len(row.spans):,} tasks shown" if len(shown) < len(row.spans) else ""
        told.append(f"{row.name}: {seconds(row.seconds)}{more}{fewer}")
        label, top = _label(top, row.name, f"{seconds(row.seconds)}{more}{fewer}")
        parts += label
        parts.append(box(0, top, 100 * row.seconds / longest, _LANE * len(lanes), "lanes"))
        for worker, began, ended, failed in shown:
            width = max(0.05, 100 * (ended - began) / longest)
            css = "task failed" if failed else "task"
            parts.append(box(100 * began / longest, top + _LANE * lanes[worker] + 1, width, _LANE - 2, css))
        top += _LANE * len(lanes) + 8
    return figure(identity, title, f"{'; '.join(told)}.", top, parts)


Span = tuple[int, float, float, bool]


def thinned(spans: Sequence[Span], most: int = _MOST_SPANS) -> list[Span]:
    """So many tasks at most: those that failed and the longest first, and of the others every n-th."""
    if len(spans) <= most:
        return list(spans)
    by_length = sorted(range(len(spans)), key=lambda place: (not spans[place][3], spans[place][1] - spans[place][2]))
    kept = {*by_length[: most // 4]}
    others = [place for place in range(len(spans)) if place not in kept]
    step = len(others) / (most - len(kept))
    kept |= {others[int(number * step)] for number in range(most - len(kept))}
    return [spans[place] for place in sorted(kept)]


def legend(names: Sequence[str], shown: Collection[str] | None = None) -> str:
    """What the colours c0, c1 ... stand for, as a list in HTML.

    Args:
        names: in the order of the colours.
        shown: those that are in the figure; None: all.
    """
    keys = [
        element("li", element("span", " ", css=f"c{number % COLOURS} key", aria_hidden="true") + escaped(name))
        for number, name in enumerate(names)
        if shown is None or name in shown
    ]
    return element("ul", "".join(keys), css="legend")
