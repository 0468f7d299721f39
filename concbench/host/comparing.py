"""Whether the results of an execution are what they must be, in words where they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from concbench.equality import close, same
from concbench.errors import ResultsDiffer, RoundingDiffers
from concbench.task import short


def require_equal(
    collected: Sequence[Any], expected: Sequence[Any], same: Callable[[Any, Any], bool | None] = same
) -> None:
    """Compare what came out with what must.

    Args:
        collected: what came out.
        expected: what must.
        same: says of a pair, expected first, whether it is right.

    Raises:
        ResultsDiffer: says how many differ, and how the first does; and whether all of it is rounding.
    """
    if len(collected) != len(expected):
        raise ResultsDiffer(f"{len(collected):,} results instead of {len(expected):,}")
    pairs = enumerate(zip(expected, collected, strict=True))
    wrong = [index for index, (due, seen) in pairs if same(due, seen) is False]
    if not wrong:
        return
    first = wrong[0]
    reason = (
        f"{len(wrong):,} of {len(expected):,} results differ, first at item {first}: "
        f"expected {short(expected[first])}, got {short(collected[first])}"
    )
    if all(close(expected[index], collected[index]) for index in wrong):
        raise RoundingDiffers(f"rounding differences: {reason}; --check concbench.checks:close takes them for equal")
    raise ResultsDiffer(reason)
