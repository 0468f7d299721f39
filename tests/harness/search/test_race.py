"""Advice over simulated machines: the race finds what it should, and claims no more than was shown."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from itertools import count
from typing import Any

import pytest

from concbench import Advice, ThreadPool, advise, machine
from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.errors import BadSetting, Inapplicable
from concbench.harness.events import CallsPlanned, Event, LookPlanned
from concbench.harness.executions import LOOK
from concbench.harness.hosts.base import InProcessHosts
from concbench.harness.planning.runner_specs import parse
from concbench.harness.search.candidates import RaceField
from concbench.harness.search.search import search
from concbench.options import make_options
from concbench.results.records import CellId, Sample
from concbench.runners import start_method
from concbench.runners.look import Look
from concbench.testing import SimulatedHosts
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

Model = Callable[[str], float]
"""Seconds of a cell, by its label."""
MILLISECOND = 0.001


def nothing(item: int) -> None:
    del item


async def later(item: int) -> int:
    return item


def wrapped(item: int) -> Any:
    return later(item)


def workers_of(label: str) -> int:
    return int(parse(label).settings.get("workers", 1))


def played(model: Model, tasks: int = 300, noise: float = 0.02, seed: int = 1) -> tuple[Advice, SimulatedHosts]:
    """A whole search on a machine that follows a model, with noise."""
    drawn = random.Random(seed)
    hosts = SimulatedHosts(lambda label, _: model(label) * drawn.lognormvariate(0.0, noise))
    return advise(nothing, items=range(tasks), hosts=hosts, seed=seed, compare=False), hosts


def saturating(most: int) -> Model:
    """Work that waits for as many tasks at once as there are workers, up to a limit of the other side."""

    def seconds(label: str) -> float:
        at_once = min(workers_of(label), most)
        return MILLISECOND * (10.0 / at_once + (0.5 if label.startswith("process") else 0.0))

    return seconds


def two_cores(label: str) -> float:
    """Work that computes: threads share a GIL, and two processes do not."""
    return MILLISECOND * (5.2 if label.startswith("process-pool") else 10.0)


def never_faster(label: str) -> float:
    """Tasks so short that handing them out costs more than doing them."""
    return MILLISECOND * (1.0 if label == "sequential" else 1.3 + workers_of(label) / 100)


@pytest.mark.parametrize("most", [4, 8, 16, 32, 64])
def test_the_number_of_workers_is_found_within_a_factor_of_two(most: int) -> None:
    """Powers of 4 are refined by 2, and no more workers are advised than help."""
    advice, _ = played(saturating(most))
    best = advice.recommendation
    assert best is not None
    assert best.runner.startswith("thread-pool:")
    assert most / 2 <= best.workers <= most * 2
    assert best.low is not None
    assert best.high is not None
    assert best.low <= 10 * MILLISECOND / saturating(most)(best.runner) <= best.high


def test_processes_win_where_computing_needs_cores() -> None:
    """The fewest workers that are as good are advised."""
    advice, _ = played(two_cores)
    assert advice.recommendation is not None
    assert advice.recommendation.runner == "process-pool:2"


def test_do_not_parallelise_is_an_answer() -> None:
    """The answer gives the task length from which it would be worth it."""
    advice, _ = played(never_faster)
    best = advice.recommendation
    assert best is not None
    assert (best.runner, best.speedup) == ("sequential", 1.0)
    assert "Do not parallelise" in best.headline
    assert str(advice).rstrip().endswith(best.headline)


def test_workers_that_were_too_few_beside_a_runner_that_failed_are_tried_after_all() -> None:
    """Many threads are quick once, and then fail: what they had outdone is measured, and one of these is advised."""

    def seconds(label: str, number: int) -> float | Exception:
        if number and workers_of(label) >= 64:
            return OSError("too many at once")
        return saturating(256)(label)

    advice = advise(nothing, items=range(300), hosts=SimulatedHosts(seconds), seed=1, compare=False)
    (table,) = advice.run.tables
    assert {cell.outcome.kind for cell in table.cells if cell.label in {"thread-pool:64", "thread-pool:256"}} == {
        "failed"
    }
    assert advice.recommendation is not None
    assert 16 <= advice.recommendation.workers < 64
    outdone = [cell.workers for cell in table.cells if cell.outcome.cause == "outdone"]
    assert outdone
    assert max(outdone) < advice.recommendation.workers


def test_a_baseline_that_is_far_behind_pauses_until_it_is_known_what_has_to_be_proved() -> None:
    """It is in the first round and in some later ones, and no reason names runners that were dropped meanwhile."""
    advice, _ = played(saturating(64), noise=0.05)
    (table,) = advice.run.tables
    rounds = {cell.label: [sample.round for sample in cell.samples] for cell in table.cells if cell.samples}
    assert rounds["sequential"][0] == 0
    assert rounds["sequential"][1] > 1
    assert 3 <= len(rounds["sequential"]) < table.rounds / 2
    assert advice.recommendation is not None
    assert advice.recommendation.proved
    assert not any("not fully measured" in str(reason) for reason in advice.recommendation.reasons)


@pytest.mark.parametrize("options", [{"max_rounds": 8}, {"max_rounds": 3}, {"max_calls": 300 * 90}])
def test_the_limits_of_a_race_leave_room_for_the_proof(options: dict[str, Any]) -> None:
    """Noise keeps many runners in the race, and all of them are far faster than the baseline."""
    drawn = random.Random(4)
    hosts = SimulatedHosts(lambda label, _: saturating(16)(label) * drawn.lognormvariate(0.0, 0.15))
    advice = advise(nothing, items=range(300), hosts=hosts, seed=1, compare=False, **options)
    assert advice.recommendation is not None
    assert advice.recommendation.low is not None
    sequential = next(cell for cell in advice.run.tables[0].cells if cell.label == "sequential")
    assert len(sequential.samples) >= 3


def test_workers_are_too_few_only_beside_others_of_the_same_variant() -> None:
    """A quick variant leaves nothing out of a slow one, and the other way round."""
    hosts = SimulatedHosts(lambda label, _: 0.01 if label.endswith("quick") else 1.0)
    advice = advise(nothing, items=range(40), hosts=hosts, seed=1, compare=False, env={"BACKEND": ["slow", "quick"]})
    assert not [cell for cell in advice.run.tables[0].cells if cell.outcome.cause == "outdone"]


def test_a_race_in_which_everything_fails_has_no_answer_and_says_why() -> None:
    """The looks did not meet the item that raises."""
    executed = count()

    def seconds(_: str, __: int) -> float | Exception:
        return 0.01 if next(executed) < LOOK.rounds + LOOK.warm_up + 2 else ValueError("item 17 is odd")

    advice = advise(nothing, items=range(300), hosts=SimulatedHosts(seconds), seed=1, compare=False)
    assert advice.recommendation is None
    assert "item 17 is odd" in str(advice)


def test_a_gain_of_a_few_percent_is_no_gain_and_need_not_be_proved() -> None:
    """The race ends once it is known that nothing gains more than 10 %."""
    advice, _ = played(lambda label: 0.1 if label == "sequential" else 0.096, noise=0.03)
    assert advice.recommendation is not None
    assert advice.recommendation.headline == "Do not parallelise: nothing was more than 10 % faster than sequential."
    assert max(len(cell.samples) for cell in advice.run.tables[0].cells) < 30


def test_what_is_far_behind_is_observed_only_if_it_is_the_fastest_of_its_kind() -> None:
    """The observed pass explains why threads or processes gain nothing, and one of each is enough for that."""
    quick = {"sequential": 100.0, "thread-pool:64": 10.0, "process-pool:2": 85.0}
    advice, _ = played(lambda label: MILLISECOND * quick.get(label, 90.0))
    cells = {cell.label: cell for cell in advice.run.tables[0].cells if cell.outcome.kind == "ok"}
    observed = {label for label, cell in cells.items() if cell.observed}
    assert {"sequential", "thread-pool:64"} < observed
    assert sum(label.startswith(("process", "mp")) for label in observed) == 1
    assert len(observed) < len(cells)


def test_what_was_not_proved_is_not_advised() -> None:
    """The machine is so noisy that nothing can be decided."""
    advice, _ = played(lambda label: 0.01 if label == "sequential" else 0.0097, noise=0.6)
    assert advice.recommendation is not None
    assert advice.recommendation.runner == "sequential"
    assert "for now" in advice.recommendation.headline


def test_hopeless_cells_are_dropped_early() -> None:
    """They are dropped after one round or two; the best and the baseline go on until their verdict."""
    _, hosts = played(lambda label: MILLISECOND * (60 if label == "thread-pool:2" else 10 if "pool" in label else 50))
    counts = Counter(label for label, _ in hosts.order)
    assert counts["thread-pool:2"] <= 1 + 1 + 1  # warm-up, one round, observed
    assert counts["sequential"] > counts["thread-pool:2"]


def test_workers_too_few_to_win_are_not_tried() -> None:
    """If 64 threads take a 64th of the time, 2 cannot take less than half of it, and are left out."""
    advice, hosts = played(saturating(64))
    executed = {label for label, _ in hosts.order}
    left_out = {cell.label: cell.workers for cell in advice.run.tables[0].cells if cell.outcome.cause == "outdone"}
    assert left_out
    assert not executed & left_out.keys()
    assert max(left_out.values()) <= 32
    assert advice.recommendation is not None
    assert advice.recommendation.runner == "thread-pool:64"
    assert advice.recommendation.headline.endswith("as fast as sequential.")


def limited_in_each_process(most: int) -> Model:
    """Work that waits for a resource of each process, which serves `most` tasks at once."""

    def seconds(label: str) -> float:
        workers = workers_of(label)
        return 1.0 / (workers if label.startswith("process") else min(workers, most))

    return seconds


@pytest.mark.parametrize(("most", "threads"), [(1, 1), (3, 3), (5, 5)])
def test_more_processes_join_where_threads_stop_gaining_and_no_core_is_busy(most: int, threads: int) -> None:
    """Two processes alone do less at once than many threads; more of them do more, as long as there is memory."""
    model = limited_in_each_process(most)
    field = RaceField(look(64, 0.01, awaitable=False, seconds=0.1))
    samples = {cell.id: [Sample(0.0, model(cell.label), 0.0, 0.01)] for cell in field.candidates}
    samples = {cell: taken for cell, taken in samples.items() if cell.label != "threads"}
    joined = [cell for cell in field.cells_to_join(samples) if cell.name == "process-pool"]
    assert max(workers_of(cell.label) for cell in joined) > threads


def test_a_process_for_each_task_joins_where_processes_lead_and_no_core_is_busy() -> None:
    """A task may then need a process for itself; with very many tasks there is no room for that."""
    model = limited_in_each_process(1)
    for tasks, joins in ((24, True), (1_000, False)):
        field = RaceField(look(tasks, 0.01, awaitable=False, seconds=0.1))
        samples = {cell.id: [Sample(0.0, model(cell.label), 0.0, 0.01)] for cell in field.candidates}
        samples = {cell: taken for cell, taken in samples.items() if cell.label != "threads"}
        assert any(cell.name == "processes" for cell in field.cells_to_join(samples)) is joins


def test_no_more_processes_join_where_a_core_is_busy_or_threads_still_gain() -> None:
    """They could not win."""
    field = RaceField(look(64, 0.01, awaitable=False, seconds=0.1))
    for cpu, most in ((1.0, 3), (0.0, 256)):
        model = limited_in_each_process(most)
        took = {cell.id: model(cell.label) for cell in field.candidates if cell.label != "threads"}
        samples = {cell: [Sample(0.0, one, 0.0, cpu * one)] for cell, one in took.items()}
        assert all(cell.name != "process-pool" for cell in field.cells_to_join(samples))


def test_no_more_processes_are_raced_than_there_is_memory_for() -> None:
    """There are never fewer than cores."""
    seen = look(1_000, 0.01, in_memory=6)
    assert seen.most_processes == 6
    assert look(1_000, 0.01, in_memory=1).most_processes == 2
    assert look(1_000, 0.01, in_memory=0).most_processes == 2, "no memory is not memory of which nothing is known"
    assert look(1_000, 1.0).most_processes == 4


def test_the_neighbours_of_the_smallest_cell_that_is_level_are_tried() -> None:
    """Near the knee, fewer workers may be enough."""
    field = RaceField(look(1_000, 0.01, awaitable=False, seconds=0.1))
    samples = {
        cell.id: [Sample(0.0, 0.1 if workers_of(cell.label) >= 16 else 1.0, 0.0)]
        for cell in field.candidates
        if cell.label != "threads"
    }
    joined = {workers_of(cell.label) for cell in field.cells_to_join(samples) if cell.name == "thread-pool"}
    assert {8, 12} <= joined


def test_a_quota_of_one_and_a_half_cores_is_worth_a_second_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """One and two workers are both raced; work that waits is not limited."""
    monkeypatch.setattr("concbench.machine.quota_cores", lambda: 1.5)
    monkeypatch.setattr("concbench.machine.affinity_cores", lambda: 4)
    assert (machine.usable_cores(), machine.cores_to_race()) == (1, 2)
    monkeypatch.setattr("concbench.machine.quota_cores", lambda: 2.0)
    assert machine.cores_to_race() == 2


@pytest.mark.parametrize(
    ("quota", "affinity", "asked", "usable", "raced"),
    [
        (2.5, 2, "", 2, 2),
        (1.9, 1, "", 1, 1),
        (3.0, 4, "2", 2, 2),
        (1.5, 4, "1", 1, 1),
        (0.5, 4, "", 1, 1),
        (2.5, 4, "", 2, 3),
        (None, 4, "3", 3, 3),
        (None, 4, "8", 4, 4),
    ],
)
def test_a_quota_is_worth_no_more_workers_than_there_are_cores_for(
    quota: float | None, affinity: int, asked: str, usable: int, raced: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tightest limit counts: the quota, affinity or PYTHON_CPU_COUNT."""
    monkeypatch.setattr("concbench.machine.quota_cores", lambda: quota)
    monkeypatch.setattr("concbench.machine.affinity_cores", lambda: affinity)
    monkeypatch.setenv("PYTHON_CPU_COUNT", asked)
    assert (machine.usable_cores(), machine.cores_to_race()) == (usable, raced)
    seen = replace(look(1_000, 1.0, awaitable=False), cores=2)
    assert {"sequential", "process-pool:2"} <= {cell.label for cell in RaceField(seen).candidates}
    assert max(replace(look(1_000, 0.01), cores=1).threads()) == 256


