"""Task lengths from which another runner pays: a straight line through what one task length has shown.

The time of a runner is divided into a part that does not depend on the tasks (its observed start-up, dispatch and
shut-down) and the rest, which grows with them as the time of `sequential` does. That is a model, not a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.costs import usable_cores
from concbench.analysis.places import is_described
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.analysis.time_shares import chunk_of
from concbench.stats.verdicts import BAND


@dataclass(frozen=True)
class BreakEven:
    """The break-even between `sequential` and a runner; times in seconds."""

    rival: CellAnalysis
    task_seconds: float
    """Length of the measured tasks, on average."""
    added_seconds: float
    """Seconds that the rival adds to each task, its start included, however long the tasks are."""
    break_even_seconds: float
    """Length of a task from which the rival pays."""


def break_even(table: TableAnalysis, rival: CellAnalysis) -> BreakEven | None:
    """The break-even with a runner; None if it is not known."""
    took = rival.seconds or (rival.record.warmup.seconds if rival.record.warmup else None)
    tasks, baseline = table.record.tasks, table.baseline.seconds
    if took is None or baseline is None or not table.baseline.works_singly:
        return None
    if rival.workers < 2 or not is_described(rival.record):
        return None
    fixed = _fixed(rival, took, baseline, tasks)
    if fixed is None:
        return None
    gain = baseline - (took - fixed)
    if fixed <= 0 or baseline <= BAND * (took - fixed):  # a gain that may be noise says nothing about longer tasks
        return None
    return BreakEven(rival, baseline / tasks, fixed / tasks, fixed / gain * baseline / tasks)


def first_break_even(table: TableAnalysis) -> BreakEven | None:
    """The break-even with the first runner that could do such work at once.

    Work that computes needs runners with separate interpreters; for work that waits, threads or coroutines suffice.
    """
    cores = table.cores_of_the_work
    if cores is None or WAITS < cores < COMPUTES:
        return None
    rivals = [
        cell
        for cell in table.cells
        if (cell.traits.interleaves if cores <= WAITS else cell.traits.isolates)
        and chunk_of(cell.record) == 1
        and cell.outcome.kind != "failed"
    ]
    evens = (break_even(table, cell) for cell in rivals)
    return next((even for even in evens if even is not None), None)


def _fixed(rival: CellAnalysis, took: float, baseline: float, tasks: int) -> float | None:
    """Seconds that do not depend on how long the tasks are; estimated for processes that were not observed.

    The estimate is the time beyond an even share of the work for each worker that can run at the same time. Threads and
    coroutines may wait for one another, however many there are, so nothing is estimated for them.
    """
    if rival.timeline is not None:
        idle = rival.timeline.start_up + rival.timeline.dispatch + rival.timeline.shut_down
        return min(took, idle / rival.timeline.workers)
    if not rival.traits.isolates:
        return None
    usable = usable_cores(rival.record)
    at_once = usable if usable is not None else tasks
    return took - baseline / max(1, min(rival.workers, tasks, at_once))
