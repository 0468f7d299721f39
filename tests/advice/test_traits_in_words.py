"""Every sentence about a runner follows from its traits and not from its name; undeclared traits give no sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_cells import (
    COMPUTES,
    COROUTINES,
    IN_INTERPRETERS,
    OF_SEVERAL_THREADS,
    POOL,
    REMOTE,
    SUBPROCESSES,
    TASKS,
    TURNS,
    UNDECLARED,
    UNKNOWN,
    WAITS,
    Spans,
    of_seconds,
    of_tasks,
    plug_in,
    table,
)

from concbench.advice.answer import answer, simplicity
from concbench.advice.losses import findings_of
from concbench.advice.recommendation import recommend
from concbench.advice.rules import findings
from concbench.analysis.table_analysis import analyse
from concbench.report.breakdown import breakdown
from concbench.report.section import section
from concbench.results.records import Cell, Outcome
from concbench.traits import Traits

ALL = [POOL, SUBPROCESSES, IN_INTERPRETERS, OF_SEVERAL_THREADS, COROUTINES, REMOTE, UNDECLARED, UNKNOWN]
SILENT = [OF_SEVERAL_THREADS, REMOTE, UNDECLARED, UNKNOWN]
BUSY, IDLE = of_seconds("sequential", 1.0), of_seconds("sequential", 1.0, 0.1)


def waves(traits: Traits, seconds: float, cores: float, workers: int = 2, **changes: Any) -> Cell:
    """A runner with an unknown name."""
    made = plug_in(of_seconds(f"thread-pool:{workers}", seconds, cores, workers=workers), f"waves:{workers}", traits)
    assert made.observed is not None
    observed = replace(made.observed, tree_cpu=made.observed.cpu, **changes)
    return replace(made, observed=observed)


def told(*cells: Cell, **changes: Any) -> str:
    return " ".join(map(str, answer(analyse(table(*cells, **changes)))))


@pytest.mark.parametrize("traits", ALL)
def test_who_shares_an_interpreter_is_named_where_results_are_wrong(traits: Traits) -> None:
    wrong = replace(waves(traits, 1.0, 1.0), samples=[], outcome=Outcome("failed", "they differ", cause="results"))
    said = told(BUSY, wrong, checked="sequential")
    assert ("not safe to run concurrently in one process: it gave wrong results under waves(2)" in said) is (
        traits in (POOL, COROUTINES, OF_SEVERAL_THREADS)
    )


@pytest.mark.parametrize("traits", ALL)
def test_who_waited_at_once_in_one_interpreter_is_named(traits: Traits) -> None:
    assert ("waves(2) waited for many tasks at once" in told(IDLE, waves(traits, 0.1, 0.8))) is (
        traits in (POOL, COROUTINES)
    )


@pytest.mark.parametrize("traits", ALL)
def test_threads_are_what_the_gil_is_named_for(traits: Traits) -> None:
    """This holds for threads that held it, and for threads that released it."""
    assert ("hold the GIL" in told(BUSY, waves(traits, 1.0, 1.0))) is (traits is POOL)
    assert ("releases the GIL" in told(BUSY, waves(traits, 0.5, 1.9))) is (traits is POOL)


@pytest.mark.parametrize("traits", ALL)
def test_interpreters_and_processes_are_called_what_they_are(traits: Traits) -> None:
    said = told(BUSY, waves(traits, 0.5, 1.9))
    both = "at the same time (waves(2) 2.0"
    assert (f"Processes computed {both}" in said) is (traits is SUBPROCESSES)
    assert (f"Interpreters computed {both}" in said) is (traits is IN_INTERPRETERS)
    assert ("each has a GIL of its own, and waves(2) kept 1.9 cores busy" in said) is (
        traits in (SUBPROCESSES, IN_INTERPRETERS)
    )


def test_interpreters_and_processes_that_both_computed_are_named_together() -> None:
    other = replace(waves(SUBPROCESSES, 0.5, 1.9), label="tides:2", runner="tides")
    said = told(BUSY, waves(IN_INTERPRETERS, 0.5, 1.9), other)
    assert "Interpreters and processes computed at the same time (waves(2) " in said


@pytest.mark.parametrize("traits", ALL)
def test_pickling_is_named_for_those_that_pickle(traits: Traits) -> None:
    facts = {"pickling_seconds": 0.2, "item_bytes": 2e6, "result_bytes": 28.0}
    said = told(BUSY, waves(traits, 1.4, 1.9), facts=facts)
    assert ("Pickling costs 200 ms per task for" in said) is bool(traits.pickles)
    for traits_of_one, noun in ((SUBPROCESSES, "processes"), (IN_INTERPRETERS, "interpreters")):
        assert (f"per task for {noun}," in said) is (
            traits is traits_of_one or (noun == "processes" and traits is OF_SEVERAL_THREADS)
        )


@pytest.mark.parametrize("traits", ALL)
def test_memory_and_starting_are_named_for_workers_that_share_no_interpreter(traits: Traits) -> None:
    """Each worker has modules and a heap of its own."""
    assert IDLE.observed
    small = replace(IDLE, observed=replace(IDLE.observed, memory=100_000_000))
    late = waves(traits, 2.0, 0.5, memory=900_000_000, began=[0.0, 1.8])
    said = told(small, late, of_seconds("threads", 0.1))
    own = traits in (SUBPROCESSES, IN_INTERPRETERS)
    assert ("Each worker of waves(2) adds 400 MB of memory" in said) is own
    assert ("Starting every worker took 90 % of waves(2)'s 2.00 s" in said) is own


@pytest.mark.parametrize("traits", ALL)
def test_what_is_saturated_is_found_under_those_who_wait_together(traits: Traits) -> None:
    """The runner is the same with the same settings, except for more workers."""

    def waiting(workers: int, length: float, **settings: Any) -> Cell:
        spans: Spans = [(place // workers * length, (place // workers + 1) * length, 0.0, place % workers)
                        for place in range(TASKS)]  # fmt: skip
        made = plug_in(of_tasks(f"thread-pool:{workers}", spans, workers=workers), f"waves:{workers}", traits)
        assert made.observed is not None
        return replace(made, settings={"workers": workers, **settings},
                       observed=replace(made.observed, tree_cpu=0.0))  # fmt: skip

    said = told(WAITS, waiting(4, 1.0), waiting(8, 2.0))
    assert ("waves(8) was no faster than waves(4)" in said) is (traits in (POOL, COROUTINES))
    assert "no faster than" not in told(WAITS, waiting(4, 1.0, backend="a"), waiting(8, 2.0, backend="b"))


@pytest.mark.parametrize("traits", ALL)
def test_more_than_workers_can_gain_is_named_where_they_share_nothing(traits: Traits) -> None:
    spans: Spans = [(place // 2 * 0.5, place // 2 * 0.5 + 0.5, 0.5, place % 2) for place in range(TASKS)]
    said = told(COMPUTES, plug_in(of_tasks("thread-pool:2", spans, workers=2), "waves:2", traits))
    assert ("waves(2) gained more than its 2 workers" in said) is (traits in (SUBPROCESSES, IN_INTERPRETERS))


@pytest.mark.parametrize("traits", ALL)
def test_the_longest_task_is_the_limit_of_what_runs_here(traits: Traits) -> None:
    """Another machine may be faster."""
    lengths = [0.0, 1.0, 2.0, 9.0]
    baseline = of_tasks("sequential", [(lengths[place], lengths[place + 1], 0.0, 0) for place in range(3)])
    fast = replace(waves(traits, 7.5, 0.1), interpreter={})
    baseline = replace(baseline, samples=[replace(one, work=9.0) for one in baseline.samples])
    assert ("of waves(2)'s" in told(baseline, fast)) is (traits not in (REMOTE, UNDECLARED, UNKNOWN))


@pytest.mark.parametrize("traits", SILENT[1:])
def test_no_rule_and_no_loss_names_a_runner_that_does_not_say_what_it_is(traits: Traits) -> None:
    """This holds whatever its result; in the table and among the fastest it counts like any other."""
    facts = {"native_threads": 2.0}
    for baseline in (BUSY, IDLE, COMPUTES, WAITS):
        for seconds, cores in ((0.1, 0.5), (1.0, 1.0), (0.5, 1.9), (3.0, 0.1)):
            analysis = analyse(table(baseline, waves(traits, seconds * 8, cores), facts=facts))
            assert not any("waves" in str(finding) for finding in findings(analysis))
    spans: Spans = [(start + 3, end + 3, cpu, worker) for start, end, cpu, worker in TURNS]
    late = plug_in(of_tasks("thread-pool:2", spans, workers=2), "waves:2", traits)
    analysis = analyse(table(COMPUTES, late))
    assert findings_of(analysis.cells[1], analysis) == []
    why = breakdown(analysis)
    assert [bar.name for bar in why.bars] == ["sequential"]
    (note,) = [note for note in why.notes if "waves(2)" in note and note.startswith("Not shown")]
    assert ("run where they cannot be observed" if traits is REMOTE else "does not declare its traits") in note
    fast = waves(traits, 0.5, 1.9)
    assert told(BUSY, fast).startswith("waves(2) was fastest: 2.0")
    found = recommend(analyse(table(BUSY, fast)), 4)
    assert found is not None
    assert found.runner == "waves:2"
    assert not any("Workers are" in line or "Workers were" in line for line in found.valid_for)


def test_what_is_elsewhere_has_a_row_without_what_nobody_can_see() -> None:
    """Start-up, cores and memory of our own process would be those of a process that waits."""
    assert BUSY.observed
    baseline = replace(BUSY, observed=replace(BUSY.observed, memory=10**7))
    grid = section(analyse(table(baseline, waves(REMOTE, 0.5, 0.02, memory=10**7)))).costs
    assert [column.header for column in grid.columns] == ["runner", "workers", "start-up", "cores", "memory"]
    assert [(value.text, value.number) for value in grid.rows[1]] == [
        ("waves(2)", None), ("2", 2), ("-", None), ("-", None), ("-", None),
    ]  # fmt: skip
    assert "-" not in [value.text for value in grid.rows[0]]


@pytest.mark.parametrize(
    ("traits", "baseline", "spans", "says"),
    [
        (POOL, COMPUTES, TURNS, "only one thread at a time can hold the GIL (or another lock) and compute"),
        (COROUTINES, COMPUTES, TURNS, "all coroutines share one thread"),
        (OF_SEVERAL_THREADS, COMPUTES, TURNS, "a shared resource: the GIL, a lock"),
        (SUBPROCESSES, COMPUTES, TURNS, "a shared resource: a lock"),
        (IN_INTERPRETERS, COMPUTES, TURNS, "a shared resource: a lock"),
    ],
)
def test_what_was_lost_to_contention_follows_from_what_workers_share(
    traits: Traits, baseline: Cell, spans: Spans, says: str
) -> None:
    cell = plug_in(of_tasks("thread-pool:2", spans, workers=2), "waves:2", traits)
    analysis = analyse(table(baseline, cell))
    (finding,) = findings_of(analysis.cells[1], analysis)
    assert says in finding.sentence


@pytest.mark.parametrize("traits", [SUBPROCESSES, IN_INTERPRETERS])
def test_more_computing_workers_than_cores_took_turns(traits: Traits) -> None:
    four: Spans = [(place // 4 * 2.0, place // 4 * 2.0 + 2.0, 1.0, place % 4) for place in range(TASKS)]
    analysis = analyse(table(COMPUTES, plug_in(of_tasks("thread-pool:4", four, workers=4), "waves:4", traits)))
    (finding,) = findings_of(analysis.cells[1], analysis)
    assert "4 workers that compute took turns on 2 cores" in finding.sentence


def test_batches_pickles_and_workers_for_each_task_are_named_by_traits() -> None:
    gaps: Spans = [(place * 3.0, place * 3.0 + 1.0, 1.0, place) for place in range(TASKS)]

    def lost(traits: Traits, workers: int) -> str:
        made = plug_in(of_tasks("thread-pool:2", gaps, workers=workers), f"waves:{workers}", traits)
        analysis = analyse(table(COMPUTES, made, facts={"pickling_seconds": 1.0}))
        return " ".join(finding.sentence for finding in findings_of(analysis.cells[1], analysis))

    assert "a batch of 1 begins when the slowest" in lost(replace(POOL, barriers=True, worker_per_task=True), 1)
    assert "pickling an item and its result takes 1.00 s" in lost(SUBPROCESSES, 1)
    assert "pickling an item and its result takes 1.00 s" in lost(IN_INTERPRETERS, 1)
    assert "dispatching a task took" in lost(POOL, 1)
    assert "was lost to starting 8 workers" in lost(replace(POOL, worker_per_task=True), 8)


def test_the_simplest_is_the_one_that_says_so() -> None:
    """A runner without a declared simplicity is last; of one runner, the fewest workers come first."""
    cells = [
        waves(replace(POOL, simplicity=5), 0.5, 1.0, workers=8),
        waves(replace(POOL, simplicity=5), 0.5, 1.0, workers=4),
        waves(UNDECLARED, 0.5, 1.0), of_seconds("threads", 0.5), of_seconds("thread-pool:2", 0.5),
        of_seconds("process-pool:2", 0.5),
    ]  # fmt: skip
    ordered = sorted(analyse(table(*cells)), key=simplicity)
    assert [cell.label for cell in ordered] == [
        "waves:4", "waves:8", "thread-pool:2", "threads", "process-pool:2", "waves:2",
    ]  # fmt: skip
    found = recommend(analyse(table(BUSY, cells[1], of_seconds("thread-pool:2", 0.5))), 4)
    assert found is not None
    assert found.runner == "waves:4"


def test_only_workers_that_can_be_kept_are_said_to_be_worth_keeping() -> None:
    """A runner that starts a worker for every task cannot keep them."""
    for traits, keeps in ((POOL, True), (replace(POOL, worker_per_task=True), False), (UNDECLARED, False)):
        for warm, sentence in ((False, "Workers are started for each execution"), (True, "Workers were kept")):
            rows = table(BUSY, waves(traits, 0.5, 1.9, began=[0.0, 0.1]), warm=warm)
            found = recommend(analyse(rows), 4)
            assert found is not None
            assert any(line.startswith(sentence) for line in found.valid_for) is keeps


@pytest.mark.parametrize("traits", [UNDECLARED, UNKNOWN, REMOTE])
def test_a_baseline_that_does_not_say_what_it_is_shows_nothing_of_the_work(traits: Traits) -> None:
    """It may compute on threads of its own instead of running the function."""
    own = replace(waves(traits, 1.0, 1.9), workers=1)
    assert "by itself" not in told(own, of_seconds("process-pool:2", 1.2))
    waiting = replace(waves(traits, 1.0, 0.1), workers=1)
    assert "computed only" not in told(waiting, of_seconds("thread-pool:2", 0.1, 0.5))
    found = recommend(analyse(table(own, of_seconds("process-pool:2", 0.5))), 4)
    assert found is not None
    assert not any("of their time" in line for line in found.valid_for)
