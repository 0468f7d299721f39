"""The moderated variance: what a ratio takes from the others of a table, and how often a claim is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench.stats.intervals import NO_PRIOR, Prior, log_ratios, look_level, ratio_interval
from concbench.stats.noise import MOST_BORROWED, Noise
from concbench.stats.student import quantile
from concbench.stats.verdicts import FASTER, SLOWER, verdict

FEW = st.lists(st.floats(-3, 3), min_size=3, max_size=7).map(np.array)
MANY = st.lists(st.floats(-3, 3), min_size=8, max_size=30).map(np.array)
PRIORS = st.builds(Prior, st.floats(0, 9), st.integers(0, MOST_BORROWED))

Seconds = Mapping[int, float]


def half(values: np.ndarray, prior: Prior = NO_PRIOR) -> float:
    """Half of the width of an interval, as a logarithm."""
    interval = ratio_interval(values, 0.01, prior)
    assert interval is not None
    return log(interval.high / interval.low) / 2


def of_logs(*logs: float) -> dict[int, float]:
    """Seconds with these logarithms, by round."""
    return {number: exp(one) for number, one in enumerate(logs)}


def table(**changes: Seconds) -> Noise[str]:
    """A baseline without noise, three cells like the one that is compared with it, and one of another kind."""
    seconds: dict[str, Seconds] = {
        "base": of_logs(0, 0, 0),
        "cell": of_logs(0, 5, 9),
        "first": of_logs(1, 2, 3),
        "second": of_logs(2, 2, 5),
        "third": of_logs(3, 3, 3),
        "other": of_logs(0, 50, 100),
        **changes,
    }
    return Noise(seconds, {cell: cell == "other" for cell in seconds})


def test_the_prior_pools_the_variances_of_the_others() -> None:
    """By hand: sums of squares 2, 6 and 0 with two degrees of freedom each; half of the six count."""
    prior = table().prior("base", "cell")
    assert prior.variance == pytest.approx(8 / 6)
    assert prior.freedom == 3


def test_a_moderated_variance_by_hand() -> None:
    """(3 * 2 + 2 * 1) / 5 where the prior is larger; its own 4 where the prior is smaller."""
    assert Prior(2.0, 3).moderated(1.0, 2) == pytest.approx((1.6, 5))
    assert Prior(2.0, 3).moderated(4.0, 2) == pytest.approx((4.0, 5))
    assert NO_PRIOR.moderated(4.0, 2) == (4.0, 2)


def test_with_one_comparison_there_is_nothing_to_borrow() -> None:
    """The interval is that of Student's t."""
    seconds = {"base": of_logs(0, 0, 0), "cell": of_logs(0.1, 0.2, 0.3)}
    noise = Noise(seconds, dict.fromkeys(seconds, "here"))
    assert noise.prior("base", "cell") == noise.prior("cell", "base") == NO_PRIOR
    assert Noise[str]().prior("base", "cell") == NO_PRIOR


def test_nothing_is_borrowed_from_two_rounds_of_one_cell() -> None:
    """Half of one degree of freedom is none."""
    seconds = {"base": of_logs(0, 0, 0), "cell": of_logs(1, 2, 4), "other": of_logs(1, 2)}
    prior = Noise(seconds, dict.fromkeys(seconds)).prior("base", "cell")
    own = log_ratios(seconds["base"], seconds["cell"])
    assert ratio_interval(own, 0.01, prior) == ratio_interval(own, 0.01)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_a_cell_is_no_part_of_its_own_prior(logs: list[float]) -> None:
    """Its variance does not count twice."""
    assert table(cell=of_logs(*logs)).prior("base", "cell") == table().prior("base", "cell")


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_cells_of_other_groups_are_no_part_of_a_prior(logs: list[float]) -> None:
    assert table(other=of_logs(*logs)).prior("base", "cell") == table().prior("base", "cell")


@given(st.permutations(["base", "cell", "first", "second", "third", "other"]))
def test_the_order_of_the_cells_does_not_matter(order: list[str]) -> None:
    noise = table()
    shuffled = replace(noise, groups={cell: noise.groups[cell] for cell in order})
    assert shuffled.prior("base", "cell") == noise.prior("base", "cell")


def test_rounds_in_which_a_cell_rests_do_not_change_its_prior() -> None:
    """Otherwise a verdict could be lost, or come, without a sample of the cell."""
    longer = {"base": of_logs(0, 0, 0, 0, 9), "first": of_logs(1, 2, 3, -7, 8), "third": of_logs(3, 3, 3, 3, 30)}
    assert table(**longer).prior("base", "cell") == table().prior("base", "cell")


@given(MANY, PRIORS)
def test_from_eight_rounds_on_a_prior_changes_nothing(values: np.ndarray, prior: Prior) -> None:
    assert ratio_interval(values, 0.01, prior) == ratio_interval(values, 0.01)


def test_there_is_no_prior_where_it_would_not_count() -> None:
    """That is below three rounds, and from eight rounds on."""
    for rounds, known in ((2, False), (3, True), (7, True), (8, False)):
        seconds = {name: of_logs(*range(rounds)) for name in ("cell", "first", "second")}
        noise = Noise({"base": of_logs(*[0.0] * rounds), **seconds}, dict.fromkeys(["base", *seconds]))
        assert (noise.prior("base", "cell") != NO_PRIOR) == known


@given(FEW, PRIORS)
def test_a_prior_adds_certainty_but_never_makes_a_variance_smaller(values: np.ndarray, prior: Prior) -> None:
    """So no interval is narrower than that of its own variance with the additional degrees of freedom."""
    own = float(np.std(values, ddof=1)) / sqrt(values.size)
    least = quantile(0.01, values.size - 1 + prior.freedom) * own
    assert half(values, prior) >= least * (1 - 1e-9) - 1e-9
    if prior.variance <= np.var(values, ddof=1):
        assert half(values, prior) <= half(values) * (1 + 1e-9) + 1e-9


@given(FEW, PRIORS, st.floats(0, 9))
def test_noisier_others_never_make_an_interval_narrower(values: np.ndarray, prior: Prior, more: float) -> None:
    noisier = replace(prior, variance=prior.variance + more)
    assert half(values, noisier) >= half(values, prior) * (1 - 1e-9) - 1e-12


@pytest.mark.parametrize("deviations", [(1, 1, 1, 1, 1, 1), (1, 10, 1, 1, 1, 1), (10, 1, 1, 1, 1, 1)])
def test_few_tables_of_identical_cells_claim_a_difference(deviations: tuple[int, ...]) -> None:
    """Five looks at five cells, one of which or the baseline may be ten times as noisy, in 200 sessions: 5 % are 10.

    Chance may add 6 (two standard deviations).

    """
    draw, claims, level = np.random.default_rng(4), 0, look_level(30, 5)
    scale = 0.05 * np.array(deviations)
    for _ in range(200):
        logs = scale * draw.standard_normal((7, 6))
        found = set[str]()
        for rounds in range(3, 8):
            seconds = {cell: of_logs(*logs[:rounds, cell]) for cell in range(6)}
            noise = Noise(seconds, dict.fromkeys(seconds))
            for cell in range(1, 6):
                ratios = log_ratios(seconds[0], seconds[cell])
                found.add(verdict(ratio_interval(ratios, level, noise.prior(0, cell))))
        claims += bool(found & {FASTER, SLOWER})
    assert claims <= 16
