"""Where the workers' time went, for each cell: a bar of 100 %, its parts in figures, and what was lost most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from concbench.advice.losses import LONG, findings_of, overlap, reached
from concbench.advice.rules import PAGES
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.places import is_described
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.time_shares import (
    CONTENTION,
    DISPATCH,
    PARTS,
    SHUT_DOWN,
    SLOWER,
    START_UP,
    TAIL,
    UNEXPLAINED,
    USEFUL,
    WAITING,
    TimeShares,
)
from concbench.report.columns import NOTHING
from concbench.report.rows import Grid
from concbench.report.visible import visible
from concbench.results.records import Table, number
from concbench.stats.timeline import Timeline
from concbench.traits import ELSEWHERE
from concbench.units import percent, ratio, seconds

MARKS = {
    USEFUL: ("U", "green"),
    WAITING: ("w", "cyan"),
    CONTENTION: ("C", "red"),
    SLOWER: ("S", "magenta"),
    START_UP: ("b", "yellow"),
    DISPATCH: ("d", "blue"),
    TAIL: ("t", "bright_yellow"),
    SHUT_DOWN: ("x", "bright_black"),
    UNEXPLAINED: ("?", "white"),
}
"""What a part looks like: a letter, and a colour where there are colours."""
_MEANINGS = {
    USEFUL: "computing that the baseline did as well",
    WAITING: "the tasks' own waiting (network, disk, sleep), as in the baseline",
    CONTENTION: "waiting that the baseline did not do: for the GIL, a lock, a core, or what all tasks ask",
    SLOWER: "more CPU time for the same work",
    START_UP: "until a worker begins its first task",
    DISPATCH: "from one task to the next",
    TAIL: "nothing left to begin, while others are still at work",
    SHUT_DOWN: "after the last task has ended",
    UNEXPLAINED: "what the others leave: the cost of recording tasks",
}
_WIDEST = 100
_LEAST = 0.005
"""Share from which a part is written out."""
_ROUGH = 1.25
"""Times what the timed rounds took, from which an observed pass is not typical of them."""
_NAMED = 4
"""Items that are written out."""
_COSTLY = 0.02
"""Share of a task from which the cost of observing it is told."""


PACE: dict[str, Callable[[CellAnalysis, Timeline], str]] = {
    "at once": lambda _, line: f"{line.in_flight:.1f}",
    "most": lambda _, line: f"{line.peak:,}",
    "tasks/s": lambda cell, line: f"{line.tasks / cell.seconds:,.0f}" if cell.seconds else NOTHING,
}
LATENCY: dict[str, Callable[[CellAnalysis, Timeline], str]] = {
    "queued": lambda _, line: seconds(line.queueing[0]),
    "task": lambda _, line: seconds(line.service[0]),
    "90 %": lambda _, line: seconds(line.service[1]),
    "99 %": lambda _, line: seconds(line.service[2]),
    "longest": lambda _, line: seconds(line.service[3]),
    "no.": lambda _, line: f"{line.longest:,}",
}
"""Columns by their header."""


@dataclass(frozen=True)
class ShownWhy:
    """One table's cells, ready to be laid out."""

    title: str
    cells: list[ShownShares]
    pace: Grid
    """Tasks at once, and tasks in a second."""
    latency: Grid
    """How long tasks waited to be begun, and how long they took."""
    notes: list[str]


@dataclass(frozen=True)
class ShownShares:
    """One cell."""

    heading: str
    shares: TimeShares
    figures: str
    sentences: list[str]


def shown_why(table: TableAnalysis) -> ShownWhy:
    """Build everything that is laid out."""
    known = [cell for cell in table.measured if cell.shares is not None]
    return ShownWhy(
        title=visible(f"Where the workers' time went: {table.workload}"),
        cells=[_explained(cell, table) for cell in known],
        pace=_grid(known, {**PACE, **_bytes(table.record)}),
        latency=_grid(known, LATENCY),
        notes=[visible(line) for line in _notes(table, known)],
    )


def render_why(why: ShownWhy, console: Console) -> list[RenderableType]:
    """The parts of a page, one below the other."""
    parts: list[RenderableType] = ["", Text(why.title, style="bold")]
    if not why.cells:
        return [*parts, Text(_NOTHING)]
    parts += [Text(line, style="dim") for line in _legend(why)]
    width = min(_WIDEST, console.width - 2)
    for cell in why.cells:
        parts += ["", Text(cell.heading), Padding(_bar(cell.shares, width), (0, 0, 0, 2))]
        parts.append(Padding(Text(cell.figures), (0, 0, 0, 2)))
        parts += [Padding(Text(sentence), (0, 0, 0, 2)) for sentence in cell.sentences]
    return [*parts, "", *(Text(line, style="dim") for line in why.notes)]


def _explained(cell: CellAnalysis, table: TableAnalysis) -> ShownShares:
    assert cell.shares is not None
    assert cell.timeline is not None
    line = cell.timeline
    most = f", at most {line.peak:,} at work at once" if line.peak < cell.workers else ""
    workers = f"{cell.workers:,} worker{'s' if cell.workers > 1 else ''}{most},"
    shares = [(part, share) for part, share in cell.shares.items() if abs(share) >= _LEAST]
    figures = ", ".join(f"{part} {percent(share)}" for part, share in sorted(shares, key=lambda pair: -pair[1]))
    found = findings_of(cell, table)
    sentences = [overlap(cell)]
    sentences += [f"{one.sentence}{f' ({PAGES}/{one.page}.md)' if one.page else ''}" for one in found]
    return ShownShares(
        heading=visible(f"{cell.name}: {workers} {seconds(line.makespan)}"),
        shares=cell.shares,
        figures=figures,
        sentences=[visible(sentence) for sentence in [*sentences, reached(cell)] if sentence],
    )


