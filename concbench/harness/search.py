"""`advise`: a first look at the work, and a race of what may be worth it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter

from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.errors import UsageError
from concbench.harness.candidates import candidates, most_at_once, neighbours, ruled_out
from concbench.harness.events import Listener
from concbench.harness.hosts import Hosts
from concbench.harness.plan import BASELINE, BUDGET, MAX_ROUNDS, Options, Plan, plan
from concbench.harness.race import RaceRule
from concbench.harness.session import measure_workload
from concbench.machine import usable_cores
from concbench.results.passes import ReferencePass
from concbench.results.records import Cell, Outcome, Table
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
_PASSES = 2
"""Sequential passes of a look: reference and sample."""


def search(
    workload: Workload, hosts: Hosts, options: Options, listen: Listener, before: Callable[[Plan, int], None]
) -> tuple[Table, bool]:
    """Find the best runner for a workload.

    Args:
        workload: all of it.
        hosts: where samples are taken.
        options: of which the budget is that of everything together.
        listen: is told what happens.
        before: is told the plan of the race before it begins, and how many calls may be in progress at the same time,
            those of runners that join it included.

    Returns:
        The table of the race, with what was ruled out from the beginning, and whether it was interrupted.

    Raises:
        UsageError: the function fails under `sequential`, so that there is nothing to advise on.
    """
    began = perf_counter()
    budget = options.budget or BUDGET
    table, interrupted = _look(workload, FIRST_LOOK, hosts, options, listen)
    calls = _PASSES * table.tasks
    if interrupted:
        return table, True
    if table.facts.get("awaits"):  # it turned out to return awaitables
        workload = workload.knowing(ReferencePass(awaitable=True))
        calls += table.tasks
    seconds = _task_seconds(table)
    more = min(SECOND_LOOK, int(_LOOK_SHARE * budget / (_PASSES * seconds)))
    if options.max_calls is not None:
        more = min(more, (options.max_calls - calls) // _PASSES)
    if min(more, workload.tasks) > table.tasks:
        table, interrupted = _look(workload, more, hosts, options, listen)
        calls += _PASSES * table.tasks
        if interrupted:
            return table, True
    busy = _busy(table.cells[0])
    look = Look(
        tasks=workload.tasks,
        seconds=_task_seconds(table),
        computes=busy > COMPUTES,
        waits=busy < WAITS,
        awaitable=workload.awaitable,
        cores=usable_cores(),
        pickling=table.facts.get("pickling_seconds", 0.0),
        most_workers=workload.most_workers,
    )
    part = _part(workload, max(4 * look.cores, int(_PASS_SHARE * budget / look.seconds)), options.seed)
    look = replace(look, tasks=part.tasks)
    left = max(1.0, budget - (perf_counter() - began))
    allowed = None if options.max_calls is None else max(1, options.max_calls - calls)
    race = plan_race(part, look, replace(options, budget=_RACE_SHARE * left, max_calls=allowed))
    before(race, most_at_once(look))
    table, interrupted = measure_workload(race, hosts, listen)
    return _with_ruled_out(table, look), interrupted


def calls_of_looks(tasks: int, max_calls: int | None = None) -> int:
    """Calls that both looks at so many tasks make at most."""
    second = min(SECOND_LOOK, tasks) if tasks > FIRST_LOOK else 0
    calls = _PASSES * (min(FIRST_LOOK, tasks) + second)
    return calls if max_calls is None else min(calls, max_calls)


def _with_ruled_out(table: Table, look: Look) -> Table:
    """With the runners that may have been worth it and were not allowed: nothing is known of them."""
    why = f"calls at once are limited to {look.most_workers}; --max-workers allows more"
    known = {cell.id for cell in table.cells}
    cells = [cell for cell in ruled_out(look) if cell.id not in known]
    added = [replace(cell.record(look.tasks), outcome=Outcome("inapplicable", why)) for cell in cells]
    return replace(table, cells=[*table.cells, *added])


def plan_race(workload: Workload, look: Look, options: Options) -> Plan:
    """The race of everything that may be worth it, over all items of a workload."""
    cells = tuple(candidates(look))
    joining = 2  # half and twice the leader's workers
    rule = RaceRule(
        cells[0].id,
        options.max_rounds or MAX_ROUNDS,
        budget=options.budget,
        comparisons=len(cells) - 1 + joining,
        neighbours=partial(neighbours, look),
    )
    race = Plan(workload, cells, rule, warm_up=True, options=options)
    race.require_allowed()
    return race


def _look(workload: Workload, items: int, hosts: Hosts, options: Options, listen: Listener) -> tuple[Table, bool]:
    part = _part(workload, items, options.seed)
    once = replace(options, rounds=1, max_rounds=None, budget=None, observe=False)
    table, interrupted = measure_workload(plan(part, [BASELINE], once), hosts, listen)
    cell = table.cells[0]
    if not interrupted and (cell.outcome.kind != "ok" or not cell.samples):
        raise UsageError(
            f"{workload.name} fails under sequential: {cell.outcome.reason}; --tolerate takes exceptions for results"
        )
    return table, interrupted


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
