"""Intervals and verdicts: known values, symmetries, and how often they are wrong."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench.stats.intervals import Interval, log_ratios, look_level, ratio_interval, requirement_level
from concbench.stats.noise import Noise
from concbench.stats.verdicts import fastest, fastest_group, verdict

LOGS = st.lists(st.floats(-3, 3), min_size=3, max_size=40).map(np.array)


def test_below_eight_rounds_it_is_students_t() -> None:
    """By hand: mean 0.2, deviation 0.1, t(2 df, 5 %) = 4.3027."""
    interval = ratio_interval(np.array([0.1, 0.2, 0.3]), 0.05)
    assert interval is not None
    assert math.log(interval.centre) == pytest.approx(0.2)
    assert math.log(interval.high) == pytest.approx(0.2 + 4.302652729911275 * 0.1 / math.sqrt(3))


def test_from_eight_rounds_it_is_the_trimmed_mean() -> None:
    """By hand: of ten values two at each end are trimmed; the winsorised deviation has 5 degrees of freedom."""
    values = np.array([-9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 99.0]) / 100
    interval = ratio_interval(values, 0.05)
    assert interval is not None
    assert math.log(interval.centre) == pytest.approx(0.045)
    winsorised = np.array([2, 2, 2, 3, 4, 5, 6, 7, 7, 7]) / 100
    error = winsorised.std(ddof=1) / (0.6 * math.sqrt(10))
    assert math.log(interval.high) == pytest.approx(0.045 + 2.570581835636314 * error)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_below_three_rounds_there_is_none(n: int) -> None:
    """An interval would be meaningless."""
    assert ratio_interval(np.zeros(n), 0.05) is None


@given(LOGS, st.floats(-2, 2))
def test_a_common_factor_moves_the_interval_and_changes_nothing_else(values: np.ndarray, shift: float) -> None:
    """A machine that is twice as slow gives the same verdicts."""
    one, other = ratio_interval(values, 0.01), ratio_interval(values + shift, 0.01)
    assert one is not None
    assert other is not None
    assert math.log(other.centre) == pytest.approx(math.log(one.centre) + shift, abs=1e-6)
    assert math.log(other.high) == pytest.approx(math.log(one.high) + shift, abs=1e-4, rel=1e-6)


@given(LOGS)
def test_the_comparison_the_other_way_round_is_the_reciprocal(values: np.ndarray) -> None:
    """Neither side is favoured."""
    one, other = ratio_interval(values, 0.01), ratio_interval(-values, 0.01)
    assert one is not None
    assert other is not None
    assert math.log(one.low) == pytest.approx(-math.log(other.high), abs=1e-9, rel=1e-9)


@given(LOGS, st.integers(1, 20))
def test_more_comparisons_make_wider_intervals(values: np.ndarray, comparisons: int) -> None:
    """A whole table needs wider intervals."""
    one = ratio_interval(values, look_level(30, comparisons))
    other = ratio_interval(values, look_level(30, comparisons + 1))
    assert one is not None
    assert other is not None
    assert other.low <= one.low <= one.high <= other.high


def test_levels_are_those_that_were_calibrated() -> None:
    """Beyond 100 rounds, all looks share 5 %, which is stricter."""
    assert [look_level(rounds, 2) for rounds in (3, 30, 31, 60, 61, 100)] == [
        0.00225, 0.00225, 0.00175, 0.00175, 0.0015, 0.0015,
    ]  # fmt: skip
    assert look_level(500, 2) == 0.00005
    assert look_level(101, 1) < look_level(100, 1)
    assert [requirement_level(rounds) for rounds in (30, 60, 100, 200)] == [7e-5, 5e-5, 4.5e-5, 1e-5]


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (1.03, 1.20, "faster"),
        (1.021, 1.04, "faster"),  # within 5 % too: the difference goes first
        (1.01, 1.20, "undecided"),
        (0.97, 1.04, "same"),
        (0.90, 1.10, "undecided"),
        (0.80, 0.95, "slower"),
        (0.80, 0.99, "undecided"),
        (0.953, 0.979, "slower"),
    ],
)
def test_verdicts_have_a_margin_and_a_band(low: float, high: float, says: str) -> None:
    """The margin is 2 %, and the band 5 %."""
    assert verdict(Interval(low, math.sqrt(low * high), high)) == says
    assert verdict(None) == "undecided"


def test_only_rounds_that_both_took_part_in_are_paired() -> None:
    """They are paired by their numbers."""
    paired = log_ratios({0: 1.0, 1: 2.0, 2: 4.0}, {1: 1.0, 2: 1.0, 3: 9.0})
    assert np.allclose(np.exp(paired), [2.0, 4.0])
    assert log_ratios({0: 1.0}, {1: 1.0}).size == 0


def test_the_fastest_group_holds_what_cannot_be_told_apart_from_the_leader() -> None:
    """It holds no cell that is proved to be more than 2 % slower."""
    draw = np.random.default_rng(1)
    seconds = {
        name: dict(enumerate(mean * np.exp(0.01 * draw.standard_normal(12))))
        for name, mean in (("best", 1.0), ("tie", 1.005), ("slow", 1.2))
    }
    assert set(fastest_group(seconds, 0.001, Noise())) == {"best", "tie"}
    assert fastest(seconds) in {"best", "tie"}


def test_a_cell_that_shares_too_few_rounds_with_the_leader_stays_in_the_group_unless_it_was_dropped() -> None:
    """It was not compared with the leader; with fewer than three rounds it was dropped as hopeless."""
    seconds = {
        "leader": dict.fromkeys(range(2, 5), 1.0),
        "rested": dict.fromkeys(range(3), 1.1),
        "dropped": dict.fromkeys(range(2), 9.0),
    }
    assert set(fastest_group(seconds, 0.001, Noise())) == {"leader", "rested"}


def test_the_least_median_leads_whatever_number_of_rounds_it_took() -> None:
    """A cell whose verdicts are known stops, and still leads."""
    assert fastest({"answered": dict.fromkeys(range(3), 0.5), "undecided": dict.fromkeys(range(20), 1.0)}) == "answered"


def test_identical_cells_are_seldom_told_apart_however_often_one_looks() -> None:
    """1,000 sessions of 30 looks at noise with heavy tails: at most 5 % may claim anything (seed fixed)."""
    draw, claims, level = np.random.default_rng(2), 0, look_level(30, 1)
    for _ in range(1_000):
        noise = 0.03 * draw.standard_t(3, 30)
        verdicts = {verdict(ratio_interval(noise[:n], level)) for n in range(3, 31)}
        claims += bool(verdicts & {"faster", "slower"})
    assert claims <= 50
