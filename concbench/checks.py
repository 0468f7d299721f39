"""Checks that are ready to be used: `--check concbench.checks:close`, or `measure(..., check=close)`."""

from __future__ import annotations

from typing import Any

from concbench import equality


def close(expected: Any, actual: Any) -> bool:
    """Take results that differ by rounding for equal; everything else must be the same.

    Floats may differ by a relative 1e-9 (the default of math.isclose) or an absolute 1e-12; elements of arrays of less
    than double precision by 1e-5 or 1e-8 (those of numpy.isclose). Use it where the order of additions changes from run
    to run, as in parallel sums.

    Args:
        expected: the result of the sequential pass.
        actual: that of a runner.

    Returns:
        Whether they are equal but for rounding; True as well where that cannot be told, as with objects that have no
        equality.
    """
    return equality.close(expected, actual) is not False
