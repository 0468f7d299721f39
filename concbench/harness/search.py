"""`advise`: a first look at the work, and a race of what may be worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.errors import BadSetting, UsageError
from concbench.harness.bench import NO_TIME
from concbench.harness.candidates import Field
from concbench.harness.effort import Effort, affordable, least_needed, what_is_measured
from concbench.harness.events import LessPlanned, Listener, LookPlanned
from concbench.harness.executions import LOOK
from concbench.harness.hosts import Clock, Hosts
from concbench.harness.keeping import LOOKED
from concbench.harness.measurement import measure_workload
from concbench.harness.memory import most_processes
from concbench.harness.plan import BASELINE, Limit, Plan, plan
from concbench.harness.race import RaceRule
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.stopping import EveryRound, StopRule
from concbench.machine import cores_to_race
from concbench.options import IMPORT_SHARE, MeasureOptions, changed, decided
from concbench.results.passes import ReferencePass
from concbench.results.records import Cell, CellId, Json, Outcome, Sample, Table
from concbench.runners.look import Look
from concbench.units import seconds as told
from concbench.workloads.base import Workload

FIRST_LOOK = 1
"""Items of the first look, whose length nobody knows."""
SECOND_LOOK = 32
"""Items of the second, where the first was short."""
_LOOK_SHARE = 0.1
"""Of the budget, that the second look may take; and the first, before it begins the execution that is timed."""
_BYTES_OF_WORKER = 30_000_000
"""That a worker process takes at least. What takes more than there is ends at its memory limit, and nothing else."""
_RACE_SHARE = 0.8
"""Of what is left of the budget, that the rounds may take; the rest is for the observed passes."""
_BEGIN_SHARE, _END_SHARE = 1.1, 1.45
"""Of the budget, after which nothing is begun that can be left out, and what is being executed is ended."""


@dataclass(frozen=True)
class Found:
    """What a search has found."""

    table: Table
    """That of the race, with what was ruled out from the beginning; that of a look, if there was no race."""
    interrupted: bool
    cells: Mapping[CellId, PlannedCell]
    """Those of the race, with their runners."""


def search(
    workload: Workload, hosts: Hosts, options: MeasureOptions, listen: Listener, began: float | None = None
) -> Found:
    """Find the best runner for all of a workload: look at it once or twice, and race what may be worth it.

    The budget of the options is that of everything together, from the time by AWAKE.now() at which it began. How
    often the function is called is told before it is, and what the budget does not allow before the race.

    Raises:
        UsageError: the function fails under `sequential`, so that there is nothing to advise on.
    """
    clock = Clock(hosts, began)
    _require_time(workload, clock.elapsed(), decided(options["budget"]))
    listen(LookPlanned(workload.name, calls_of_looks(workload.tasks, options["max_calls"])))
    looks = _Looks(workload, hosts, options, listen, clock)
    table, interrupted = looks.take(FIRST_LOOK)
    if not interrupted and (more := looks.worth_a_second(table)):
        table, interrupted = looks.take(more)
    if interrupted:
        return Found(table, interrupted, {})
    look = _seen(looks.workload, table, options)
    budget, starting = decided(options["budget"]), looks.starting
    fresh = table.kept.cold if options["fresh"] is None else options["fresh"]
    left = budget - clock.elapsed()
    effort = affordable(look, budget, left, starting, fresh=fresh)
    needed = budget - left + least_needed(look, starting, fresh=fresh)
    less = what_is_measured(effort, look, budget, needed, starting)
    if less:
        listen(LessPlanned(workload.name, less))
    if effort is None:
        return Found(replace(table, stopped="budget", notes=[*table.notes, less]), interrupted, {})
    part = _part(looks.workload, effort.tasks, decided(options["seed"]))
    limit = Limit(_BEGIN_SHARE * budget - clock.elapsed(), _END_SHARE * budget - clock.elapsed(), starting)
    race = plan_race(part, effort, _left_for_race(options, budget - clock.elapsed(), looks.calls), limit)
    race = replace(race, kept=table.kept)
    listen(race.calls_planned(effort.field.most_at_once))
    table, interrupted = measure_workload(race, hosts, listen)
    notes = [*table.notes, *([less] if less else [])]
    stopped = "budget" if effort.once and not interrupted else table.stopped
    table = replace(table, facts={**looks.facts, **table.facts}, notes=notes, stopped=stopped)
    return Found(_with_ruled_out(table, effort.field), interrupted, effort.field.known)


def _require_time(workload: Workload, took: float, budget: float) -> None:
    """Refuse a budget that is over, or almost, before anything was called: every process has to import the function.

    Raises:
        BadSetting: says how long that took.
    """
    if took > IMPORT_SHARE * budget:
        raise BadSetting(
            f"importing {workload.name} and reading its items took {told(took)}, and each process has to do it again: "
            f"a budget of {told(budget)} is too short; give more than {told(took / IMPORT_SHARE)} (--budget)"
        )


def calls_of_looks(tasks: int, max_calls: int | None = None) -> int:
    """Calls that both looks at so many tasks make at most."""
    second = min(SECOND_LOOK, tasks) if tasks > FIRST_LOOK else 0
    calls = (LOOK.total + LOOKED) * (min(FIRST_LOOK, tasks) + second)
    return calls if max_calls is None else min(calls, max_calls)


class _Looks:
    """Measures `sequential` alone, over a few items."""

    def __init__(
        self, workload: Workload, hosts: Hosts, options: MeasureOptions, listen: Listener, clock: Clock
    ) -> None:
        self.workload = workload
        """The workload, knowing what was found out."""
        self.facts: Json = {}
        """What a table must say that no later measurement finds out."""
        self.calls = 0
        """That were made."""
        self.starting = 0.0
        """Seconds that it takes to start a measuring process, the import of the function included."""
        self._clock = clock
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
        budget, before = decided(self._options["budget"]), self._clock.elapsed()
        limit = Limit(_LOOK_SHARE * budget, max(0.5 * budget, budget - before))
        looked = replace(plan_look(part, once), limit=limit)
        table, interrupted = measure_workload(looked, self._hosts, self._listen)
        cell = table.cells[0]
        if not interrupted and (cell.outcome.kind != "ok" or _execution(cell) is None):
            raise UsageError(f"{part.name} fails under sequential: {cell.outcome.reason}; {_cure(cell, limit)}")
        if not interrupted:
            executed = _execution_seconds(cell) * (LOOK.total if cell.samples else 1)
            processes = 1 + bool(cell.samples)
            self.starting = max(0.0, self._clock.elapsed() - before - executed) / processes
        self.calls += LOOK.total * table.tasks
        if table.facts.get("awaits"):  # it turned out to return awaitables
            self.workload = self.workload.knowing(ReferencePass(awaitable=True))
            self.facts = {"awaits": table.facts["awaits"]}
            self.calls += table.tasks
        return table, interrupted

    def worth_a_second(self, first: Table) -> int:
        """Items of a second look, as many as time and the calls that are allowed permit; 0 if it would be no larger."""
        budget, most_calls = decided(self._options["budget"]), self._options["max_calls"]
        seconds = _LOOK_SHARE * budget - LOOK.total * self.starting
        items = min(SECOND_LOOK, int(seconds / (LOOK.total * _task_seconds(first))))
        if most_calls is not None:
            items = min(items, (most_calls - self.calls) // LOOK.total)
        return items if min(items, self.workload.tasks) > first.tasks else 0


def _seen(workload: Workload, table: Table, options: MeasureOptions) -> Look:
    """What a look at the work shows of it."""
    busy = _busy(table.cells[0])
    worker = max(_BYTES_OF_WORKER, table.facts.get("process_bytes", 0.0))
    pickling, item, result = (table.facts.get(key, 0.0) for key in ("pickling_seconds", "item_bytes", "result_bytes"))
    return Look(
        tasks=workload.tasks,
        seconds=_task_seconds(table),
        computes=busy > COMPUTES,
        waits=busy < WAITS,
        awaitable=workload.awaitable,
        cores=cores_to_race(),
        pickling=pickling,
        sending=pickling * item / max(1.0, item + result),
        carrying=table.facts.get("function_seconds", 0.0),
        most_workers=workload.most_workers,
        in_memory=most_processes(worker, options["memory_limit"]),
    )


def _with_ruled_out(table: Table, field: Field) -> Table:
    """With the runners that may have been worth it, and for which was no time or no permission: none was measured."""
    why = f"calls at once are limited to {field.look.most_workers}; --max-workers allows more"
    known = {cell.id for cell in table.cells}
    added = [
        replace(cell.record(field.look.tasks), outcome=Outcome("inapplicable", reason))
        for cells, reason in ((field.left_out, NO_TIME), (field.ruled_out, why))
        for cell in cells
        if cell.id not in known
    ]
    return replace(table, cells=[*table.cells, *added])


def plan_look(workload: Workload, options: MeasureOptions) -> Plan:
    """A single round of `sequential`, after a warm-up, so that later executions are told from the first.

    Raises:
        BadSetting: it takes more calls than are allowed.
    """
    look = replace(plan(workload, [BASELINE], options), warm_up=True)
    look.require_allowed()
    return look


def plan_race(workload: Workload, effort: Effort, options: MeasureOptions, limit: Limit) -> Plan:
    """The race of everything that may be worth it and that the time allows, over all items of a workload."""
    cells = tuple(effort.cells)
    joining = 4  # as a rule: half, three quarters and twice the leader's workers, and half of those that are level
    rule: StopRule = RaceRule(
        decided(options["max_rounds"]),
        comparisons=len(cells) - 1 + joining,
        neighbours=effort.field.joining,
        budget=options["budget"],
        limit=limit.begin,
    )
    if effort.once:
        rule = EveryRound(1)
        options = changed(options, rounds=1, max_rounds=None, budget=None, observe=False)
    race = Plan(workload, cells, cells[0].id, rule, warm_up=not effort.once, options=options, limit=limit)
    race.require_allowed()
    return race


def _left_for_race(options: MeasureOptions, left: float, calls: int) -> MeasureOptions:
    """The same without the time and the calls that the looks took."""
    allowed = None if options["max_calls"] is None else max(1, options["max_calls"] - calls)
    return changed(options, budget=_RACE_SHARE * left, max_calls=allowed)


def _part(workload: Workload, items: int, seed: int) -> Workload:
    some = getattr(workload, "some", None)
    if some is None or items >= workload.tasks:
        return workload
    part: Workload = some(items, seed)
    return part


def _cure(cell: Cell, limit: Limit) -> str:
    """What to do about a look that failed."""
    if cell.outcome.cause == "timeout" and (cell.outcome.seconds or 0.0) >= 0.9 * limit.end:
        return "that is all of the budget for a single task: --budget allows more"
    return "--tolerate takes exceptions for results"


def _execution(cell: Cell) -> Sample | None:
    """What a look has timed: its sample, or the sequential pass if that was long enough."""
    return cell.samples[-1] if cell.samples else cell.warmup


def _execution_seconds(cell: Cell) -> float:
    executed = _execution(cell)
    return executed.seconds * executed.repeats if executed else 0.0


def _task_seconds(table: Table) -> float:
    return max(_execution_seconds(table.cells[0]) / table.tasks, 1e-7)


def _busy(cell: Cell) -> float:
    """Cores that `sequential` kept busy; 0.7, between waiting and computing, where that is not known."""
    sample = _execution(cell)
    if sample is None or sample.cpu is None:
        return 0.7
    return sample.cpu / sample.repeats / sample.seconds
