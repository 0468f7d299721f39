"""The budget of `advise` with a simulated clock: a plan fits into it, or a message says before that it does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from concbench import Advice, advise
from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.errors import BadSetting, UsageError
from concbench.harness.clock import AwakeClock
from concbench.harness.events import RaceReduced
from concbench.harness.hosts.base import CellEnded, Clock
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.harness.search.effort import Costs, affordable
from concbench.harness.search.search import search
from concbench.options import MeasureOptions, make_options
from concbench.results.passes import CheckPass, ReferencePass, Sample
from concbench.results.records import Json, ObservedPass, Outcome
from concbench.runners.base import workers_for
from concbench.runners.look import Look
from concbench.workloads.base import Workload
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

Model = Callable[[PlannedCell, int], float]
"""Seconds of one execution of a cell over this many tasks."""


def nothing(item: int) -> None:
    del item


class Played:
    """Hosts whose every step takes simulated time: starting, references, checks, samples, observed passes, hanging."""

    def __init__(self, model: Model, *, starting: float = 0.1, cpu: float = 0.0, first_use: float = 0.0) -> None:
        self.model, self.starting, self.cpu = model, starting, cpu
        self.first_use = first_use
        """Additional seconds of the first execution in a process."""
        self.made = list[tuple[str, int]]()
        """Every execution: its runner, and its number of tasks."""
        self.simulated = 0.0
        self.imports = list[float]()
        """The time limit of the import in every process."""

    starts_processes = True

    def load_watch(self) -> None:
        """No load is measured."""

    def throttled_seconds(self) -> None:
        """No quota is watched."""

    @contextmanager
    def _host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Any]:
        """Start a process, which takes simulated time."""
        del directory
        self.imports.append(self.simulated + (options["import_timeout"] or math.inf))
        yield _PlayedHost(self, workload, cell, fresh=bool(options["fresh"]))

    host = check_host = _host


class _PlayedHost:
    def __init__(self, played: Played, workload: Workload, cell: PlannedCell, *, fresh: bool) -> None:
        self._played, self._allowed = played, math.inf
        self._seconds = played.model(cell, workload.tasks)
        self._call = cell.label, workload.tasks
        self._always_new = cell.traits.isolates is True
        self._fresh, self._used = fresh, False

    def prepare(self) -> Json:
        self._played.simulated += self._played.starting
        return {"implementation": "played", "python": "", "gil": True}

    def set_timeout(self, seconds: float) -> None:
        self._allowed = seconds

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        del collect
        new = self._fresh or self._always_new
        took = self._seconds * repeats + self._played.first_use * (repeats if new else not self._used)
        if self._fresh and self._used:
            self._played.simulated += self._played.starting
        self._used = True
        self._played.made += [self._call] * repeats
        self._played.simulated += min(took, self._allowed)
        if took > self._allowed:
            raise CellEnded(Outcome("failed", f"timed out after {self._allowed:.3g} s", "", "timeout", self._allowed))
        return Sample(start=0.0, work=took, stop=0.0, cpu=self._played.cpu * took, repeats=repeats)

    def reference(self) -> ReferencePass:
        return ReferencePass(sample=self.sample())

    def check(self, max_executions: int) -> CheckPass:
        del max_executions
        return CheckPass(self.sample(), 1)

    def observe(self, *, collect: bool = False) -> ObservedPass:
        del collect
        return ObservedPass(start=0.0, work=self.sample().work, stop=0.0, cpu=None, began=[0.0], tasks=None)

    def sequential_passes(self, max_passes: int) -> str:
        del max_passes
        return "same"

    def items_as_text(self) -> list[str]:
        return []

    def compare(self) -> None:
        """Results are equal."""

    def remarks(self) -> list[str]:
        return []

    def close(self) -> None:
        """Nothing was opened."""


def waits(task: float, most: int = 10**6) -> Model:
    """Tasks that wait for a resource which serves `most` at once."""
    return lambda cell, tasks: task * math.ceil(tasks / min(workers_for(cell.runner, tasks), most))


def computes(task: float) -> Model:
    """Tasks that compute, on two cores, and hold the GIL."""

    def model(cell: PlannedCell, tasks: int) -> float:
        return task * math.ceil(tasks / min(2, workers_for(cell.runner, tasks) if cell.traits.isolates else 1))

    return model


def hangs(task: float) -> Model:
    """Runners with several tasks at once never end."""
    return lambda cell, tasks: task * tasks if cell.name == "sequential" else 1e9


def played(model: Model, budget: float, tasks: int = 100, **how: Any) -> tuple[Advice, float, list[str]]:
    """The advice, its simulated seconds, and the messages before the race."""
    hosts, said = Played(model, **how), list[str]()
    advice = advise(
        nothing, items=range(tasks), hosts=hosts, budget=budget, seed=1,
        listen=lambda event: said.append(event.what) if isinstance(event, RaceReduced) else None,
    )  # fmt: skip
    return advice, hosts.simulated, said


@pytest.mark.parametrize("budget", [10.0, 60.0])
@pytest.mark.parametrize("share", [0.001, 0.02, 0.1, 0.3, 0.5])
@pytest.mark.parametrize(
    ("make", "cpu"),
    [(waits, 0.0), (lambda task: waits(task, 1), 0.0), (lambda task: waits(task, 3), 0.3), (computes, 1.0), (hangs, 0)],
    ids=["waits", "waits in line", "waits for three", "computes", "hangs"],
)
def test_advice_takes_no_more_than_one_and_a_half_budgets(make: Any, cpu: float, share: float, budget: float) -> None:
    """This holds if one pass over four items fits into half of it; `share` is the part of the budget that it takes."""
    _, took, _ = played(make(share * budget / 4), budget, cpu=cpu)
    assert took <= 1.5 * budget


def test_no_import_may_take_longer_than_there_is_time() -> None:
    """An import that hangs in a later process, because an earlier one holds a resource, ends with the budget."""
    hosts = Played(waits(0.02))
    advise(nothing, items=range(20), hosts=hosts, budget=10.0, seed=1)
    assert max(hosts.imports) <= 15.0


@pytest.mark.parametrize("starting", [0.5, 1.5, 3.0])
def test_starting_processes_counts(starting: float) -> None:
    """Every process imports the function, which takes most of its start."""
    advice, took, said = played(waits(0.05), 10.0, starting=starting)
    assert took <= 15.0
    assert advice.recommendation is not None or "is too short to compare runners" in said[0]


def test_long_tasks_are_not_raced_and_it_is_said_before_what_they_showed() -> None:
    """Tasks take 8 s, and the budget is 10 s: there is only time for one of them."""
    advice, took, said = played(waits(8.0), 10.0)
    assert took < 15.0
    (sentence,) = said
    assert "One task takes 8.00 s" in sentence
    assert "It waits most of the time" in sentence
    assert "--budget" in sentence
    assert sentence in advice.run.tables[0].notes
    assert advice.recommendation is None


def test_a_task_that_takes_more_than_the_budget_is_one_line() -> None:
    """The task may never end."""
    with pytest.raises(UsageError, match=r"timed out after .* raise --budget, which a single task used up"):
        played(waits(1e9), 10.0)


def test_few_items_are_named_where_the_budget_allows_no_more() -> None:
    """The message before the race and the advice name them."""
    advice, took, said = played(waits(0.3), 30.0, tasks=500)
    assert took <= 45.0
    tasks = advice.run.tables[0].tasks
    assert 4 <= tasks < 500
    assert f"time for {tasks} of 500 items" in said[0]
    assert advice.recommendation is not None
    assert any(f"Measured on {tasks} of 500 items" in one for one in advice.recommendation.valid_for)


def test_a_single_round_is_said_to_prove_nothing() -> None:
    """If there is time for one round only, the likely fastest runner is advised as such."""
    advice, took, said = played(waits(1.25), 10.0)
    assert took <= 15.0
    assert "proves nothing" in said[0]
    assert advice.recommendation is not None
    assert not advice.recommendation.proved
    assert "but this is not proved" in advice.recommendation.headline


def test_what_short_work_is_asked_is_not_cut() -> None:
    """All items are used, and all runners with enough workers to win; no message is printed."""
    advice, _, said = played(waits(0.002), 60.0)
    assert said == []
    assert advice.run.tables[0].tasks == 100
    assert advice.recommendation is not None
    assert advice.recommendation.proved
    assert {cell.outcome.cause for cell in advice.run.tables[0].cells if cell.outcome.kind != "ok"} == {"outdone"}


def test_runners_that_hang_leave_time_for_those_that_do_not() -> None:
    """Threads never end, processes are twice as fast: threads take none of the time of processes."""

    def model(cell: PlannedCell, tasks: int) -> float:
        return 1e9 if cell.traits.in_threads else 0.01 * tasks / min(2, workers_for(cell.runner, tasks))

    advice, took, _ = played(model, 10.0, tasks=40, cpu=0.7)
    assert took <= 15.0
    assert advice.recommendation is not None
    assert advice.recommendation.runner.startswith("process-pool")
    hung = [cell.outcome for cell in advice.run.tables[0].cells if cell.outcome.cause == "timeout"]
    assert hung
    assert all(
        one.reason.endswith("as long as sequential; there was no more time for it; raise --budget") for one in hung
    )


def test_the_time_in_which_this_process_is_suspended_is_none_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait for half a second took half a minute."""
    now, awake = [100.0], AwakeClock()
    monkeypatch.setattr("concbench.harness.clock.monotonic", lambda: now[0])
    monkeypatch.setattr("concbench.harness.hosts.base.AWAKE", awake)
    clock = Clock(Played(waits(0.01)))
    now[0] += 30.0
    assert awake.passed(0.5, began=100.0) == 130.0
    assert clock.elapsed() == pytest.approx(0.5)


