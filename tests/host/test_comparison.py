"""The blame for differing results: only a result that equals a copy of itself can differ from anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from concbench.equality import copied
from concbench.errors import ResultsDiffer
from concbench.host.comparison import incomparable, require_equal


class Token:
    """Equal only to itself."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


@dataclass
class Cached:
    """Its pickle does not hold its cached value."""

    x: int
    cache: str = ""

    def __getstate__(self) -> dict[str, Any]:
        return {"x": self.x}


def raises(expected: Any, actual: Any) -> bool:
    raise ValueError("no")


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        ([1, Token(1)], [1, Token(1)]),
        ([Decimal("NaN")], [Decimal("NaN")]),
        ([{math.nan}], [{float("nan")}]),
        ([Cached(1)], [Cached(1, "computed")]),
    ],
)
def test_nobody_is_blamed_for_what_is_not_equal_to_its_copy(expected: list[Any], seen: list[Any]) -> None:
    """This holds for results from another process and from this one."""
    require_equal(seen, expected)
    require_equal(expected, seen)


@pytest.mark.parametrize("seen", [[Token(1), 3], [2, 2]])
def test_what_can_be_compared_is_compared_beside_it(seen: list[Any]) -> None:
    with pytest.raises(ResultsDiffer, match="1 of 2 results differ, first at item"):
        require_equal(seen, [Token(1), 2])


def test_a_check_that_refuses_a_copy_blames_nobody() -> None:
    """It refuses by returning False or by raising."""
    require_equal([1], [1], lambda *_: False)
    require_equal([1], [1], raises)
    with pytest.raises(ResultsDiffer, match="comparing them at item 0 raises ValueError: no"):
        require_equal([2], [1], lambda expected, actual: expected == actual or raises(expected, actual))


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (Token(1), "result 1, of type Token, is not equal to a pickled copy of itself; --check module:function "),
        ({"a": [Token(1)]}, "result 1, of type dict, holds a value of type Token, which is not equal to a pickled "),
        (object(), "result 1, of type object, does not define equality; --check module:function "),
        (
            Cached(1, "computed"),
            "result 1, of type Cached, is not equal to a pickled copy of itself; --check module:function ",
        ),
    ],
)
def test_the_first_that_cannot_be_compared_is_named_by_index_and_type(result: Any, says: str) -> None:
    """The message gives their number, and what can be done."""
    results = [math.nan, result, 2, result]
    count, why = incomparable(results, [copied(one) for one in results])
    assert count == 2
    assert why.startswith(says)


def test_a_check_that_was_given_is_no_reason_for_another() -> None:
    """The hint is for users who gave none."""
    assert incomparable([1], [1], lambda *_: False) == (
        1,
        "result 0, of type int, is not equal to a pickled copy of itself by the given check",
    )
    assert incomparable([1], [1], raises) == (1, "result 0, of type int, raises ValueError: no when it is compared")
