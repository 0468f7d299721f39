"""One workload of a document: its table, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass

from concbench import units
from concbench.advice.clusters import ready_worker_notes
from concbench.advice.initializers import initializers
from concbench.advice.mishaps import mishap_counts, why_missing
from concbench.advice.quota import quota_warning
from concbench.advice.sending import function_data_notes
from concbench.advice.variants import interpreters, joined_names
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import FLAGGED, STRONG
from concbench.report.breakdown import Breakdown, breakdown
from concbench.report.columns import ANSWER, COST
from concbench.report.grid import Grid, grid
from concbench.results.records import Table
from concbench.stats.intervals import FEWEST


@dataclass(frozen=True)
class MissingRunners:
    """A runner without times, or several for the same reason."""

    name: str
    reason: str
    failed: bool = False
    """Whether one of them failed. The others cannot do this work, or there was no time for them."""


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
    general: tuple[str, ...]
    """How to read the figures of any table, one sentence each; in them, a star stands for the fastest group."""
    special: tuple[str, ...]
    """Notes on this table, one or more sentences each: what differs from the default, and what happened."""
    brief: tuple[str, ...]
    """The same notes, some in fewer words, as the text format shows them unless it shows everything."""
    warnings: tuple[str, ...]
    """Those of them that qualify the answer, for a place where it stands alone."""
    load: str
    """Load of other processes; empty if nothing was timed."""
    loaded: bool
    """Whether `load` is a warning."""
    breakdown: Breakdown | None
    """Where the workers' time went, if that was requested."""

    @property
    def reading(self) -> tuple[str, ...]:
        """How to read the figures, and the notes on this table."""
        return (*self.general, *self.special)


def section(table: TableAnalysis, *, why: bool = False) -> Section:
    """Build the section of a workload; with `why`, include where the time went."""
    size = f" (size {table.record.size})" if table.record.size else ""
    load, loaded = _load(table)
    special = _special(table)
    return Section(
        title=f"{table.workload}: {table.record.title}{size}",
        times=grid(table.measured, ANSWER),
        costs=grid(table.measured, COST).without_empty(),
        fastest=tuple(cell.in_fastest_group for cell in table.measured),
        missing=_missing(table),
        general=tuple(_general(table)),
        special=tuple(note.sentence for note in special),
        brief=tuple(note.brief or note.sentence for note in special),
        warnings=tuple(_warnings(table)),
        load=load,
        loaded=loaded,
        breakdown=breakdown(table) if why else None,
    )


_CHECKED = {
    "known": "Results were checked: all runners with times agree with the expected results.",
    "sequential": "Results were checked: all runners with times agree with the sequential results.",
}
"""Sentences on a check of results that succeeded; if results could not be compared, a note of the table says so."""
_UNCHECKED = {
    "off": "Results were not compared (--no-check).",
    "pending": "Not all results were compared: the run was interrupted.",
}
"""Sentences on a check that did not take place."""
_COLD = "Workers and connections are fresh for each execution (cold), timed from start to stop"
_RELAUNCHED = "Every sample is taken in a new measuring process, after a warm-up that is not timed."
_MEANING = (
    "[low, high]: simultaneous 95 % confidence intervals of all ratios in this table, under the conditions of this "
    "run; *: statistically tied with the fastest."
)


@dataclass(frozen=True)
class _Note:
    """A note on a table, and the same in fewer words; empty if it is short."""

    sentence: str
    brief: str = ""


def _general(table: TableAnalysis) -> list[str]:
    """What is true of every table that was measured in the default way."""
    record = table.record
    if not table.measured:
        return []
    timing = [] if _kept_between_executions(record) else [_timing(_COLD, record)]
    checks = [_CHECKED[record.checked]] if record.checked in _CHECKED else []
    return [*timing, *checks, *([_MEANING] if _compares(table) and _has_intervals(table) else [])]


def _special(table: TableAnalysis) -> list[_Note]:
    record = table.record
    if not table.measured:
        return [_Note(note) for note in record.notes]
    kept = _kept_between_executions(record)
    notes = [_Note(_timing(kept, record), f"{kept}.")] if kept else []
    if record.relaunched:
        notes.append(_Note(_RELAUNCHED))
    if record.checked in _UNCHECKED:
        notes.append(_Note(_UNCHECKED[record.checked]))
    sentences = [
        *interpreters(table),
        *record.notes,
        *function_data_notes(table),
        *ready_worker_notes(table),
        *initializers(table),
    ]
    if not record.warmed_up:
        sentences.append("There was no warm-up: first-run costs are in the times.")
    if _compares(table) and not _has_intervals(table):
        sentences.append(f"An interval and a verdict need at least {FEWEST} rounds shared with {table.baseline.name}.")
    if table.other_load is None and table.unsteady is None:
        sentences.append("The load of other processes could not be read here.")
    if warning := quota_warning(table):
        sentences.append(warning)
    return [*notes, *map(_Note, sentences), *map(_Note, _mishaps(table)), *_first_runs(table)]


