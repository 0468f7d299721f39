"""A table as texts, built once for every format: title, header, rows, notes, answer."""

from __future__ import annotations

from dataclasses import dataclass

from concbench.advice.answer import answer
from concbench.advice.evidence import Evidence, evidence
from concbench.report.columns import COLUMNS
from concbench.report.visible import visible
from concbench.results.records import RunRecord, Table


@dataclass(frozen=True)
class Shown:
    """One table, ready to be laid out."""

    title: str
    header: list[str]
    rows: list[list[str]]
    best: int | None
    """The row of the fastest."""
    missing: list[str]
    """Cells without times, each with its reason."""
    reading: list[str]
    """How to read the figures: one sentence a line."""
    answer: list[str]


def shown(table: Table) -> Shown:
    """Build everything that a format lays out."""
    seen = evidence(table)
    size = f" (size {table.size})" if table.size else ""
    missing = (
        f"{cell.name}: {cell.cell.outcome.reason or 'not sampled'}" for cell in seen.cells if cell.seconds is None
    )
    return Shown(
        title=visible(f"{table.workload}: {table.title}{size}"),
        header=[column.header for column in COLUMNS],
        rows=[[visible(column.text(cell)) for column in COLUMNS] for cell in seen.measured],
        best=_best(seen),
        missing=[visible(line) for line in missing],
        reading=[visible(line) for line in _reading(table)],
        answer=[visible(line) for line in answer(table)],
    )


def heading(record: RunRecord) -> str:
    """What was measured with, in one line."""
    environment = record.environment
    python = f"{environment.get('implementation', 'Python')} {environment.get('python', '?')}"
    gil = "" if environment.get("gil", True) else ", free-threaded"
    cores = environment.get("cores_usable", "?")
    return visible(f"concbench {record.concbench}, {python}{gil}, {cores} usable cores, seed {record.seed}")


def _best(seen: Evidence) -> int | None:
    fastest = seen.fastest
    return None if fastest is None or len(seen.measured) < 2 else seen.measured.index(fastest)


def _reading(table: Table) -> list[str]:
    rounds = f"Median of {table.rounds} rounds" if table.rounds > 1 else "One round"
    warm = "after a warm-up" if table.warmed_up else "without a warm-up, so that first-run costs are in it"
    checked = "what they must be" if table.checked == "known" else "equal to the sequential ones"
    return [
        f"{rounds} {warm}; workers and connections fresh each time, speed-up against {table.baseline}.",
        f"Results were compared before any time was shown: those above are all {checked}.",
    ]
