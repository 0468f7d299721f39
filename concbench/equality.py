"""Whether two results are the same, as a person would say it: NaN is NaN, and an array is its elements.

Standard library only; numpy is asked only where a result has brought it.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

DOUBLE = (1e-9, 1e-12)
"""Relative and absolute difference of two floats that `close` takes for rounding; the former as math.isclose."""
_LABELS = ("columns", "index", "name", "dtypes")
"""What a table or a column of pandas or Polars has beside its values."""
SINGLE = (1e-5, 1e-8)
"""The same for arrays of less than double precision, as numpy.isclose."""


def same(expected: Any, actual: Any) -> bool | None:
    """Compare two results.

    Floats and complex numbers are equal to the last bit, and NaN equals NaN. Containers are compared by what they
    contain, dataclasses by their fields, exceptions by their type and arguments, arrays by shape, type and elements;
    anything else by its own equality.

    Returns:
        Whether they are the same; None where that cannot be told: objects that have no equality of their own, or one
        that raises, or that are nested too deeply.
    """
    return _EXACT.same(expected, actual)


def close(expected: Any, actual: Any) -> bool | None:
    """Compare two results as `same` does, and take floats that differ by rounding for equal.

    Floats may differ by a relative 1e-9 or an absolute 1e-12; elements of arrays of less than double precision by 1e-5
    or 1e-8.
    """
    return _CLOSE.same(expected, actual)


class _Comparison:
    """Compares what is nested; numbers exactly or with room for rounding."""

    def __init__(self, *, rounding: bool) -> None:
        self._rounding = rounding
        self._by_type: tuple[tuple[Any, Callable[[Any, Any], bool | None]], ...] = (
            ((str, bytes, bytearray, int, type(None), AbstractSet, range), lambda one, other: bool(one == other)),
            ((float, complex), self._number),
            ((Enum, type), lambda expected, actual: expected is actual),
            (BaseException, lambda expected, actual: self._any(expected.args, actual.args)),
            (Mapping, self._mapping),
            (Sequence, self._sequence),
        )
        """The first that fits decides."""

    def same(self, expected: Any, actual: Any) -> bool | None:
        """Compare two values of whatever type."""
        try:
            return self._any(expected, actual)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - nested too deeply, or attributes of a user's class that raise what they like
            return None

    def _any(self, expected: Any, actual: Any) -> bool | None:
        if type(expected) is not type(actual):
            return False
        for types, compare in self._by_type:
            if isinstance(expected, types):
                return compare(expected, actual)
        if dataclasses.is_dataclass(expected):
            names = [field.name for field in dataclasses.fields(expected)]
            return _all(self._any(getattr(expected, name, None), getattr(actual, name, None)) for name in names)
        if _is_array(expected):
            return self._array(expected, actual)
        if self._rounding and callable(
            getattr(type(expected), "to_numpy", None)
        ):  # a table or column of pandas or polars
            labels = (self._any(getattr(expected, name, None), getattr(actual, name, None)) for name in _LABELS)
            return False not in labels and self._any(expected.to_numpy(), actual.to_numpy())
        return _same_by_own(expected, actual)

    def _number(self, expected: complex, actual: complex) -> bool:
        if isinstance(expected, complex):
            return self._number(expected.real, actual.real) and self._number(expected.imag, actual.imag)
        if expected == actual or (expected != expected and actual != actual):  # noqa: PLR0124 - NaN
            return True
        return self._rounding and math.isclose(expected, actual.real, rel_tol=DOUBLE[0], abs_tol=DOUBLE[1])

    def _mapping(self, expected: Mapping[Any, Any], actual: Mapping[Any, Any]) -> bool | None:
        if len(expected) != len(actual) or any(key not in actual for key in expected):
            return False
        return _all(self._any(value, actual[key]) for key, value in expected.items())

    def _sequence(self, expected: Sequence[Any], actual: Sequence[Any]) -> bool | None:
        return len(expected) == len(actual) and _all(map(self._any, expected, actual))

    def _array(self, expected: Any, actual: Any) -> bool | None:
        if expected.dtype != actual.dtype or expected.shape != actual.shape:
            return False
        if expected.dtype == object:
            return self._any(expected.tolist(), actual.tolist())
        numpy = sys.modules["numpy"]
        if self._rounding and expected.dtype.kind in "fc":
            double = expected.real.dtype.itemsize >= 8
            relative, absolute = DOUBLE if double else SINGLE
            return bool(numpy.allclose(actual, expected, rtol=relative, atol=absolute, equal_nan=True))
        equal = (expected == actual) | ((expected != expected) & (actual != actual))  # noqa: PLR0124 - NaN
        return bool(numpy.all(equal))


def _same_by_own(expected: Any, actual: Any) -> bool | None:
    """By the equality that its type brings, be it called __eq__ or, as with tables of columns, equals()."""
    own = getattr(type(expected), "equals", None)  # of the type: a value may raise at any name that it is asked for
    if own is None and getattr(type(expected), "__eq__") is object.__eq__:  # noqa: B009 - mypy knows better
        return None
    try:
        return bool(own(expected, actual) if callable(own) else expected == actual)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - an equality that raises tells nothing, not even with SystemExit
        return None


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic))


def _all(parts: Iterable[bool | None]) -> bool | None:
    """False if one of them is; else None if one of them is; else True."""
    verdict: bool | None = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            verdict = None
    return verdict


_EXACT, _CLOSE = _Comparison(rounding=False), _Comparison(rounding=True)