def test_a_budget_that_the_import_has_used_up_is_refused() -> None:
    """Nothing is called before."""
    hosts = Played(waits(0.01))
    clock = Clock(hosts)
    clock.put_forward(9.0)
    workload = FunctionWorkload.of(nothing, range(10), CallForm())
    with pytest.raises(BadSetting, match=r"importing .* took 9\.0\d s, and each process has to do it again"):
        search(workload, hosts, make_options(budget=10.0, seed=1), lambda _: None, began=clock._began)
    assert hosts.simulated == 0.0


@pytest.mark.parametrize("busy", [0.01, 0.7, 1.0])
@pytest.mark.parametrize("seconds", [1e-4, 0.01, 0.3, 2.0, 30.0])
@pytest.mark.parametrize("tasks", [1, 2, 7, 1_000])
def test_what_is_affordable_is_planned_within_the_budget(busy: float, seconds: float, tasks: int) -> None:
    """More time never means fewer items of the same kind of race, and the estimate is kept."""
    look = Look(tasks, seconds, busy > COMPUTES, busy < WAITS, awaitable=False, cores=2)
    before = 0
    for budget in (10.0, 60.0, 600.0):
        costs = Costs(look, 0.1, fresh=False)
        effort = affordable(costs, budget, 0.9 * budget)
        if effort is None:
            assert before == 0
            continue
        cost = costs.one_round_seconds if effort.single_round else costs.race_seconds
        assert cost(effort.field) <= 1.25 * budget
        assert 1 <= effort.tasks <= tasks
        assert effort.cells[0].label == "sequential"
        assert effort.single_round or effort.tasks >= before
        before = 0 if effort.single_round else effort.tasks


