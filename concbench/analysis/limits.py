"""The highest possible speed-ups: with the order of the items as it is, and with the longest tasks first."""

from __future__ import annotations

from dataclasses import dataclass

from concbench.analysis.costs import usable_cores
from concbench.analysis.thresholds import MORE_THAN_ONE
from concbench.results.records import Cell
from concbench.stats.schedules import in_batches, in_order, longest_first, lower_bound
from concbench.stats.timeline import Timeline


@dataclass(frozen=True)
class PossibleSpeedups:
    """The highest possible speed-ups of a cell."""

    here: float
    """With the workers of the cell, the cores that can compute, and the order of the items."""
    reordered: float
    """The same with the longest tasks first."""
    cores: float | None
    """Cores that can compute at once, if they set the limit; None if the workers or the tasks do."""


def possible_speedups(
    cell: Cell, tasks: list[float] | None, baseline: Timeline, cores: float | None
) -> PossibleSpeedups | None:
    """The highest speed-ups that a cell could have reached.

    Args:
        cell: the runner and its workers.
        tasks: seconds of each task under `sequential`, in the order of the items; None if they are not known.
        baseline: the timeline of the observed pass of `sequential`.
        cores: cores that can compute at once, from `computing_cores`; None if that is not known.

    Returns:
        None if the limits are not known.
    """
    if cores is None or baseline.busy <= 0 or cell.workers < 2:
        return None
    shared = baseline.cpu / cores
    here, reordered = _least_seconds(cell, tasks, baseline)
    return PossibleSpeedups(
        here=baseline.busy / max(here, shared),
        reordered=baseline.busy / max(reordered, shared),
        cores=cores if shared >= here else None,
    )


def _least_seconds(cell: Cell, tasks: list[float] | None, baseline: Timeline) -> tuple[float, float]:
    """The least seconds that its workers need, in this order of the items and with the longest first."""
    traits, workers = cell.traits, cell.workers
    if tasks is None:
        even = max(baseline.busy / workers, baseline.service[-1])
        return even, even
    if traits.barriers:
        return in_batches(tasks, workers), in_batches(sorted(tasks, reverse=True), workers)
    if traits.worker_per_task is False and traits.barriers is False:
        return in_order(tasks, workers), longest_first(tasks, workers)
    even = lower_bound(tasks, workers)  # a bound however tasks are assigned to workers
    return even, even


def computing_cores(cell: Cell, cores: float | None) -> float | None:
    """Cores that can compute at once, given how many were busy; None if the traits do not determine it.

    It is 1 if tasks share the GIL of one interpreter and did not release it, and all usable cores if each task has an
    interpreter of its own. It is not known for several interpreters that are each shared by several tasks.
    """
    traits = cell.traits
    if traits.interleaves:
        holds_gil = bool(cell.interpreter.get("gil")) and (cores is None or cores < MORE_THAN_ONE)
        return 1 if holds_gil else usable_cores(cell)
    return usable_cores(cell) if traits.isolates else None
