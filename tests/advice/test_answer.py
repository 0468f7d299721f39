"""The answer in words follows from the figures of the run, and only from them."""

import re
from dataclasses import replace
from typing import Any

import pytest
from made_cells import of_rounds, table
from made_cells import of_seconds as cell

from concbench.advice.answer import answer
from concbench.advice.recommendation import Recommendation, recommend
from concbench.advice.rules import findings
from concbench.analysis.table_analysis import analyse
from concbench.report.section import section
from concbench.results.records import Cell, Outcome, Sample, Tasks

SIEVE: dict[str, Any] = {"other_algorithm": "a sieve", "other_algorithm_seconds": 0.01}


def words(*cells: Cell, facts: dict[str, Any] | None = None) -> str:
    return " ".join(map(str, answer(analyse(table(*cells, facts=facts or {})))))


def advised(*cells: Cell) -> Recommendation:
    found = recommend(analyse(table(*cells)), 4)
    assert found is not None
    return found


SEQUENTIAL = cell("sequential", 1.0)
WAITING = cell("sequential", 1.0, cores=0.1)


def test_the_fastest_is_named_with_its_speed_up_and_interval() -> None:
    """The speed-up is the typical per-round ratio, with its interval."""
    text = words(SEQUENTIAL, cell("process-pool:2", 0.5, 1.9))
    assert text.startswith("process-pool(2, spawn) was fastest: ")
    assert re.search(r"fastest: (1.9|2.0)\dx \[1.9\d, 2.0\d\] as fast as sequential", text)


def test_ties_are_named_and_the_simplest_of_them_is_advised() -> None:
    """Ties are the runners that cannot be told apart from the leader."""
    text = words(WAITING, cell("asyncio:32", 0.10, 0.5), cell("threads", 0.1005, 0.5), cell("batched-threads:10", 0.2))
    assert "threads and asyncio(32) are statistically tied: take the simplest, threads (9.95x [" in text
    assert "batched-threads(10) and" not in text


def test_what_is_only_undecided_is_never_advised() -> None:
    """Noise may leave a simple runner level with the first, but it is not proved to be faster than the baseline."""
    text = words(SEQUENTIAL, cell("process-pool:2", 0.5, 1.9), cell("threads", 0.7, 1.0, noise=0.9))
    assert "take the simplest" not in text
    assert "process-pool(2, spawn) was proved to be faster" in text
    assert "Undecided: threads [" in text


def test_what_is_undecided_and_far_behind_needs_no_more_rounds() -> None:
    """Whether it is faster than the baseline does not matter beside a runner that is ten times as fast."""
    text = words(WAITING, cell("asyncio:32", 0.1), cell("threads", 1.0, noise=0.3))
    assert "Undecided, but less than half as fast as the fastest: threads [" in text
    assert "would settle it" not in text


def test_what_is_undecided_and_close_to_the_baseline_needs_no_more_rounds() -> None:
    """It gains 10 % at most; where nothing gains more, the answer says so."""
    text = words(SEQUENTIAL, cell("process-pool:2", 0.5, 1.9), cell("threads", 0.97, 1.0, noise=0.03))
    assert "Undecided, but within 10 % of sequential: threads [" in text
    assert "would settle it" not in text
    alone = words(SEQUENTIAL, cell("threads", 0.97, 1.0, noise=0.03))
    assert "Nothing was more than 10 % faster than sequential (threads within 10 %): leave it as it is." in alone


def test_a_runner_that_is_proved_slower_is_no_tie() -> None:
    """The answer does not mention it."""
    text = words(WAITING, cell("asyncio:32", 0.10), cell("threads", 0.12))
    assert "asyncio(32) was fastest" in text
    assert "tied" not in text


def test_where_nothing_is_faster_the_advice_is_to_leave_it() -> None:
    """Same and slower runners are listed separately."""
    text = words(SEQUENTIAL, cell("thread-pool:4", 1.0), cell("processes", 2.0))
    assert "thread-pool(4) the same within 5 %; processes(spawn) slower" in text
    assert "leave it as it is" in text
    assert "fastest" not in text


def test_undecided_is_an_answer_and_says_what_would_decide() -> None:
    """Noise hides the sign of the difference."""
    text = words(SEQUENTIAL, cell("thread-pool:4", 0.95, noise=0.4))
    assert "Nothing was proved to be faster" in text
    assert "Undecided: thread-pool(4) [" in text
    assert "--max-rounds" in text