@pytest.mark.skipif(start_method.DEFAULT != "forkserver", reason="this platform does not fork safely")
def test_large_items_race_the_start_method_that_inherits_them() -> None:
    """It is raced if sending an item takes a good part of its task, and never for small items."""
    large, small = (
        {cell.label for cell in RaceField(look(24, 1.0, seconds=0.01, pickling=0.01, sending=sending)).candidates}
        for sending in (0.009, 0.0001)
    )
    assert large - small == {"processes:start_method=fork"}


def test_time_is_spent_on_what_is_open() -> None:
    """Two cells differ by 10 % on a noisy machine: rounds go on until that is known, or the time is over."""
    took = {"process-pool:2": 0.5, "process-pool:4": 0.55}
    advised = []
    for seed in range(8):
        advice, _ = played(lambda label: took.get(label, 1.0), noise=0.05, seed=seed)
        assert advice.recommendation is not None
        stopped = advice.run.tables[0].stopped
        assert stopped in {"verdicts", "budget", "rounds"}
        if stopped == "verdicts":
            assert {cell.label for cell in advice.run[0].fastest_group} & set(took) == {advice.recommendation.runner}
            advised.append(advice.recommendation.runner)
    assert set(advised) == {"process-pool:2"}


@pytest.mark.parametrize("seed", range(20))
def test_identical_runners_are_not_told_apart(seed: int) -> None:
    """None is claimed to be faster than sequential."""
    advice, _ = played(lambda _: 0.01, noise=0.1, seed=seed)
    assert advice.recommendation is not None
    assert advice.recommendation.runner == "sequential"


