"""The end of measuring: played without a clock, by the same loop that real runs use."""

import random
from typing import Unpack

import pytest

from concbench import MeasureOptions, measure
from concbench.analysis.table_analysis import analyse
from concbench.harness.machine.controls import Control, ControlRule
from concbench.harness.planning.runner_specs import parse
from concbench.harness.search.race import RaceRule
from concbench.harness.stop_rules import EveryRound, NextRound, Standings, StopRule, VerdictRule
from concbench.results.records import CellId, Sample, Table
from concbench.stats.verdicts import UNDECIDED
from concbench.testing import SimulatedHosts
from concbench.workloads.primes import Primes

WORK = Primes(limits=[10, 20, 30])


def play(means: dict[str, float], noise: float = 0.02, **options: Unpack[MeasureOptions]) -> Table:
    """A session of cells with these mean times and log-normal noise; the seed is fixed."""
    draw = random.Random(7)
    hosts = SimulatedHosts(lambda label, _: means[label] * draw.lognormvariate(0, noise))
    seeded: MeasureOptions = {"seed": 3, **options}
    return measure(WORK, runners=list(means), hosts=hosts, **seeded).tables[0]


def rounds(table: Table) -> dict[str, int]:
    return {cell.label: len(cell.samples) for cell in table.cells}


def test_a_clear_answer_takes_few_rounds() -> None:
    """One cell is ten times as fast."""
    table = play({"sequential": 1.0, "threads": 0.1})
    assert table.stopped == "verdicts"
    assert max(rounds(table).values()) <= 6


def test_a_cell_stops_at_its_verdict_while_others_go_on() -> None:
    """The clear one takes fewer rounds than the close one, and the baseline goes on with the latter."""
    taken = rounds(play({"sequential": 1.0, "threads": 3.0, "thread-pool:2": 0.93}, noise=0.03))
    assert taken["threads"] < taken["thread-pool:2"] == taken["sequential"]


def test_what_noise_hides_stays_undecided_at_the_last_round() -> None:
    """It takes as many rounds as are allowed, and no more."""
    table = play({"sequential": 1.0, "threads": 0.97}, noise=0.3, max_rounds=12)
    assert table.stopped == "rounds"
    assert set(rounds(table).values()) == {12}


def test_the_budget_ends_it_and_three_rounds_are_the_least() -> None:
    """Simulated seconds count as seconds."""
    table = play({"sequential": 10.0, "threads": 9.5}, noise=0.3, budget=1.0)
    assert table.stopped == "budget"
    assert set(rounds(table).values()) == {3}
    table = play({"sequential": 1.0, "threads": 0.97}, noise=0.3, budget=20.0)
    assert table.stopped == "budget"
    assert 7 <= max(rounds(table).values()) <= 10


def test_precision_goes_on_until_the_intervals_are_that_narrow() -> None:
    """It continues after the verdict."""
    means = {"sequential": 1.0, "threads": 0.1}
    coarse, fine = play(means, noise=0.05), play(means, noise=0.05, precision=0.05)
    assert max(rounds(coarse).values()) < max(rounds(fine).values())
    interval = analyse(fine).cells[1].interval
    assert interval is not None
    assert interval.half_width <= 0.05


def test_rounds_that_are_asked_for_are_taken_whatever_is_known() -> None:
    """Every cell takes every round."""
    table = play({"sequential": 1.0, "threads": 0.1}, rounds=9)
    assert set(rounds(table).values()) == {9}
    assert table.stopped == "rounds"


def test_the_race_for_the_first_place_goes_on_without_the_baseline() -> None:
    """Verdicts are clear at once; which of two is the fastest takes longer, and needs no slow baseline."""
    taken = rounds(play({"sequential": 10.0, "threads": 1.0, "thread-pool:2": 0.9}, noise=0.05))
    assert taken["sequential"] < taken["threads"] == taken["thread-pool:2"]


@pytest.mark.parametrize(("noise", "most"), [(0.01, 12), (0.05, 16)])
def test_equals_rest_once_they_are_tied_and_both_stay_in_the_fastest_group(noise: float, most: int) -> None:
    """Their interval lies within 10 %; or noise keeps it wider, and they look equal after twelve rounds."""
    table = play({"sequential": 10.0, "threads": 1.0, "thread-pool:2": 1.0}, noise=noise)
    assert table.stopped == "verdicts"
    assert max(rounds(table).values()) <= most
    assert {cell.label for cell in analyse(table).fastest_group} == {"threads", "thread-pool:2"}


