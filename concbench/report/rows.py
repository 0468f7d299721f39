"""A table as texts, built once for every format: title, columns, rows, notes, answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from concbench import units
from concbench.advice.answer import answer
from concbench.advice.evidence import FLAGGED, STRONG, Evidence, evidence
from concbench.report.columns import ANSWER, COST, NOTHING, RUNNER, Column
from concbench.report.visible import visible
from concbench.results.records import Json, RunRecord, Table, number
from concbench.stats.intervals import FEWEST


@dataclass(frozen=True)
class Grid:
    """Columns that stand together; the first is the runner's."""

    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Shown:
    """One table, ready to be laid out."""

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


def shown(table: Table, *, linked: bool = False) -> Shown:
    """Build everything that a format lays out; linked: the answer names the pages that explain it."""
    seen = evidence(table)
    size = f" (size {table.size})" if table.size else ""
    missing = (f"{cell.name}: {cell.why_missing}" for cell in seen.cells if cell.seconds is None)
    load, loaded = _load(seen)
    return Shown(
        title=visible(f"{table.workload}: {table.title}{size}"),
        answer_grid=_grid(seen, ANSWER),
        cost_grid=_without_empty(_grid(seen, COST)),
        best=[cell.in_fastest_group for cell in seen.measured],
        missing=[visible(line) for line in missing],
        reading=[visible(line) for line in _reading(seen)],
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


def _grid(seen: Evidence, columns: tuple[Column, ...]) -> Grid:
    chosen = (RUNNER, *columns)
    return Grid(
        header=[column.header for column in chosen],
        rows=[[visible(column.text(cell)) for column in chosen] for cell in seen.measured],
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


def _reading(seen: Evidence) -> list[str]:
    table = seen.table
    timed = (
        "Workers and connections kept from round to round (warm), the work alone timed"
        if table.warm
        else "Workers and connections fresh each time (cold), start to stop timed"
    )
    lines = [
        f"{timed}; times are medians, speed-ups typical ratios to {table.baseline} within a round.",
        *([f"{_CHECKED[table.checked]}."] if table.checked in _CHECKED else []),
        *table.notes,
    ]
    if not table.warmed_up:
        lines.append("There was no warm-up: first-run costs are in the times.")
    if seen.baseline.seconds is not None and len(seen.measured) > 1:
        lines.append(_meaning(seen))
    return lines + _mishaps(seen) + _first_runs(seen)


def _mishaps(seen: Evidence) -> list[str]:
    """What failed and was tolerated, or was tried again; runners of which the same is to be said together."""
    told: dict[str, list[str]] = {}
    for cell in seen.measured:
        if text := str(cell.mishaps):
            told.setdefault(text, []).append(cell.name)
    lines = [f"{units.listed(names)}: {text}." for text, names in told.items()]
    short = [f"{cell.name} {cell.left_out}" for cell in seen.measured if cell.left_out]
    if short:
        lines.append(
            f"Rounds that are left out, since other tasks failed in them than under others: {', '.join(short)}."
        )
    return lines


def _meaning(seen: Evidence) -> str:
    if not any(cell.interval for cell in seen.measured):
        return f"Fewer than {FEWEST} rounds that are shared with {seen.baseline.name} allow no interval and no verdict."
    return (
        "[low, high]: all the ratios of this table lie in their brackets with 95 % confidence, for this machine as it "
        "was; * cannot be told apart from the fastest."
    )


def _first_runs(seen: Evidence) -> list[str]:
    """Where the first execution of a cell took clearly longer than those that are shown."""
    slow = [
        f"{cell.name} {units.seconds(cell.cell.warmup.seconds)}"
        for cell in seen.measured
        if cell.cell.warmup and cell.seconds and cell.cell.warmup.seconds > 1.5 * cell.seconds
    ]
    fresh = "" if seen.table.fresh else "; with --fresh each is a first one"
    return [f"First executions, not among the times, took longer: {', '.join(slow)}{fresh}."] if slow else []


def _load(seen: Evidence) -> tuple[str, bool]:
    if seen.others is None:
        return _unsteady(seen)
    used = f"Other processes used {seen.others:.2f} cores meanwhile"
    if seen.others > STRONG:
        return f"{used}: these are not the ratios of a quiet machine. Stop them and measure again.", True
    if seen.others > FLAGGED:
        return f"{used}: enough to change ratios, those of runners that use every core above all.", True
    return f"{used}.", False


def _unsteady(seen: Evidence) -> tuple[str, bool]:
    """The portable sign, where the load cannot be read: its absence proves nothing."""
    if seen.unsteady is None:
        return "The load of other processes could not be read here.", False
    return (
        f"The machine was unsteady: the median of {seen.baseline.name} was {seen.unsteady:.2f} times its minimum.",
        True,
    )