def test_below_three_rounds_there_is_no_verdict() -> None:
    """Only a ratio is given, and the number of rounds that a verdict needs."""
    text = words(cell("sequential", 1.0, rounds=2), cell("threads", 0.5, rounds=2))
    assert "A verdict needs at least 3 rounds." in text
    assert "was fastest" not in text


def test_the_gil_is_named_where_threads_computed_one_at_a_time() -> None:
    """The baseline computes, threads gained nothing, one core was busy, and there is a GIL."""
    text = words(SEQUENTIAL, cell("threads", 1.01, 1.0))
    assert "Threads gained nothing (threads 0.99x)" in text
    assert "GIL" in text


def test_a_gain_that_is_proved_and_small_is_not_called_nothing() -> None:
    """The table beside it says faster."""
    text = words(SEQUENTIAL, cell("threads", 0.96, 1.0))
    assert "threads was fastest" in text
    assert "Threads gained next to nothing (threads 1.04x)" in text


@pytest.mark.parametrize(
    ("baseline", "threads"),
    [
        (SEQUENTIAL, cell("threads", 1.0, 1.0, gil=False)),
        (SEQUENTIAL, cell("threads", 0.5, 1.9)),
        (SEQUENTIAL, cell("threads", 1.0, 1.9)),
        (WAITING, cell("threads", 1.0, 0.1)),
        (SEQUENTIAL, cell("threads", 1.0, 1.0, workers=1)),
        (replace(SEQUENTIAL, observed=None), cell("threads", 1.0, 1.0)),
        (SEQUENTIAL, cell("threads", 1.0, None)),
    ],
    ids=[
        "no GIL",
        "gained",
        "two cores busy",
        "waiting",
        "one worker",
        "baseline not observed",
        "threads not observed",
    ],
)
def test_the_gil_is_not_named_without_a_ground(baseline: Cell, threads: Cell) -> None:
    """One part of the evidence is missing in each case."""
    assert "hold the GIL" not in words(baseline, threads)


def test_waiting_is_named_where_it_overlapped() -> None:
    """The baseline hardly computes, and the runners gained."""
    text = words(WAITING, cell("thread-pool:32", 0.1, 0.8))
    assert "sequential computed only 10 % of its time and waited for the rest" in text


def test_waiting_is_not_named_where_the_work_computes() -> None:
    """Threads may have been fast, as in a free-threaded build."""
    assert "waited" not in words(SEQUENTIAL, cell("threads", 0.5, 2.0, gil=False))


def test_starting_is_named_where_it_took_most_of_the_time() -> None:
    """The share of the observed pass is given."""
    text = words(WAITING, cell("processes", 2.0, 1.8, began=1.8), cell("threads", 0.1, 0.5))
    assert "Starting every worker took 90 % of processes(spawn)'s 2.00 s in the observed pass." in text


def test_an_initializer_is_in_what_starting_takes() -> None:
    """The sentence says so: workers may start quickly and load for a long time."""
    cells = WAITING, cell("processes", 2.0, 1.8, began=1.8), cell("threads", 0.1, 0.5)
    text = " ".join(map(str, answer(analyse(table(*cells, settings={"initializer": "app:load"})))))
    assert "Starting every worker, until its initializer had ended, took 90 % of processes" in text


def test_a_better_algorithm_is_named_only_where_it_was_timed() -> None:
    """The figure is given."""
    pool = cell("process-pool:2", 0.5, 1.9)
    text = words(SEQUENTIAL, pool, facts=SIEVE)
    assert "a sieve gives the same results in 10.0 ms, 99.7x as fast as sequential (timed once)" in text
    assert "algorithm" not in words(SEQUENTIAL, pool)


def test_a_baseline_without_times_gives_no_answer_and_the_reason() -> None:
    """There is no silent NaN."""
    failed = replace(SEQUENTIAL, samples=[], outcome=Outcome("failed", "it burst"))
    assert words(failed, cell("threads", 1.0)) == "No answer: sequential has no times to compare with (it burst)."


def test_a_single_cell_is_not_compared_with_itself() -> None:
    """The cell was merely measured."""
    assert "nothing to compare" in words(SEQUENTIAL)


