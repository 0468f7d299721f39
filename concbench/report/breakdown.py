"""Where the workers' time went, for each runner: its parts of 100 %, and the largest loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from concbench.advice.finding import Finding
from concbench.advice.losses import LONG, findings_of, limit_reached, no_overlap
from concbench.advice.quota import quota_held_back_cell
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
)
from concbench.report.columns import RUNNER
from concbench.report.grid import Grid, Reading, figure, grid
from concbench.results.records import Table, number
from concbench.stats.timeline import Timeline
from concbench.traits import ELSEWHERE
from concbench.units import percent, ratio, seconds

MEANINGS = {
    USEFUL: "computing that the baseline did as well",
    WAITING: "the tasks' own waiting (network, disk, sleep), as in the baseline",
    CONTENTION: "waiting that the baseline did not do: for the GIL, a lock, a core, or a shared service",
    SLOWER: "more CPU time for the same work",
    START_UP: "until a worker begins its first task",
    DISPATCH: "from one task to the next",
    TAIL: "no task left to begin while other workers are still running",
    SHUT_DOWN: "after the last task has ended",
    UNEXPLAINED: "the remainder: the cost of recording tasks",
}
LEAST_SHARE = 0.005
"""Share from which a part is written out."""
_ROUGH = 1.25
"""Factor between the observed pass and the timed rounds from which the pass is not typical of them."""
_MOST_NAMES = 4
"""Number of items that are named."""
_COSTLY = 0.02
"""Share of a task's time from which the cost of recording it is mentioned."""


def _of_timeline(header: str, number: Callable[[Timeline], float], text: Callable[[float], str]) -> Reading:
    return figure(header, lambda cell: number(cell.timeline) if cell.timeline else None, text)


def _tasks_per_second(cell: CellAnalysis) -> float | None:
    return cell.timeline.tasks / cell.seconds if cell.timeline and cell.seconds else None


PACE = (
    RUNNER,
    _of_timeline("at once", lambda timeline: timeline.in_flight, "{:.1f}".format),
    _of_timeline("most", lambda timeline: timeline.peak, "{:,}".format),
    figure("tasks/s", _tasks_per_second, "{:,.0f}".format),
)
LATENCY = (
    RUNNER,
    _of_timeline("queued", lambda timeline: timeline.queueing[0], seconds),
    _of_timeline("task", lambda timeline: timeline.service[0], seconds),
    _of_timeline("90 %", lambda timeline: timeline.service[1], seconds),
    _of_timeline("99 %", lambda timeline: timeline.service[2], seconds),
    _of_timeline("longest", lambda timeline: timeline.service[3], seconds),
    _of_timeline("no.", lambda timeline: timeline.longest, "{:,}".format),
)


