"""The comparison of results with the reference, with a description of the first difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from concbench.equality import close, copied, different_part, same
from concbench.errors import ResultsDiffer, RoundingDiffers
from concbench.task import attempt, exception_text, short, type_name

_Same = Callable[[Any, Any], bool | None]
_HINT = "--check module:function compares with a function of your own"


def require_equal(collected: Sequence[Any], expected: Sequence[Any], same: _Same = same) -> None:
    """Compare collected values with the expected ones. Values not equal to a copy of themselves are left out.

    Args:
        collected: the values of an execution.
        expected: the values to compare with.
        same: returns whether a pair, the expected value first, counts as equal.

    Raises:
        ResultsDiffer: values differ, or comparing raises; the message has their number and the first difference.
        RoundingDiffers: all differences are due to rounding.
    """
    if len(collected) != len(expected):
        raise ResultsDiffer(f"{len(collected):,} results instead of {len(expected):,}")
    wrong = []
    for index, (due, seen) in enumerate(zip(expected, collected, strict=True)):
        alike, broken = attempt(same, due, seen)
        if broken is None and alike is not False:
            continue
        if not (is_comparable(due, same) and is_comparable(seen, same)):
            continue
        if broken is not None:
            why = f"comparing them at item {index} raises {exception_text(broken)}"
            raise ResultsDiffer(f"{why}: expected {short(due)}, got {short(seen)}") from broken
        wrong.append(index)
    if not wrong:
        return
    first = wrong[0]
    reason = (
        f"{len(wrong):,} of {len(expected):,} results differ, first at item {first}: "
        f"expected {short(expected[first])}, got {short(collected[first])}"
    )
    if all(close(expected[index], collected[index]) for index in wrong):
        raise RoundingDiffers(f"rounding differences: {reason}; --check concbench.checks:close treats them as equal")
    raise ResultsDiffer(reason)


def is_comparable(value: Any, same: _Same = same) -> bool:
    """Whether a value is equal to a copy of itself, so that a difference from another value is meaningful."""
    alike, broken = attempt(same, value, copied(value))
    return broken is None and alike is not False


def incomparable(results: Sequence[Any], copies: Sequence[Any], same: _Same = same) -> tuple[int, str]:
    """The number of results that cannot be compared, and why the first of them cannot, as the end of a sentence.

    Args:
        results: the results of a pass.
        copies: the same results after pickling.
        same: returns whether a pair counts as equal.
    """
    count, why = 0, ""
    for index, (result, copy) in enumerate(zip(results, copies, strict=True)):
        alike, broken = attempt(same, result, copy)
        if broken is not None or not alike:
            count += 1
            why = why or f"result {index}, of type {type_name(result)}, {_why(result, copy, alike, broken)}"
    return count, why


def _why(result: Any, copy: Any, alike: bool | None, broken: BaseException | None) -> str:
    """The reason why a result cannot be compared with a copy of itself."""
    if broken is not None:
        return f"raises {exception_text(broken)} when it is compared"
    if alike is False and same(result, copy):
        return "is not equal to a pickled copy of itself by the given check"
    part = different_part(result, copy)
    if same(part, copied(part)):  # the difference is lost in the pickle of the whole
        part = result
    _, broken = attempt(lambda: bool(part == copied(part)))
    if broken is not None:
        why = f"raises {exception_text(broken)} when it is compared"
    elif getattr(type(part), "__eq__") is object.__eq__:  # noqa: B009 - mypy takes the two for different
        why = "does not define equality"
    else:
        why = "is not equal to a pickled copy of itself"
    return f"{why if part is result else f'holds a value of type {type_name(part)}, which {why}'}; {_HINT}"