def test_the_same_seed_gives_the_same_race() -> None:
    """Order, samples and advice are the same."""
    (one, first), (other, second) = (played(saturating(16), seed=9) for _ in range(2))
    assert first.order == second.order
    assert one.recommendation == other.recommendation


def look(tasks: int, busy: float, *, seconds: float = 0.001, awaitable: bool = True, **known: Any) -> Look:
    """A look at work that keeps `busy` cores busy, on a machine with two."""
    return Look(tasks, seconds, busy > COMPUTES, busy < WAITS, awaitable=awaitable, cores=2, **known)


@pytest.mark.parametrize("busy", [0.01, 0.7, 1.0])
@pytest.mark.parametrize("tasks", [1, 2, 3, 50, 10_000])
@pytest.mark.parametrize("most_workers", [None, 5])
def test_candidates_make_sense(busy: float, tasks: int, most_workers: int | None) -> None:
    """There are never more workers than tasks or than allowed; each candidate occurs once, and sequential always."""
    seen = look(tasks, busy, most_workers=most_workers)
    field = RaceField(seen)
    cells = field.candidates
    assert cells[0].label == "sequential"
    assert len(cells) == len({cell.id for cell in cells})
    for cell in [*cells, *(beside for one in cells for beside in field.neighbours_of(one.id))]:
        assert cell.record(tasks).workers <= min(tasks, most_workers or tasks)


