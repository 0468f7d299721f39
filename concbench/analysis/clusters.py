"""Whether a cluster pays compared with the best of this machine, from how many items on, and what limits it.

The time of a runner is divided into a fixed part and a part that grows with the items, which is at least the time of
one task. That is a model: it assumes that items are alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import Literal

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.results.records import number

Limit = Literal["", "workers", "connecting", "initializer", "longest", "bytes", "short", "rate"]
"""What takes most of the time: workers being at tasks; connecting and leaving; the initializer; the longest task; bytes
on the wire; or handing over chunks, be they short ("short") or as long as they can be ("rate"). Empty: not known."""
_LARGE_CHUNK = 200_000
"""Bytes per chunk of tasks, both ways, above which they are what a chunk costs."""
_LONG_CHUNK = 0.020
"""Seconds of the tasks in a chunk above which they are not short compared with handing the chunk over."""


@dataclass(frozen=True)
class CostLine:
    """The time of a runner as a straight line over the number of items."""

    cell: CellAnalysis
    fixed: float
    """Seconds that do not depend on the number of items."""
    per_item: float
    """Additional seconds for each item, where there is an item for every worker."""


@dataclass(frozen=True)
class Cluster:
    """A cell of a cluster, compared with the cells of this machine."""

    line: CostLine
    best: CostLine
    """The cell of this machine that was fastest for the measured number of items."""
    times_as_fast: float
    """How many times as fast the cluster is as `best`."""
    rival: CostLine
    """The cell of this machine that the cluster overtakes last, or never."""
    items: float | None
    """Number of items from which it is faster than every runner of this machine; None if it never is."""
    can_extrapolate: bool
    """Whether both took longer than their fixed parts; if not, nothing is known about more items."""
    limit: Limit
    figures: dict[str, float]
    """Figures of the observed pass: `total`, `connecting`, `initializer` in a worker, `tasks` (their seconds if all
    workers share them evenly), `longest`, `chunks`, `bytes`, and `handing`, the seconds of a chunk beside its tasks."""


def clusters(table: TableAnalysis) -> list[Cluster]:
    """The clusters of a table; empty if no cell of this machine has times."""
    cells = [cell for cell in table.measured if cell.seconds is not None]
    remote = [cell for cell in cells if number(cell.interpreter, "provided") is not None]
    here = [_line(cell, table.record.tasks) for cell in cells if cell.is_here and cell not in remote]
    if not here or table.record.tasks < 1:
        return []
    best = min(here, key=lambda line: line.cell.seconds or 0.0)
    return [_cluster(_line(cell, table.record.tasks), best, here, table.record.tasks) for cell in remote]


def _cluster(line: CostLine, best: CostLine, here: list[CostLine], tasks: int) -> Cluster:
    task = _all_task_seconds(line.cell) / tasks
    crossings = [(_crossing(line, one, task), one) for one in here]
    items, rival = max(crossings, key=lambda pair: (pair[0], pair[1].per_item > 0))
    figures = _figures(line.cell)
    return Cluster(
        line=line,
        best=best,
        times_as_fast=(best.cell.seconds or 0.0) / (line.cell.seconds or 1.0),
        rival=rival,
        items=items if items < math.inf else None,
        can_extrapolate=line.per_item > 0 and rival.per_item > 0,
        limit=_limit(figures),
        figures=figures,
    )


def _line(cell: CellAnalysis, tasks: int) -> CostLine:
    total, fixed = cell.seconds or 0.0, _fixed(cell)
    return CostLine(cell, min(fixed, total), max(0.0, total - fixed) / max(1, tasks))


def _fixed(cell: CellAnalysis) -> float:
    """Seconds to start and stop workers or connect to them, plus those of the first answer beside its tasks."""
    around = median((sample.start + sample.stop) / sample.repeats for sample in cell.record.samples)
    first = number(cell.record.observed.figures, "first") if cell.record.observed else None
    if first is not None:
        return around + first
    if cell.timeline is not None:
        return max(around, (cell.timeline.start_up + cell.timeline.shut_down) / cell.timeline.workers)
    return around


def _all_task_seconds(cell: CellAnalysis) -> float:
    """The seconds of all its tasks together; 0 if they are not known."""
    return (number(cell.record.observed.figures, "tasks_seconds") or 0.0) if cell.record.observed else 0.0


def _crossing(line: CostLine, other: CostLine, task: float) -> float:
    """The number of items from which a line is faster than another; infinite if it never is.

    Args:
        line: of the cluster.
        other: of a runner of this machine.
        task: seconds of one task, which the cluster takes even with fewer items than workers.
    """
    gain, extra = other.per_item - line.per_item, line.fixed - other.fixed
    if gain <= 0:
        return math.inf
    if extra * line.per_item < task * gain:
        extra, gain = extra + task, other.per_item
    return max(1.0, extra / gain)


def _figures(cell: CellAnalysis) -> dict[str, float]:
    observed = cell.record.observed
    if observed is None or not observed.figures:
        return {}
    names = "tasks_seconds", "longest", "chunks", "sent", "received"
    all_tasks, longest, chunks, sent, received = (number(observed.figures, name) or 0.0 for name in names)
    chunks, tasks = max(1.0, chunks), all_tasks / max(1, cell.workers)
    initializer = observed.initializer_seconds / max(1, observed.initializer_calls)
    beside = max(0.0, observed.work - initializer - max(tasks, longest))
    return {
        "total": observed.start + observed.work + observed.stop,
        "connecting": observed.start + observed.stop,
        "initializer": initializer,
        "tasks": tasks,
        "longest": longest,
        "chunks": chunks,
        "chunk": all_tasks / chunks,
        "bytes": sent + received,
        "beside": beside,
        "handing": beside / chunks,
    }


def _limit(figures: dict[str, float]) -> Limit:
    if not figures:
        return ""
    tail = max(0.0, figures["longest"] - figures["tasks"])
    parts: dict[Limit, float] = {
        "workers": figures["tasks"], "connecting": figures["connecting"], "initializer": figures["initializer"],
        "longest": tail, "rate": figures["beside"],
    }  # fmt: skip
    largest = max(parts, key=lambda part: parts[part])
    if largest != "rate":
        return largest
    if figures["bytes"] / figures["chunks"] > _LARGE_CHUNK:
        return "bytes"
    return "short" if figures["chunk"] < _LONG_CHUNK else "rate"
