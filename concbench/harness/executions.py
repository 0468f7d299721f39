"""The number of executions and their purposes, added up in this one place.

It is used by plans, by their loop, for resumed runs, for the looks of `advise`, and for announcements to users.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from concbench.stats.intervals import FEWEST

if TYPE_CHECKING:
    from concbench.harness.live_cell import LiveCell
    from concbench.harness.planning.plan import Plan
    from concbench.results.records import Table


@dataclass(frozen=True)
class Executions:
    """Numbers of executions by purpose; one execution does all tasks once."""

    reference: int = 0
    """Sequential passes; one that is also the check of the sequential cell is counted here."""
    check: int = 0
    warm_up: int = 0
    rounds: int = 0
    observed: int = 0

    @property
    def total(self) -> int:
        """Executions for all purposes."""
        return sum(vars(self).values())


LOOK = Executions(reference=1, warm_up=1, rounds=1)
"""A look of `advise` at some items: the reference pass, a warm-up that shows whether the function keeps state, and a
single round of `sequential`."""

MOST_CHECKS = 10
"""Most executions of short work in a check."""
RETRIAL = 2
"""Least number of sequential passes made to find the cause of differing results."""


def fewest(plan: Plan) -> Executions:
    """The fewest executions: every verdict is reached as early as possible, and a sample is one execution."""
    cells = len(plan.cells)
    check = cells if plan.checks_first else 0
    if check and plan.reference_checks:
        check -= 1
    return Executions(
        reference=int(plan.makes_reference),
        check=check,
        warm_up=cells * plan.warm_ups,
        rounds=cells * plan.fewest_rounds,
        observed=cells * plan.options["observe"],
    )


def remaining(plan: Plan, cell: LiveCell, *, compares: bool, relaunches: bool) -> Executions:
    """The executions left for a cell if nothing fails; every sample counts as one.

    Args:
        plan: the plan of the cell.
        cell: the cell in its current state.
        compares: whether results are still compared.
        relaunches: whether its process is relaunched for every round.
    """
    rounds = max(0, plan.fewest_rounds - len(cell.record.samples))
    return Executions(
        check=int(plan.checks_first and compares and not cell.checked),
        warm_up=max(0, rounds - cell.is_warm) if relaunches else int(plan.warm_up and cell.record.warmup is None),
        rounds=rounds,
        observed=int(plan.options["observe"] and cell.record.observed is None),
    )


def to_join(next_round: int, repeats: int, *, own_reference: bool, relaunches: bool) -> Executions:
    """The executions of a cell that joins a race, plus the next round of the other cells.

    Args:
        next_round: executions of the other cells in that round.
        repeats: executions in a sample of the joining cell.
        own_reference: whether each check makes its own reference.
        relaunches: whether its process is relaunched for every round.
    """
    rounds, warm_up = next_round + FEWEST * repeats, FEWEST if relaunches else 1
    return Executions(reference=int(own_reference), check=1, warm_up=warm_up, rounds=rounds, observed=1)


def of_table(table: Table) -> Executions:
    """The executions that a table certainly took; every sampled cell had been checked, unless that comes last."""
    cells = table.cells
    return Executions(
        reference=1,
        check=0 if table.checked == "pending" else sum(bool(cell.samples) for cell in cells),
        warm_up=sum(max(cell.warmup is not None, len(cell.samples) * table.relaunched) for cell in cells),
        rounds=sum(sample.repeats for cell in cells for sample in cell.samples),
        observed=sum(cell.observed is not None for cell in cells),
    )
