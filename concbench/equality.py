"""Whether two results are the same, as a person would say it: NaN is NaN, and an array is its elements.

Standard library only; other libraries are known by their names, and asked only where a result has brought them.
"""

from __future__ import annotations

import dataclasses
import math
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import copy
from enum import Enum
from itertools import chain
from types import CodeType, EllipsisType, NotImplementedType
from typing import Any, TypeVar

DOUBLE = (1e-9, 1e-12)
"""Relative and absolute difference of two floats that `close` takes for rounding; the former as math.isclose."""
SINGLE = (1e-5, 1e-8)
"""The same for arrays of less than double precision, as numpy.isclose."""

_T = TypeVar("_T")
_Way = Callable[["_Comparison", Any, Any], bool | None]
"""Compares two values of one type; what they contain is left to be compared, and True returned meanwhile."""


def same(expected: Any, actual: Any) -> bool | None:
    """Compare two results.

    Values of different types differ. Floats are compared without room for rounding. Missing values (NaN, NaT, NA) are
    equal to themselves. Containers are compared by what they contain, exceptions by their type and arguments, arrays
    by shape, type and elements, tables of pandas, Polars and pyarrow by labels and values. Dataclasses, and classes of
    attrs and pydantic, are compared by those of their fields that their generated equality compares. An equality that
    was written by hand is asked instead, whatever it is that it belongs to.

    Returns:
        Whether they are the same; None where that cannot be told: objects that have no equality of their own, or one
        that raises, or by which they are not equal to a copy of themselves.
    """
    return _Comparison(rounding=False).same(expected, actual)


def close(expected: Any, actual: Any) -> bool | None:
    """Compare two results as `same` does, and take floats that differ by rounding for equal.

    Floats may differ by a relative 1e-9 or an absolute 1e-12; elements of arrays of less than double precision by 1e-5
    or 1e-8.
    """
    return _Comparison(rounding=True).same(expected, actual)


def different_part(expected: Any, actual: Any) -> Any:
    """The first part of a result that is not the same in another, or that cannot be compared; else the result."""
    comparison = _Comparison(rounding=False)
    comparison.same(expected, actual)
    return comparison.different[0] if comparison.different else expected


def copied(value: Any) -> Any:
    """The value as another process would have it; a shallow copy, or the value itself, where it cannot be pickled."""
    made = _or_none(lambda: [pickle.loads(pickle.dumps(value))]) or _or_none(lambda: [copy(value)])
    return made[0] if made else value


