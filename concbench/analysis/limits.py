"""The most that work allows: how far from it a runner stayed, and what another order of the items would allow."""

from __future__ import annotations

from dataclasses import dataclass

from concbench.analysis.costs import usable_cores
from concbench.analysis.thresholds import MORE_THAN_ONE
from concbench.results.records import Cell
from concbench.stats.schedules import in_batches, in_order, least, longest_first
from concbench.stats.timeline import Timeline


@dataclass(frozen=True)
class Limits:
    """Speed-ups that are possible at most."""

    here: float
    """With so many workers, the cores that can compute, and this order of the items."""
    reordered: float
    """The same, the longest tasks first."""
    cores: float | None
    """Cores that can compute at once, if it is they that set the limit; None: the workers or the tasks do."""


def limits(cell: Cell, tasks: list[float] | None, baseline: Timeline, cores: float | None) -> Limits | None:
    """What a cell could have reached.

    Args:
        cell: which runner with how many workers.
        tasks: seconds that each task took under `sequential`, in the order of the items; None where they are not known.
        baseline: what they came to.
        cores: that may compute at once, as `computing_cores` knows; None where that is not known.

    Returns:
        None if the limits are not known.
    """
    if cores is None or baseline.busy <= 0 or cell.workers < 2:
        return None
    shared = baseline.cpu / cores
    here, reordered = _shortest(cell, tasks, baseline)
    return Limits(
        here=baseline.busy / max(here, shared),
        reordered=baseline.busy / max(reordered, shared),
        cores=cores if shared >= here else None,
    )


def _shortest(cell: Cell, tasks: list[float] | None, baseline: Timeline) -> tuple[float, float]:
    """Seconds that its workers need at least, in this order of the items and with the longest first."""
    traits, workers = cell.traits, cell.workers
    if tasks is None:
        even = max(baseline.busy / workers, baseline.service[-1])
        return even, even
    if traits.barriers:
        return in_batches(tasks, workers), in_batches(sorted(tasks, reverse=True), workers)
    if traits.worker_per_task is False and traits.barriers is False:
        return in_order(tasks, workers), longest_first(tasks, workers)
    even = least(tasks, workers)  # what holds in whatever way tasks come to workers
    return even, even


def computing_cores(cell: Cell, cores: float | None) -> float | None:
    """Cores that may compute at once, given how many were busy; None where that does not follow from the traits.

    It is 1 where tasks share the GIL of one interpreter and did not give it up, and all where each is in an interpreter
    of its own. Of several interpreters that several tasks share each, nothing is known.
    """
    traits = cell.traits
    if traits.interleaves:
        held = bool(cell.interpreter.get("gil")) and (cores is None or cores < MORE_THAN_ONE)
        return 1 if held else usable_cores(cell)
    return usable_cores(cell) if traits.isolates else None