def with_state(
    first_use: float, task: float, tasks: int, budget: float = 60.0, starting: float = 0.1, **options: Any
) -> tuple[Advice, Played, list[str]]:
    """The advice on tasks that wait, in a function that takes longer the first time in a process."""
    hosts, said = Played(waits(task), starting=starting, first_use=first_use), list[str]()
    advice = advise(
        nothing, items=range(tasks), hosts=hosts, budget=budget, seed=1, **options,
        listen=lambda event: said.append(event.what) if isinstance(event, RaceReduced) else None,
    )  # fmt: skip
    return advice, hosts, said


def test_state_that_is_lost_in_all_the_items_is_not_decided_on_a_few() -> None:
    """A model takes 0.3 s beside 10 s of work: a look at a few items shows it, and the whole work does not."""
    advice, hosts, said = with_state(0.3, 0.005, 2_000)
    (table,) = advice.run.tables
    assert (table.kept.kind, table.fresh) == ("nothing", False)
    assert not any("305 ms" in sentence for sentence in [*said, *table.notes])
    assert hosts.simulated <= 1.5 * 60.0
    assert advice.recommendation is not None
    assert (advice.recommendation.low or 0.0) > 10


def test_state_that_shows_in_all_the_items_is_cold_for_all() -> None:
    """A model takes 2 s beside 0.5 s of work."""
    advice, hosts, _ = with_state(2.0, 0.005, 100)
    (table,) = advice.run.tables
    assert (table.kept.kind, table.fresh) == ("state", True)
    assert hosts.simulated <= 1.5 * 60.0


