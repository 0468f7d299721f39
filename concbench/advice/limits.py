"""The most that work allows: how far from it a runner stayed, and what another order of the items would allow."""

from __future__ import annotations

from dataclasses import dataclass

from concbench.advice.budget import ONE_TASK_EACH
from concbench.results.records import Cell
from concbench.stats.schedules import in_batches, in_order, least, longest_first
from concbench.stats.timeline import Timeline

IN_BATCHES = {"batched-threads"}


@dataclass(frozen=True)
class Limits:
    """Speed-ups that are possible at most."""

    here: float
    """With so many workers, the cores that can compute, and this order of the items."""
    reordered: float
    """The same, the longest tasks first."""
    cores: int | None
    """Cores that can compute at once, if it is they that set the limit; None: the workers or the tasks do."""


def limits(cell: Cell, tasks: list[float] | None, baseline: Timeline, cores: int | None) -> Limits | None:
    """What a cell could have reached.

    Args:
        cell: which runner with how many workers.
        tasks: seconds that each task took under `sequential`, in the order of the items; None where they are not known.
        baseline: what they came to.
        cores: that may compute at once: 1 where threads share a GIL; None where that is not known.

    Returns:
        None where there is no telling.
    """
    if cores is None or baseline.busy <= 0 or cell.workers < 2:
        return None
    shared = baseline.cpu / cores
    if tasks is None:
        here = reordered = max(baseline.busy / cell.workers, baseline.service[-1])
    elif cell.runner in IN_BATCHES:
        here, reordered = in_batches(tasks, cell.workers), in_batches(sorted(tasks, reverse=True), cell.workers)
    elif cell.runner in ONE_TASK_EACH:
        here = reordered = least(tasks, cell.workers)
    else:
        here, reordered = in_order(tasks, cell.workers), longest_first(tasks, cell.workers)
    return Limits(
        here=baseline.busy / max(here, shared),
        reordered=baseline.busy / max(reordered, shared),
        cores=cores if shared >= here else None,
    )