def test_rivals_that_differ_go_on_until_one_is_proved_to_be_slower() -> None:
    """Twelve rounds do not end that: the difference is more than 5 %."""
    table = play({"sequential": 10.0, "threads": 1.0, "thread-pool:2": 1.25}, noise=0.12)
    assert {cell.label for cell in analyse(table).fastest_group} == {"threads"} or rounds(table)["threads"] == 30


def test_a_tied_cell_rests_while_others_contend() -> None:
    """The rivals of the leader do not keep each other in the rounds."""
    samples = {
        CellId("sequential"): taken(10.0, 6),
        CellId("threads"): taken(1.0, 6),
        CellId("thread-pool:2"): taken(1.001, 6),
        CellId("thread-pool:4"): [Sample(0.0, 1.0 + 0.2 * (number % 2), 0.0, None, number) for number in range(6)],
    }
    wanted = VerdictRule(30).next_round(Standings(CellId("sequential"), samples, 3, 0.0)).cells
    assert [cell.label for cell in wanted] == ["threads", "thread-pool:4"]


def test_a_cell_that_is_far_behind_rests_whatever_its_verdict() -> None:
    """It is as fast as the baseline, as far as three rounds show; with a precision it goes on until that is reached."""
    means = {"sequential": 1.0, "threads": 1.0, "thread-pool:2": 0.1}
    table = play(means, noise=0.03)
    assert (table.stopped, set(rounds(table).values())) == ("verdicts", {3})
    assert [(cell.verdict, cell.far_behind) for cell in analyse(table)] == [
        ("", True), ("undecided", True), ("faster", False),
    ]  # fmt: skip
    precise = analyse(play(means, noise=0.03, precision=0.05))
    assert all(cell.interval.half_width <= 0.05 for cell in precise if cell.interval)
    assert min(cell.rounds for cell in precise) > 3


def test_a_cell_that_is_close_to_the_baseline_rests_whatever_its_verdict() -> None:
    """More rounds might prove that it is 4 % faster, and no choice depends on that; with a precision it goes on."""
    means = {"sequential": 1.0, "threads": 0.96, "thread-pool:2": 0.6}
    table = play(means, noise=0.03)
    assert table.stopped == "verdicts"
    assert [(cell.verdict, cell.close) for cell in analyse(table)] == [
        ("", False), ("undecided", True), ("faster", False),
    ]  # fmt: skip
    assert max(rounds(table).values()) < max(rounds(play(means, noise=0.03, precision=0.02)).values())


def test_a_winner_that_stopped_early_is_still_the_winner() -> None:
    """Other cells, which noise keeps undecided, go on against the baseline."""
    from concbench.advice.answer import answer

    draw = random.Random(5)

    def seconds(label: str, number: int) -> float:
        mean, noise = {"sequential": (1.0, 0.01), "threads": (0.99, 0.2), "thread-pool:2": (0.6, 0.01)}[label]
        return mean * draw.lognormvariate(0, noise)

    run = measure(WORK, runners=["sequential", "threads", "thread-pool:2"], hosts=SimulatedHosts(seconds), seed=3)
    taken = rounds(run.tables[0])
    assert taken["thread-pool:2"] < taken["threads"]
    assert str(answer(run[0])[0]).startswith("thread-pool(2) was fastest")


@pytest.mark.parametrize("seed", range(6))
def test_the_rounds_end_with_the_verdicts_that_the_table_shows(seed: int) -> None:
    """The stop rule and the analysis use the same intervals, also after a runner has failed."""
    draw = random.Random(seed)
    means = {
        "sequential": 1.0, "threads": 1.0, "thread-pool:2": 0.8, "thread-pool:4": 0.6, "thread-pool:8": 0.55,
        "process-pool:2": 0.45, "processes": 2.0,
    }  # fmt: skip

    def seconds(label: str, number: int) -> float | Exception:
        if label == "thread-pool:8" and number > 3:
            return OSError("burst")
        return means[label] * draw.lognormvariate(0, 0.02)

    table = measure(WORK, runners=list(means), hosts=SimulatedHosts(seconds), seed=seed).tables[0]
    assert table.stopped == "verdicts"
    assert table.cell("thread-pool:8").outcome.kind == "failed"
    compared = [cell for cell in analyse(table) if cell.interval]
    assert len(compared) == 5
    assert all(cell.verdict != UNDECIDED or cell.far_behind or cell.close for cell in compared)
    assert min(cell.rounds for cell in compared) < 8, "the prior counts below 8 rounds"


