"""The search behind `advise`: one or two looks at the work, then a race of the promising runners."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from concbench.analysis.pairs import comparisons
from concbench.analysis.sending import holds_data
from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.errors import BadSetting, UsageError
from concbench.harness.bench import NO_TIME
from concbench.harness.events import Listener, LookPlanned, RaceReduced
from concbench.harness.executions import LOOK
from concbench.harness.hosts.base import Clock, Hosts
from concbench.harness.hosts.memory_limit import most_processes
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import BASELINE, Plan, TimeLimits, plan
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.harness.preparation.kept_state import (
    CONFIRMING_EXECUTIONS,
    FIRST_USE_RATIO,
    FIRST_USE_SECONDS,
    state_sentence,
)
from concbench.harness.search.candidates import RaceField, variants_to_race
from concbench.harness.search.effort import Costs, Effort, affordable, describe_limits, least_budget
from concbench.harness.search.race import RaceRule
from concbench.harness.stop_rules import EveryRound, StopRule
from concbench.machine import cores_to_race
from concbench.options import IMPORT_SHARE, MeasureOptions, changed, decided
from concbench.results.passes import ReferencePass
from concbench.results.records import Cell, CellId, Json, KeptState, Outcome, Sample, Table, number
from concbench.runners.look import Look
from concbench.units import seconds as duration_text
from concbench.variants import variants_of
from concbench.workloads.base import Workload

FIRST_LOOK = 1
"""Items of the first look, since the length of a task is still unknown."""
SECOND_LOOK = 32
"""Items of the second look, which is taken if the first was short."""
_LOOK_SHARE = 0.1
"""Share of the budget for the second look, and for the first look until it begins its timed execution."""
_BYTES_OF_WORKER = 30_000_000
"""Least memory of a worker process. A cell that needs more than there is ends at its memory limit, and it alone."""
_RACE_SHARE = 0.8
"""Share of the remaining budget for the rounds; the rest is for the observed passes."""
_BEGIN_SHARE, _END_SHARE = 1.1, 1.45
"""Shares of the budget: after the first, no optional step begins; after the second, the running step is ended."""


@dataclass(frozen=True)
class SearchResult:
    """The result of a search."""

    table: Table
    """The table of the race, with the runners that were ruled out; the table of a look, if there was no race."""
    interrupted: bool
    cells: Mapping[CellId, PlannedCell]
    """The cells of the race, with their runners."""


def search(
    workload: Workload, hosts: Hosts, options: MeasureOptions, listen: Listener, began: float | None = None
) -> SearchResult:
    """Find the best runner for a whole workload: look at it once or twice, then race the promising runners.

    The budget of the options covers the whole search, from `began` by AWAKE.now(). The number of calls is announced
    before the first call, and the limits that the budget sets are announced before the race.

    Raises:
        UsageError: the function fails under `sequential`, so that there is nothing to advise on.
    """
    clock = Clock(hosts, began)
    _require_time(workload, clock.elapsed(), decided(options["budget"]))
    listen(LookPlanned(workload.name, calls_of_looks(workload.tasks, options["max_calls"])))
    looks = _Looks(workload, hosts, options, listen, clock)
    table, interrupted = looks.take(FIRST_LOOK)
    if not interrupted and (items := looks.second_items(table)):
        table, interrupted = looks.take(items)
    if interrupted:
        return SearchResult(table, interrupted, {})
    look = _look_of(looks.workload, table, options)
    budget, first_use = decided(options["budget"]), looks.first_use
    matters = first_use.matters(look) or table.kept.kind == "loop"
    fresh = matters if options["fresh"] is None else options["fresh"]
    variants = variants_to_race(look, variants_of(options))
    costs = Costs(
        first_use.included(look) if fresh else look, looks.start_seconds, fresh, first_use.fixed_seconds, variants
    )
    left = budget - clock.elapsed()
    effort = affordable(costs, budget, left)
    reduction = describe_limits(effort, costs, budget, budget - left + least_budget(costs))
    if reduction:
        listen(RaceReduced(workload.name, reduction))
    if effort is None:
        state_note = state_sentence(workload.name, table.kept, fresh=False)  # a look always keeps its processes
        notes = [*(note for note in table.notes if note != state_note), reduction]
        return SearchResult(replace(table, stopped="budget", notes=notes), interrupted, {})
    part = _subset(looks.workload, effort.tasks, decided(options["seed"]))
    begin, end = (share * budget - clock.elapsed() for share in (_BEGIN_SHARE, _END_SHARE))
    limit = TimeLimits(begin, end, looks.start_seconds)
    race = plan_race(part, effort, _race_options(options, budget - clock.elapsed(), looks.calls), limit)
    if not race.is_allowed:
        raise _too_many_calls(race, looks.calls, decided(options["max_calls"]))
    race = replace(race, kept=_known_state(table.kept, options, matters=matters, all_items=effort.tasks == look.tasks))
    listen(race.calls_planned(effort.field.peak_calls))
    table, interrupted = measure_workload(race, hosts, listen)
    notes = [*table.notes, *([reduction] if reduction else [])]
    stopped = "budget" if effort.single_round and not interrupted else table.stopped
    table = replace(table, facts={**looks.facts, **table.facts}, notes=notes, stopped=stopped)
    return SearchResult(_with_ruled_out(table, effort.field), interrupted, effort.field.proposed)


def _require_time(workload: Workload, seconds: float, budget: float) -> None:
    """Reject a budget that the import of the function almost uses up, since every process repeats the import.

    Raises:
        BadSetting: the budget is too short; the message says how long the import took.
    """
    if seconds > IMPORT_SHARE * budget:
        least = duration_text(seconds / IMPORT_SHARE)
        raise BadSetting(
            f"importing {workload.name} and reading its items took {duration_text(seconds)}, and each process has to "
            f"do it again, so a budget of {duration_text(budget)} is too short; give more than {least} (--budget)"
        )


def calls_of_looks(tasks: int, max_calls: int | None = None) -> int:
    """Most calls that the two looks at a workload of so many tasks make."""
    second = min(SECOND_LOOK, tasks) if tasks > FIRST_LOOK else 0
    calls = (LOOK.total + CONFIRMING_EXECUTIONS) * (min(FIRST_LOOK, tasks) + second)
    return calls if max_calls is None else min(calls, max_calls)


def _too_many_calls(race: Plan, look_calls: int, max_calls: int) -> BadSetting:
    """The error for a race that needs more calls than are left after the looks."""
    return BadSetting(
        f"advice on {race.workload.name} needs at least {look_calls + race.fewest_calls:,} calls ({look_calls:,} of "
        f"them already made to examine it), but --max-calls allows {max_calls:,}: use fewer items (--limit, --sample), "
        "or allow more"
    )


@dataclass(frozen=True)
class _FirstUse:
    """Extra seconds that the first execution in a process takes."""

    fixed_seconds: float = 0.0
    """Seconds independent of the number of tasks."""
    task_seconds: float = 0.0
    """Seconds for each task, if the function keeps something for every item."""

    def matters(self, look: Look) -> bool:
        """Whether StateDetector would detect it in the first execution of all tasks."""
        total = self.fixed_seconds + look.tasks * self.task_seconds
        return total > FIRST_USE_SECONDS and total > (FIRST_USE_RATIO - 1) * look.tasks * look.seconds

    def included(self, look: Look) -> Look:
        """The same work with the extra seconds of each task included; those of `fixed_seconds` are not."""
        return replace(look, seconds=look.seconds + self.task_seconds)


def _known_state(kept: KeptState, options: MeasureOptions, *, matters: bool, all_items: bool) -> KeptState:
    """The state that a race takes as known: it matters over all items, or would only seem to over a few of them."""
    if options["fresh"]:
        return KeptState()
    if matters or not kept.excess:
        return kept
    return KeptState() if all_items else replace(kept, kind="nothing")


class _Looks:
    """Measures `sequential` alone, over a few items."""

    def __init__(
        self, workload: Workload, hosts: Hosts, options: MeasureOptions, listen: Listener, clock: Clock
    ) -> None:
        self.workload = workload
        """The workload, completed with the findings of the looks."""
        self.facts: Json = {}
        """Facts for the table that no later measurement finds out."""
        self.calls = 0
        """Calls made."""
        self.start_seconds = 0.0
        """Seconds that the start of a measuring process takes, including the import of the function."""
        self.first_use = _FirstUse()
        """Extra seconds of the first execution in a process."""
        self._clock = clock
        self._hosts = hosts
        self._options = options
        self._listen = listen

    def take(self, items: int) -> tuple[Table, bool]:
        """Look at so many items; return the table, and whether the look was interrupted.

        Raises:
            UsageError: the function fails.
        """
        part = _subset(self.workload, items, decided(self._options["seed"]))
        max_calls = self._options["max_calls"]
        look_options = changed(
            self._options, rounds=1, max_rounds=None, budget=None, observe=False,
            fresh=False,  # a look times later executions, even if the race uses new processes
            max_calls=None if max_calls is None else max_calls - self.calls,
        )  # fmt: skip
        budget, start = decided(self._options["budget"]), self._clock.elapsed()
        limit = TimeLimits(_LOOK_SHARE * budget, max(0.5 * budget, budget - start))
        look = replace(plan_look(part, look_options), limit=limit)
        table, interrupted = measure_workload(look, self._hosts, self._listen)
        cell = table.cells[0]
        if not interrupted and (cell.outcome.kind != "ok" or _execution(cell) is None):
            raise UsageError(f"{part.name} fails under {cell.shown}: {cell.outcome.reason}{_remedy(cell, limit)}")
        executions, executed, processes = _execution_totals(table)
        if not interrupted:
            self.start_seconds = max(0.0, self._clock.elapsed() - start - executed) / processes
            self.first_use = self._first_use(table)
        self.calls += executions * table.tasks
        if table.facts.get("awaits"):  # the function returns awaitables
            self.workload = self.workload.knowing(ReferencePass(awaitable=True))
            self.facts = {"awaits": table.facts["awaits"]}
            self.calls += table.tasks
        return table, interrupted

    def _first_use(self, table: Table) -> _FirstUse:
        """Estimate the first-use cost from this look; a look over fewer items before it shows the cost of each item."""
        excess = table.kept.excess
        fixed_seconds = self.first_use.fixed_seconds
        if not (fixed_seconds and excess and table.tasks > FIRST_LOOK):
            return _FirstUse(excess)
        task_seconds = max(0.0, excess - fixed_seconds) / (table.tasks - FIRST_LOOK)
        return _FirstUse(max(0.0, excess - task_seconds * table.tasks), task_seconds)

    def second_items(self, first: Table) -> int:
        """Items of a second look, as many as the time and the allowed calls permit; 0 if it would not be larger.

        The estimate assumes that every item may cost as much extra in its first use as the item of the first look.
        """
        budget, max_calls = decided(self._options["budget"]), self._options["max_calls"]
        seconds = _LOOK_SHARE * budget - LOOK.total * self.start_seconds
        items = min(SECOND_LOOK, int(seconds / (LOOK.total * (_task_seconds(first) + self.first_use.fixed_seconds))))
        if max_calls is not None:
            executions = LOOK.total + (CONFIRMING_EXECUTIONS if self.first_use.fixed_seconds else 0)
            items = min(items, (max_calls - self.calls) // executions)
        return items if min(items, self.workload.tasks) > first.tasks else 0


def _look_of(workload: Workload, table: Table, options: MeasureOptions) -> Look:
    """The properties of the work, as measured in a look."""
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
        carrying=table.facts.get("function_seconds", 0.0) if holds_data(table.facts) else 0.0,
        most_workers=workload.most_workers,
        in_memory=most_processes(worker, options["memory_limit"]),
        python=_python_version(table.cells[0]),
    )


def _python_version(cell: Cell) -> tuple[int, int]:
    """The version of the interpreter that a cell was measured in; the current one, if it was not measured."""
    version = re.match(r"(\d+)\.(\d+)", str(cell.interpreter.get("python", "")))
    return (int(version[1]), int(version[2])) if version else sys.version_info[:2]


def _with_ruled_out(table: Table, field: RaceField) -> Table:
    """Add rows for promising runners that were not measured, for lack of time or because of --max-workers."""
    limited = f"calls at once are limited to {field.look.most_workers}; --max-workers allows more"
    measured = {cell.id for cell in table.cells}
    added = [
        replace(cell.record(field.look.tasks), outcome=Outcome("inapplicable", reason))
        for cells, reason in ((field.left_out, NO_TIME), (field.ruled_out, limited))
        for cell in cells
        if cell.id not in measured
    ]
    return replace(table, cells=[*table.cells, *added])


def plan_look(workload: Workload, options: MeasureOptions) -> Plan:
    """Plan a single round of `sequential` after a warm-up, to distinguish later executions from the first.

    Raises:
        BadSetting: the look needs more calls than are allowed.
    """
    look = replace(plan(workload, [BASELINE], options, variants=variants_of(options)[:1]), warm_up=True)
    look.require_allowed()
    return look


def plan_race(workload: Workload, effort: Effort, options: MeasureOptions, limit: TimeLimits) -> Plan:
    """Plan the race of the promising runners that the time allows, over all items of a workload."""
    cells = tuple(effort.cells)
    several = len({cell.variant.label for cell in cells}) > 1
    joining = 4  # as a rule: half, three quarters and twice the leader's workers, and half of those that are level
    rule: StopRule = RaceRule(
        decided(options["max_rounds"]),
        comparisons=comparisons({cell.id for cell in cells}, cells[0].id) + joining * (3 if several else 1),
        neighbours=effort.field.cells_to_join,
        budget=options["budget"],
        limit=limit.begin,
        pauses=options["max_calls"] is None and not several,
    )
    if effort.single_round:
        rule = EveryRound(1)
        options = changed(options, rounds=1, max_rounds=None, budget=None, observe=False)
    look = effort.field.look
    return Plan(
        workload, cells, cells[0].id, rule, warm_up=not effort.single_round, options=options, limit=limit,
        sequential_seconds=None if look.computes else look.tasks * look.seconds,
    )  # fmt: skip


def _race_options(options: MeasureOptions, left: float, calls: int) -> MeasureOptions:
    """The options with the time and the calls that remain after the looks."""
    allowed = None if options["max_calls"] is None else max(1, options["max_calls"] - calls)
    return changed(options, budget=_RACE_SHARE * left, max_calls=allowed)


def _subset(workload: Workload, items: int, seed: int) -> Workload:
    select = getattr(workload, "some", None)
    if select is None or items >= workload.tasks:
        return workload
    part: Workload = select(items, seed)
    return part


def _remedy(cell: Cell, limit: TimeLimits) -> str:
    """The remedy for a look that failed, as the end of a message."""
    if cell.outcome.cause == "timeout" and (cell.outcome.seconds or 0.0) >= 0.9 * limit.end:
        return ", which a single task used up"
    by_task = not cell.outcome.cause and "raised by task " in cell.outcome.reason  # and not by an initializer
    return "; --tolerate counts exceptions as results" if by_task else ""


def _execution(cell: Cell) -> Sample | None:
    """The timed execution of a look: its sample, or the sequential pass if that was long enough."""
    return cell.samples[-1] if cell.samples else cell.warmup


def _execution_totals(table: Table) -> tuple[int, float, int]:
    """Executions of a look, their total seconds, and the number of processes started for them."""
    cell, kept = table.cells[0], table.kept
    if not cell.samples:
        return 1, _execution_seconds(cell), 1
    first = kept.first or [cell.warmup.seconds if cell.warmup else 0.0] * 2
    if len(first) > LOOK.total - 1:  # confirmed in another process
        return LOOK.total + CONFIRMING_EXECUTIONS, sum(first) + sum(kept.later) + cell.samples[-1].seconds, len(first)
    return LOOK.total, sum(first) + cell.samples[-1].seconds, len(first)


def _execution_seconds(cell: Cell) -> float:
    sample = _execution(cell)
    return sample.seconds * sample.repeats if sample else 0.0


def _task_seconds(table: Table) -> float:
    sample = _execution(table.cells[0])
    initializer = sample.initializer if sample else 0.0  # paid once, not by each task
    return max((_execution_seconds(table.cells[0]) - initializer) / table.tasks, 1e-7)


def _busy(cell: Cell) -> float:
    """Cores that `sequential` kept busy; if unknown, 0.7, a value between waiting and computing."""
    sample = _execution(cell)
    if sample is None or sample.cpu is None:
        return 0.7
    seconds, cpu = sample.seconds * sample.repeats - sample.initializer, sample.cpu - sample.initializer_cpu
    return max(cpu, 0.0) / seconds if seconds > 0 else 0.7
