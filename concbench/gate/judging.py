"""Judgement of requirements by the figures of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from concbench.advice.losses import largest_loss, limit_reached
from concbench.advice.rules import gil_bound_threads, memory_of_workers
from concbench.advice.wrong_results import wrong_when_concurrent
from concbench.analysis.cell_analysis import CellAnalysis, by_round
from concbench.analysis.costs import usable_cores
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import COMPUTES, FLAGGED, MORE_THAN_ONE
from concbench.requirements import FAILED, PASSED, UNDECIDED, Decision, Requirement
from concbench.results.records import Table
from concbench.run import Run
from concbench.stats.intervals import FEWEST, Interval, log_ratios, ratio_interval, requirement_level
from concbench.units import data, listed, ratio, seconds, span


@dataclass(frozen=True)
class Judgement:
    """The outcome of a requirement. `str()` gives a line with the figures, `explanation` all that is known."""

    requirement: str
    """The text of the requirement."""
    decision: Decision
    workload: str
    figure: str = ""
    """The measured ratio with its interval, each end at 99.9 %, or the measured bytes; empty if there are none."""
    reason: str = ""
    """Why it failed or is undecided, in whole sentences."""
    rows: tuple[str, ...] = ()
    """The rows of the compared runners, below a heading."""
    where: str = ""
    """Where it was measured, if not in separate processes."""

    def __str__(self) -> str:
        figure, where = f", {self.figure}" if self.figure else "", f" ({self.where})" if self.where else ""
        return f"{self.requirement}: {self.decision}{figure}{where}"

    @property
    def of_ratio(self) -> bool:
        """Whether its figure is a ratio with an interval."""
        return "[" in self.figure

    @property
    def missed(self) -> bool:
        """Whether the requirement failed."""
        return self.decision == FAILED

    @property
    def undecided(self) -> bool:
        """Whether the requirement is undecided."""
        return self.decision == UNDECIDED

    @property
    def sentences(self) -> str:
        """The line of `str()` and the reason, as sentences."""
        return f"{self.workload}: {self}. {self.reason}".strip()

    @property
    def explanation(self) -> str:
        """The line, the rows and the reason, each on lines of their own."""
        reason = [self.reason] if self.reason else []
        return "\n".join([f"{self.workload}: {self}", *(f"  {row}" for row in self.rows), *reason])


def judge_run(run: Run, requirements: Sequence[Sequence[Requirement]]) -> list[Judgement]:
    """Judge the requirements of each table of a run, in order; an interrupted run may lack the last tables."""
    if not any(requirements):
        return []
    return [judge(one, table) for table, these in zip(run, requirements, strict=False) for one in these]


def equal_results(table: TableAnalysis) -> Judgement:
    """Judge whether the results of all runners that could do the work are as expected."""
    blank = Judgement("equal results", PASSED, table.workload)
    failed = [cell for cell in table.cells if cell.outcome.kind == "failed"]
    if failed:
        why = [f"{cell.name} failed: {cell.outcome.reason.removesuffix('.')}." for cell in failed]
        wrong = wrong_when_concurrent(table)
        return replace(blank, decision=FAILED, reason=" ".join([*why, *([str(wrong)] if wrong else [])]))
    if table.record.checked not in {"known", "sequential"}:
        notes = [note for note in table.record.notes if "compared" in note]
        return replace(blank, decision=UNDECIDED, reason=" ".join(["Results were not compared.", *notes]))
    return blank


def with_judgements(run: Run, judgements: Sequence[Judgement]) -> Run:
    """The same run with the judgement of each requirement in the notes of its tables."""
    if not judgements:
        return run
    notes: dict[str, list[str]] = {}
    for one in judgements:
        notes.setdefault(one.workload, []).append(
            f"Required: {one} (each end with 99.9 % confidence)." if one.of_ratio else f"Required: {one}."
        )
    tables = [_with_notes(table, notes.get(table.workload, [])) for table in run.tables]
    result = Run(replace(run.record, tables=tables))
    analyses = [replace(analysis, record=table) for analysis, table in zip(run, tables, strict=True)]
    result.__dict__["analyses"] = analyses  # notes change no figure, and a table is analysed once
    return result


def _with_notes(table: Table, notes: list[str]) -> Table:
    return replace(table, notes=[*table.notes, *notes])


def judge(requirement: Requirement, table: TableAnalysis) -> Judgement:
    """Judge one requirement by the figures of a table in which its runners were measured or failed."""
    cell = _cell(table, requirement.runner)
    other = _cell(table, requirement.other) if requirement.other else table.chosen_baseline or table.baseline
    blank = Judgement(str(requirement), UNDECIDED, table.workload)
    for one in (cell, *((other,) if requirement.of_ratio else ())):
        if one.outcome.kind == "failed":
            wrong = wrong_when_concurrent(table)
            why = [f"{one.name} failed: {one.outcome.reason.removesuffix('.')}.", *([str(wrong)] if wrong else [])]
            return replace(blank, decision=FAILED, reason=" ".join(why))
        if one.seconds is None:
            return replace(blank, reason=f"{one.name} was not measured: {one.outcome.reason or 'there was no time'}.")
    if not requirement.of_ratio:
        return _judge_memory(blank, requirement, cell, table)
    return _judge_ratio(blank, requirement, cell, other, table)


def _judge_memory(blank: Judgement, requirement: Requirement, cell: CellAnalysis, table: TableAnalysis) -> Judgement:
    if cell.memory is None:
        why = "no pass was observed, or some of its processes run where they cannot be observed"
        return replace(blank, reason=f"The memory of {cell.name} is not known: {why}.")
    judgement = replace(blank, figure=data(cell.memory), rows=_rows(cell))
    if cell.memory <= requirement.bound:
        return replace(judgement, decision=PASSED)
    each = memory_of_workers(table)
    return replace(judgement, decision=FAILED, reason=str(each) if each else "")


def _judge_ratio(
    blank: Judgement, requirement: Requirement, cell: CellAnalysis, other: CellAnalysis, table: TableAnalysis
) -> Judgement:
    ratios = log_ratios(by_round(other.record.samples), by_round(cell.record.samples))
    interval = ratio_interval(ratios, requirement_level(table.record.max_rounds))
    judgement = replace(blank, figure=_figure(interval), rows=_rows(other, cell))
    threads = [one for one in (other, cell) if one.traits.in_threads]
    modules = [name for one in threads for name in one.interpreter.get("gil_turned_on", [])]
    if modules:
        why = (
            f"The GIL was re-enabled by {listed(dict.fromkeys(modules))}. A module does that if it does not declare "
            "support for running without the GIL. Threads then compute one at a time, whatever the measured code does."
        )
        return replace(judgement, decision=FAILED, reason=why)
    decision = requirement.decide(interval)
    disturbances = list(dict.fromkeys(what for one in (cell, other) for what in _disturbances(one, table)))
    if disturbances and decision not in {UNDECIDED, _STANDS.get(requirement.kind)}:
        why = f"The figures alone say {decision}, but {listed(disturbances)}."
        return replace(judgement, decision=UNDECIDED, reason=why)
    if decision == PASSED:
        return replace(judgement, decision=PASSED)
    if decision == UNDECIDED:
        return replace(judgement, reason=_why_undecided(interval, disturbances, cell, table))
    slow = cell if interval is not None and interval.high < requirement.allowed[0] else other
    return replace(judgement, decision=FAILED, reason=_why_failed(slow, table))


_STANDS: dict[str, Decision] = {"at_least": PASSED, "at_most": FAILED}
"""Decisions that a lack of free cores cannot have caused: it makes workers that compute slower, not faster."""


def _disturbances(cell: CellAnalysis, table: TableAnalysis) -> list[str]:
    """Clauses that say what kept the runner from being as fast as it could be."""
    clauses = []
    cores, needed = usable_cores(cell.record), _cores_needed(cell, table)
    if cores is not None and needed > cores:
        clauses.append(f"{cell.workers:,} workers that compute had {cores:g} core{'' if cores == 1 else 's'}")
    if cell.throttled_rounds:
        clauses.append(f"a quota held {cell.name} back in {cell.throttled_rounds} of {cell.rounds} rounds")
    load = table.other_load
    if load is not None and load > FLAGGED and (cores is None or needed + 1 > cores - load):
        clauses.append(f"other processes used {load:.2f} cores meanwhile")
    if load is None and table.unsteady is not None:
        times = f"{table.unsteady:.2f} times its minimum"
        clauses.append(f"the machine was unsteady (the median of {table.baseline.name} was {times})")
    return clauses


def _cores_needed(cell: CellAnalysis, table: TableAnalysis) -> float:
    """Cores that its workers keep busy if nothing holds them back."""
    each = table.cores_of_the_work
    if each is None or COMPUTES <= each <= MORE_THAN_ONE:
        each = 1.0
    return cell.workers * each


def _why_failed(cell: CellAnalysis, table: TableAnalysis) -> str:
    """The largest loss of a cell and how much was possible; empty for the baseline, which others came too near."""
    if cell is table.baseline:
        return ""
    loss = largest_loss(cell, table) or gil_bound_threads(table)
    return " ".join(str(one) for one in (loss, limit_reached(cell)) if one)


def _why_undecided(interval: Interval | None, disturbances: list[str], cell: CellAnalysis, table: TableAnalysis) -> str:
    meanwhile = f" {listed(disturbances).capitalize()}." if disturbances else ""
    if interval is None:
        rounds = cell.shared_rounds
        return f"{cell.name} took part in {rounds} rounds, but a decision needs at least {FEWEST}.{meanwhile}"
    reasons = {
        "rounds": "The maximum number of rounds was reached",
        "budget": "The budget was used up",
        "calls": "The maximum number of calls was reached",
    }
    why = reasons.get(table.record.stopped, "The measurement ended")
    return f"{why} before the requirement was decided. Allow more, or use a quieter machine.{meanwhile}"


def _figure(interval: Interval | None) -> str:
    return f"{ratio(interval.centre)} [{span(interval.low, interval.high)}]" if interval else ""


def _rows(*cells: CellAnalysis) -> tuple[str, ...]:
    """The figures of cells, in aligned columns."""
    heading = ("runner", "time", "speed-up", "rounds", "workers", "cores", "memory")
    lines = [heading, *(_row(cell) for cell in cells)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return tuple(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _row(cell: CellAnalysis) -> tuple[str, ...]:
    return (
        cell.name,
        seconds(cell.seconds) if cell.seconds is not None else "-",
        ratio(cell.speedup) if cell.speedup is not None else "-",
        str(cell.rounds),
        f"{cell.workers:,}",
        f"{cell.cores:.2f}" if cell.cores is not None else "-",
        data(cell.memory) if cell.memory is not None else "-",
    )


def _cell(table: TableAnalysis, name: str) -> CellAnalysis:
    return next(cell for cell in table.cells if name in {str(cell.id), cell.label})
