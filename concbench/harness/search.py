"""`advise`: a first look at the work, and a race of what may be worth it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from concbench.analysis.pairs import comparisons
from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.errors import BadSetting, UsageError
from concbench.harness.bench import NO_TIME
from concbench.harness.candidates import Field, variants_to_race
from concbench.harness.effort import Costs, Effort, affordable, least_needed, what_is_measured
from concbench.harness.events import LessPlanned, Listener, LookPlanned
from concbench.harness.executions import LOOK
from concbench.harness.hosts import Clock, Hosts
from concbench.harness.keeping import LEAST, LOOKED, TIMES, sentence
from concbench.harness.measurement import measure_workload
from concbench.harness.memory import most_processes
from concbench.harness.plan import BASELINE, Limit, Plan, plan
from concbench.harness.race import RaceRule
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.stopping import EveryRound, StopRule
from concbench.machine import cores_to_race
from concbench.options import IMPORT_SHARE, MeasureOptions, changed, decided
from concbench.results.passes import ReferencePass
from concbench.results.records import Cell, CellId, Json, Kept, Outcome, Sample, Table, number
from concbench.runners.look import Look
from concbench.units import seconds as told
from concbench.variants import variants_of
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
    budget, use = decided(options["budget"]), looks.first_use
    matters = use.matters(look) or table.kept.kind == "loop"
    fresh = matters if options["fresh"] is None else options["fresh"]
    variants = variants_to_race(look, variants_of(options))
    costs = Costs(use.included(look) if fresh else look, looks.starting, fresh, use.once, variants)
    left = budget - clock.elapsed()
    effort = affordable(costs, budget, left)
    less = what_is_measured(effort, costs, budget, budget - left + least_needed(costs))
    if less:
        listen(LessPlanned(workload.name, less))
    if effort is None:
        unsaid = sentence(workload.name, table.kept, fresh=False)  # processes are kept in a look, whatever is asked for
        notes = [*(note for note in table.notes if note != unsaid), less]
        return Found(replace(table, stopped="budget", notes=notes), interrupted, {})
    part = _part(looks.workload, effort.tasks, decided(options["seed"]))
    limit = Limit(_BEGIN_SHARE * budget - clock.elapsed(), _END_SHARE * budget - clock.elapsed(), looks.starting)
    race = plan_race(part, effort, _left_for_race(options, budget - clock.elapsed(), looks.calls), limit)
    if not race.allowed:
        raise _too_many_calls(race, looks.calls, decided(options["max_calls"]))
    race = replace(race, kept=_known(table.kept, options, matters=matters, all_items=effort.tasks == look.tasks))
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


def _too_many_calls(race: Plan, looked: int, most: int) -> BadSetting:
    """What to say of a race that makes more calls than the looks have left of those that are allowed."""
    return BadSetting(
        f"advice on {race.workload.name} needs at least {looked + race.fewest_calls:,} calls ({looked:,} of them "
        f"already made to examine it), and --max-calls allows {most:,}: take fewer items (--limit, --sample), or allow more"
    )


@dataclass(frozen=True)
class _FirstUse:
    """What the work takes longer the first time in a process, in seconds."""

    once: float = 0.0
    """However many tasks there are."""
    each: float = 0.0
    """More for each of them, of what keeps something for every item."""

    def matters(self, look: Look) -> bool:
        """Whether the first execution of all the tasks shows it, as Keeping would find out."""
        of_all = self.once + look.tasks * self.each
        return of_all > LEAST and of_all > (TIMES - 1) * look.tasks * look.seconds

    def included(self, look: Look) -> Look:
        """The same work as it is the first time in a process, but for what is done once."""
        return replace(look, seconds=look.seconds + self.each)


def _known(kept: Kept, options: MeasureOptions, *, matters: bool, all_items: bool) -> Kept:
    """What a race need not find out: state that matters over all items, or that may only seem to over a few of them."""
    if options["fresh"]:
        return Kept()
    if matters or not kept.excess:
        return kept
    return Kept() if all_items else replace(kept, kind="nothing")


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
        self.first_use = _FirstUse()
        """What the first use in a process takes."""
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
        most = self._options["max_calls"]
        once = changed(
            self._options, rounds=1, max_rounds=None, budget=None, observe=False,
            fresh=False,  # what later executions take is of interest here, though the race may be in new processes
            max_calls=None if most is None else most - self.calls,
        )  # fmt: skip
        budget, before = decided(self._options["budget"]), self._clock.elapsed()
        limit = Limit(_LOOK_SHARE * budget, max(0.5 * budget, budget - before))
        looked = replace(plan_look(part, once), limit=limit)
        table, interrupted = measure_workload(looked, self._hosts, self._listen)
        cell = table.cells[0]
        if not interrupted and (cell.outcome.kind != "ok" or _execution(cell) is None):
            raise UsageError(f"{part.name} fails under {cell.shown}: {cell.outcome.reason}{_cure(cell, limit)}")
        executions, executed, processes = _executed(table)
        if not interrupted:
            self.starting = max(0.0, self._clock.elapsed() - before - executed) / processes
            self.first_use = self._first_use(table)
        self.calls += executions * table.tasks
        if table.facts.get("awaits"):  # it turned out to return awaitables
            self.workload = self.workload.knowing(ReferencePass(awaitable=True))
            self.facts = {"awaits": table.facts["awaits"]}
            self.calls += table.tasks
        return table, interrupted

    def _first_use(self, table: Table) -> _FirstUse:
        """What this look, and another over fewer items, show of it: by how much it grows with the items."""
        excess = table.kept.excess
        before = self.first_use.once
        if not (before and excess and table.tasks > FIRST_LOOK):
            return _FirstUse(excess)
        each = max(0.0, excess - before) / (table.tasks - FIRST_LOOK)
        return _FirstUse(max(0.0, excess - each * table.tasks), each)

    def worth_a_second(self, first: Table) -> int:
        """Items of a second look, as many as time and the calls that are allowed permit; 0 if it would be no larger.

        The first use in a process may be that of every item, and takes as long then for each.
        """
        budget, most_calls = decided(self._options["budget"]), self._options["max_calls"]
        seconds = _LOOK_SHARE * budget - LOOK.total * self.starting
        items = min(SECOND_LOOK, int(seconds / (LOOK.total * (_task_seconds(first) + self.first_use.once))))
        if most_calls is not None:
            executions = LOOK.total + (LOOKED if self.first_use.once else 0)
            items = min(items, (most_calls - self.calls) // executions)
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
        busy=busy,
        native_threads=number(table.facts, "native_threads"),
        pickling=pickling,
        sending=pickling * item / max(1.0, item + result),
        carrying=table.facts.get("function_seconds", 0.0),
        most_workers=workload.most_workers,
        in_memory=most_processes(worker, options["memory_limit"]),
        python=_python_of(table.cells[0]),
    )


def _python_of(cell: Cell) -> tuple[int, int]:
    """The version of the interpreter that a cell was measured in; ours, where nothing was."""
    version = re.match(r"(\d+)\.(\d+)", str(cell.interpreter.get("python", "")))
    return (int(version[1]), int(version[2])) if version else sys.version_info[:2]


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
    look = replace(plan(workload, [BASELINE], options, variants=variants_of(options)[:1]), warm_up=True)
    look.require_allowed()
    return look


def plan_race(workload: Workload, effort: Effort, options: MeasureOptions, limit: Limit) -> Plan:
    """The race of everything that may be worth it and that the time allows, over all items of a workload."""
    cells = tuple(effort.cells)
    several = len({cell.variant.label for cell in cells}) > 1
    joining = 4  # as a rule: half, three quarters and twice the leader's workers, and half of those that are level
    rule: StopRule = RaceRule(
        decided(options["max_rounds"]),
        comparisons=comparisons({cell.id for cell in cells}, cells[0].id) + joining * (3 if several else 1),
        neighbours=effort.field.joining,
        budget=options["budget"],
        limit=limit.begin,
    )
    if effort.once:
        rule = EveryRound(1)
        options = changed(options, rounds=1, max_rounds=None, budget=None, observe=False)
    return Plan(workload, cells, cells[0].id, rule, warm_up=not effort.once, options=options, limit=limit)


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
        return ", which is all of it for a single task"
    by_task = not cell.outcome.cause and "raised by task " in cell.outcome.reason  # and not by an initializer
    return "; --tolerate counts exceptions as results" if by_task else ""


def _execution(cell: Cell) -> Sample | None:
    """What a look has timed: its sample, or the sequential pass if that was long enough."""
    return cell.samples[-1] if cell.samples else cell.warmup


def _executed(table: Table) -> tuple[int, float, int]:
    """Executions of a look, the seconds that they took, and the processes that were started for them."""
    cell, kept = table.cells[0], table.kept
    if not cell.samples:
        return 1, _execution_seconds(cell), 1
    first = kept.first or [cell.warmup.seconds if cell.warmup else 0.0] * 2
    if len(first) > LOOK.total - 1:  # another process made sure
        return LOOK.total + LOOKED, sum(first) + sum(kept.later) + cell.samples[-1].seconds, len(first)
    return LOOK.total, sum(first) + cell.samples[-1].seconds, len(first)


def _execution_seconds(cell: Cell) -> float:
    executed = _execution(cell)
    return executed.seconds * executed.repeats if executed else 0.0


def _task_seconds(table: Table) -> float:
    executed = _execution(table.cells[0])
    initializer = executed.initializer if executed else 0.0  # no task has to pay for it again
    return max((_execution_seconds(table.cells[0]) - initializer) / table.tasks, 1e-7)


def _busy(cell: Cell) -> float:
    """Cores that `sequential` kept busy; 0.7, between waiting and computing, where that is not known."""
    sample = _execution(cell)
    if sample is None or sample.cpu is None:
        return 0.7
    seconds, cpu = sample.seconds * sample.repeats - sample.initializer, sample.cpu - sample.initializer_cpu
    return max(cpu, 0.0) / seconds if seconds > 0 else 0.7