@dataclass(frozen=True)
class Bar:
    """Where the time of one runner's workers went."""

    name: str
    workers: str
    """Number of workers, and the length of the pass, as text."""
    shares: tuple[tuple[str, float], ...]
    """Each part with its share, in the order of the bar; the shares add up to 1."""
    figures: str
    """The parts that are large enough, as text, the largest first."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Breakdown:
    """The bars of one workload, and how to read them."""

    title: str
    reading: str
    """How to read the bars, or why there are none."""
    legend: tuple[tuple[str, str], ...]
    """Each part that occurs, with its meaning."""
    bars: tuple[Bar, ...]
    pace: Grid
    """Tasks in progress at once, and tasks per second."""
    latency: Grid
    """How long tasks waited for their start, and how long they took."""
    notes: tuple[str, ...]


def breakdown(table: TableAnalysis) -> Breakdown:
    """Build the breakdown of a table."""
    explained = [cell for cell in table.measured if cell.shares is not None]
    bars = tuple(_bar(cell, table) for cell in explained)
    parts = [part for part in PARTS if any(abs(dict(bar.shares)[part]) >= LEAST_SHARE for bar in bars)]
    return Breakdown(
        title=f"Where the workers' time went: {table.workload}",
        reading=WHAT if bars else _NO_BARS,
        legend=tuple((part, MEANINGS[part]) for part in parts),
        bars=bars,
        pace=grid(explained, [*PACE, *_throughput(table.record)]),
        latency=grid(explained, LATENCY),
        notes=tuple(_notes(table, explained)) if bars else (),
    )


def _bar(cell: CellAnalysis, table: TableAnalysis) -> Bar:
    assert cell.shares is not None
    assert cell.timeline is not None
    line = cell.timeline
    most = f", at most {line.peak:,} at work at once" if line.peak < cell.workers else ""
    workers = f"{cell.workers:,} worker{'s' if cell.workers > 1 else ''}{most},"
    shares = [(part, share) for part, share in cell.shares.items() if abs(share) >= LEAST_SHARE]
    findings = [no_overlap(cell), quota_held_back_cell(cell), *findings_of(cell, table), limit_reached(cell)]
    return Bar(
        name=cell.name,
        workers=f"{workers} {seconds(line.makespan)}",
        shares=tuple((part, cell.shares[part]) for part in PARTS),
        figures=", ".join(f"{part} {percent(share)}" for part, share in sorted(shares, key=lambda pair: -pair[1])),
        findings=tuple(finding for finding in findings if finding),
    )


def _throughput(table: Table) -> list[Reading]:
    """The column of throughput in bytes, if the size that a task moves is known."""
    size = number(table.facts, "task_bytes")
    if size is None:
        return []

    def rate(cell: CellAnalysis) -> float | None:
        return cell.timeline.tasks * size / cell.seconds / 1e6 if cell.timeline and cell.seconds else None

    return [figure("MB/s", rate, "{:,.1f}".format)]


_NO_BARS = (
    "There is nothing to explain. That needs an observed pass of the runner and of a baseline that runs one task at a "
    "time, such as sequential; runners that declare their traits; and tasks that take longer than recording them."
)
WHAT = (
    "One more pass, with every task recorded: workers x its time = 100 %, sorted by kind, not in order of time. It can "
    "take longer than the timed executions, and the bars of different runners stand for different times."
)
_READING = (
    "at once: mean number of tasks in progress; most: their peak; tasks/s and MB/s: in the timed rounds; queued: "
    "median time from the beginning of the work to a task's start; task: median length; no.: index of the longest."
)


def _notes(table: TableAnalysis, explained: list[CellAnalysis]) -> list[str]:
    notes = [_READING]
    base = table.baseline.timeline
    if base and base.tasks > 1 and base.workers == 1 and base.service[-1] > 0:
        most = base.busy / base.service[-1]
        if max((cell.speedup or 0.0 for cell in explained), default=0.0) <= most:  # else its pass was not typical
            notes.append(
                f"With any number of workers: {ratio(most)} at most, the whole work divided by its longest task."
            )
    lines = [cell.timeline for cell in explained if cell.timeline]
    longest = {line.longest for line in lines if line.service[-1] > LONG * line.service[0]}
    names = [f"task {task} is {table.record.items[task]}" for task in sorted(longest) if task < len(table.record.items)]
    if names:
        notes.append(f"Longest: {', '.join(names[:_MOST_NAMES])}.")
    rough = [
        f"{cell.name} {seconds(cell.timeline.makespan)} instead of {seconds(cell.seconds)}"
        for cell in explained
        if cell.timeline and cell.seconds and not 1 / _ROUGH < cell.timeline.makespan / cell.seconds < _ROUGH
    ]
    if rough:
        notes.append(f"Rough, since the pass took clearly more or less than the timed rounds: {', '.join(rough)}.")
    slow = [
        f"{cell.name} {percent(cost)}"
        for cell in explained
        if cell.record.observed and cell.timeline and (cost := _cost(cell)) > _COSTLY
    ]
    if slow:
        notes.append(f"Recording tasks took a share of their time: {', '.join(slow)}.")
    return notes + _notes_on_cells_not_shown(table)


def _notes_on_cells_not_shown(table: TableAnalysis) -> list[str]:
    """Notes on cells that were observed but are not shown, with the reason."""
    names_by_reason: dict[str, list[str]] = {}
    for cell in table.measured:
        if cell.record.observed and cell.shares is None and table.baseline.timeline:
            reason = "recording a task took longer than the task" if cell.timeline else "no task was recorded"
            if cell.traits.where == ELSEWHERE:
                reason = "their tasks run where they cannot be observed"
            elif not is_described(cell.record):
                reason = "their runner does not declare its traits"
            names_by_reason.setdefault(reason, []).append(cell.name)
    return [f"Not shown, since {reason}: {', '.join(names)}." for reason, names in names_by_reason.items()]


def _cost(cell: CellAnalysis) -> float:
    """The cost of observing tasks, as a share of their time."""
    assert cell.record.observed is not None
    assert cell.timeline is not None
    return cell.record.observed.observing * cell.timeline.tasks / max(cell.timeline.busy, 1e-9)