def test_work_that_waits_gets_many_threads_and_work_that_computes_few() -> None:
    """The numbers are those that make sense."""
    waits, computes = (
        [cell.label for cell in RaceField(look(1_000, busy, seconds=0.1, awaitable=False)).candidates]
        for busy in (0.01, 1.0)
    )
    assert "thread-pool:256" in waits
    assert max(workers_of(spec) for spec in computes) == 4
    assert not any(spec.startswith("asyncio") for spec in waits)


def test_the_baseline_rests_when_nothing_is_asked_of_it() -> None:
    """It is slow where threads win by far; its verdict is known long before the best number of threads is."""
    drawn = random.Random(3)

    def seconds(label: str, _: int) -> float:
        at_once = min(workers_of(label), 64)
        return MILLISECOND * 100.0 / at_once * drawn.lognormvariate(0.0, 0.05)

    hosts = SimulatedHosts(seconds)
    advice = advise(nothing, items=range(300), hosts=hosts, seed=1, compare=False, observe=False)
    (table,) = advice.run.tables
    assert len(table.cell("sequential").samples) < max(len(cell.samples) for cell in table.cells)
    assert advice.recommendation is not None
    assert (advice.recommendation.low or 0.0) > 10


def test_costly_pickling_leaves_one_pool_of_processes() -> None:
    """The pool shows that it cannot win."""
    cells = RaceField(look(1_000, 1.0, awaitable=False, pickling=0.002)).candidates
    assert [cell.label for cell in cells if cell.name.startswith("process")] == [
        "process-pool:2",
        "process-pool:workers=2,chunksize=125",
    ]