@pytest.mark.parametrize(
    ("load", "says", "flagged"),
    [
        ([0.02] * 9, "Other processes used 0.02 cores meanwhile.", False),
        ([0.2] * 9, "enough to change ratios", True),
        ([0.9] * 9, "may differ from those on a quiet machine", True),
        ([0.01] * 8 + [2.0], "used 0.01 cores", False),
        ([], "", False),
    ],
)
def test_the_load_of_others_stands_beside_the_answer(load: list[float], says: str, flagged: bool) -> None:
    """It is flagged above 0.15 cores, and in stronger words above 0.4; the median of the rounds counts."""
    one = section(analyse(table(SEQUENTIAL, cell("threads", 1.0), load=load)))
    assert says in one.load
    assert one.loaded is flagged
    assert ("The load of other processes could not be read here." in one.brief) is (load == [])


def test_an_unsteady_baseline_is_the_sign_where_the_load_cannot_be_read() -> None:
    """The sign is the median over the minimum."""
    one = section(analyse(table(cell("sequential", 1.0, noise=0.5), cell("threads", 1.0))))
    assert "unsteady" in one.load
    assert one.loaded


@pytest.mark.parametrize(("others", "cautious"), [(0.0, False), (0.1, False), (0.3, True), (0.9, True)])
def test_a_busy_machine_is_named_beside_the_answer(others: float, cautious: bool) -> None:
    """It is the last line, where it is read."""
    said = answer(analyse(table(cell("sequential", 1.0), cell("thread-pool:4", 0.5), load=[others] * 3)))
    assert ("before you act" in str(said[-1])) is cautious


def with_tasks(made: Cell, *lengths: float) -> Cell:
    """The same cell with its tasks observed sequentially."""
    assert made.observed is not None
    ends = [sum(lengths[: place + 1]) for place in range(len(lengths))]
    tasks = Tasks([0.0, *ends[:-1]], ends, [0.0] * len(lengths), [0] * len(lengths))
    return replace(made, observed=replace(made.observed, tasks=tasks))


def test_threads_that_computed_at_once_release_the_gil() -> None:
    """It is only said if it was observed."""
    pool = cell("thread-pool:2", 0.5, 1.9, workers=2)
    assert "thread-pool(2) kept 1.9 cores busy, so this work releases the GIL" in words(SEQUENTIAL, pool)
    assert "releases the GIL" not in words(SEQUENTIAL, cell("thread-pool:2", 1.0, 1.0, workers=2))
    assert "releases the GIL" not in words(SEQUENTIAL, cell("thread-pool:2", 0.5, 1.9, workers=2, gil=False))


def test_pickling_is_named_where_it_is_a_good_part_of_a_task() -> None:
    """The sizes are given; four tasks take a second."""
    facts = {"pickling_seconds": 0.2, "item_bytes": 2_000_000.0, "result_bytes": 28.0}
    pool = cell("process-pool:2", 1.4, 1.9, workers=2)
    text = words(SEQUENTIAL, pool, facts=facts)
    assert "Pickling costs 200 ms per task for processes, and a task takes 2" in text
    assert "an item is 2.00 MB and a result 28 bytes" in text
    assert "Pickling" not in words(SEQUENTIAL, pool, facts={**facts, "pickling_seconds": 0.01})
    assert "Pickling" not in words(SEQUENTIAL, cell("thread-pool:2", 1.0), facts=facts)


def test_a_reason_has_the_figures_that_it_quotes_and_its_page() -> None:
    """Figures are numbers; the sentence does not contain the page, which a format may show or not."""
    (finding,) = findings(analyse(table(SEQUENTIAL, cell("threads", 1.0, 1.0, noise=0.0))))
    assert "hold the GIL" in str(finding)
    assert "pitfalls" not in str(finding)
    assert (finding.page, finding.url.rpartition("/latest/")[2]) == ("pitfalls/gil", "pitfalls/gil/")
    assert finding.figures["least_cores"] == finding.figures["most_cores"] == 1.0
    assert finding.figures["speedup of threads"] == pytest.approx(1.0, abs=0.02)
    first = answer(analyse(table(SEQUENTIAL, cell("thread-pool:2", 0.5, 1.9))))[0]
    assert first.figures["low"] < first.figures["speedup"] < first.figures["high"]


