"""Paired ratios."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from concbench.stats.ratios import median_ratio, never_far_behind, paired_ratios

SECONDS = st.integers(1, 30).flatmap(lambda n: arrays(float, (2, n), elements=st.floats(1e-3, 1e3)))


@given(SECONDS)
def test_the_ratio_the_other_way_round_is_the_reciprocal(pair: np.ndarray) -> None:
    """Round by round."""
    one, other = pair
    assert np.allclose(paired_ratios(one, other) * paired_ratios(other, one), 1)


@given(SECONDS, st.floats(0.1, 10))
def test_what_slows_a_whole_round_does_not_change_its_ratio(pair: np.ndarray, factor: float) -> None:
    """That is what pairing is for."""
    one, other = pair
    disturbed = np.where(np.arange(one.size) % 2, factor, 1.0)
    assert np.isclose(median_ratio(one * disturbed, other * disturbed), median_ratio(one, other))


def test_twice_as_fast_is_a_ratio_of_two() -> None:
    """Above 1 is faster."""
    assert median_ratio(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0])) == 2.0


def test_one_round_close_to_the_leader_is_enough_to_tie() -> None:
    """And a candidate behind in every round does not."""
    leader = np.array([1.0, 1.0, 1.0])
    assert never_far_behind(leader, np.array([2.0, 1.04, 2.0]), 0.05)
    assert not never_far_behind(leader, np.array([2.0, 1.06, 2.0]), 0.05)