def test_a_baseline_that_fails_in_the_race_leaves_no_advice() -> None:
    """The baseline has samples by then, and so have the others: that does not mean that nothing was faster."""

    def seconds(label: str, number: int) -> float | Exception:
        if label == "sequential":
            return ValueError("the disk is full") if number == 3 else 0.01
        return 0.02

    advice = advise(nothing, items=range(300), hosts=SimulatedHosts(seconds), seed=1, compare=False)
    (table,) = advice.run.tables
    assert table.cell("sequential").samples
    assert advice.recommendation is None
    text = " ".join(str(advice).split())
    flaky = "flaky: failed in 1 of 6 executions: the disk is full"
    assert f"there is nothing to compare with, since sequential failed after 2 rounds ({flaky})" in text
    assert "parallelise" not in text


@pytest.mark.parametrize(
    "end", [Inapplicable("f is defined in the main program: move it to a module"), ValueError("burst")]
)
def test_what_could_not_be_tried_is_in_the_headline(end: Exception) -> None:
    """Functions in a notebook are an example: processes cannot import them."""
    hosts = SimulatedHosts(lambda label, _: end if label.startswith("process") else never_faster(label))
    advice = advise(nothing, items=range(300), hosts=hosts, seed=1, compare=False)
    assert advice.recommendation is not None
    assert advice.recommendation.headline.startswith(
        "Nothing that was measured was faster than sequential; process-pool"
    )
    assert str(end) in advice.recommendation.headline
    assert "parallelise" not in " ".join(str(advice).split())


