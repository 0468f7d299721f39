"""Which runners and how many workers are worth a race: every registered runner says that for itself."""

from __future__ import annotations

from dataclasses import replace

from concbench.errors import Inapplicable
from concbench.harness.runner_specs import PlannedCell, parse, plan_cells
from concbench.registry import runner_class, runner_names
from concbench.results.records import CellId
from concbench.runners.base import Runner, workers_for
from concbench.runners.look import Look
from concbench.traits import traits_of


def candidates(look: Look) -> list[PlannedCell]:
    """The cells of a race, those of the simplest runners first."""
    runners: list[Runner] = []
    for name in runner_names():
        try:
            offer = getattr(runner_class(name), "candidates", None)
        except Inapplicable:  # what it needs is not installed
            continue
        runners += offer(look) if offer is not None else []
    simplicity = [traits_of(runner).simplicity for runner in runners]
    last = max((number for number in simplicity if number is not None), default=0) + 1
    order = sorted(range(len(runners)), key=lambda place: last if (at := simplicity[place]) is None else at)
    return list(plan_cells([runners[place] for place in order]))


def neighbours(look: Look, leader: CellId) -> list[PlannedCell]:
    """The cells beside a leader that are worth a try."""
    offer = getattr(parse(leader.label).runner, "neighbours", None)
    runners = offer(look) if offer is not None else []
    return list(plan_cells(runners)) if runners else []


def ruled_out(look: Look) -> list[PlannedCell]:
    """The candidates that were left out because of the number of workers that is allowed."""
    allowed = {cell.id for cell in candidates(look)}
    return [cell for cell in candidates(replace(look, most_workers=None)) if cell.id not in allowed]


def most_at_once(look: Look) -> int:
    """Calls that may be in progress at the same time in a race, those of neighbours that join included."""
    known: dict[CellId, PlannedCell] = {}
    new = candidates(look)
    while new:
        known |= {cell.id: cell for cell in new}
        new = [beside for cell in new for beside in neighbours(look, cell.id) if beside.id not in known]
    return max(workers_for(cell.runner, look.tasks) for cell in known.values())
