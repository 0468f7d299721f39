"""Results are compared as a person would compare them."""

import enum
import math
import pickle
from array import array
from collections import Counter, UserList, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench import checks
from concbench.equality import close, different_part, same

ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
    | st.decimals() | st.datetimes()
)  # fmt: skip
PLAIN_KEYS = st.none() | st.booleans() | st.integers() | st.text() | st.floats() | st.complex_numbers()
HASHABLE = st.recursive(PLAIN_KEYS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner), max_leaves=4)
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


@given(VALUES)
def test_a_value_is_the_same_as_its_copy(value: object) -> None:
    """This includes NaN anywhere; results are compared with copies from another process."""
    assert same(value, pickle.loads(pickle.dumps(value))) is True


@given(VALUES, VALUES)
def test_it_does_not_matter_which_is_expected(one: object, other: object) -> None:
    assert same(one, other) is same(other, one)


@given(VALUES, VALUES)
def test_what_python_calls_different_is_different(one: object, other: object) -> None:
    """Nothing passes that == would refuse, except NaN."""
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
        ([Opaque(), 1], [Opaque(), 2]),
    ],
)  # fmt: skip
def test_these_differ(one: object, other: object) -> None:
    """This holds even if one part cannot be compared and another differs."""
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


class Column:
    """Like a column of pandas: values, and a name that equals() ignores; it is recognised by its module."""

    __module__ = "pandas.core.series"
    ndim = 1

    def __init__(self, values: list[Any], name: str) -> None:
        self.values = np.array(values)
        self.name = name

    def to_numpy(self) -> np.ndarray:
        return self.values

    def __eq__(self, other: object) -> Any:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]

    def equals(self, other: "Column") -> bool:
        return bool(self.values.tolist() == other.values.tolist())


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
    """Raises at every attribute; its equality ends the program."""

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


class Missing:
    """There is one instance in a process, and it is equal to nothing."""

    def __eq__(self, other: object) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"

    __hash__ = object.__hash__


MISSING = Missing()


@dataclass(frozen=True)
class Key:
    x: Any


class Pair(NamedTuple):
    x: Any
    y: Any


STRUCTURE = [("count", int), ("share", float), ("day", "datetime64[D]")]


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (lambda: Decimal("NaN"), Decimal(1)),
        (lambda: Decimal("sNaN"), Decimal("NaN")),
        (lambda: [Decimal("sNaN")], [Decimal(1)]),
        (lambda: complex(1, math.nan), complex(2, math.nan)),
        (lambda: np.datetime64("NaT", "D"), np.datetime64("2020-01-01")),
        (lambda: MISSING, Missing()),
        (lambda: [MISSING, math.nan], [MISSING, 1.0]),
        (lambda: {math.nan, 1.0}, {math.nan, 2.0}),
        (lambda: {math.nan, float("nan")}, {math.nan, 1.0}),
        (lambda: frozenset({(1, math.nan), (2, Decimal("NaN"))}), frozenset({(1, math.nan), (3, Decimal("NaN"))})),
        (lambda: {Key((1, complex(math.nan, 1)))}, {Key((1, complex(math.nan, 2)))}),
        (lambda: {np.float64(math.nan), np.datetime64("NaT", "D")}, {np.float64(math.nan), np.datetime64("2020")}),
        (lambda: {math.nan: 1, (0, math.nan): [math.nan]}, {math.nan: 1, (0, math.nan): [0.0]}),
        (lambda: {math.nan: 1, 1: 1}, {math.nan: 1, True: 1}),
        (lambda: Counter({math.nan: 2}), Counter({math.nan: 3})),
        (lambda: deque([math.nan]), deque([1.0])),
        (lambda: array("d", [math.nan]), array("d", [1.0])),
        (lambda: Pair(math.nan, Decimal("NaN")), Pair(math.nan, Decimal(1))),
        (lambda: SimpleNamespace(x=math.nan), SimpleNamespace(x=1.0)),
        (lambda: slice(1, math.nan), slice(2, math.nan)),
        (lambda: UserList([math.nan, 1]), UserList([math.nan, 2])),
        (lambda: Point(math.nan, [Decimal("NaN")]), Point(math.nan, [1.0])),
        (lambda: ValueError(Decimal("NaN"), 1), ValueError(Decimal("NaN"), 2)),
        (lambda: np.array([(1, math.nan, "NaT")], STRUCTURE), np.array([(2, math.nan, "NaT")], STRUCTURE)),
        (lambda: np.array([(1, math.nan, "NaT")], STRUCTURE)[0], np.array([(2, math.nan, "NaT")], STRUCTURE)[0]),
        (lambda: np.array([Decimal("NaN"), {math.nan}], object), np.array([Decimal("NaN"), {1.0}], object)),
        (lambda: np.ma.array([1.0, math.nan], mask=[True, False]), np.ma.array([1.0, math.nan], mask=[False, False])),
        (lambda: np.ma.array([(1, math.nan, "NaT")], STRUCTURE)[0], np.ma.array([(2, 0.0, "NaT")], STRUCTURE)[0]),
        (lambda: np.ma.array([1, 2], mask=True), np.ma.array([1, 2])),
        (lambda: np.ma.masked, np.ma.zeros(3)),
    ],
)
@pytest.mark.parametrize("compare", [same, close])
def test_missing_values_equal_themselves_and_nothing_else(compare: Any, make: Any, other: Any) -> None:
    """This holds in any container: sets, keys, records, structured arrays, masked arrays."""
    assert compare(make(), pickle.loads(pickle.dumps(make()))) is True
    assert compare(make(), other) is not True
    assert compare(other, make()) is not True
    assert compare([make()], [other]) is compare([other], [make()])


