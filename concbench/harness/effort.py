"""How much of a race the time that is left allows: over how many items, of which runners, in how many rounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from concbench.analysis.thresholds import FAR_BEHIND
from concbench.harness.candidates import Field
from concbench.harness.runner_specs import PlannedCell
from concbench.runners.base import workers_for
from concbench.runners.look import Look
from concbench.stats.intervals import FEWEST
from concbench.traits import CALLER
from concbench.units import listed, seconds
from concbench.variants import OWN, Variant

_ITEMS_EACH = 4
"""Items for each core without which a race says little of how they are shared out."""
_PLANNED_SHARE = 0.9
"""Of what is left of the budget, that is planned for: an estimate cannot be exact."""
_LAST_SHARE = 1.25
"""Of the whole budget, at which the least is over that shows anything, a single round over very few items."""
_OWN_STARTING = 0.3
"""Seconds that a measuring process may take to start beside the import of the function."""
_STEP = 0.9
"""From one number of items that takes too long to the next that is tried, at most."""


@dataclass(frozen=True)
class Effort:
    """What a race costs that the time allows."""

    tasks: int
    field: Field
    once: bool = False
    """Whether there is a single round: it proves nothing."""

    @property
    def cells(self) -> list[PlannedCell]:
        """Those that the race begins with."""
        return self.field.candidates


@dataclass(frozen=True)
class Costs:
    """What is known of them, in seconds."""

    look: Look
    starting: float
    """To start a measuring process, the import of the function included."""
    fresh: bool
    """Whether every execution starts one."""
    first_use: float = 0.0
    """What the work takes longer the first time in a process."""
    variants: tuple[Variant, ...] = (OWN,)
    """Under each of which the runners race."""

    @property
    def relaunches(self) -> bool:
        """Whether processes are relaunched for every round, as where somebody compares variants."""
        return not self.fresh and len(self.as_asked.variants) > 1

    @property
    def as_asked(self) -> Costs:
        """The same under those variants that somebody has asked for."""
        return replace(self, variants=tuple(one for one in self.variants if not one.of_workers))

    def of_race(self, field: Field) -> float:
        """A reference, checks, warm-ups and the fewest rounds of all cells; what is far behind takes one round."""
        each = self._each(field)
        far = FAR_BEHIND[1] * min(each)
        rounds = [one * (1 if one > far and place else FEWEST) for place, one in enumerate(each)]
        starts = self._starts(len(each) - 1) + self._starts(len(each)) + self._cold(1 + 2 * len(each))
        relaunched = [self.starting + one for one in each] * (FEWEST - 1) if self.relaunches else []
        return starts + each[0] + 2 * sum(each) + sum(rounds) + sum(relaunched)

    def of_one_round(self, field: Field) -> float:
        """A reference, and one execution of every cell."""
        each = self._each(field)
        return self.starting + self._starts(len(each)) + self._cold(1 + len(each)) + each[0] + sum(each)

    def _cold(self, executions: int) -> float:
        """What so many first executions take more than later ones, where these are in the same process."""
        return 0.0 if self.fresh else executions * self.first_use

    def _starts(self, processes: int, each: float | None = None) -> float:
        """So many, of which as many start at the same time as there are cores."""
        return (self.starting if each is None else each) * math.ceil(processes / self.look.cores)

    def _worker(self) -> float:
        """To start a worker process: the import of the function for the most part, and none of what hosts load."""
        return max(self.starting / 10, self.starting - _OWN_STARTING)

    def _each(self, field: Field) -> list[float]:
        """Seconds of one execution of each cell, the baseline first."""
        cold = (self.starting + self.first_use) * self.fresh
        return [cold + self.expected(cell, field.look) for cell in field.candidates]

    def expected(self, cell: PlannedCell, look: Look) -> float:
        """Seconds of one execution, if as much is gained as can be expected of such work."""
        workers = workers_for(cell.runner, look.tasks)
        whole = look.tasks * look.seconds
        if cell.traits.where == CALLER:
            return whole
        if not cell.traits.isolates:
            return whole if look.computes else whole / min(workers, look.tasks)
        at_once = max(1.0, min(workers, look.cores) / max(1.0, look.busy)) if look.computes else workers
        return self._starts(workers, self._worker() + self.first_use) + (whole + look.tasks * look.pickling) / at_once


def affordable(costs: Costs, budget: float, left: float) -> Effort | None:
    """The best race that what is left of a budget allows; None if it does not allow any.

    First fewer items are taken, then fewer runners, then a single round. What nobody has asked for must not cost the
    proof: it takes part where the time allows more than that.
    """
    effort = _affordable(costs, budget, left)
    if costs == costs.as_asked or (effort is not None and not effort.once):
        return effort
    return _affordable(costs.as_asked, budget, left)


def _affordable(costs: Costs, budget: float, left: float) -> Effort | None:
    look = costs.look
    enough = _ITEMS_EACH * look.cores
    fewer = enough // 2 if look.computes else enough
    two, kinds, full, once = _best_alone(costs), _one_of_each_kind(costs), costs.of_race, costs.of_one_round
    whole = Field(look, variants=costs.variants)
    for at_least, choose, cost, last_share in (
        (enough, _all, full, _PLANNED_SHARE),
        (fewer, kinds, full, _PLANNED_SHARE),
        (fewer, two, full, _PLANNED_SHARE),
        (look.cores, kinds, once, _LAST_SHARE),
        (look.cores, two, once, _LAST_SHARE),
    ):
        tasks, fewest = look.tasks, min(look.tasks, at_least)
        while tasks >= fewest:
            field = choose(whole.over(tasks))
            took = cost(field)
            if took <= _PLANNED_SHARE * left or (tasks == fewest and took <= left + (last_share - 1) * budget):
                return Effort(tasks, field, cost == once)
            fitting = min(_STEP, _PLANNED_SHARE * left / took)
            tasks = 0 if tasks == fewest else max(fewest, int(fitting * tasks))
    return None


def _all(field: Field) -> Field:
    return field


def _one_of_each_kind(costs: Costs) -> Callable[[Field], Field]:
    """What keeps of each kind of runner, by where it runs and under what, the one that probably takes least."""

    def keep(field: Field) -> Field:
        best: dict[tuple[str, str | None], PlannedCell] = {}
        for cell in field.candidates:
            kind = cell.id.variant, cell.traits.where
            other = best.setdefault(kind, cell)
            if costs.expected(cell, field.look) < costs.expected(other, field.look):
                best[kind] = cell
        return field.only(list(best.values()))

    return keep


def _best_alone(costs: Costs) -> Callable[[Field], Field]:
    """What keeps the baseline, and of the others under each variant the one that probably takes least."""

    def keep(field: Field) -> Field:
        baseline, *others = field.candidates
        best: dict[str, PlannedCell] = {}
        for cell in sorted(others, key=lambda cell: costs.expected(cell, field.look)):
            best.setdefault(cell.id.variant, cell)
        return field.only([baseline, *best.values()])

    return keep


def least_needed(costs: Costs) -> float:
    """Seconds that a race over the fewest items takes."""
    look, costs = costs.look, costs.as_asked
    field = Field(look, variants=costs.variants).over(min(look.tasks, _ITEMS_EACH * look.cores))
    return costs.of_race(_one_of_each_kind(costs)(field)) / _PLANNED_SHARE


def what_is_measured(effort: Effort | None, costs: Costs, budget: float, needed: float) -> str:
    """A sentence on what the budget does not allow; empty where it allows everything.

    Args:
        effort: what it allows; None: nothing but the look.
        costs: as far as they are known.
        budget: of everything together.
        needed: what would allow a race over few items.
    """
    look, starting = costs.look, costs.starting
    took = f"One task takes {seconds(look.seconds)}"
    if costs.first_use > look.seconds:
        took += f", the first in a process {seconds(costs.first_use)} more"
    if starting > look.seconds:
        took += f", and {seconds(starting)} go by until a process has imported the function"
    wanted = f"--budget {_rounded_up(needed)}s"
    if effort is None:
        return (
            f"{took}: {seconds(budget)} are too short to compare runners, which takes about {wanted}. "
            f"{_what_the_look_shows(look)}"
        )
    of = f"{effort.tasks:,} of {look.tasks:,} items"
    if effort.once:
        names = listed(cell.record(effort.tasks).shown for cell in effort.cells)
        return (
            f"{took}: in {seconds(budget)} there is time for one round of {names} over {of}, which shows the likely "
            f"fastest but proves nothing; proof takes about {wanted}."
        )
    return "" if effort.tasks == look.tasks else f"{took}: in {seconds(budget)} there is time for {of} (--budget)."


def _what_the_look_shows(look: Look) -> str:
    if look.computes:
        return "It computes all the time: processes may help, and threads only if it releases the GIL meanwhile."
    if look.waits:
        return "It waits most of the time, and threads can overlap the waiting of many tasks."
    return "It waits part of the time, and threads can overlap the waiting of several tasks."


def _rounded_up(value: float) -> int:
    """To a multiple of 10 seconds."""
    return 10 * math.ceil(value / 10)