def test_work_that_computes_on_threads_of_its_own_is_named() -> None:
    """The sequential run kept more than one core busy."""
    own = cell("sequential", 1.0, cores=1.9)
    pool = cell("process-pool:2", 1.2, 1.9, workers=2)
    assert "sequential kept 1.9 cores busy by itself" in words(own, pool)
    assert "pools of 2" in words(own, pool, facts={"native_threads": 2.0})
    assert "by itself" not in words(SEQUENTIAL, pool)


def test_the_longest_task_is_named_where_it_is_the_limit() -> None:
    """It is named by its index; one of four tasks takes most of the time."""
    pool = cell("thread-pool:4", 0.7, 0.1)
    text = words(with_tasks(WAITING, 0.1, 0.1, 0.7, 0.1), pool)
    assert "Task 2 takes 700 ms, where most take 100 ms" in text
    assert "Task " not in words(with_tasks(WAITING, 0.25, 0.25, 0.25, 0.25), cell("thread-pool:4", 0.25, 0.1))


def test_what_would_change_the_answer_follows_from_the_figures() -> None:
    """Four tasks take a second, and the rival adds 0.7 s to its share: 1.4 s of work would make up for it."""
    baseline, label = cell("sequential", 1.0, cores=1.0, noise=0.0), "process-pool:2"
    advice = advised(baseline, cell(label, 1.2, 1.0, workers=2, noise=0.0))
    assert advice.runner == "sequential"
    assert any(re.search("adds 175 ms to each.*above 350 ms", str(reason)) for reason in advice.reasons)
    assert any(sentence.startswith("If tasks were 2 times longer, ") for sentence in advice.valid_for)
    faster = advised(baseline, cell(label, 0.62, 1.0, workers=2, noise=0.0))
    assert faster.runner == label
    assert any(sentence.startswith("If tasks were 5 times shorter, sequential would") for sentence in faster.valid_for)


def test_of_tasks_that_may_wait_for_one_another_nothing_is_guessed() -> None:
    """Longer tasks may do so, too: threads that were not observed show no costs of their own."""
    advice = advised(cell("sequential", 1.0, cores=0.02), cell("thread-pool:2", 1.2, 0.02, workers=2))
    assert "by these figures" not in " ".join(map(str, [*advice.reasons, *advice.valid_for]))


@pytest.mark.parametrize("seconds", [10e-6, 90e-6])
def test_of_a_pass_of_microseconds_no_cores_are_told(seconds: float) -> None:
    """Reading the CPU time takes a part of the pass, so that one core comes out as more."""
    told = words(cell("sequential", seconds, cores=1.5), cell("thread-pool:2", 0.002, cores=1.0))
    assert "cores busy" not in told
    assert "native threads" not in told
    assert "native threads" in words(cell("sequential", 0.01, cores=1.5), cell("thread-pool:2", 0.02, cores=1.5))


def advice_line(*cells: Cell, **changes: Any) -> str:
    found = recommend(analyse(table(*cells, **changes)), 4)
    assert found is not None
    return found.headline


HOME = Outcome("inapplicable", "f is defined in the main program: move it to a module that other processes can import")
BURST = Outcome("failed", "it burst")
SLOWER = cell("thread-pool:4", 1.2, 1.0)


def ended(label: str, outcome: Outcome, *, warm_up: float | None = None, **made: Any) -> Cell:
    one = replace(cell(label, 1.0, None, **made), samples=[], outcome=outcome)
    return one if warm_up is None else replace(one, warmup=Sample(0.0, warm_up, 0.0))


def test_do_not_parallelise_is_said_where_everything_was_measured_to_the_end() -> None:
    assert advice_line(SEQUENTIAL, SLOWER) == "Do not parallelise: nothing was faster than sequential."
    assert advice_line(SEQUENTIAL, tasks=1) == "Do not parallelise: there is a single task."