def test_what_a_mask_hides_does_not_count() -> None:
    """The mask itself does."""
    assert same(np.ma.array([1, 2], mask=[True, False]), np.ma.array([9, 2], mask=[True, False])) is True
    assert same(np.ma.array([1, 2], mask=[True, False]), np.ma.array([1, 2], mask=[False, False])) is False
    assert same(np.ma.array([1, 2], mask=[True, False]), np.ma.array([1, 3], mask=[True, False])) is False


@dataclass
class Stamped:
    """Generated equality: `at` is not compared."""

    x: Any
    at: int = field(compare=False)


@dataclass
class Signed:
    """Hand-written equality: `at` is not compared either."""

    x: Any
    at: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signed) and self.x == other.x

    __hash__ = None  # type: ignore[assignment]


@dataclass(eq=False)
class SignedChild(Signed):
    z: int = 0


@dataclass
class StampedChild(Stamped):
    """Its own equality is generated, too, and compares the added field."""

    z: int = 0


class Names(list[str]):
    """Equal in any case of letters."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Names) and [name.lower() for name in self] == [name.lower() for name in other]

    __hash__ = None


class Level(float):
    """Equal if approximately the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Level) and round(self) == round(other)

    __hash__ = float.__hash__


class Modern:
    """Has a method of that name with another purpose."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Modern) and self.x == other.x

    __hash__ = None  # type: ignore[assignment]

    def equals(self, other: object, tolerance: float) -> bool:
        raise AssertionError


def __eq__(self: Any, other: Any) -> bool:  # noqa: N807 - as attrs generates it, which is in no class
    return (self.x, self.name.lower()) == (other.x, other.name.lower())


def stand_in_for_attrs(x: Any, name: str, at: int) -> Any:
    fields = [("x", True, None), ("name", True, str.lower), ("at", False, None)]
    known = tuple(SimpleNamespace(name=name, eq=eq, eq_key=key) for name, eq, key in fields)
    base = type("OfAttrs", (), {"__eq__": __eq__, "__attrs_attrs__": known})
    made = STAND_INS.setdefault("attrs", type("Child", (base,), {}))()
    made.x, made.name, made.at = x, name, at
    return made


def stand_in_for_pydantic(x: Any, cached: int) -> Any:
    def equal(self: Any, other: Any) -> bool:
        return bool(self.x == other.x)

    equal.__module__ = "pydantic.main"
    members = {"__eq__": equal, "model_fields": {"x": None}, "__pydantic_private__": None}
    made = STAND_INS.setdefault("pydantic", type("OfPydantic", (), members))()
    made.x, made.cached = x, cached
    return made


STAND_INS: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (Stamped(math.nan, 1), Stamped(math.nan, 2), True),
        (Stamped([np.zeros(2)], 1), Stamped([np.zeros(2)], 2), True),
        (Stamped(1, 1), Stamped(2, 1), False),
        (Stamped(1, 1), Stamped(True, 1), False),
        (StampedChild(1, 1, 3), StampedChild(1, 2, 3), True),
        (StampedChild(1, 1, 3), StampedChild(1, 1, 4), False),
        (Signed(1, 1), Signed(1, 2), True),
        (Signed(1, 1), Signed(2, 1), False),
        (SignedChild(1, 1, 3), SignedChild(1, 2, 4), True),
        (Names(["a"]), Names(["A"]), True),
        (Names(["a"]), Names(["b"]), False),
        (Level(1.1), Level(1.2), True),
        (Level(1.1), Level(2.2), False),
        (Modern(1), Modern(1), True),
        (Modern(1), Modern(2), False),
        (stand_in_for_attrs(math.nan, "a", 1), stand_in_for_attrs(math.nan, "A", 2), True),
        (stand_in_for_attrs(math.nan, "a", 1), stand_in_for_attrs(math.nan, "b", 1), False),
        (stand_in_for_attrs([np.zeros(2)], "a", 1), stand_in_for_attrs([np.ones(2)], "a", 1), False),
        (stand_in_for_pydantic([math.nan], 1), stand_in_for_pydantic([math.nan], 2), True),
        (stand_in_for_pydantic([math.nan, 1], 1), stand_in_for_pydantic([math.nan, 2], 1), False),
        (Column([None, 1], "a"), Column([None, 1], "a"), True),
        (Column([Decimal("NaN")], "a"), Column([Decimal("NaN")], "a"), True),
        (Column([Decimal("NaN")], "a"), Column([Decimal(1)], "a"), False),
        (Column([1], "a"), Column([1], "b"), False),
    ],
)
@pytest.mark.parametrize("compare", [same, close])
def test_the_equality_of_a_class_decides_and_not_its_attributes(
    compare: Any, one: Any, other: Any, alike: bool
) -> None:
    """The equality is hand-written, that of compared fields, or equals() if its meaning is known."""
    assert compare(one, other) is alike
    assert compare([{"a": one}], [{"a": other}]) is alike


class Token:
    """Equal only to itself."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class Declining:
    """Leaves the comparison to the other side."""

    def __eq__(self, other: object) -> bool:
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]


