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
    for index, (reference, actual) in enumerate(zip(expected, collected, strict=True)):
        equal, error = attempt(same, reference, actual)
        if error is None and equal is not False:
            continue
        if not (is_comparable(reference, same) and is_comparable(actual, same)):
            continue
        if error is not None:
            reason = f"comparing them at item {index} raises {exception_text(error)}"
            raise ResultsDiffer(f"{reason}: expected {short(reference)}, got {short(actual)}") from error
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
    equal, error = attempt(same, value, copied(value))
    return error is None and equal is not False


def incomparable(results: Sequence[Any], copies: Sequence[Any], same: _Same = same) -> tuple[int, str]:
    """The number of results that cannot be compared, and why the first of them cannot, as the end of a sentence.

    Args:
        results: the results of a pass.
        copies: the same results after pickling.
        same: returns whether a pair counts as equal.
    """
    count, reason = 0, ""
    for index, (result, copy) in enumerate(zip(results, copies, strict=True)):
        equal, error = attempt(same, result, copy)
        if error is not None or not equal:
            count += 1
            detail = _incomparable_reason(result, copy, equal, error)
            reason = reason or f"result {index}, of type {type_name(result)}, {detail}"
    return count, reason


def _incomparable_reason(result: Any, copy: Any, equal: bool | None, error: BaseException | None) -> str:
    """The reason why a result cannot be compared with a copy of itself."""
    if error is not None:
        return f"raises {exception_text(error)} when it is compared"
    if equal is False and same(result, copy):
        return "is not equal to a pickled copy of itself by the given check"
    part = different_part(result, copy)
    if same(part, copied(part)):  # the difference is lost in the pickle of the whole
        part = result
    _, error = attempt(lambda: bool(part == copied(part)))
    if error is not None:
        reason = f"raises {exception_text(error)} when it is compared"
    elif getattr(type(part), "__eq__") is object.__eq__:  # noqa: B009 - mypy takes the two for different
        reason = "does not define equality"
    else:
        reason = "is not equal to a pickled copy of itself"
    return f"{reason if part is result else f'holds a value of type {type_name(part)}, which {reason}'}; {_HINT}"