def test_without_a_baseline_nothing_is_measured_past_the_least() -> None:
    """There is nothing to decide."""
    samples = {CellId("threads"): [Sample(0, 1, 0, None, n) for n in range(3)]}
    assert VerdictRule(30).next_round(Standings(CellId("sequential"), samples, 1, 0.0)) == NextRound([], "baseline")


def test_short_work_is_repeated_within_a_sample_and_no_cell_more_than_another() -> None:
    """A sample lasts 10 ms; times are those of one execution."""
    table = play({"sequential": 0.004, "threads": 0.002}, noise=0.01)
    assert {sample.repeats for cell in table.cells for sample in cell.samples} == {5, 6} & {
        sample.repeats for cell in table.cells for sample in cell.samples
    }
    assert len({sample.repeats for cell in table.cells for sample in cell.samples}) == 1
    assert table.cell("threads").samples[0].seconds == pytest.approx(0.002, rel=0.1)


@pytest.mark.parametrize("slow", [0.055, 0.4, 3.0])
def test_a_slow_runner_keeps_no_other_from_being_repeated_often_enough(slow: float) -> None:
    """Its own samples have as few executions as take no more than a second; times are those of one execution."""
    table = play({"sequential": 0.000022, "threads": 0.00003, "process-pool:2": slow}, noise=0.01)
    repeats = {cell.label: {sample.repeats for sample in cell.samples} for cell in table.cells}
    assert repeats["sequential"] == repeats["threads"] == {100}
    assert max(repeats["process-pool:2"]) == max(1, int(1 / slow))
    assert table.cell("sequential").outcome.kind == "ok"
    assert table.cell("process-pool:2").samples[0].seconds == pytest.approx(slow, rel=0.1)


def test_calls_that_are_limited_are_named_where_they_make_a_sample_too_short() -> None:
    """More items would not help then."""
    hosts = SimulatedHosts(lambda label, number: 0.00002)
    run = measure(WORK, runners=["sequential", "threads"], hosts=hosts, seed=3, max_calls=20 * WORK.tasks)
    reasons = {cell.outcome.reason for cell in run.tables[0].cells}
    assert len(reasons) == 1
    assert "--max-calls allows no more" in reasons.pop()


def test_work_faster_than_the_timer_is_refused_with_advice() -> None:
    """It is a row with its reason, and the other cells go on."""
    table = play({"sequential": 0.0000005, "threads": 0.5}, noise=0.01)
    refused = table.cell("sequential").outcome
    assert refused.kind == "inapplicable"
    assert "too short to time" in refused.reason
    assert "longer tasks" in refused.reason
    assert len(table.cell("threads").samples) == 3


def taken(seconds: float, rounds: int) -> list[Sample]:
    return [Sample(start=0.0, work=seconds, stop=0.0, round=number) for number in range(rounds)]


RULES: list[StopRule] = [
    EveryRound(5),
    VerdictRule(5, budget=30.0, precision=0.01),
    RaceRule(5, comparisons=3, neighbours=lambda leader: [parse("threads")], budget=30.0),
    ControlRule({CellId("thread-pool:2"): Control("threads", "2 threads", 2.0, 1.5, "")}, 5, budget=30.0),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("rounds", range(7))
@pytest.mark.parametrize("elapsed", [0.0, 100.0])
def test_every_rule_answers_alike(rule: StopRule, rounds: int, elapsed: float) -> None:
    """It returns existing cells, in their order, or a reason if there are none, and no more rounds than its terms."""
    samples = {
        CellId(label): taken(seconds, rounds) for label, seconds in (("sequential", 1.0), ("thread-pool:2", 0.9))
    }
    decided = rule.next_round(Standings(CellId("sequential"), samples, 1, elapsed))
    assert bool(decided.cells) != bool(decided.why_none)
    assert list(decided.cells) == [cell for cell in samples if cell in decided.cells]
    assert rounds < rule.terms.max_rounds or decided.why_none == "rounds"
    if rounds == 0 or (rule.terms.all_rounds and rounds < rule.terms.max_rounds):
        assert list(decided.cells) == list(samples)
    if rounds >= 3 and elapsed and getattr(rule, "budget", None):
        assert not decided.cells


def test_only_a_race_lets_cells_join() -> None:
    """They join once the leader is clear."""
    for rule in RULES:
        samples = {CellId("sequential"): taken(1.0, 2), CellId("thread-pool:2"): taken(0.9, 2)}
        joining = rule.next_round(Standings(CellId("sequential"), samples, 1, 0.0)).joining
        assert [cell.label for cell in joining] == (["threads"] if isinstance(rule, RaceRule) else [])
