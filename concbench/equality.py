"""Equality of results in the everyday sense: NaN equals NaN, and arrays are compared by their elements.

Standard library only; other libraries are recognised by name, and used only if they are imported already.
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
"""Relative and absolute tolerance of `close` for floats. Source: the former is the default of math.isclose."""
SINGLE = (1e-5, 1e-8)
"""Relative and absolute tolerance for arrays of less than double precision. Source: defaults of numpy.isclose."""

_T = TypeVar("_T")
_Compare = Callable[["_Comparison", Any, Any], bool | None]
"""Compares two values of one type; it returns True while their contents are queued for comparison."""


def same(expected: Any, actual: Any) -> bool | None:
    """Compare two results.

    Values of different types differ. Floats are compared exactly. Missing values (NaN, NaT, NA) are equal to
    themselves. Containers are compared by their elements, exceptions by their type and arguments, arrays by shape, type
    and elements, tables of pandas, Polars and pyarrow by labels and values. Dataclasses, and classes of attrs and
    pydantic, are compared by the fields that their generated equality compares. A class with a hand-written `__eq__` is
    compared by that instead.

    Returns:
        Whether they are the same; None if they cannot be compared: objects without an equality of their own, or whose
        equality raises, or which are not equal to a copy of themselves.
    """
    return _Comparison(rounding=False).same(expected, actual)


def close(expected: Any, actual: Any) -> bool | None:
    """Compare two results as `same` does, and accept floats that differ by rounding.

    Floats may differ by a relative 1e-9 or an absolute 1e-12; elements of arrays of less than double precision by 1e-5
    or 1e-8.
    """
    return _Comparison(rounding=True).same(expected, actual)


def different_part(expected: Any, actual: Any) -> Any:
    """The first part of `expected` that differs in `actual`, or cannot be compared; else `expected` itself."""
    comparison = _Comparison(rounding=False)
    comparison.same(expected, actual)
    return comparison.different[0] if comparison.different else expected


def copied(value: Any) -> Any:
    """A copy of the value made by pickling; if that fails, a shallow copy, or else the value itself."""
    copies = _or_none(lambda: [pickle.loads(pickle.dumps(value))]) or _or_none(lambda: [copy(value)])
    return copies[0] if copies else value


class _Comparison:
    """Compares two values and their contents; numbers exactly, or with a tolerance for rounding.

    Pending pairs are kept in a list and not on the call stack, so that deep nesting does not hit the recursion limit.
    """

    def __init__(self, *, rounding: bool) -> None:
        self._rounding = rounding
        self._pending: list[Iterator[tuple[Any, Any]]] = []
        """Pairs still to be compared."""
        self._opened: set[tuple[int, int]] = set()
        """Ids of the pairs of opened containers: a container may contain itself, or another one many times."""
        self._references: list[Any] = []
        """These containers, kept alive so that no other object gets their ids."""
        self._comparisons: dict[type, _Compare] = {}
        self._doubting = False
        """Whether a hand-written equality of keys is trusted only if they are equal to their copies."""
        self._unknown = 0
        """Number of keys made of values without an equality."""
        self.different: list[Any] = []
        """The first part that differs or cannot be compared."""

    def same(self, expected: Any, actual: Any) -> bool | None:
        """Return False if a pair differs; else None if a pair cannot be compared; else True."""
        verdict: bool | None = True
        self._pending.append(iter([(expected, actual)]))
        while self._pending:
            pair = _or_none(next, self._pending[-1], ())
            if not pair:
                self._pending.pop()
                if pair is not None:
                    continue
            equal = _or_none(self._pair, *pair) if pair else None
            if equal is not True:
                verdict = equal
                self.different = self.different or [pair[0] if pair else expected]
                if equal is False:
                    return False
        return verdict

    def _pair(self, expected: Any, actual: Any) -> bool | None:
        kind = type(expected)
        if kind is not type(actual):
            return False
        return self._comparison(kind)(self, expected, actual)

    def _comparison(self, kind: type) -> _Compare:
        if kind not in self._comparisons:
            self._comparisons[kind] = _choose_comparison(kind)
        return self._comparisons[kind]

    def _open(self, expected: Any, actual: Any, parts: Iterable[tuple[Any, Any]]) -> bool:
        """Queue the parts of two values for comparison, unless they have been queued before."""
        pair = id(expected), id(actual)
        if pair not in self._opened:
            self._opened.add(pair)
            self._references += expected, actual
            self._pending.append(iter(parts))
        return True

    def plain(self, expected: Any, actual: Any) -> bool | None:
        """Compare by ==, for built-in types with an exact equality."""
        return bool(expected == actual)

    def identity(self, expected: Any, actual: Any) -> bool | None:
        """Compare by identity, for objects that exist once in a process."""
        return expected is actual

    def unknown(self, expected: Any, actual: Any) -> bool | None:
        """Return None, for objects that are equal only to themselves."""
        del expected, actual
        return None

    def number(self, expected: complex, actual: complex) -> bool | None:
        """Compare floats, and complex numbers by their parts."""
        if isinstance(expected, complex):
            return bool(self.number(expected.real, actual.real) and self.number(expected.imag, actual.imag))
        if expected == actual or (expected != expected and actual != actual):  # noqa: PLR0124 - NaN
            return True
        return self._rounding and math.isclose(expected, actual.real, rel_tol=DOUBLE[0], abs_tol=DOUBLE[1])

    def sequence(self, expected: Sequence[Any], actual: Sequence[Any]) -> bool | None:
        """Compare sequences element by element."""
        return len(expected) == len(actual) and self._open(expected, actual, zip(expected, actual, strict=True))

    def exception(self, expected: BaseException, actual: BaseException) -> bool | None:
        """Compare exceptions by their arguments."""
        return self._open(expected, actual, [(expected.args, actual.args)])

    def set(self, expected: AbstractSet[Any], actual: AbstractSet[Any]) -> bool | None:
        """Compare sets by their elements, in any order."""
        return self._match(expected, actual)[0]

    def mapping(self, expected: Mapping[Any, Any], actual: Mapping[Any, Any]) -> bool | None:
        """Compare mappings by their keys and values, in any order."""
        equal, pairs = self._match(expected, actual)
        if equal:
            self._open(expected, actual, ((expected[key], actual[other]) for key, other in pairs))
        return equal

    def _match(
        self, expected: Collection[Any], actual: Collection[Any]
    ) -> tuple[bool | None, Iterable[tuple[Hashable, Hashable]]]:
        """Whether two collections have the same keys, with the matching pairs; None if keys have no equality."""
        if len(expected) != len(actual):
            return False, ()
        if {str}.issuperset(map(type, expected)) and {str}.issuperset(map(type, actual)):
            return all(key in actual for key in expected), zip(expected, expected, strict=True)
        unknown = self._unknown
        expected_groups, actual_groups = self._group(expected), self._group(actual)
        if not _same_counts(expected_groups, actual_groups):
            self._doubting = True
            expected_groups, actual_groups = self._group(expected), self._group(actual)
            self._doubting = False
            if not _same_counts(expected_groups, actual_groups):
                return False, ()
        groups = ((group, actual_groups[key]) for key, group in expected_groups.items())
        pairs = chain.from_iterable(zip(first, second, strict=True) for first, second in groups)
        return None if self._unknown > unknown else True, pairs

    def _group(self, values: Iterable[Any]) -> dict[Hashable, list[Hashable]]:
        """Group hashable values by their keys; several missing values share one key."""
        groups: dict[Hashable, list[Hashable]] = {}
        for value in values:
            groups.setdefault(self._key(value), []).append(value)
        return groups

    def _key(self, value: Any) -> Hashable:
        """A key that is equal for two hashable values if and only if they are the same."""
        kind = type(value)
        if kind is str:
            return value  # type: ignore[no-any-return]
        comparison = self._comparison(kind)
        parts: Iterable[Any] | None = None
        if comparison is _Comparison.sequence:
            parts = value
        elif isinstance(comparison, _ByFields):
            parts = comparison.values(value)
        if parts is not None:
            return kind, *map(self._key, parts)
        if comparison is _Comparison.set:
            return kind, frozenset(Counter(map(self._key, value)).items())
        by_hand = comparison is _Comparison.by_equality
        if comparison is _Comparison.unknown or (by_hand and self._doubting and not _is_like_its_copy(value)):
            self._unknown += 1
            return (kind,)
        return (kind, value) if by_hand or _equal(value, value) else (kind, repr(value))

    def array(self, expected: Any, actual: Any) -> bool | None:
        """Compare arrays and scalars of numpy."""
        if expected.dtype != actual.dtype or expected.shape != actual.shape:
            return False
        numpy = sys.modules["numpy"]
        both = expected, actual
        masked = sys.modules.get("numpy.ma")
        if masked is not None and isinstance(expected, masked.MaskedArray):
            fill = masked.default_fill_value(expected.dtype)
            parts = ([masked.getmaskarray(value), value.filled(fill)] for value in both)
            return self._open(*both, zip(*(map(numpy.asarray, pair) for pair in parts), strict=True))
        if expected.dtype.names:
            return self._open(*both, ((expected[name], actual[name]) for name in expected.dtype.names))
        if expected.dtype.kind in "OT":
            return self._open(*both, [(expected.tolist(), actual.tolist())])
        if self._rounding and expected.dtype.kind in "fc":
            relative, absolute = DOUBLE if expected.real.dtype.itemsize >= 8 else SINGLE
            return bool(numpy.allclose(actual, expected, rtol=relative, atol=absolute, equal_nan=True))
        equal = (expected == actual) | ((expected != expected) & (actual != actual))  # noqa: PLR0124 - NaN
        return bool(numpy.all(equal))

    def by_equality(self, expected: Any, actual: Any) -> bool | None:
        """Compare by a hand-written equality, which is trusted only for values that are equal to their copies."""
        equal = _equal(expected, actual)
        if equal is False and not (_is_like_its_copy(expected) and _is_like_its_copy(actual)):
            return True if expected is actual and copied(expected) is expected else None  # a missing value
        return equal

    def by_state(self, expected: Any, actual: Any) -> bool | None:
        """Compare by any other equality; if it says no, by pickled state, which may contain missing values."""
        equal = _equal(expected, actual)
        if equal:
            return True
        expected_state, actual_state = _or_none(_state, expected), _or_none(_state, actual)
        if expected_state is None or actual_state is None:
            return equal
        return self._open(expected, actual, [(expected_state, actual_state)])


@dataclasses.dataclass(frozen=True)
class _ByFields:
    """Compares records by some of their fields: pairs of a name and a function to apply to the value first."""

    fields: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def __call__(self, comparison: _Comparison, expected: Any, actual: Any) -> bool | None:
        parts = zip(self.values(expected), self.values(actual), strict=True)
        return comparison._open(expected, actual, parts)  # noqa: SLF001

    def values(self, record: Any) -> list[Any]:
        values = [(getattr(record, name, None), key) for name, key in self.fields]
        return [value if key is None else key(value) for value, key in values]


@dataclasses.dataclass(frozen=True)
class _Table:
    """Compares tables and columns of a library by labels and values; only a True of its equals() is trusted."""

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
    return [table.iloc[:, column] for column in range(table.shape[1])] if table.ndim == 2 else table.to_numpy()


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
"""Methods that identify tables and columns of these libraries: each has one of them, types and schemas have none."""
_BY_TYPE: tuple[tuple[Any, _Compare], ...] = (
    ((str, bytes, bytearray, int, type(None), range), _Comparison.plain),
    ((float, complex), _Comparison.number),
    ((Enum, type, EllipsisType, NotImplementedType), _Comparison.identity),
    (BaseException, _Comparison.exception),
    (AbstractSet, _Comparison.set),
    (Mapping, _Comparison.mapping),
    (Sequence, _Comparison.sequence),
)
"""Comparisons by type, for values without a hand-written equality; the first match is used."""
_GENERATED = {"__create_fn__.<locals>.__eq__", "__eq__"}
"""Qualified names of generated equalities, of dataclasses and attrs; others are defined in a class."""
_NOT_BY_HAND = {"collections", "pydantic", "_collections", "_structseq", "datetime", "decimal"}
"""Packages whose __eq__ in Python compares the complete contents of an object; the last four only in PyPy."""


def _choose_comparison(kind: type) -> _Compare:
    if _is_array(kind):
        return _Comparison.array
    for base in kind.__mro__:
        library = _root(base)
        if library in _TABLES and hasattr(base, "equals") and any(hasattr(base, name) for name in _TO_VALUES):
            return _TABLES[library]
    fields = _fields(kind)
    if fields is not None:
        return _ByFields(fields)
    equality: Any = kind.__eq__
    if _code_of(equality) is not None and _root(equality) not in _NOT_BY_HAND:
        return _Comparison.by_equality
    for types, comparison in _BY_TYPE:
        if issubclass(kind, types):
            return comparison
    return _Comparison.unknown if equality is object.__eq__ else _Comparison.by_state


def _fields(kind: Any) -> tuple[tuple[str, Callable[[Any], Any] | None], ...] | None:
    """The fields that the generated `__eq__` of a record compares, all fields if it has none; None for other types."""
    equality: Any = kind.__eq__
    owner = next(base for base in kind.__mro__ if "__eq__" in base.__dict__)
    if _root(equality) == "pydantic" and hasattr(kind, "model_fields"):
        return tuple((name, None) for name in (*kind.model_fields, "__pydantic_extra__", "__pydantic_private__"))
    if equality is object.__eq__:
        owner = kind
    elif (code := _code_of(equality)) is None or code.co_qualname not in _GENERATED:
        return None
    if dataclasses.is_dataclass(owner):
        return tuple((field.name, None) for field in dataclasses.fields(owner) if field.compare)
    if hasattr(owner, "__attrs_attrs__"):
        return tuple((field.name, field.eq_key) for field in owner.__attrs_attrs__ if field.eq)
    return None


def _code_of(function: Any) -> CodeType | None:
    """The code of a function that is written in Python; None for others, which have the same type in PyPy."""
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _is_array(kind: type) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(kind, (numpy.ndarray, numpy.generic))


def _root(thing: Any) -> str:
    """The top-level package of a class or a function."""
    return str(getattr(thing, "__module__", "")).partition(".")[0]


def _or_none(action: Callable[..., _T], *arguments: Any) -> _T | None:
    """Return the result of an action; None if it raises, even SystemExit, as user code may. Ctrl-C is passed on."""
    try:
        return action(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001
        return None


def _equal(one: Any, other: Any) -> bool | None:
    """Compare by == alone; None if it raises, or its result has no truth value."""
    return _or_none(lambda: bool(one == other))


def _is_like_its_copy(value: Any) -> bool:
    return _equal(value, copied(value)) is True


def _same_counts(ones: Mapping[Hashable, list[Any]], others: Mapping[Hashable, list[Any]]) -> bool:
    return ones.keys() == others.keys() and all(len(group) == len(others[key]) for key, group in ones.items())


def _state(value: Any) -> list[Any]:
    """The contents of a pickle of a value."""
    reduced = value.__reduce_ex__(4)
    if isinstance(reduced, str):
        return [reduced]
    make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    return [_root(make), getattr(make, "__qualname__", ""), arguments, state, list(items or ()), list(pairs or ())]