def test_what_was_measured_too_seldom_is_not_said_to_be_unmeasured() -> None:
    """The table has its time."""
    line = advice_line(SEQUENTIAL, cell("thread-pool:4", 0.95, rounds=1))
    assert line.startswith("Leave it as it is for now: nothing was proved to be faster than sequential; thread-pool(4)")
    assert "only 1 round shared" in line


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ([ended("process-pool:2", HOME)], f"process-pool(2, spawn) was not measured ({HOME.reason})."),
        (
            [ended("process-pool:2", HOME, workers=2), ended("process-pool:4", HOME), ended("processes", HOME)],
            f"process-pool with 2 and 4 workers and processes(spawn) were not measured ({HOME.reason}).",
        ),
        ([ended("thread-pool:2", BURST)], "thread-pool(2) failed (it burst)."),
        (
            [replace(cell("thread-pool:2", 0.5), outcome=BURST), ended("process-pool:2", HOME)],
            f"thread-pool(2) failed (it burst); process-pool(2, spawn) was not measured ({HOME.reason}).",
        ),
        (
            [ended("process-pool:2", Outcome("inapplicable", "given up"), warm_up=2.0)],
            "process-pool(2, spawn) was not fully measured (given up; concbench run measures it anyway).",
        ),
        (
            [ended("process-pool:2", Outcome("inapplicable", "no time; --budget allows more"), warm_up=2.0)],
            "process-pool(2, spawn) was not fully measured (no time; --budget allows more).",
        ),
        (
            [cell("process-pool:2", 0.9, rounds=2)],
            (
                "process-pool(2, spawn) was not fully measured (only 2 rounds shared with sequential, and a "
                "verdict needs 3; more with --max-rounds, --budget)."
            ),
        ),
    ],
    ids=["inapplicable", "together", "failed", "two reasons", "given up", "no time", "too few rounds"],
)
def test_what_was_not_measured_is_named_with_its_reason(others: list[Cell], says: str) -> None:
    """The advice and the answer name it: nothing is known of it, and certainly not that it is not faster."""
    assert advice_line(SEQUENTIAL, SLOWER, *others) == (f"Nothing that was measured was faster than sequential; {says}")
    said = words(SEQUENTIAL, SLOWER, *others)
    assert said.startswith("Nothing that was measured was faster than sequential (thread-pool(4) slower); ")
    assert says.removesuffix(").").partition("; concbench run")[0] in said
    assert "leave it as it is" not in said


@pytest.mark.parametrize(
    "behind",
    [
        cell("process-pool:2", 4.2, rounds=1),
        cell("process-pool:2", 2.1, rounds=2),
        ended("process-pool:2", Outcome("inapplicable", "given up"), warm_up=20.0),
    ],
    ids=["four times after a round", "twice after two", "hopeless in the warm-up"],
)
def test_what_is_far_behind_cannot_win_and_is_not_named(behind: Cell) -> None:
    """It was dropped from the race for that; with kept workers, the warm-up says nothing."""
    assert advice_line(SEQUENTIAL, SLOWER, behind) == "Do not parallelise: nothing was faster than sequential."
    if not behind.samples:
        assert "not fully measured (given up" in advice_line(SEQUENTIAL, SLOWER, behind, warm=True)


def test_where_nothing_else_was_measured_that_is_said() -> None:
    """If something is undecided as well, both are said."""
    home = ended("process-pool:2", HOME)
    assert advice_line(SEQUENTIAL, home).startswith("Nothing but sequential was measured; process-pool(2, spawn) was")
    noisy = cell("thread-pool:4", 0.95, noise=0.4)
    assert advice_line(SEQUENTIAL, noisy, home).startswith("Leave it as it is for now: nothing was proved to be faster")
    assert "sequential; process-pool(2, spawn) was not measured" in advice_line(SEQUENTIAL, noisy, home)
    assert "proved to be faster than sequential; process-pool(2" in words(SEQUENTIAL, noisy, home)
    assert "nothing to compare; process-pool(2, spawn) was not measured" in words(SEQUENTIAL, home)


def test_a_winner_is_advised_and_what_was_not_measured_is_a_reason() -> None:
    """A runner that was not measured may be better still."""
    found = advised(SEQUENTIAL, cell("thread-pool:2", 0.5), ended("process-pool:2", HOME))
    assert found.headline.startswith("thread-pool(2), 2.0")
    assert any("not compared with everything: process-pool(2, spawn)" in str(reason) for reason in found.reasons)


def test_a_baseline_that_failed_after_rounds_leaves_nothing_to_compare_with() -> None:
    """This holds however many samples the baseline has, and however slow the others are."""
    failed = replace(SEQUENTIAL, outcome=BURST)
    for other in (SLOWER, cell("thread-pool:4", 0.5)):
        assert words(failed, other) == (
            "No answer: there is nothing to compare with, since sequential failed after 10 rounds (it burst)."
        )
        assert recommend(analyse(table(failed, other)), 4) is None
    refused = ended("sequential", Outcome("inapplicable", "one execution takes 5 us"), warm_up=5e-6)
    assert "nothing to gain" in advice_line(refused, SLOWER)
    assert recommend(analyse(table(replace(refused, warmup=Sample(0.0, 1.0, 0.0)), SLOWER)), 4) is None