@pytest.mark.parametrize("most", [1, 5])
def test_what_the_number_of_workers_ruled_out_is_a_row_and_in_the_headline(most: int) -> None:
    """More workers might have won."""
    hosts = SimulatedHosts(lambda label, _: never_faster(label))
    advice = advise(nothing, items=range(300), hosts=hosts, seed=1, compare=False, max_workers=most)
    (table,) = advice.run.tables
    assert (
        table.cell("thread-pool:64").outcome.reason == f"calls at once are limited to {most}; --max-workers allows more"
    )
    assert advice.recommendation is not None
    assert "16, 64 and 256 workers" in advice.recommendation.headline
    assert "--max-workers allows more" in advice.recommendation.headline
    assert "parallelise" not in advice.recommendation.headline


def test_no_row_is_ruled_out_where_any_number_of_workers_would_do() -> None:
    """As many workers are allowed as are useful."""
    hosts = SimulatedHosts(lambda label, _: never_faster(label))
    advice = advise(nothing, items=range(300), hosts=hosts, seed=1, compare=False, max_workers=256)
    assert {cell.outcome.kind for cell in advice.run.tables[0].cells} == {"ok"}
    assert advice.recommendation is not None
    assert "Do not parallelise" in advice.recommendation.headline


@pytest.mark.parametrize("model", [never_faster, two_cores, saturating(256)])
@pytest.mark.parametrize("most_workers", [None, 40])
def test_no_more_calls_are_in_progress_than_were_announced(model: Model, most_workers: int | None) -> None:
    """Neighbours of the leader, and their neighbours, may have joined by the end."""
    told: list[CallsPlanned] = []

    def listen(event: Event) -> None:
        if isinstance(event, CallsPlanned):
            told.append(event)

    workload = FunctionWorkload.of(nothing, list(range(300)), CallForm(compare=False, max_workers=most_workers))
    hosts = SimulatedHosts(lambda label, _: model(label))
    table = search(workload, hosts, make_options(seed=1), listen).table
    assert max(cell.workers for cell in table.cells if cell.warmup) <= told[0].at_once <= (most_workers or 256)
    assert len(told) == 1


@pytest.mark.parametrize("busy", [0.01, 1.0])
@pytest.mark.parametrize("tasks", [1, 2, 3, 50, 10_000])
def test_the_bound_of_a_race_covers_whatever_may_join(busy: float, tasks: int) -> None:
    """This holds however often a leader's workers are doubled."""
    field = RaceField(look(tasks, busy))
    cells, known = [*field.candidates], dict[CellId, int]()
    while cells:
        cell = cells.pop()
        known[cell.id] = cell.record(tasks).workers
        cells += [beside for beside in field.neighbours_of(cell.id) if beside.id not in known]
    assert max(known.values()) == field.peak_calls


