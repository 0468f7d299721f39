"""One workload of a document: its table, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass

from concbench import units
from concbench.advice.clusters import made_ready
from concbench.advice.initializers import initializers
from concbench.advice.mishaps import counted, why_missing
from concbench.advice.quota import flag
from concbench.advice.sending import travelling
from concbench.advice.variants import alike, interpreters
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import FLAGGED, STRONG
from concbench.report.breakdown import Breakdown, breakdown
from concbench.report.columns import ANSWER, COST
from concbench.report.grid import Grid, grid
from concbench.stats.intervals import FEWEST


@dataclass(frozen=True)
class MissingRunners:
    """A runner without times, or several for the same reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class Section:
    """The report on one workload, except for the answer."""

    title: str
    times: Grid
    """Times and verdicts of the runners that have times."""
    costs: Grid
    """Start-up, cores and memory of the same runners, in the same order."""
    fastest: tuple[bool, ...]
    """For each of their rows, whether it is in the fastest group."""
    missing: tuple[MissingRunners, ...]
    """The other runners."""
    reading: tuple[str, ...]
    """How to read the figures, one sentence each; in them, a star stands for the fastest group."""
    load: str
    """Load of other processes and effects of a quota; empty if nothing was timed."""
    loaded: bool
    """Whether `load` is a warning."""
    breakdown: Breakdown | None
    """Where the workers' time went, if that was requested."""


def section(table: TableAnalysis, *, why: bool = False) -> Section:
    """Build the section of a workload; with `why`, include where the time went."""
    size = f" (size {table.record.size})" if table.record.size else ""
    load, loaded = _load(table)
    held = flag(table)
    if held:
        load, loaded = f"{load} {held}".strip(), True
    return Section(
        title=f"{table.workload}: {table.record.title}{size}",
        times=grid(table.measured, ANSWER),
        costs=grid(table.measured, COST).without_empty(),
        fastest=tuple(cell.in_fastest_group for cell in table.measured),
        missing=_missing(table),
        reading=tuple(_reading(table)),
        load=load,
        loaded=loaded,
        breakdown=breakdown(table) if why else None,
    )


_CHECKED = {
    "known": "Results were checked: all runners with times agree with the expected results",
    "sequential": "Results were checked: all runners with times agree with the sequential results",
    "off": "Results were not compared (--no-check)",
}
"""Sentences on the check of results; if results could not be compared, a note of the table says so."""


_RELAUNCHED = "Every sample is taken in a new measuring process, after a warm-up that is not timed."


def _reading(table: TableAnalysis) -> list[str]:
    record = table.record
    if not table.measured:
        return [*record.notes]
    if record.warm and record.relaunched:
        timed = (
            "Workers and connections are kept from the warm-up of each process on (warm), and only the work is timed"
        )
    elif record.warm:
        timed = "Workers and connections are kept between rounds (warm), and only the work is timed"
    elif record.kept.cold and not record.fresh:
        timed = (
            "Workers and connections are fresh for each execution, in measuring processes that are kept, timed from "
            "start to stop"
        )
    else:
        timed = "Workers and connections are fresh for each execution (cold), timed from start to stop"
    lines = [
        f"{timed}; times are medians, speed-ups typical ratios to {record.baseline} within a round.",
        *([_RELAUNCHED] if record.relaunched else []),
        *([f"{_CHECKED[record.checked]}."] if record.checked in _CHECKED else []),
        *interpreters(table),
        *record.notes,
        *travelling(table),
        *made_ready(table),
        *initializers(table),
    ]
    if not record.warmed_up:
        lines.append("There was no warm-up: first-run costs are in the times.")
    if table.baseline.seconds is not None and len(table.measured) > 1:
        lines.append(_meaning(table))
    return lines + _mishaps(table) + _first_runs(table)


def _mishaps(table: TableAnalysis) -> list[str]:
    """Notes on tolerated failures and on retries; runners with the same counts share a note."""
    told: dict[str, list[str]] = {}
    for cell in table.measured:
        if text := counted(cell.mishaps):
            told.setdefault(text, []).append(cell.name)
    lines = [f"{units.listed(names)}: {text}." for text, names in told.items()]
    short = [f"{cell.name} {cell.left_out}" for cell in table.measured if cell.left_out]
    if short:
        lines.append(
            "Rounds left out because the tasks that failed were not the ones that failed under the other runners: "
            f"{', '.join(short)}."
        )
    return lines


def _meaning(table: TableAnalysis) -> str:
    if not any(cell.interval for cell in table.measured):
        return f"An interval and a verdict need at least {FEWEST} rounds shared with {table.baseline.name}."
    return (
        "[low, high]: simultaneous 95 % confidence intervals of all ratios in this table, for this machine as it was; "
        "*: statistically tied with the fastest."
    )


def _first_runs(table: TableAnalysis) -> list[str]:
    """Note first executions that took clearly longer than the samples, unless another note says why."""
    if table.record.kept.kind == "state":
        return []
    slow = [
        f"{cell.name} {units.seconds(cell.record.warmup.seconds)}"
        for cell in table.measured
        if cell.record.warmup and cell.seconds and cell.record.warmup.seconds > 1.5 * cell.seconds
    ]
    fresh = "" if table.record.fresh else "; --fresh makes every execution a first one"
    return [f"First executions, not among the times, took longer: {', '.join(slow)}{fresh}."] if slow else []


def _missing(table: TableAnalysis) -> tuple[MissingRunners, ...]:
    ended: dict[str, list[CellAnalysis]] = {}
    for cell in table.cells:
        if cell.seconds is None:
            ended.setdefault(why_missing(cell), []).append(cell)
    return tuple(MissingRunners(units.listed(alike(table, cells)), reason) for reason, cells in ended.items())


def _load(table: TableAnalysis) -> tuple[str, bool]:
    if not table.measured:
        return "", False
    if table.others is None:
        return _unsteady(table)
    used = f"Other processes used {table.others:.2f} cores meanwhile"
    if table.others > STRONG:
        differ = "so the ratios may differ from those on a quiet machine. Stop these programs and measure again."
        return f"{used}, {differ}", True
    if table.others > FLAGGED:
        return f"{used}: enough to change ratios, especially those of runners that use every core.", True
    return f"{used}.", False


def _unsteady(table: TableAnalysis) -> tuple[str, bool]:
    """The portable sign of noise, for when the load cannot be read: its absence proves nothing."""
    if table.unsteady is None:
        return "The load of other processes could not be read here.", False
    return (
        f"The machine was unsteady: the median of {table.baseline.name} was {table.unsteady:.2f} times its minimum.",
        True,
    )