def test_no_star_stands_beside_a_slower_runner() -> None:
    """The leader is undecided, and a runner that is proved slower than the baseline cannot be the fastest."""
    baseline = of_rounds("sequential", dict.fromkeys(range(10), 1.0))
    wide = of_rounds("threads", {0: 0.5, 1: 0.97, 2: 1.4})
    slow = of_rounds("thread-pool:4", dict.fromkeys(range(10), 1.05))
    seen = analyse(table(baseline, wide, slow))
    assert {one.name: one.verdict for one in seen.cells}["thread-pool(4)"] == "slower"
    assert not [one.name for one in seen.cells if one.verdict == "slower" and one.in_fastest_group]


def test_no_star_stands_beside_a_baseline_that_something_is_faster_than() -> None:
    """The runner with the least median is undecided; the one that is proved to be faster is advised."""
    baseline = of_rounds("sequential", dict.fromkeys(range(10), 1.0))
    wide = of_rounds("threads", {0: 0.5, 1: 0.6, 2: 2.4})
    fast = of_rounds("thread-pool:4", {number: 0.8 + number / 1_000 for number in range(10)})
    seen = analyse(table(baseline, wide, fast))
    assert [one.verdict for one in seen.cells] == ["", "undecided", "faster"]
    assert not seen.baseline.in_fastest_group
    assert advised(baseline, wide, fast).runner == "thread-pool:4"


def test_what_looks_much_faster_than_what_is_proved_is_advised_as_that() -> None:
    """The fastest is undecided against the baseline, with which it shares few rounds: the headline says both."""
    baseline = of_rounds("sequential", {**dict.fromkeys(range(7), 1.0), 7: 0.5, 8: 1.0, 9: 2.0})
    first = of_rounds("threads", dict.fromkeys(range(7, 20), 0.5))
    fast = of_rounds("thread-pool:4", {**dict.fromkeys(range(7), 0.8), **dict.fromkeys(range(10, 20), 0.8)})
    seen = analyse(table(baseline, first, fast))
    assert [one.verdict for one in seen.cells] == ["", "undecided", "faster"]
    assert [one.in_fastest_group for one in seen.cells][2] is False
    advice = advised(baseline, first, fast)
    assert (advice.runner, advice.proved) == ("threads", False)
    assert advice.headline.startswith("threads looks 2.00x [")
    assert "but this is not proved; thread-pool(4) is proved to be 1.25x" in advice.headline


def test_what_looks_hardly_faster_than_what_is_proved_is_not_advised() -> None:
    """It is less than 1.2 times as fast, and undecided: the proved runner is advised."""
    baseline = of_rounds("sequential", {**dict.fromkeys(range(7), 1.0), 7: 0.5, 8: 1.0, 9: 2.0})
    first = of_rounds("threads", dict.fromkeys(range(7, 20), 0.7))
    fast = of_rounds("thread-pool:4", {**dict.fromkeys(range(7), 0.8), **dict.fromkeys(range(10, 20), 0.8)})
    advice = advised(baseline, first, fast)
    assert (advice.runner, advice.proved) == ("thread-pool:4", True)


def test_a_single_round_advises_what_looks_fastest_and_says_that_it_proves_nothing() -> None:
    """This is the case if the budget allows no more rounds."""
    advice = advised(cell("sequential", 1.0, rounds=1), cell("thread-pool:4", 0.5, rounds=1))
    assert (advice.runner, advice.proved) == ("thread-pool:4", False)
    assert advice.headline.startswith("thread-pool(4) looks 2.00x as fast as sequential after 1 round, but this is not")
    assert (advice.low, advice.high) == (None, None), "nothing is known of what it may be"


def test_what_gains_no_more_than_5_percent_is_not_worth_a_worker() -> None:
    """Among equal runners, the one without costs is preferred."""
    baseline, hardly = (dict.fromkeys(range(10), took) for took in (1.0, 0.96))
    advice = advised(of_rounds("sequential", baseline), of_rounds("thread-pool:4", hardly))
    assert (advice.runner, advice.proved) == ("sequential", True)
    assert advice.headline.startswith("Leave it as it is: the best, thread-pool(4), is only 1.04x")