@pytest.mark.parametrize(
    ("tasks", "max_calls"), [(1, None), (2, None), (3, None), (33, None), (2, 50), (30, 50), (1_000, 50)]
)
def test_looks_make_no_more_calls_than_are_announced(tasks: int, max_calls: int | None) -> None:
    """No more are made than are allowed; short tasks are looked at twice, with as many as possible."""
    calls: list[int] = []
    announced: list[LookPlanned] = []

    def counting(item: int) -> None:
        calls.append(item)

    def listen(event: Event) -> None:
        if isinstance(event, LookPlanned):
            assert not calls
            announced.append(event)
        if isinstance(event, CallsPlanned):
            raise KeyboardInterrupt

    workload = FunctionWorkload.of(counting, list(range(tasks)), CallForm())
    with pytest.raises((KeyboardInterrupt, BadSetting)):
        search(workload, InProcessHosts(), make_options(seed=1, max_calls=max_calls), listen)
    (look,) = announced
    assert len(calls) <= look.calls
    if max_calls is None:
        assert len(calls) == LOOK.total * (1 + (min(32, tasks) if tasks > 1 else 0))


def test_what_turns_out_to_return_awaitables_is_awaited_in_the_advice() -> None:
    """Only the first look could find that out."""
    advice = advise(wrapped, items=range(2), isolate=False, max_calls=100, seed=1, observe=False)
    assert advice.recommendation is not None
    assert "asyncio.run(" in advice.recommendation.snippet


class _Offering(ThreadPool):
    """A plug-in whose hooks are replaced by each test."""


def _registered(monkeypatch: pytest.MonkeyPatch, **hooks: Any) -> None:
    for name in ("candidates", "neighbours", "program"):
        monkeypatch.setattr(_Offering, name, hooks.get(name), raising=False)
    point = EntryPoint("offering", f"{__name__}:_Offering", "concbench.runners")
    points = {"concbench.runners": [point]}
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.get(group, []))


@pytest.mark.parametrize(
    ("offer", "offered"),
    [
        (lambda _: [_Offering(2), _Offering(4), _Offering(4)], ["offering:2", "offering:4"]),
        (lambda _: [_Offering(100_000)], []),
        (lambda _: 1 / 0, []),
        (lambda _: None, []),
        (lambda _: [2, 3], []),
        (lambda: [_Offering(2)], []),
    ],
)
def test_what_a_plug_in_offers_is_tried_once_if_it_makes_sense_and_never_ends_the_race(
    monkeypatch: pytest.MonkeyPatch, offer: Any, offered: list[str]
) -> None:
    """The user who asks for advice has not written it."""
    _registered(monkeypatch, candidates=offer)
    cells = RaceField(look(1_000, 0.1)).candidates
    assert [cell.label for cell in cells if cell.name == "offering"] == offered
    assert cells[0].label == "sequential"


def test_neighbours_without_an_end_are_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is always another one, with two more workers."""
    _registered(
        monkeypatch,
        candidates=lambda _: [_Offering(2)],
        neighbours=lambda self, _: [_Offering(self.workers + 2)],
    )
    assert RaceField(look(1_000, 0.1)).peak_calls == 1_000
    assert RaceField(look(10**6, 0.1)).peak_calls == 10**6


@pytest.mark.parametrize("program", [lambda *_: 1 / 0, lambda *_: "lines", None], ids=["raises", "text", "none"])
def test_a_program_that_cannot_be_written_is_one_that_uses_the_runner(
    monkeypatch: pytest.MonkeyPatch, program: Any
) -> None:
    """The race is over then, and must not be lost."""
    _registered(monkeypatch, candidates=lambda _: [_Offering(4)], program=program)
    hosts = SimulatedHosts(lambda label, _: 0.01 if label.startswith("offering") else 0.1)
    advice = advise(nothing, items=range(8), hosts=hosts, seed=1, compare=False)
    assert advice.recommendation is not None
    assert advice.recommendation.runner == "offering:4"
    assert "with _Offering(workers=4) as runner:" in advice.recommendation.snippet
