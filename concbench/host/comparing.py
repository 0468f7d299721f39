"""Whether the results of an execution are what they must be, in words where they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import eq
from typing import Any

from concbench.equality import close, same
from concbench.errors import ResultsDiffer, RoundingDiffers
from concbench.task import exception_text, short, tried


def require_equal(
    collected: Sequence[Any], expected: Sequence[Any], same: Callable[[Any, Any], bool | None] = same
) -> None:
    """Compare what came out with what must.

    Args:
        collected: what came out.
        expected: what must.
        same: says of a pair, expected first, whether it is right.

    Raises:
        ResultsDiffer: says how many differ, and how the first does; and whether all of it is rounding. Or what
            comparing raises.
    """
    if len(collected) != len(expected):
        raise ResultsDiffer(f"{len(collected):,} results instead of {len(expected):,}")
    wrong = []
    for index, (due, seen) in enumerate(zip(expected, collected, strict=True)):
        alike, broken = tried(same, due, seen)
        if broken is not None:
            why = f"comparing them at item {index} raises {exception_text(broken)}"
            raise ResultsDiffer(f"{why}: expected {short(due)}, got {short(seen)}") from broken
        if alike is False:
            wrong.append(index)
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


def incomparable(results: Sequence[Any], same: Callable[[Any, Any], bool | None] = same) -> str:
    """Why results cannot be compared, as the end of a sentence; empty if they can."""
    for index, result in enumerate(results):
        alike, broken = tried(same, result, result)
        if alike is None:
            broken = broken or tried(eq, result, result)[1]
            raises = f"raises {exception_text(broken)} when it is compared" if broken is not None else ""
            return f"result {index}, {short(result)}, {raises or 'has no equality of its own'}"
    return ""