def test_a_single_round_proves_nothing_however_clear_it_looks() -> None:
    """Its times include first-run costs."""
    advice = advised(of_rounds("sequential", {0: 4.0}), of_rounds("process-pool:2", {0: 18.0}))
    assert "for now" in advice.headline


def test_what_still_trends_is_undecided_even_within_ten_percent() -> None:
    """It may go on."""
    times = {number: 1.03 - 0.01 * number for number in range(10)}
    advice = advised(of_rounds("sequential", dict.fromkeys(times, 1.0)), of_rounds("thread-pool:4", times))
    assert "for now" in advice.headline
    assert any("still trend" in str(reason) for reason in advice.reasons)


def test_what_a_fork_risks_is_named() -> None:
    """It is named if fork is advised."""
    forked = replace(cell("processes", 0.4), settings={"start_method": "fork"})
    advice = advised(SEQUENTIAL, forked)
    assert advice.runner == "processes"
    assert any("a worker may hang" in sentence for sentence in advice.valid_for)


def test_waiting_takes_no_second_core_only_where_none_was_taken() -> None:
    """Of two runners that gained, the one that kept two cores busy is left out."""
    text = words(WAITING, cell("thread-pool:32", 0.1, 0.8), cell("threads", 0.1, 1.8))
    assert "; thread-pool(32) waited for many tasks at once, which needs only one core" in text
    assert "needs only one core" not in words(WAITING, cell("threads", 0.1, 1.8))


def test_a_runner_that_shares_too_few_rounds_with_the_baseline_is_told_so() -> None:
    """It has three rounds of its own; the reading says the same, and does not mention brackets."""
    baseline = of_rounds("sequential", {0: 1.0, 1: 1.0})
    other = of_rounds("threads", {0: 0.5, 1: 0.5, 2: 0.5})
    assert words(baseline, other) == (
        "threads took the least time in 3 rounds: 2.00x as fast as sequential. A verdict needs at least 3 "
        "rounds shared with sequential; no runner shares more than 2."
    )
    reading = section(analyse(table(baseline, other))).reading
    assert "An interval and a verdict need at least 3 rounds shared with sequential." in reading
    assert not any("[low, high]" in line for line in reading)


def test_the_least_time_is_that_of_the_table() -> None:
    """A ratio within rounds may say otherwise, and is not shown beside it."""
    baseline = of_rounds("sequential", {0: 1.0, 1: 1.0})
    other = of_rounds("threads", {0: 1.1, 1: 1.2, 2: 0.5, 3: 0.5, 4: 0.5})
    assert words(baseline, other).startswith("threads took the least time in 5 rounds. A verdict")


def test_costs_that_read_the_same_are_called_the_same() -> None:
    """This holds for CPU time and for memory."""

    def with_memory(one: Cell) -> Cell:
        assert one.observed
        return replace(one, observed=replace(one.observed, memory=50_000_000))

    found = advised(with_memory(SEQUENTIAL), with_memory(cell("thread-pool:2", 0.5, 2.0)))
    assert "It costs the same CPU time, and the same memory." in map(str, found.reasons)


@pytest.mark.parametrize("cores", [0.1, 1.0])
def test_no_server_is_spoken_of_and_waiting_only_where_there_is_some(cores: float) -> None:
    """A function need not have a server."""
    found = advised(cell("sequential", 1.0, cores), cell("thread-pool:2", 0.5, 1.0))
    told = " ".join(map(str, [*found.reasons, *found.valid_for]))
    assert "server" not in told
    assert ("the resource that they wait for" in told) is (cores < 0.5)


def test_workers_that_are_kept_are_not_said_to_be_started_each_time() -> None:
    one = cell("thread-pool:2", 0.5, 1.9, began=0.1)
    cold, warm = (recommend(analyse(table(SEQUENTIAL, one, warm=kept)), 4) for kept in (False, True))
    assert cold
    assert warm
    assert any("Workers are started for each execution" in line for line in cold.valid_for)
    assert not any("Workers are started for each execution" in line for line in warm.valid_for)


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"options": {"rounds": 10}}, "(--rounds)"),
        ({"stopped": "calls"}, "(--max-calls)"),
        ({"stopped": "rounds"}, "(--max-rounds)"),
    ],
)
def test_what_would_decide_is_the_option_that_ended_it(changes: dict[str, Any], option: str) -> None:
    """If a number of rounds was requested, a larger budget would not have helped."""
    noisy = table(SEQUENTIAL, cell("thread-pool:4", 0.95, noise=0.4), **changes)
    assert f"More rounds {option} or a quieter machine" in " ".join(map(str, answer(analyse(noisy))))


