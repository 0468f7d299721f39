"""Results are compared as a person would."""

import enum
import math
import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench import checks
from concbench.equality import close, same

ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
    | st.decimals(allow_nan=False) | st.datetimes()
)  # fmt: skip
HASHABLE = st.none() | st.integers() | st.text()
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(HASHABLE, inner) | st.frozensets(HASHABLE)
    ),
    max_leaves=12,
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass(eq=False)
class Point:
    x: float
    y: Any


class Opaque:
    """Has no equality of its own."""


class Frame:
    """Elements of columns: == gives no truth, equals() does."""

    def __init__(self, *values: int) -> None:
        self.values = values

    def __eq__(self, other: object) -> Any:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]

    def equals(self, other: "Frame") -> bool:
        return self.values == other.values


@given(VALUES)
def test_a_value_is_the_same_as_its_copy(value: object) -> None:
    """NaN included, wherever it is; a copy that came from another process is what results are compared with."""
    assert same(value, pickle.loads(pickle.dumps(value))) is True


@given(VALUES, VALUES)
def test_it_does_not_matter_which_is_expected(one: object, other: object) -> None:
    assert same(one, other) is same(other, one)


@given(VALUES, VALUES)
def test_what_python_calls_different_is_different(one: object, other: object) -> None:
    """Nothing is let pass that == would not let pass, NaN apart."""
    if same(one, other) and "nan" not in repr(one).lower():
        assert one == other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        ([1], (1,)),
        ("1", 1),
        (1.0, math.nextafter(1.0, 2.0)),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": math.nan}, {"a": 1.0}),
        (Colour.RED, Colour.BLUE),
        (Point(1.0, [2]), Point(1.0, [3])),
        (ValueError("a"), ValueError("b")),
        (ValueError("a"), TypeError("a")),
        (np.array([1, 2]), np.array([1, 3])),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.float64(1), 1.0),
        (Decimal("1.1"), Decimal("1.2")),
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)),
        (Frame(1, 2), Frame(1, 3)),
        ([Opaque(), 1], [Opaque(), 2]),
    ],
)  # fmt: skip
def test_these_differ(one: object, other: object) -> None:
    """Also where one part cannot be compared and another differs."""
    assert same(one, other) is False


@pytest.mark.parametrize(
    "make",
    [
        lambda: Colour.RED,
        lambda: Point(math.nan, [1, {2}]),
        lambda: ValueError("a", 1),
        lambda: np.array([1.0, math.nan]),
        lambda: np.array([None, "a", 1.5], dtype=object),
        lambda: np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
        lambda: np.float32(math.nan),
        lambda: complex(math.nan, 1),
        lambda: [Frame(1, 2)],
        lambda: {"deep": [{"er": (Point(0.0, np.arange(3)),)}]},
    ],
)
def test_these_are_the_same(make: Any) -> None:
    assert same(make(), make()) is True


def test_what_has_no_equality_cannot_be_compared() -> None:
    """It is neither right nor wrong, not even against itself."""
    thing = Opaque()
    assert same(thing, thing) is None
    assert same([1, thing], [1, Opaque()]) is None
    assert same((n for n in list[int]()), (n for n in list[int]())) is None
    endless: list[Any] = []
    endless.append(endless)
    again: list[Any] = []
    again.append(again)
    assert same(endless, again) is None


class Column:
    """As a column of a table of others: values, and a name."""

    def __init__(self, values: list[float], name: str) -> None:
        self.values = np.array(values)
        self.name = name

    def to_numpy(self) -> np.ndarray:
        return self.values

    def equals(self, other: object) -> bool:
        return isinstance(other, Column) and bool((self.values == other.values).all()) and self.name == other.name


@pytest.mark.parametrize(
    ("expected", "actual", "alike"),
    [
        (0.1 + 0.2, 0.3, True),
        (1.0, 1.0001, False),
        ([1, {"a": 0.1 + 0.2}], [1, {"a": 0.3}], True),
        (np.array([0.1 + 0.2]), np.array([0.3]), True),
        (np.array([1.0], np.float32), np.array([1.000001], np.float32), True),
        (np.array([1.0]), np.array([1.000001]), False),
        (1, 1.0, False),
        ("a", "b", False),
        (Column([0.1 + 0.2], "a"), Column([0.3], "a"), True),
        (Column([0.1 + 0.2], "a"), Column([0.3], "b"), False),
        (float("nan"), float("nan"), True),
    ],
)
def test_what_differs_by_rounding_is_close_and_nothing_else(expected: Any, actual: Any, alike: bool) -> None:
    """Labels and types must be the same."""
    assert close(expected, actual) is alike
    assert checks.close(expected, actual) is alike


class Refusing:
    """Raises at every name that it is asked for; its equality ends the program."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise SystemExit(1)

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("compare", [same, close])
def test_values_that_raise_are_not_comparable_and_do_not_hide_a_difference(compare: Any) -> None:
    one, other = Refusing(), Refusing()
    assert compare(one, other) is None
    assert compare([1, one], [1, other]) is None
    assert compare([1, one], [2, other]) is False
