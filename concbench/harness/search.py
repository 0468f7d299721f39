"""`advise`: a first look at the work, and a race of what may be worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter

from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.errors import UsageError
from concbench.harness.candidates import Field
from concbench.harness.events import Listener, LookPlanned
from concbench.harness.executions import LOOK
from concbench.harness.hosts import Hosts
from concbench.harness.keeping import LOOKED
from concbench.harness.measurement import measure_workload
from concbench.harness.plan import BASELINE, Plan, plan
from concbench.harness.race import RaceRule
from concbench.harness.runner_specs import PlannedCell
from concbench.machine import usable_cores
from concbench.options import MeasureOptions, changed, decided
from concbench.results.passes import ReferencePass
from concbench.results.records import Cell, CellId, Json, Outcome, Table
from concbench.runners.look import Look
from concbench.workloads.base import Workload

FIRST_LOOK = 2
"""Items of the first look, whose length nobody knows."""
SECOND_LOOK = 32
"""Items of the second, where the first was short."""
_LOOK_SHARE = 0.05
"""Of the budget, that the second look may take."""
_PASS_SHARE = 1 / 8
"""Of the budget, that one sequential pass of the race may take; there are six or more."""
_RACE_SHARE = 0.8
"""Of what is left of the budget, that the rounds may take; the rest is for the observed passes."""


@dataclass(frozen=True)
class Found:
    """What a search has found."""

    table: Table
    """That of the race, with what was ruled out from the beginning; that of a look, if there was no race."""
    interrupted: bool
    cells: Mapping[CellId, PlannedCell]
    """Those of the race, with their runners."""


def search(workload: Workload, hosts: Hosts, options: MeasureOptions, listen: Listener) -> Found:
    """Find the best runner for all of a workload: look at it once or twice, and race what may be worth it.

    The budget of the options is that of everything together. How often the function is called is told before it is.

    Raises:
        UsageError: the function fails under `sequential`, so that there is nothing to advise on.
    """
    began = perf_counter()
    listen(LookPlanned(workload.name, calls_of_looks(workload.tasks, options["max_calls"])))
    looks = _Looks(workload, hosts, options, listen)
    table, interrupted = looks.take(FIRST_LOOK)
    if not interrupted and (more := looks.worth_a_second(table)):
        table, interrupted = looks.take(more)
    if interrupted:
        return Found(table, interrupted, {})
    look = _seen(looks.workload, table)
    part = _part_of_race(looks.workload, look, options)
    look = replace(look, tasks=part.tasks)
    field = Field(look)
    race = plan_race(part, field, _left_for_race(options, perf_counter() - began, looks.calls))
    race = replace(race, kept=table.kept)
    listen(race.calls_planned(field.most_at_once))
    table, interrupted = measure_workload(race, hosts, listen)
    table = replace(table, facts={**looks.facts, **table.facts})
    return Found(_with_ruled_out(table, field), interrupted, field.known)


def calls_of_looks(tasks: int, max_calls: int | None = None) -> int:
    """Calls that both looks at so many tasks make at most."""
    second = min(SECOND_LOOK, tasks) if tasks > FIRST_LOOK else 0
    calls = (LOOK.total + LOOKED) * (min(FIRST_LOOK, tasks) + second)
    return calls if max_calls is None else min(calls, max_calls)


class _Looks:
    """Measures `sequential` alone, over a few items."""

    def __init__(self, workload: Workload, hosts: Hosts, options: MeasureOptions, listen: Listener) -> None:
        self.workload = workload
        """The workload, knowing what was found out."""
        self.facts: Json = {}
        """What a table must say that no later measurement finds out."""
        self.calls = 0
        """That were made."""
        self._hosts = hosts
        self._options = options
        self._listen = listen

    def take(self, items: int) -> tuple[Table, bool]:
        """The table of a look at so many items, and whether it was interrupted.

        Raises:
            UsageError: the function fails.
        """
        part = _part(self.workload, items, decided(self._options["seed"]))
        once = changed(self._options, rounds=1, max_rounds=None, budget=None, observe=False)
        if once["fresh"] is None:  # what later executions take is of interest here; the race is in new processes then
            once = changed(once, fresh=False)
        table, interrupted = measure_workload(plan_look(part, once), self._hosts, self._listen)
        cell = table.cells[0]
        if not interrupted and (cell.outcome.kind != "ok" or not cell.samples):
            raise UsageError(
                f"{part.name} fails under sequential: {cell.outcome.reason}; --tolerate takes exceptions for results"
            )
        self.calls += LOOK.total * table.tasks
        if table.facts.get("awaits"):  # it turned out to return awaitables
            self.workload = self.workload.knowing(ReferencePass(awaitable=True))
            self.facts = {"awaits": table.facts["awaits"]}
            self.calls += table.tasks
        return table, interrupted

    def worth_a_second(self, first: Table) -> int:
        """Items of a second look, as many as time and the calls that are allowed permit; 0 if it would be no larger."""
        budget, most_calls = decided(self._options["budget"]), self._options["max_calls"]
        items = min(SECOND_LOOK, int(_LOOK_SHARE * budget / (LOOK.total * _task_seconds(first))))
        if most_calls is not None:
            items = min(items, (most_calls - self.calls) // LOOK.total)
        return items if min(items, self.workload.tasks) > first.tasks else 0


def _seen(workload: Workload, table: Table) -> Look:
    """What a look at the work shows of it."""
    busy = _busy(table.cells[0])
    return Look(
        tasks=workload.tasks,
        seconds=_task_seconds(table),
        computes=busy > COMPUTES,
        waits=busy < WAITS,
        awaitable=workload.awaitable,
        cores=usable_cores(),
        pickling=table.facts.get("pickling_seconds", 0.0),
        carrying=table.facts.get("function_seconds", 0.0),
        most_workers=workload.most_workers,
    )


def _with_ruled_out(table: Table, field: Field) -> Table:
    """With the runners that may have been worth it and were not allowed: nothing is known of them."""
    why = f"calls at once are limited to {field.look.most_workers}; --max-workers allows more"
    known = {cell.id for cell in table.cells}
    cells = [cell for cell in field.ruled_out if cell.id not in known]
    added = [replace(cell.record(field.look.tasks), outcome=Outcome("inapplicable", why)) for cell in cells]
    return replace(table, cells=[*table.cells, *added])


def plan_look(workload: Workload, options: MeasureOptions) -> Plan:
    """A single round of `sequential`, after a warm-up, so that later executions are told from the first.

    Raises:
        BadSetting: it takes more calls than are allowed.
    """
    look = replace(plan(workload, [BASELINE], options), warm_up=True)
    look.require_allowed()
    return look


def plan_race(workload: Workload, field: Field, options: MeasureOptions) -> Plan:
    """The race of everything that may be worth it, over all items of a workload."""
    cells = tuple(field.candidates)
    joining = 2  # as a rule: half and twice the leader's workers
    rule = RaceRule(
        decided(options["max_rounds"]),
        comparisons=len(cells) - 1 + joining,
        neighbours=field.beside,
        budget=options["budget"],
    )
    race = Plan(workload, cells, cells[0].id, rule, warm_up=True, options=options)
    race.require_allowed()
    return race


def _left_for_race(options: MeasureOptions, seconds: float, calls: int) -> MeasureOptions:
    """The same without the time and the calls that the looks took."""
    left = max(1.0, decided(options["budget"]) - seconds)
    allowed = None if options["max_calls"] is None else max(1, options["max_calls"] - calls)
    return changed(options, budget=_RACE_SHARE * left, max_calls=allowed)


def _part_of_race(workload: Workload, look: Look, options: MeasureOptions) -> Workload:
    """As many items as time permits, and enough of them for every core."""
    items = int(_PASS_SHARE * decided(options["budget"]) / look.seconds)
    return _part(workload, max(4 * look.cores, items), decided(options["seed"]))


def _part(workload: Workload, items: int, seed: int) -> Workload:
    some = getattr(workload, "some", None)
    if some is None or items >= workload.tasks:
        return workload
    part: Workload = some(items, seed)
    return part


def _task_seconds(table: Table) -> float:
    return max(table.cells[0].samples[-1].seconds / table.tasks, 1e-7)


def _busy(cell: Cell) -> float:
    """Cores that `sequential` kept busy; 0.7, between waiting and computing, where that is not known."""
    sample = cell.samples[-1]
    return 0.7 if sample.cpu is None or sample.seconds <= 0 else sample.cpu / sample.repeats / sample.seconds