class _Comparison:
    """Compares two values and what they contain; numbers exactly or with room for rounding.

    What is still to be compared is kept in a list, not on the stack of calls, so that no value is nested too deeply.
    """

    def __init__(self, *, rounding: bool) -> None:
        self._rounding = rounding
        self._left: list[Iterator[tuple[Any, Any]]] = []
        """The pairs that are still to be compared."""
        self._seen: set[tuple[int, int]] = set()
        """Pairs of containers that have been opened, by their ids: one may contain itself, or another many times."""
        self._kept: list[Any] = []
        """Those containers, so that no other object gets their ids."""
        self._ways: dict[type, _Way] = {}
        self._doubting = False
        """Whether an equality that was written by hand is believed of keys only if they are equal to their copies."""
        self._unknown = 0
        """How many keys have been made of values that have no equality."""
        self.different: list[Any] = []
        """The first part that was not the same."""

    def same(self, expected: Any, actual: Any) -> bool | None:
        """False if one pair differs; else None if one cannot be compared; else True."""
        verdict: bool | None = True
        self._left.append(iter([(expected, actual)]))
        while self._left:
            pair = _or_none(next, self._left[-1], ())
            if not pair:
                self._left.pop()
                if pair is not None:
                    continue
            told = _or_none(self._pair, *pair) if pair else None
            if told is not True:
                verdict = told
                self.different = self.different or [pair[0] if pair else expected]
                if told is False:
                    return False
        return verdict

    def _pair(self, expected: Any, actual: Any) -> bool | None:
        kind = type(expected)
        if kind is not type(actual):
            return False
        return self._way(kind)(self, expected, actual)

    def _way(self, kind: type) -> _Way:
        if kind not in self._ways:
            self._ways[kind] = _way_of(kind)
        return self._ways[kind]

    def _open(self, expected: Any, actual: Any, parts: Iterable[tuple[Any, Any]]) -> bool:
        """Have the parts of two values compared, once."""
        pair = id(expected), id(actual)
        if pair not in self._seen:
            self._seen.add(pair)
            self._kept += expected, actual
            self._left.append(iter(parts))
        return True

    def plain(self, expected: Any, actual: Any) -> bool | None:
        """By an equality of Python's own that leaves no question open."""
        return bool(expected == actual)

    def identity(self, expected: Any, actual: Any) -> bool | None:
        """What there is once in a process."""
        return expected is actual

    def unknown(self, expected: Any, actual: Any) -> bool | None:
        """Objects that are equal to nothing but themselves."""
        del expected, actual
        return None

    def number(self, expected: complex, actual: complex) -> bool | None:
        """Floats and complex numbers, part by part."""
        if isinstance(expected, complex):
            return bool(self.number(expected.real, actual.real) and self.number(expected.imag, actual.imag))
        if expected == actual or (expected != expected and actual != actual):  # noqa: PLR0124 - NaN
            return True
        return self._rounding and math.isclose(expected, actual.real, rel_tol=DOUBLE[0], abs_tol=DOUBLE[1])

    def sequence(self, expected: Sequence[Any], actual: Sequence[Any]) -> bool | None:
        """Element by element."""
        return len(expected) == len(actual) and self._open(expected, actual, zip(expected, actual, strict=True))

    def raised(self, expected: BaseException, actual: BaseException) -> bool | None:
        """Exceptions, by what they were made with."""
        return self._open(expected, actual, [(expected.args, actual.args)])

    def set(self, expected: AbstractSet[Any], actual: AbstractSet[Any]) -> bool | None:
        """Element by element, in whatever order."""
        return self._matched(expected, actual)[0]

    def mapping(self, expected: Mapping[Any, Any], actual: Mapping[Any, Any]) -> bool | None:
        """Value by value, in whatever order."""
        told, keys = self._matched(expected, actual)
        if told:
            self._open(expected, actual, ((expected[one], actual[other]) for one, other in keys))
        return told

    def _matched(
        self, one: Collection[Any], other: Collection[Any]
    ) -> tuple[bool | None, Iterable[tuple[Hashable, Hashable]]]:
        """Whether two collections have the same keys, and each with its like; None if keys have no equality."""
        if len(one) != len(other):
            return False, ()
        if {str}.issuperset(map(type, one)) and {str}.issuperset(map(type, other)):
            return all(key in other for key in one), zip(one, one, strict=True)
        unknown = self._unknown
        ones, others = self._grouped(one), self._grouped(other)
        if not _as_many(ones, others):
            self._doubting = True
            ones, others = self._grouped(one), self._grouped(other)
            self._doubting = False
            if not _as_many(ones, others):
                return False, ()
        pairs = chain.from_iterable(zip(group, others[key], strict=True) for key, group in ones.items())
        return None if self._unknown > unknown else True, pairs

    def _grouped(self, values: Iterable[Any]) -> dict[Hashable, list[Hashable]]:
        """Hashable values by their keys: there may be several that are missing."""
        groups: dict[Hashable, list[Hashable]] = {}
        for value in values:
            groups.setdefault(self._key(value), []).append(value)
        return groups

    def _key(self, value: Any) -> Hashable:
        """What is equal for two hashable values if, and only if, they are the same."""
        kind = type(value)
        if kind is str:
            return value  # type: ignore[no-any-return]
        way = self._way(kind)
        parts: Iterable[Any] | None = None
        if way is _Comparison.sequence:
            parts = value
        elif isinstance(way, _ByFields):
            parts = way.values(value)
        if parts is not None:
            return kind, *map(self._key, parts)
        if way is _Comparison.set:
            return kind, frozenset(Counter(map(self._key, value)).items())
        by_hand = way is _Comparison.by_own
        if way is _Comparison.unknown or (by_hand and self._doubting and not _is_like_its_copy(value)):
            self._unknown += 1
            return (kind,)
        return (kind, value) if by_hand or _equal(value, value) else (kind, repr(value))

    def array(self, expected: Any, actual: Any) -> bool | None:
        """Arrays and scalars of numpy."""
        if expected.dtype != actual.dtype or expected.shape != actual.shape:
            return False
        numpy = sys.modules["numpy"]
        both = expected, actual
        masked = sys.modules.get("numpy.ma")
        if masked is not None and isinstance(expected, masked.MaskedArray):
            fill = masked.default_fill_value(expected.dtype)
            shown = ([masked.getmaskarray(value), value.filled(fill)] for value in both)
            return self._open(*both, zip(*(map(numpy.asarray, parts) for parts in shown), strict=True))
        if expected.dtype.names:
            return self._open(*both, ((expected[name], actual[name]) for name in expected.dtype.names))
        if expected.dtype.kind in "OT":
            return self._open(*both, [(expected.tolist(), actual.tolist())])
        if self._rounding and expected.dtype.kind in "fc":
            relative, absolute = DOUBLE if expected.real.dtype.itemsize >= 8 else SINGLE
            return bool(numpy.allclose(actual, expected, rtol=relative, atol=absolute, equal_nan=True))
        equal = (expected == actual) | ((expected != expected) & (actual != actual))  # noqa: PLR0124 - NaN
        return bool(numpy.all(equal))

    def by_own(self, expected: Any, actual: Any) -> bool | None:
        """By an equality that was written by hand, which is believed only of what is equal to a copy of itself."""
        told = _equal(expected, actual)
        if told is False and not (_is_like_its_copy(expected) and _is_like_its_copy(actual)):
            return True if expected is actual and copied(expected) is expected else None  # a missing value
        return told

    def by_state(self, expected: Any, actual: Any) -> bool | None:
        """By an equality that was not; where that says no, by what pickles hold, which may be missing values."""
        told = _equal(expected, actual)
        if told:
            return True
        one, other = _or_none(_state, expected), _or_none(_state, actual)
        return told if one is None or other is None else self._open(expected, actual, [(one, other)])