def test_the_speed_up_of_few_items_in_new_processes_is_not_given_for_that_of_all() -> None:
    """First use weighs more in few items."""
    advice, _, _ = with_state(1.0, 0.05, 2_000, budget=30.0, fresh=True)
    tasks = advice.run.tables[0].tasks
    assert tasks < 2_000
    assert advice.recommendation is not None
    assert f"over {tasks} of 2,000 items" in advice.recommendation.headline
    assert any("over all items, the speed-ups differ" in one for one in advice.recommendation.valid_for)


@pytest.mark.parametrize("first_use", [0.0, 0.3, 3.0])
def test_what_it_takes_to_start_a_process_is_told_from_the_first_use(
    first_use: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executed items are not among it, and not fewer processes are counted than were started."""
    estimated = list[Costs]()

    def spied(costs: Costs, budget: float, left: float) -> Any:
        estimated.append(costs)
        return affordable(costs, budget, left)

    monkeypatch.setattr("concbench.harness.search.search.affordable", spied)
    with_state(first_use, 0.005, 100, starting=0.2)
    (costs,) = estimated
    assert costs.start_seconds == pytest.approx(0.2, abs=0.05)
    assert costs.first_use == pytest.approx(first_use, abs=0.05)
    assert costs.look.seconds == pytest.approx(0.005, rel=0.1)


def test_runners_are_not_left_out_for_first_executions_where_processes_are_kept() -> None:
    """Sequential and threads pay the 3 s twice before the rounds, and never in them."""
    kept, hosts, _ = with_state(3.0, 0.05, 40, budget=90.0, fresh=False)
    (table,) = kept.run.tables
    assert table.kept.kind == "state"
    assert hosts.simulated <= 1.5 * 90.0
    measured = {cell.label for cell in table.cells if cell.outcome.kind == "ok"}
    assert {"threads", "thread-pool:2", "thread-pool:4", "thread-pool:16"} <= measured


@pytest.mark.parametrize("first_use", [0.0, 0.3])
@pytest.mark.parametrize("most", [12, 40, 200, 1_500, 5_000])
def test_no_more_calls_are_made_than_are_allowed(first_use: float, most: int) -> None:
    """Looks and race count together; a refusal gives the limit and a way out."""
    hosts = Played(waits(0.005), first_use=first_use)
    try:
        advise(nothing, items=range(40), hosts=hosts, seed=1, max_calls=most)
    except BadSetting as refusal:
        assert f"--max-calls allows {most:,}" in str(refusal)
        assert "--limit" in str(refusal)
    assert sum(tasks for _, tasks in hosts.made) <= most


def test_a_look_alone_says_what_it_saw() -> None:
    """There was a single execution, and no time for more: the cell was executed, and no load was measured."""
    advice, _, (sentence,) = played(waits(3.0), 5.0)
    text = " ".join(str(advice).split())
    assert sentence in text
    assert "it was executed once, in 3.00 s" in text
    assert "not sampled" not in text
    assert "load of other processes" not in text


def test_what_is_advised_after_one_round_is_not_said_to_be_missing() -> None:
    """It is the runner of which least may be left open; the others are named."""
    advice, _, _ = played(waits(1.25), 10.0)
    assert advice.recommendation is not None
    chosen = advice.run[0][advice.recommendation.runner]
    missing = [str(one) for one in advice.recommendation.reasons if "not compared with everything" in str(one)]
    assert not any(chosen.name in sentence for sentence in missing)


def test_what_is_said_before_calls_runners_as_the_table_does() -> None:
    """The name is thread-pool(4), not thread-pool:4."""
    _, _, (sentence,) = played(waits(1.25), 10.0)
    assert "thread-pool(" in sentence
    assert "thread-pool:" not in sentence
