"""The shortest makespans, on examples that can be done by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench.stats.schedules import in_batches, in_order, longest_first, lower_bound

LENGTHS = st.lists(st.floats(0.01, 100), min_size=1, max_size=30)
ARTICLE = [1.0, 1.0, 2.0, 4.0]
"""Four tasks, the longest last: in this order two workers need 5, longest first 4."""


def test_order_matters() -> None:
    """By hand: lanes 1+2 and 1+4, or 4 and 2+1+1."""
    assert in_order(ARTICLE, 2) == 5
    assert longest_first(ARTICLE, 2) == 4
    assert in_batches(ARTICLE, 2) == 1 + 4
    assert lower_bound(ARTICLE, 2) == 4
    assert in_order([], 3) == lower_bound([], 3) == 0


@given(LENGTHS, st.integers(1, 8))
def test_no_schedule_beats_the_least_and_none_is_longer_than_one_after_another(
    lengths: list[float], workers: int
) -> None:
    """Graham: longest first is within 4/3 of the best, and so of the least at most by that much plus a task."""
    total = pytest.approx(sum(lengths))
    for made in (in_order(lengths, workers), longest_first(lengths, workers), in_batches(lengths, workers)):
        assert made >= lower_bound(lengths, workers) * (1 - 1e-9)
        assert made < sum(lengths) * (1 + 1e-9)
    assert in_order(lengths, 1) == total
    assert in_batches(lengths, 1) == total
    assert in_order(lengths, len(lengths)) == max(lengths)
