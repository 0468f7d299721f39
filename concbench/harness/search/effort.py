"""The race that fits into the remaining time: the number of items, the runners, and the number of rounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from concbench.analysis.thresholds import FAR_BEHIND
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.harness.search.candidates import RaceField
from concbench.runners.base import workers_for
from concbench.runners.look import Look
from concbench.stats.intervals import FEWEST
from concbench.traits import CALLER
from concbench.units import listed, seconds
from concbench.variants import DEFAULT_VARIANT, Variant

_ITEMS_EACH = 4
"""Items for each core below which a race shows little about how they are divided among workers."""
_PLANNED_SHARE = 0.9
"""Share of the remaining budget that is planned for, since an estimate cannot be exact."""
_LAST_SHARE = 1.25
"""Share of the whole budget that the smallest useful race, a single round over very few items, may reach."""
_OWN_STARTING = 0.3
"""Seconds that the start of a measuring process may take, without the import of the function."""
_STEP = 0.9
"""Largest ratio between a number of items that takes too long and the next number tried."""


@dataclass(frozen=True)
class Effort:
    """A race that the time allows."""

    tasks: int
    field: RaceField
    single_round: bool = False
    """Whether there is only a single round, which proves nothing."""

    @property
    def cells(self) -> list[PlannedCell]:
        """The cells that the race begins with."""
        return self.field.candidates


@dataclass(frozen=True)
class Costs:
    """The known costs of a race, in seconds."""

    look: Look
    start_seconds: float
    """Seconds to start a measuring process, including the import of the function."""
    fresh: bool
    """Whether every execution starts a new process."""
    first_use: float = 0.0
    """Extra seconds of the first execution in a process."""
    variants: tuple[Variant, ...] = (DEFAULT_VARIANT,)
    """Variants under which the runners race."""

    @property
    def relaunches(self) -> bool:
        """Whether processes are relaunched for every round, since the user compares variants."""
        return not self.fresh and len(self.as_requested.variants) > 1

    @property
    def as_requested(self) -> Costs:
        """The costs under the variants that the user asked for."""
        return replace(self, variants=tuple(one for one in self.variants if not one.of_workers))

    def race_seconds(self, field: RaceField) -> float:
        """Seconds for the reference, checks, warm-ups and fewest rounds of all cells; one round if far behind."""
        cells = self._cell_seconds(field)
        far = FAR_BEHIND[1] * min(cells)
        rounds = [cell * (1 if cell > far and index else FEWEST) for index, cell in enumerate(cells)]
        starts = self._seconds_to_start(len(cells) - 1) + self._seconds_to_start(len(cells))
        starts += self._first_use_seconds(1 + 2 * len(cells))
        relaunches = [self.start_seconds + cell for cell in cells] * (FEWEST - 1) if self.relaunches else []
        return starts + cells[0] + 2 * sum(cells) + sum(rounds) + sum(relaunches)

    def one_round_seconds(self, field: RaceField) -> float:
        """Seconds for the reference and one execution of every cell."""
        cells = self._cell_seconds(field)
        starts = self.start_seconds + self._seconds_to_start(len(cells)) + self._first_use_seconds(1 + len(cells))
        return starts + cells[0] + sum(cells)

    def _first_use_seconds(self, executions: int) -> float:
        """Extra seconds of so many first executions, where later ones are in the same process."""
        return 0.0 if self.fresh else executions * self.first_use

    def _seconds_to_start(self, processes: int, each: float | None = None) -> float:
        """Seconds to start so many processes, as many at once as there are cores."""
        return (self.start_seconds if each is None else each) * math.ceil(processes / self.look.cores)

    def _worker_start_seconds(self) -> float:
        """Seconds to start a worker process, mostly for the import of the function; it loads less than a host."""
        return max(self.start_seconds / 10, self.start_seconds - _OWN_STARTING)

    def _cell_seconds(self, field: RaceField) -> list[float]:
        """Seconds of one execution of each cell, the baseline first."""
        cold = (self.start_seconds + self.first_use) * self.fresh
        return [cold + self.expected_seconds(cell, field.look) for cell in field.candidates]

    def expected_seconds(self, cell: PlannedCell, look: Look) -> float:
        """Estimated seconds of one execution, with the speed-up that can be expected for such work."""
        workers = workers_for(cell.runner, look.tasks)
        whole = look.tasks * look.seconds
        if cell.traits.where == CALLER:
            return whole
        if not cell.traits.isolates:
            return whole if look.computes else whole / min(workers, look.tasks)
        at_once = max(1.0, min(workers, look.cores) / max(1.0, look.busy)) if look.computes else workers
        starts = self._seconds_to_start(workers, self._worker_start_seconds() + self.first_use)
        return starts + (whole + look.tasks * look.pickling) / at_once


def affordable(costs: Costs, budget: float, left: float) -> Effort | None:
    """The best race that fits into the remaining budget; None if there is none.

    To fit, it takes fewer items first, then fewer runners, then a single round. Variants that the user did not ask for
    take part only if several rounds still fit, since a single round proves nothing.
    """
    effort = _affordable(costs, budget, left)
    if costs == costs.as_requested or (effort is not None and not effort.single_round):
        return effort
    return _affordable(costs.as_requested, budget, left)


def _affordable(costs: Costs, budget: float, left: float) -> Effort | None:
    look = costs.look
    enough = _ITEMS_EACH * look.cores
    fewer = enough // 2 if look.computes else enough
    best_alone, best_of_kinds = _best_alone(costs), _one_of_each_kind(costs)
    race, one_round = costs.race_seconds, costs.one_round_seconds
    whole = RaceField(look, variants=costs.variants)
    for at_least, choose, cost, last_share in (
        (enough, _all, race, _PLANNED_SHARE),
        (fewer, best_of_kinds, race, _PLANNED_SHARE),
        (fewer, best_alone, race, _PLANNED_SHARE),
        (look.cores, best_of_kinds, one_round, _LAST_SHARE),
        (look.cores, best_alone, one_round, _LAST_SHARE),
    ):
        tasks, fewest = look.tasks, min(look.tasks, at_least)
        while tasks >= fewest:
            field = choose(whole.with_tasks(tasks))
            needed = cost(field)
            if needed <= _PLANNED_SHARE * left or (tasks == fewest and needed <= left + (last_share - 1) * budget):
                return Effort(tasks, field, cost == one_round)
            fitting = min(_STEP, _PLANNED_SHARE * left / needed)
            tasks = 0 if tasks == fewest else max(fewest, int(fitting * tasks))
    return None


def _all(field: RaceField) -> RaceField:
    return field


def _one_of_each_kind(costs: Costs) -> Callable[[RaceField], RaceField]:
    """A function that keeps the runner expected to be fastest for each variant and each place where tasks run."""

    def keep(field: RaceField) -> RaceField:
        best: dict[tuple[str, str | None], PlannedCell] = {}
        for cell in field.candidates:
            kind = cell.id.variant, cell.traits.where
            other = best.setdefault(kind, cell)
            if costs.expected_seconds(cell, field.look) < costs.expected_seconds(other, field.look):
                best[kind] = cell
        return field.restricted_to(list(best.values()))

    return keep


def _best_alone(costs: Costs) -> Callable[[RaceField], RaceField]:
    """A function that keeps the baseline, and for each variant the other runner expected to be fastest."""

    def keep(field: RaceField) -> RaceField:
        baseline, *others = field.candidates
        best: dict[str, PlannedCell] = {}
        for cell in sorted(others, key=lambda cell: costs.expected_seconds(cell, field.look)):
            best.setdefault(cell.id.variant, cell)
        return field.restricted_to([baseline, *best.values()])

    return keep


def least_budget(costs: Costs) -> float:
    """Seconds that a race over the fewest items takes."""
    look, costs = costs.look, costs.as_requested
    field = RaceField(look, variants=costs.variants).with_tasks(min(look.tasks, _ITEMS_EACH * look.cores))
    return costs.race_seconds(_one_of_each_kind(costs)(field)) / _PLANNED_SHARE


def describe_limits(effort: Effort | None, costs: Costs, budget: float, needed: float) -> str:
    """Describe the limits that the budget sets to the race; empty where it allows everything.

    Args:
        effort: the race that the budget allows; None if it allows only the look.
        costs: the known costs.
        budget: seconds for the whole search.
        needed: seconds that a race over few items would need.
    """
    look, start_seconds = costs.look, costs.start_seconds
    costs_text = f"One task takes {seconds(look.seconds)}"
    if costs.first_use > look.seconds:
        costs_text += f", the first in a process {seconds(costs.first_use)} more"
    if start_seconds > look.seconds:
        costs_text += f", and a process takes {seconds(start_seconds)} to start and import the function"
    option = f"--budget {_rounded_up(needed)}s"
    if effort is None:
        return (
            f"{costs_text}: {seconds(budget)} is too short to compare runners, which takes about {option}. "
            f"{_look_sentence(look)}"
        )
    items = f"{effort.tasks:,} of {look.tasks:,} items"
    if effort.single_round:
        names = listed(cell.record(effort.tasks).shown for cell in effort.cells)
        return (
            f"{costs_text}: in {seconds(budget)} there is time for one round of {names} over {items}, which shows the "
            f"likely fastest but proves nothing; proof takes about {option}."
        )
    if effort.tasks == look.tasks:
        return ""
    return f"{costs_text}: in {seconds(budget)} there is time for {items} (--budget)."


def _look_sentence(look: Look) -> str:
    if look.computes:
        return "It is CPU-bound: processes may help, and threads only if it releases the GIL meanwhile."
    if look.waits:
        return "It waits most of the time, and threads can overlap the waiting of many tasks."
    return "It waits part of the time, and threads can overlap the waiting of several tasks."


def _rounded_up(value: float) -> int:
    """Round up to a multiple of 10 seconds."""
    return 10 * math.ceil(value / 10)