def _warnings(table: TableAnalysis) -> list[str]:
    unchecked = bool(table.measured) and table.record.checked not in _CHECKED
    pending = table.record.checked == "pending"
    compared = "Not all results were compared." if pending else "Results were not compared."
    return [*([compared] if unchecked else []), *_left_out(table)]


def _timing(how: str, record: Table) -> str:
    return f"{how}; times are medians, speed-ups typical ratios to {record.baseline} within a round."


def _kept_between_executions(record: Table) -> str:
    """What is kept from one execution to the next, without a full stop; empty if nothing is."""
    if record.warm and record.relaunched:
        return "Workers and connections are kept from the warm-up of each process on (warm), and only the work is timed"
    if record.warm:
        return "Workers and connections are kept between rounds (warm), and only the work is timed"
    if record.kept.cold and not record.fresh:
        return (
            "Workers and connections are fresh for each execution, in measuring processes that are kept, timed from "
            "start to stop"
        )
    return ""


def _compares(table: TableAnalysis) -> bool:
    return table.baseline.seconds is not None and len(table.measured) > 1


def _has_intervals(table: TableAnalysis) -> bool:
    return any(cell.interval for cell in table.measured)


def _mishaps(table: TableAnalysis) -> list[str]:
    """Notes on tolerated failures and on retries; runners with the same counts share a note."""
    names_by_text: dict[str, list[str]] = {}
    for cell in table.measured:
        if text := mishap_counts(cell.mishaps):
            names_by_text.setdefault(text, []).append(cell.name)
    return [*(f"{units.listed(names)}: {text}." for text, names in names_by_text.items()), *_left_out(table)]


def _left_out(table: TableAnalysis) -> list[str]:
    counts = [f"{cell.name} {cell.left_out}" for cell in table.measured if cell.left_out]
    if not counts:
        return []
    why = "the tasks that failed were not the ones that failed under the other runners"
    return [f"Rounds left out because {why}: {', '.join(counts)}."]


def _first_runs(table: TableAnalysis) -> list[_Note]:
    """Note first executions that took clearly longer than the samples, unless another note says why."""
    if table.record.kept.kind == "state":
        return []
    slow = [
        f"{cell.name} {units.seconds(cell.record.warmup.seconds)}"
        for cell in table.measured
        if cell.record.warmup and cell.seconds and cell.record.warmup.seconds > 1.5 * cell.seconds
    ]
    if not slow:
        return []
    longer = "First executions, not among the times, took longer"
    fresh = "" if table.record.fresh else "; --fresh makes every execution a first one"
    how_many = f" under {len(slow)} runners" if len(slow) > 1 else f": {slow[0]}"
    return [_Note(f"{longer}: {', '.join(slow)}{fresh}.", f"{longer}{how_many}.")]


def _missing(table: TableAnalysis) -> tuple[MissingRunners, ...]:
    cells_by_reason: dict[str, list[CellAnalysis]] = {}
    for cell in table.cells:
        if cell.seconds is None:
            cells_by_reason.setdefault(why_missing(cell), []).append(cell)
    return tuple(
        MissingRunners(
            name=units.listed(joined_names(table, cells)),
            reason=reason,
            failed=any(cell.outcome.kind == "failed" for cell in cells),
        )
        for reason, cells in cells_by_reason.items()
    )


def _load(table: TableAnalysis) -> tuple[str, bool]:
    if not table.measured:
        return "", False
    if table.other_load is None:
        return _unsteady(table)
    load = f"Other processes used {table.other_load:.2f} cores meanwhile"
    if table.other_load > STRONG:
        differ = "so the ratios may differ from those on a quiet machine. Stop these programs and measure again."
        return f"{load}, {differ}", True
    if table.other_load > FLAGGED:
        return f"{load}: enough to change ratios, especially those of runners that use every core.", True
    return f"{load}.", False


def _unsteady(table: TableAnalysis) -> tuple[str, bool]:
    """The portable sign of noise, for when the load cannot be read: its absence proves nothing."""
    if table.unsteady is None:
        return "", False
    return (
        f"The machine was unsteady: the median of {table.baseline.name} was {table.unsteady:.2f} times its minimum.",
        True,
    )
