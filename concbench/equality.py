"""Whether two results are the same, as a person would say it: NaN is NaN, and an array is its elements.

Standard library only; numpy is asked only where a result has brought it.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any


def same(expected: Any, actual: Any) -> bool | None:
    """Compare two results.

    Floats and complex numbers are equal to the last bit, and NaN equals NaN. Containers are compared by what they
    contain, dataclasses by their fields, exceptions by their type and arguments, arrays by shape, type and elements;
    anything else by its own equality.

    Returns:
        Whether they are the same; None where that cannot be told: objects that have no equality of their own, or
        nested too deeply.
    """
    try:
        return _same(expected, actual)
    except RecursionError:
        return None


def _same(expected: Any, actual: Any) -> bool | None:
    if type(expected) is not type(actual):
        return False
    for types, compare in _BY_TYPE:
        if isinstance(expected, types):
            return compare(expected, actual)
    if dataclasses.is_dataclass(expected):
        names = [field.name for field in dataclasses.fields(expected)]
        return _all(_same(getattr(expected, name, None), getattr(actual, name, None)) for name in names)
    return _same_array(expected, actual) if _is_array(expected) else _same_by_own(expected, actual)


def _same_number(expected: complex, actual: complex) -> bool:
    if isinstance(expected, complex):
        return _same_number(expected.real, actual.real) and _same_number(expected.imag, actual.imag)
    return expected == actual or (expected != expected and actual != actual)  # noqa: PLR0124 - NaN


def _same_mapping(expected: Mapping[Any, Any], actual: Mapping[Any, Any]) -> bool | None:
    if len(expected) != len(actual) or any(key not in actual for key in expected):
        return False
    return _all(_same(value, actual[key]) for key, value in expected.items())


def _same_sequence(expected: Sequence[Any], actual: Sequence[Any]) -> bool | None:
    return len(expected) == len(actual) and _all(map(_same, expected, actual))


def _same_by_own(expected: Any, actual: Any) -> bool | None:
    """By the equality that its type brings, be it called __eq__ or, as with tables of columns, equals()."""
    own = getattr(expected, "equals", None)
    if own is None and getattr(type(expected), "__eq__") is object.__eq__:  # noqa: B009 - mypy knows better
        return None
    try:
        return bool(own(actual) if callable(own) else expected == actual)
    except Exception:  # noqa: BLE001 - an equality that raises tells nothing
        return None


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic))


def _same_array(expected: Any, actual: Any) -> bool | None:
    if expected.dtype != actual.dtype or expected.shape != actual.shape:
        return False
    if expected.dtype == object:
        return _same(expected.tolist(), actual.tolist())
    numpy = sys.modules["numpy"]
    equal = (expected == actual) | ((expected != expected) & (actual != actual))  # noqa: PLR0124 - NaN
    return bool(numpy.all(equal))


def _all(parts: Iterable[bool | None]) -> bool | None:
    """False if one of them is; else None if one of them is; else True."""
    verdict: bool | None = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            verdict = None
    return verdict


_BY_TYPE: tuple[tuple[Any, Callable[[Any, Any], bool | None]], ...] = (
    ((str, bytes, bytearray, int, type(None), AbstractSet, range), lambda expected, actual: bool(expected == actual)),
    ((float, complex), _same_number),
    ((Enum, type), lambda expected, actual: expected is actual),
    (BaseException, lambda expected, actual: _same(expected.args, actual.args)),
    (Mapping, _same_mapping),
    (Sequence, _same_sequence),
)
"""The first that fits decides."""
