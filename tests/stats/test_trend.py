"""Rising or falling ratios are distinguished from noise: seldom in noise alone, surely in a trend."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from concbench.stats.trend import has_settled, trends
from concbench.stats.verdicts import FASTER, UNDECIDED, verdict_of

SESSIONS, ROUNDS = 600, 30


def noise(rng: np.random.Generator, spread: float, outliers: float) -> NDArray[np.float64]:
    """Ratios of rounds that could have come in any order; some of them were disturbed."""
    ratios = rng.normal(0.4, spread, ROUNDS)
    disturbed = rng.random(ROUNDS) < outliers
    return np.where(disturbed, ratios - rng.exponential(0.5, ROUNDS), ratios)


@pytest.mark.parametrize(("spread", "outliers"), [(0.01, 0.0), (0.1, 0.0), (0.05, 0.1), (0.5, 0.2)])
def test_noise_is_seldom_taken_for_a_trend(spread: float, outliers: float) -> None:
    """It happens at one look in two hundred, and in one session of twenty at some look."""
    rng = np.random.default_rng(7)
    alarms = np.array([
        [trends(one[:count]) for count in range(6, ROUNDS + 1, 3)]
        for one in (noise(rng, spread, outliers) for _ in range(SESSIONS))
    ])  # fmt: skip
    assert alarms.mean() < 0.01
    assert alarms.any(axis=1).mean() < 0.05


@pytest.mark.parametrize("speed", [2.0, 5.0])
@pytest.mark.parametrize("way", [1, -1])
def test_a_compiler_that_warms_up_gets_no_verdict_before_it_has(speed: float, way: int) -> None:
    """The cell or the baseline gets faster."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        ratios = way * (1.0 - 0.8 * np.exp(-np.arange(10) / speed)) + rng.normal(0, 0.01, 10)
        assert verdict_of(ratios, 0.05) == UNDECIDED
        flat = np.full(10, 1.0) + rng.normal(0, 0.01, 10)
        assert verdict_of(flat, 0.001) == FASTER


def test_a_little_drift_is_no_trend() -> None:
    assert not trends(np.linspace(0.40, 0.43, 20))
    assert trends(np.linspace(0.40, 0.55, 20))
    assert not trends(np.linspace(0.40, 0.80, 5))


def test_executions_have_settled_once_they_get_no_shorter() -> None:
    assert not has_settled([1.0, 0.5, 0.25])
    assert not has_settled([1.0, 0.5, 0.25, 0.2])
    assert has_settled([0.5, 0.2, 0.2, 0.21, 0.199])
