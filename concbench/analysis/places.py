"""Conclusions from where a runner declares that its tasks run; none if it does not declare that."""

from __future__ import annotations

from concbench.results.records import Cell
from concbench.traits import ELSEWHERE, PLACES


def is_here(cell: Cell) -> bool:
    """Whether its tasks are known to run on this machine."""
    return cell.traits.where in PLACES and cell.traits.where != ELSEWHERE


def is_described(cell: Cell) -> bool:
    """Whether the start of its workers is also known, so that the time between tasks can be attributed."""
    return is_here(cell) and cell.traits.worker_per_task is not None and cell.traits.barriers is not None


def works_singly(cell: Cell) -> bool:
    """Whether it is known to run one task at a time, so that it shows what the work itself is like."""
    return is_here(cell) and cell.workers == 1


def is_worker_for_each_task(cell: Cell) -> bool:
    """Whether a worker is started for every task, without waiting for others to end."""
    return bool(cell.traits.worker_per_task and not cell.traits.barriers)
