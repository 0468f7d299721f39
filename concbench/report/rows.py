"""A table as texts, built once for every format: title, columns, rows, notes, answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from concbench import units
from concbench.advice.answer import answer
from concbench.advice.mishaps import counted, why_missing
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import FLAGGED, STRONG
from concbench.report.columns import ANSWER, COST, NOTHING, RUNNER, Column
from concbench.report.visible import visible
from concbench.results.records import Json, RunRecord, number
from concbench.stats.intervals import FEWEST


@dataclass(frozen=True)
class Grid:
    """Columns that stand together; the first is the runner's."""

    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Shown:
    """One table, ready to be laid out."""

    workload: str
    """Its name."""
    title: str
    answer_grid: Grid
    """Times and verdicts."""
    cost_grid: Grid
    """Start-up, cores and memory of the same runners; the same rows."""
    best: list[bool]
    """Which rows are in the fastest group."""
    missing: list[str]
    """Cells without times, each with its reason."""
    reading: list[str]
    """How to read the figures, one sentence each."""
    load: str
    """What others did to the machine meanwhile."""
    loaded: bool
    """Whether that is a warning."""
    answer: list[str]


def shown(table: TableAnalysis, *, linked: bool = False) -> Shown:
    """Build everything that a format lays out; linked: the answer names the pages that explain it."""
    record = table.record
    size = f" (size {record.size})" if record.size else ""
    missing = (f"{cell.name}: {why_missing(cell)}" for cell in table.cells if cell.seconds is None)
    load, loaded = _load(table)
    return Shown(
        workload=visible(table.workload),
        title=visible(f"{table.workload}: {record.title}{size}"),
        answer_grid=_grid(table, ANSWER),
        cost_grid=_without_empty(_grid(table, COST)),
        best=[cell.in_fastest_group for cell in table.measured],
        missing=[visible(line) for line in missing],
        reading=[visible(line) for line in _reading(table)],
        load=visible(load),
        loaded=loaded,
        answer=[visible(line) for line in answer(table, linked=linked)],
    )


def heading(record: RunRecord) -> str:
    """What was measured with, in one line."""
    environment = record.environment
    python = f"{environment.get('implementation', 'Python')} {environment.get('python', '?')}"
    gil = "" if environment.get("gil", True) else ", free-threaded"
    cores = environment.get("cores_usable", "?")
    return visible(f"concbench {record.concbench}, {python}{gil}, {cores} usable cores, seed {record.seed}")


def facts(environment: Json) -> list[tuple[str, str]]:
    """Everything that is known of a machine and an interpreter: name and value, ready to be printed."""
    flat: list[tuple[str, object]] = []
    for key, value in environment.items():
        parts: Iterable[tuple[str, object]] = value.items() if isinstance(value, dict) else [("", value)]
        flat += [(f"{key} {name}".strip().replace("_", " "), part) for name, part in parts]
    return [(visible(name), _fact(name, value)) for name, value in flat]


def _fact(name: str, value: object) -> str:
    if isinstance(value, float) and name.startswith("timer"):
        return f"{1e9 * value:.0f} ns"
    if name == "memory" and (size := number({name: value}, name)) is not None:
        return units.memory(size)
    words = {None: "none or unknown", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else visible(str(value))


def _grid(table: TableAnalysis, columns: tuple[Column, ...]) -> Grid:
    chosen = (RUNNER, *columns)
    return Grid(
        header=[column.header for column in chosen],
        rows=[[visible(column.text(cell)) for column in chosen] for cell in table.measured],
    )


def _without_empty(grid: Grid) -> Grid:
    """Without the columns that say nothing of any runner, such as those of an observed pass that was left out."""
    kept = [
        place for place in range(len(grid.header)) if not grid.rows or any(row[place] != NOTHING for row in grid.rows)
    ]
    return Grid([grid.header[place] for place in kept], [[row[place] for place in kept] for row in grid.rows])


_CHECKED = {
    "known": "Results were compared: those with times are all what they must be",
    "sequential": "Results were compared: those with times are all equal to the sequential ones",
    "off": "Results were not compared (--no-check)",
}
"""What is said of the results; where they could not be compared, a note of the table says so."""


def _reading(table: TableAnalysis) -> list[str]:
    record = table.record
    timed = (
        "Workers and connections kept from round to round (warm), the work alone timed"
        if record.warm
        else "Workers and connections fresh each time (cold), start to stop timed"
    )
    lines = [
        f"{timed}; times are medians, speed-ups typical ratios to {record.baseline} within a round.",
        *([f"{_CHECKED[record.checked]}."] if record.checked in _CHECKED else []),
        *record.notes,
    ]
    if not record.warmed_up:
        lines.append("There was no warm-up: first-run costs are in the times.")
    if table.baseline.seconds is not None and len(table.measured) > 1:
        lines.append(_meaning(table))
    return lines + _mishaps(table) + _first_runs(table)


def _mishaps(table: TableAnalysis) -> list[str]:
    """What failed and was tolerated, or was tried again; runners of which the same is to be said together."""
    told: dict[str, list[str]] = {}
    for cell in table.measured:
        if text := counted(cell.mishaps):
            told.setdefault(text, []).append(cell.name)
    lines = [f"{units.listed(names)}: {text}." for text, names in told.items()]
    short = [f"{cell.name} {cell.left_out}" for cell in table.measured if cell.left_out]
    if short:
        lines.append(
            f"Rounds that are left out, since other tasks failed in them than under others: {', '.join(short)}."
        )
    return lines


def _meaning(table: TableAnalysis) -> str:
    if not any(cell.interval for cell in table.measured):
        return (
            f"Fewer than {FEWEST} rounds that are shared with {table.baseline.name} allow no interval and no verdict."
        )
    return (
        "[low, high]: all the ratios of this table lie in their brackets with 95 % confidence, for this machine as it "
        "was; * cannot be told apart from the fastest."
    )


def _first_runs(table: TableAnalysis) -> list[str]:
    """Where the first execution of a cell took clearly longer than those that are shown."""
    slow = [
        f"{cell.name} {units.seconds(cell.record.warmup.seconds)}"
        for cell in table.measured
        if cell.record.warmup and cell.seconds and cell.record.warmup.seconds > 1.5 * cell.seconds
    ]
    fresh = "" if table.record.fresh else "; with --fresh each is a first one"
    return [f"First executions, not among the times, took longer: {', '.join(slow)}{fresh}."] if slow else []


def _load(table: TableAnalysis) -> tuple[str, bool]:
    if table.others is None:
        return _unsteady(table)
    used = f"Other processes used {table.others:.2f} cores meanwhile"
    if table.others > STRONG:
        return f"{used}: these are not the ratios of a quiet machine. Stop them and measure again.", True
    if table.others > FLAGGED:
        return f"{used}: enough to change ratios, those of runners that use every core above all.", True
    return f"{used}.", False


def _unsteady(table: TableAnalysis) -> tuple[str, bool]:
    """The portable sign, where the load cannot be read: its absence proves nothing."""
    if table.unsteady is None:
        return "The load of other processes could not be read here.", False
    return (
        f"The machine was unsteady: the median of {table.baseline.name} was {table.unsteady:.2f} times its minimum.",
        True,
    )