@dataclasses.dataclass(frozen=True)
class _ByFields:
    """Compares records by some of their fields: names, and what is called on each value first."""

    fields: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def __call__(self, comparison: _Comparison, expected: Any, actual: Any) -> bool | None:
        parts = zip(self.values(expected), self.values(actual), strict=True)
        return comparison._open(expected, actual, parts)  # noqa: SLF001

    def values(self, record: Any) -> list[Any]:
        values = [(getattr(record, name, None), key) for name, key in self.fields]
        return [value if key is None else key(value) for value, key in values]


@dataclasses.dataclass(frozen=True)
class _Table:
    """Compares tables and columns of a library by labels and values; its equals() may only say that they are equal."""

    labels: tuple[str, ...]
    values: Callable[[Any], Any]

    def __call__(self, comparison: _Comparison, expected: Any, actual: Any) -> bool | None:
        parts = [self._labels(expected), self._labels(actual)]
        if not expected.equals(actual):
            parts += self.values(expected), self.values(actual)
        return comparison._open(expected, actual, zip(parts[::2], parts[1::2], strict=True))  # noqa: SLF001

    def _labels(self, table: Any) -> list[Any]:
        return [getattr(table, label, None) for label in self.labels]


def _pandas_values(table: Any) -> Any:
    return [table.iloc[:, place] for place in range(table.shape[1])] if table.ndim == 2 else table.to_numpy()