class Elementwise:
    """Returns an array."""

    def __eq__(self, other: object) -> Any:
        return np.array([True, False])

    __hash__ = None  # type: ignore[assignment]


class Forgetful:
    """Its pickle does not hold the compared value."""

    def __init__(self) -> None:
        self.x = object()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Forgetful) and getattr(self, "x", 1) == getattr(other, "x", 2)

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> None:
        return None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Token(1),
        Declining,
        Elementwise,
        Forgetful,
        lambda: Signed(math.nan, 1),
        lambda: [Token(1), 1],
        lambda: {Token(1), 1},
        lambda: {Token(1): 1, 2: 3},
        lambda: {Opaque()},
        lambda: {(Opaque(), 1): 1},
    ],
)
@pytest.mark.parametrize("compare", [same, close])
def test_what_is_not_equal_to_a_copy_of_itself_cannot_be_compared(compare: Any, make: Any) -> None:
    """It is neither the same nor different, and hides no difference beside it."""
    assert compare(make(), pickle.loads(pickle.dumps(make()))) is None
    assert compare([make(), 1], [make(), 2]) is False


def test_beside_keys_that_cannot_be_compared_others_are() -> None:
    assert same({Token(1), 1}, {Token(1), 2}) is False
    assert same({Token(1): 1, "a": 2}, {Token(1): 1, "b": 2}) is False


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({1}, {True}, False),
        ({1: 0}, {1.0: 0}, False),
        ({(1,)}, {(True,)}, False),
        ({"a"}, {b"a"}, False),
        ({1}, frozenset({1}), False),
        (b"a", bytearray(b"a"), False),
        (Level(1.0), 1.0, False),
        (Pair(1, 2), (1, 2), False),
        (0.0, -0.0, True),
        ({0.0}, {-0.0}, True),
        (np.array([0.0]), np.array([-0.0]), True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (..., ..., True),
    ],
)
def test_types_count_and_signs_of_zero_do_not(one: Any, other: Any, alike: bool) -> None:
    """This holds for keys as well."""
    assert same(one, other) is alike
    assert same(other, one) is alike


def deep(last: int) -> Any:
    value: Any = last
    for _ in range(20_000):
        value = [value]
    return value


def endless(last: int) -> Any:
    value: list[Any] = [last]
    value.append({"again": (value, SimpleNamespace(value=value))})
    return value


def shared(last: int) -> Any:
    value: Any = last
    for _ in range(100):
        value = Point(value, [value])
    return value


@pytest.mark.parametrize("make", [deep, endless, shared])
def test_nesting_has_no_limit(make: Any) -> None:
    """Depth, cycles and shared parts are allowed."""
    assert same(make(1), make(1)) is True
    assert same(make(1), make(2)) is False


class Asked:
    """Counts how often it is compared."""

    times = 0

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        Asked.times += 1
        return isinstance(other, Asked) and self.x == other.x

    def __hash__(self) -> int:
        return self.x


def test_the_work_grows_with_the_size() -> None:
    """It does not grow with the square, even if sets differ or hold missing values."""
    Asked.times = 0
    many = {(Asked(number), math.nan) for number in range(1_000)}
    assert same(many, {(Asked(number), math.nan) for number in range(1_000)}) is True
    assert same(many, {(Asked(number), math.nan) for number in range(1, 1_001)}) is False
    assert same({Token(number) for number in range(1_000)}, {Token(number) for number in range(1_000)}) is None
    assert Asked.times < 20_000


class Stubborn(Sequence[int]):
    """Raises whenever an element is read."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> int:
        raise RuntimeError


def test_iterating_that_raises_ends_the_part_and_not_the_comparison() -> None:
    assert same(Stubborn(), Stubborn()) is None
    assert same([1, Stubborn()], [2, Stubborn()]) is False


@given(VALUES, VALUES)
def test_what_is_the_same_is_close(one: object, other: object) -> None:
    """Rounding is only an additional tolerance."""
    if same(one, other):
        assert close(one, other) is True


def test_the_part_that_differs_is_found() -> None:
    """This holds at any depth."""
    token = Token(1)
    assert different_part([1, {"a": token}], [1, {"a": Token(1)}]) is token
    assert different_part([1, [2]], [1, [3]]) == 2
