"""Cells that are left out of a race because they have too few workers to be the fastest.

That is decided before a cell is executed, from the time of a sequential execution and the number of workers. It is
reconsidered after every round, since the cell that had outdone others may fail, or become slow.
"""

from __future__ import annotations

from concbench.analysis.thresholds import FAR_BEHIND
from concbench.harness.bench import Bench
from concbench.harness.live_cell import LiveCell
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.results.records import Outcome

OUTDONE = Outcome(
    "inapplicable", "too few workers: even with the work shared evenly, slower than the fastest", cause="outdone"
)
"""The outcome of a cell that is left out."""
_RECONSIDERED = Outcome("inapplicable", "left out beside a runner that failed or became slow")
"""The outcome of a cell that might have been the fastest after all, when nothing more may be executed."""


def is_outdone(bench: Bench, cell: LiveCell, by: float = FAR_BEHIND[max(FAR_BEHIND)]) -> bool:
    """Whether a cell that was not executed yet takes more than `by` times as long as another of its variant.

    It takes at least the time of a sequential execution divided by its workers.
    """
    expected, baseline = bench.plan.sequential_seconds, bench.plan.baseline
    is_bounded = hasattr(cell.planned.runner, "workers") and cell.record.variant == baseline.variant
    if expected is None or not is_bounded or cell.first_runs:
        return False
    seconds = {one: taken for one, taken in bench.typical_seconds().items() if one.variant == baseline.variant}
    if baseline not in seconds:
        return False
    return min(expected, seconds[baseline]) / cell.record.workers > by * min(seconds.values())


def no_longer_outdone(bench: Bench) -> list[PlannedCell]:
    """The cells that were left out and may be the fastest after all, those with the most workers first."""
    outdone = [cell for cell in bench.cells if cell.record.outcome.cause == "outdone"]
    if not outdone or bench.plan.baseline not in bench.typical_seconds():
        return []
    returning = [cell for cell in outdone if not is_outdone(bench, cell, by=1.0)]
    return [cell.planned for cell in sorted(returning, key=lambda cell: -cell.record.workers)]


def end_reconsidered(bench: Bench) -> None:
    """Correct the outcome of cells that may be the fastest after all, but can no longer be tried."""
    returning = {planned.id for planned in no_longer_outdone(bench)}
    for cell in bench.cells:
        if cell.id in returning:
            cell.end(_RECONSIDERED)
