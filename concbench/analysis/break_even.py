"""From how long a task on another runner is worth it: a line through what one length of tasks has shown.

What a runner takes is taken apart into what is there whatever the tasks are (its observed start-up, dispatch and
shut-down) and the rest, which grows with them as what `sequential` takes does. That is a model and no measurement.
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
    """Between `sequential` and a runner; times in seconds."""

    rival: CellAnalysis
    task: float
    """That were measured."""
    added: float
    """By the rival to each task, its start included: what is there however long the tasks are."""
    length: float
    """Of a task from which the rival is worth it."""


def break_even(table: TableAnalysis, rival: CellAnalysis) -> BreakEven | None:
    """Where a runner begins to be worth it; None if that cannot be said."""
    took = rival.seconds or (rival.record.warmup.seconds if rival.record.warmup else None)
    tasks, baseline = table.record.tasks, table.baseline.seconds
    if took is None or baseline is None or not table.baseline.works_singly:
        return None
    if rival.workers < 2 or not is_described(rival.record):
        return None
    fixed = _fixed(rival, took, baseline, tasks)
    if fixed is None:
        return None
    gained = baseline - (took - fixed)
    if fixed <= 0 or baseline <= BAND * (took - fixed):  # a gain that may be noise says nothing of longer tasks
        return None
    return BreakEven(rival, baseline / tasks, fixed / tasks, fixed / gained * baseline / tasks)


def with_rival(table: TableAnalysis) -> BreakEven | None:
    """With the first runner that could do such work at once: in interpreters of their own if it computes.

    If it waits, threads or coroutines can.
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
    """Seconds that do not depend on how long the tasks are; of processes that were not observed, a guess.

    The guess is what it took beyond an even share of the work, for each worker that can be at work at the same time.
    Tasks that wait may wait for one another, however many there are: of those, nothing is guessed.
    """
    if rival.timeline is not None:
        idle = rival.timeline.start_up + rival.timeline.dispatch + rival.timeline.shut_down
        return min(took, idle / rival.timeline.workers)
    if not rival.traits.isolates:
        return None
    usable = usable_cores(rival.record)
    most = usable if usable is not None else tasks
    return took - baseline / max(1, min(rival.workers, tasks, most))
