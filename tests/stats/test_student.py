"""Our t quantiles against those of scipy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concbench.stats.student import quantile, two_sided


def test_quantiles_agree_with_scipy() -> None:
    """They agree to 1e-9, over every level and number of rounds in use."""
    t = pytest.importorskip("scipy.stats").t  # half a second, which only the process that runs this should pay

    @settings(deadline=None, max_examples=300)
    @given(st.integers(1, 99), st.floats(1e-6, 0.5))
    def agree(df: int, alpha: float) -> None:
        assert quantile(alpha, df) == pytest.approx(t.isf(alpha / 2, df), rel=1e-9)

    agree()


@given(st.integers(1, 99), st.floats(1e-6, 0.5))
def test_the_quantile_undoes_the_probability(df: int, alpha: float) -> None:
    """This needs no scipy."""
    assert two_sided(quantile(alpha, df), df) == pytest.approx(1 - alpha, abs=1e-12)