_TABLES = {
    "pandas": _Table(("columns", "index", "names", "name", "dtype"), _pandas_values),
    "polars": _Table(
        ("schema", "name", "dtype"),
        lambda table: table.get_columns() if hasattr(table, "get_columns") else table.to_list(),
    ),
    "pyarrow": _Table(
        ("schema", "type"),
        lambda table: (
            table.columns
            if hasattr(table, "columns")
            else table.as_py()
            if hasattr(table, "as_py")
            else table.to_pylist()
        ),
    ),
}
_TO_VALUES = ("to_numpy", "to_pylist", "as_py")
"""Methods of which tables and columns of these libraries have one, and their types and schemas none."""
_WAYS: tuple[tuple[Any, _Way], ...] = (
    ((str, bytes, bytearray, int, type(None), range), _Comparison.plain),
    ((float, complex), _Comparison.number),
    ((Enum, type, EllipsisType, NotImplementedType), _Comparison.identity),
    (BaseException, _Comparison.raised),
    (AbstractSet, _Comparison.set),
    (Mapping, _Comparison.mapping),
    (Sequence, _Comparison.sequence),
)
"""The first that fits compares values whose equality was not written by hand."""
_GENERATED = {"__create_fn__.<locals>.__eq__", "__eq__"}
"""Where the code of a generated equality was defined: by dataclasses and by attrs; others are defined in a class."""
_NOT_BY_HAND = {"collections", "pydantic", "_collections", "_structseq", "datetime", "decimal"}
"""Packages whose __eq__, written in Python, compares all that an object contains: the last four are so in PyPy."""


def _way_of(kind: type) -> _Way:
    if _is_array(kind):
        return _Comparison.array
    for base in kind.__mro__:
        library = _root(base)
        if library in _TABLES and hasattr(base, "equals") and any(hasattr(base, name) for name in _TO_VALUES):
            return _TABLES[library]
    fields = _fields(kind)
    if fields is not None:
        return _ByFields(fields)
    own: Any = kind.__eq__
    if _code_of(own) is not None and _root(own) not in _NOT_BY_HAND:
        return _Comparison.by_own
    for types, way in _WAYS:
        if issubclass(kind, types):
            return way
    return _Comparison.unknown if own is object.__eq__ else _Comparison.by_state


def _fields(kind: Any) -> tuple[tuple[str, Callable[[Any], Any] | None], ...] | None:
    """The fields that the generated `__eq__` of a record compares, all fields if it has none; None for other types."""
    own: Any = kind.__eq__
    owner = next(base for base in kind.__mro__ if "__eq__" in base.__dict__)
    if _root(own) == "pydantic" and hasattr(kind, "model_fields"):
        return tuple((name, None) for name in (*kind.model_fields, "__pydantic_extra__", "__pydantic_private__"))
    if own is object.__eq__:
        owner = kind
    elif (code := _code_of(own)) is None or code.co_qualname not in _GENERATED:
        return None
    if dataclasses.is_dataclass(owner):
        return tuple((field.name, None) for field in dataclasses.fields(owner) if field.compare)
    if hasattr(owner, "__attrs_attrs__"):
        return tuple((field.name, field.eq_key) for field in owner.__attrs_attrs__ if field.eq)
    return None


def _code_of(function: Any) -> CodeType | None:
    """The code of a function that is written in Python; None of others, which in PyPy are of the same type."""
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _is_array(kind: type) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(kind, (numpy.ndarray, numpy.generic))


def _root(thing: Any) -> str:
    """The package that a class or a function is from."""
    return str(getattr(thing, "__module__", "")).partition(".")[0]


def _or_none(action: Callable[..., _T], *arguments: Any) -> _T | None:
    """What it returns; None where it raises, be it SystemExit: code of a user's class may do that. Ctrl-C goes on."""
    try:
        return action(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001
        return None


def _equal(one: Any, other: Any) -> bool | None:
    """By == alone; None where it raises, or gives what is neither true nor false."""
    return _or_none(lambda: bool(one == other))


def _is_like_its_copy(value: Any) -> bool:
    return _equal(value, copied(value)) is True


def _as_many(ones: Mapping[Hashable, list[Any]], others: Mapping[Hashable, list[Any]]) -> bool:
    return ones.keys() == others.keys() and all(len(group) == len(others[key]) for key, group in ones.items())


def _state(value: Any) -> list[Any]:
    """What a pickle of it holds."""
    reduced = value.__reduce_ex__(4)
    if isinstance(reduced, str):
        return [reduced]
    make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    return [_root(make), getattr(make, "__qualname__", ""), arguments, state, list(items or ()), list(pairs or ())]
