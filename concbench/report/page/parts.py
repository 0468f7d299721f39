"""Which figures of a table there are, and what is in them."""

from __future__ import annotations

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.time_shares import PARTS
from concbench.report.breakdown import LEAST_SHARE
from concbench.report.page.figures import Curve, ForestRow, Span, TaskLanes
from concbench.traits import ELSEWHERE
from concbench.units import percent, ratio, span

_MOST_LANES = 3
"""Runners of which the tasks are drawn: the baseline, and those that matter most."""


def by_speed(table: TableAnalysis) -> list[CellAnalysis]:
    """The cells that have times: the fastest group first, and within both parts the fastest first."""
    return sorted(table.measured, key=lambda cell: (not cell.in_fastest_group, -(cell.speedup or 0.0)))


def forest_rows(table: TableAnalysis) -> list[ForestRow]:
    """The rows of the forest plot."""
    rows = []
    for cell in by_speed(table):
        if cell.speedup is None:
            continue
        is_baseline = cell is table.baseline
        text = ratio(cell.speedup)
        if cell.interval:
            text += f" [{span(cell.interval.low, cell.interval.high)}] {cell.verdict}"
        elif is_baseline:
            text = "baseline, 1x"
        rows.append(ForestRow(cell.name, text, cell.speedup, cell.low, cell.high, cell.in_fastest_group, is_baseline))
    return rows


def curves_of(table: TableAnalysis) -> list[Curve]:
    """One for each kind of runner of which several numbers of workers were measured."""
    kinds: list[list[CellAnalysis]] = []
    for cell in table.measured:
        if cell.speedup is None:
            continue
        same_kind = next((kind for kind in kinds if kind[0].differs_in_workers_alone(cell)), None)
        if same_kind is None:
            kinds.append([cell])
        else:
            same_kind.append(cell)
    return [_curve(kind) for kind in kinds if len({_requested_workers(cell) for cell in kind}) > 1]


def _curve(cells: list[CellAnalysis]) -> Curve:
    first = cells[0]
    others = {key: value for key, value in first.settings.items() if key != "workers" and value is not None}
    method = [str(others.pop("start_method"))] if "start_method" in others else []
    settings = [*method, *(f"{key}={value}" for key, value in others.items())]
    name = ", ".join([first.runner, *settings, *([first.variant] if first.variant else [])])
    points = [(_requested_workers(cell), cell.speedup or 0.0, cell.low, cell.high) for cell in cells]
    return Curve(name, tuple(sorted(points, key=lambda point: point[0])))


def _requested_workers(cell: CellAnalysis) -> int:
    """The number of workers that was asked for; there are no more workers than items."""
    workers = cell.settings.get("workers")
    return workers if isinstance(workers, int) and workers > 0 else cell.workers


def shares_of(table: TableAnalysis) -> list[tuple[str, str, dict[str, float]]]:
    """The rows of the bars: where the workers' time went, with the largest loss."""
    rows = []
    for cell in by_speed(table):
        if cell.shares is None:
            continue
        loss = cell.shares.largest_loss
        text = f"lost most by {loss}: {percent(cell.shares[loss])}" if cell.shares[loss] >= LEAST_SHARE else ""
        rows.append((cell.name, text, {part: cell.shares[part] for part in PARTS}))
    return rows


def samples_of(table: TableAnalysis) -> list[tuple[str, list[tuple[int, float]]]]:
    """The rows of the dots: the times of each round."""
    return [(cell.name, [(sample.round, sample.seconds) for sample in cell.record.samples]) for cell in by_speed(table)]


def lanes_of(table: TableAnalysis) -> list[TaskLanes]:
    """The observed passes of the baseline and of the runners that came out first, where their tasks are known."""
    recorded = [cell for cell in by_speed(table) if cell.traits.where != ELSEWHERE and _tasks(cell)]
    first = [cell for cell in recorded if cell is not table.baseline][: _MOST_LANES - 1]
    cells = [cell for cell in recorded if cell is table.baseline] + first
    return [TaskLanes(cell.name, cell.pass_seconds or 0.0, _tasks(cell), table.record.tasks) for cell in cells]


def _tasks(cell: CellAnalysis) -> tuple[Span, ...]:
    tasks = cell.record.observed.tasks if cell.record.observed else None
    if tasks is None or not tasks.started:
        return ()
    failed = {*tasks.failed}
    indices = tasks.index if tasks.index is not None else range(len(tasks.started))
    spans = zip(tasks.worker, tasks.started, tasks.finished, indices, strict=True)
    return tuple((worker, began, ended, index in failed) for worker, began, ended, index in spans)
