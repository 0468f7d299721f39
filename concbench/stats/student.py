"""Quantiles of Student's t without scipy, whose import alone takes longer than many measurements."""

from functools import cache
from math import atan, cos, pi, sin, sqrt, tan


def two_sided(t: float, df: int) -> float:
    """P(|T| <= t) for t of 0 or more and whole degrees of freedom, by the finite series.

    Source: Abramowitz & Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
    """
    return _by_angle(atan(t / sqrt(df)), df)


@cache
def quantile(alpha: float, df: int) -> float:
    """The t with P(|T| > t) = alpha, for 0 < alpha < 1 and whole df of 1 or more; two-sided.

    It is found by bisection over the angle of the series; the probability rises from 0 to 1 over (0, pi/2).
    """
    low, high = 0.0, pi / 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if _by_angle(middle, df) < 1 - alpha:
            low = middle
        else:
            high = middle
    return sqrt(df) * tan(low)


def _by_angle(angle: float, df: int) -> float:
    square = cos(angle) ** 2
    if df % 2:
        total, term = 0.0, cos(angle)
        for step in range(1, df - 1, 2):
            total += term
            term *= square * (step + 1) / (step + 2)
        return 2 / pi * (angle + sin(angle) * total)
    total, term = 0.0, 1.0
    for step in range(0, df - 1, 2):
        total += term
        term *= square * (step + 1) / (step + 2)
    return sin(angle) * total
