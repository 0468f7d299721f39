"""How often the work is executed, and for what: the one place where executions are added up.

A plan, its loop, a run that is resumed, the looks of `advise`, and what is announced to users all ask here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from concbench.stats.intervals import FEWEST

if TYPE_CHECKING:
    from concbench.harness.live_cell import LiveCell
    from concbench.harness.plan import Plan
    from concbench.results.records import Table


@dataclass(frozen=True)
class Executions:
    """How often the work is executed for each of its purposes; one execution does all tasks once."""

    reference: int = 0
    """The sequential pass; where that is the check of the sequential cell as well, it is counted here."""
    check: int = 0
    warm_up: int = 0
    rounds: int = 0
    observed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(vars(self).values())


LOOK = Executions(reference=1, warm_up=1, rounds=1)
"""A look of `advise` at some items: a single round of `sequential`, after the pass that it is compared with, and a
warm-up that shows whether the function keeps state."""

MOST_CHECKS = 10
"""Executions of short work that a check makes at most."""
RETRIAL = 2
"""Sequential passes at least by which it is found out who is to blame for results that differ."""


def planned(plan: Plan) -> Executions:
    """The fewest: every verdict is found as soon as can be, and no work is so short that samples repeat it."""
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


def left(plan: Plan, cell: LiveCell, *, compares: bool, relaunches: bool) -> Executions:
    """What is still to come for a cell if nothing goes wrong, samples counted as one each.

    Args:
        plan: to which the cell belongs.
        cell: as it is now.
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


def to_join(next_round: int, repeats: int, *, own_reference: bool) -> Executions:
    """What a cell takes that joins a race, with the next round of the others.

    Args:
        next_round: executions of the others in that round.
        repeats: executions in a sample of its own.
        own_reference: whether each check makes a reference of its own.
    """
    rounds = next_round + FEWEST * repeats
    return Executions(reference=int(own_reference), check=1, warm_up=1, rounds=rounds, observed=1)


def made(table: Table) -> Executions:
    """What a table surely took; every cell that was sampled had been checked."""
    cells = table.cells
    return Executions(
        reference=1,
        check=sum(bool(cell.samples) for cell in cells),
        warm_up=sum(max(cell.warmup is not None, len(cell.samples) * table.relaunched) for cell in cells),
        rounds=sum(sample.repeats for cell in cells for sample in cell.samples),
        observed=sum(cell.observed is not None for cell in cells),
    )
