"""Thinning of observed passes with very many tasks: a summary is kept, a random sample of tasks, and the longest."""

from __future__ import annotations

import random
from dataclasses import asdict, replace

from concbench.analysis.time_shares import timeline_of
from concbench.results.records import Cell, Tasks, TaskSummary

MOST_TASKS = 10_000
"""Number of tasks up to which all are kept."""
SAMPLED, LONGEST = 2_000, 100


def thinned(cell: Cell, seed: int, *, warm: bool) -> Cell:
    """The same cell, with fewer tasks where it has more than 10,000."""
    observed = cell.observed
    if observed is None or observed.tasks is None or len(observed.tasks.started) <= MOST_TASKS:
        return cell
    tasks, timeline = observed.tasks, timeline_of(cell, warm=warm)
    indices = range(len(tasks.started))
    longest = sorted(indices, key=lambda index: tasks.started[index] - tasks.finished[index])[:LONGEST]
    kept_indices = sorted({*random.Random(seed).sample(indices, SAMPLED), *longest})
    fewer = Tasks(
        started=[tasks.started[index] for index in kept_indices],
        finished=[tasks.finished[index] for index in kept_indices],
        cpu=[tasks.cpu[index] for index in kept_indices],
        worker=[tasks.worker[index] for index in kept_indices],
        index=kept_indices,
        failed=tasks.failed[:MOST_TASKS],
    )
    summary = TaskSummary(**asdict(timeline)) if timeline else None  # unobservable tasks have no summary
    return replace(
        cell,
        observed=replace(observed, began=observed.began[: max(1, cell.workers)], tasks=fewer, summary=summary),
    )