def _bar(shares: TimeShares, width: int) -> Text:
    """Parts that add up to the width; by largest remainder, so that none is off by more than one."""
    above = {part: max(0.0, shares[part]) for part in PARTS}
    total = sum(above.values())
    exact = {part: width * share / total for part, share in above.items()}
    cells = {part: int(value) for part, value in exact.items()}
    for part in sorted(PARTS, key=lambda part: cells[part] - exact[part])[: width - sum(cells.values())]:
        cells[part] += 1
    bar = Text()
    for part in PARTS:
        mark, colour = MARKS[part]
        bar.append(mark * cells[part], style=colour)
    return bar


def _legend(why: ShownWhy) -> list[str]:
    """What the bars are, and the parts that occur in them."""
    used = [part for part in PARTS if any(abs(cell.shares[part]) >= _LEAST for cell in why.cells)]
    return [
        _WHAT,
        *(f"{MARKS[part][0]} {part}: {_MEANINGS[part]}" for part in used),
    ]


def _bytes(table: Table) -> dict[str, Callable[[CellAnalysis, Timeline], str]]:
    """The column of throughput in bytes, where it is known how many a task moves."""
    size = number(table.facts, "task_bytes")
    if size is None:
        return {}

    def rate(cell: CellAnalysis, line: Timeline) -> str:
        return f"{line.tasks * size / cell.seconds / 1e6:,.1f}" if cell.seconds else NOTHING

    return {"MB/s": rate}


def _grid(cells: list[CellAnalysis], columns: dict[str, Callable[[CellAnalysis, Timeline], str]]) -> Grid:
    rows = [
        [visible(cell.name), *(text(cell, cell.timeline) for text in columns.values())]
        for cell in cells
        if cell.timeline
    ]
    return Grid(["runner", *columns], rows)


_NOTHING = (
    "There is nothing to tell. It takes an observed pass, a baseline that has one and does one task at a time, such as "
    "sequential, runners that say what they are, and tasks that take longer than recording them."
)
_WHAT = (
    "One more pass, with every task recorded: workers x its time = 100 %, sorted by kind, not in order of time. It can "
    "take longer than those that are timed, and the bars of different runners stand for different times."
)
_READING = (
    "at once: tasks in progress in the mean; most: at the peak; tasks/s and MB/s: of the timed rounds; queued: from "
    "the beginning of the work to a task's start, median; task: its length, median; no.: of the longest."
)


def _notes(table: TableAnalysis, known: list[CellAnalysis]) -> list[str]:
    notes = [_READING]
    base = table.baseline.timeline
    if base and base.tasks > 1 and base.workers == 1 and base.service[-1] > 0:
        most = base.busy / base.service[-1]
        if max((cell.speedup or 0.0 for cell in known), default=0.0) <= most:  # else its pass was not typical
            notes.append(f"However many workers: {ratio(most)} at most, which is all the work over its longest task.")
    lines = [cell.timeline for cell in known if cell.timeline]
    longest = {line.longest for line in lines if line.service[-1] > LONG * line.service[0]}
    named = [f"task {task} is {table.record.items[task]}" for task in sorted(longest) if task < len(table.record.items)]
    if named:
        notes.append(f"Longest: {', '.join(named[:_NAMED])}.")
    rough = [
        f"{cell.name} {seconds(cell.timeline.makespan)} instead of {seconds(cell.seconds)}"
        for cell in known
        if cell.timeline and cell.seconds and not 1 / _ROUGH < cell.timeline.makespan / cell.seconds < _ROUGH
    ]
    if rough:
        notes.append(f"Rough, since the pass took clearly more or less than the timed rounds: {', '.join(rough)}.")
    slow = [
        f"{cell.name} {percent(cost)}"
        for cell in known
        if cell.record.observed and cell.timeline and (cost := _cost(cell)) > _COSTLY
    ]
    if slow:
        notes.append(f"Recording tasks took a share of their time: {', '.join(slow)}.")
    return notes + _left_out(table)


def _left_out(table: TableAnalysis) -> list[str]:
    """Which cells are not shown although they were observed, and why."""
    why: dict[str, list[str]] = {}
    for cell in table.measured:
        if cell.record.observed and cell.shares is None and table.baseline.timeline:
            reason = "recording a task took longer than the task" if cell.timeline else "no task was recorded"
            if cell.traits.where == ELSEWHERE:
                reason = "their tasks run where nobody can look"
            elif not is_described(cell.record):
                reason = "their runner does not say what it is"
            why.setdefault(reason, []).append(cell.name)
    return [f"Not shown, since {reason}: {', '.join(names)}." for reason, names in why.items()]


def _cost(cell: CellAnalysis) -> float:
    """Of observing, as a share of what was observed."""
    assert cell.record.observed is not None
    assert cell.timeline is not None
    return cell.record.observed.observing * cell.timeline.tasks / max(cell.timeline.busy, 1e-9)
