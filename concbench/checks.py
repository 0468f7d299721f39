"""Ready-made checks of results: `--check concbench.checks:close`, or `measure(..., check=close)`."""

from __future__ import annotations

from typing import Any

from concbench import equality


def close(expected: Any, actual: Any) -> bool:
    """Compare results, and accept floats that differ by rounding; everything else must be the same.

    Floats may differ by a relative 1e-9 (the default of math.isclose) or an absolute 1e-12; elements of arrays of less
    than double precision by 1e-5 or 1e-8 (those of numpy.isclose). Use it where the order of additions changes from run
    to run, as in parallel sums.

    Args:
        expected: the result of the sequential pass.
        actual: the result of a runner.

    Returns:
        Whether they are equal except for rounding; also True where they cannot be compared, as with objects that have
        no equality.
    """
    return equality.close(expected, actual) is not False