def test_the_gil_is_not_blamed_for_threads_that_left_the_core_idle() -> None:
    """A thread that waits for the GIL waits for a thread that computes."""
    assert "hold the GIL" not in words(SEQUENTIAL, cell("threads", 1.0, 0.3))
    assert "they kept 0.9 to 1.1 cores busy" in words(
        SEQUENTIAL, cell("threads", 1.0, 0.9), cell("thread-pool:4", 1.0, 1.1)
    )


def test_no_gil_of_their_own_is_given_to_processes_where_there_is_none() -> None:
    pool = cell("process-pool:2", 0.5, 1.9, gil=False)
    assert "Processes computed at the same time" in words(SEQUENTIAL, pool)
    assert "GIL" not in words(SEQUENTIAL, pool)


def test_a_better_algorithm_is_named_only_where_it_beats_more_workers() -> None:
    pool = cell("process-pool:2", 0.5, 1.9)
    assert "better algorithm" not in words(SEQUENTIAL, pool, facts={**SIEVE, "other_algorithm_seconds": 0.6})
    slower = words(SEQUENTIAL, pool, facts={**SIEVE, "other_algorithm_seconds": 3.0})
    assert "With a sieve, the same results take 3.00 s (timed once), 3.01x as long as sequential." in slower


def test_what_the_work_is_like_is_not_read_from_a_baseline_of_many_workers() -> None:
    """Its cores are those of eight workers, and its time is not that of single tasks."""
    facts = {"pickling_seconds": 0.2, "item_bytes": 2e6, "result_bytes": 28.0}
    eight = cell("thread-pool:8", 1.0, 0.4, workers=8)
    text = words(eight, cell("threads", 0.5, 0.8), cell("process-pool:2", 1.4, 1.9), facts=facts)
    assert "computed only" not in text
    assert "Pickling" not in text


def test_a_task_longer_than_the_whole_run_is_no_percentage_of_it() -> None:
    """The two were timed in different passes."""
    text = words(with_tasks(WAITING, 0.1, 0.1, 0.7, 0.1), cell("thread-pool:4", 0.6, 0.1))
    assert "Task 2 takes 700 ms, where most take 100 ms: all of thread-pool(4)'s time" in text


def test_results_that_depend_on_the_thread_are_not_called_unsafe() -> None:
    """Sequential results of the thread differ as well, and the cure is a different one."""
    wrong = ended("thread-pool:8", Outcome("failed", "depends on the thread: x", cause="thread"))
    found = recommend(analyse(replace(table(SEQUENTIAL, SLOWER, wrong), checked="sequential")), 4)
    assert found is not None
    text = " ".join(map(str, found.reasons))
    assert "thread-pool(8) returned other results than the main thread" in text
    assert "not safe" not in text


def test_results_of_runners_without_times_are_not_called_equal() -> None:
    """Results that differ also stand above the sentence."""
    wrong = ended("threads", Outcome("failed", "results differ", cause="results"))
    rows = replace(table(SEQUENTIAL, SLOWER, wrong), checked="sequential")
    assert (
        "Results were checked: all runners with times agree with the sequential results."
        in section(analyse(rows)).reading
    )


def test_a_failed_runner_is_not_said_to_be_worth_it_for_longer_tasks() -> None:
    """Its results may be wrong."""
    pool = replace(cell("process-pool:2", 1.2, 1.0, workers=2), outcome=BURST, warmup=Sample(0.0, 1.2, 0.0))
    found = advised(SEQUENTIAL, pool)
    assert not any("longer" in line for line in found.valid_for)
    assert not any("worth it" in str(line) for line in found.reasons)


def test_a_fresh_run_is_not_told_to_be_fresh() -> None:
    slow = replace(SEQUENTIAL, warmup=Sample(0.0, 9.0, 0.0))
    for fresh in (False, True):
        told = section(analyse(table(slow, SLOWER, fresh=fresh))).reading
        (line,) = [line for line in told if "took longer" in line]
        assert ("--fresh" in line) is not fresh
