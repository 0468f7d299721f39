"""Kinds of values: what is written reads back, and what is not of a kind is a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench import values
from concbench.errors import BadSetting
from concbench.values import COUNT, COUNTS, DURATION, INTEGER, NATURAL, SHARE, SIZE, SWITCH, Kind, many, one_of

SECONDS = st.floats(0, 1e9, allow_subnormal=False) | st.integers(0, 10**9).map(lambda count: count / 1e6)
OF: list[tuple[Kind, st.SearchStrategy[object]]] = [
    (DURATION, SECONDS),
    (many(DURATION), st.lists(SECONDS, min_size=1)),
    (SIZE, st.integers(0, 10**13)),
    (NATURAL, st.integers(0, 10**17)),
    (INTEGER, st.integers()),
    (COUNTS, st.lists(st.integers(1, 10**9), min_size=1)),
    (SWITCH, st.booleans()),
    (one_of("trial", "sieve"), st.sampled_from(["trial", "sieve"])),
]


@given(st.data())
def test_what_is_written_of_a_value_is_read_as_that_value(data: st.DataObject) -> None:
    """They agree to the last bit."""
    kind, some = data.draw(st.sampled_from(OF))
    value = data.draw(some)
    assert kind.read(kind.write(value)) == value


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (DURATION, 0.020, "20ms"), (DURATION, 60.0, "60s"), (DURATION, 0.0, "0"), (DURATION, 25e-6, "25us"),
        (SIZE, 60_000, "60kB"), (SIZE, 100_000_000, "100MB"), (SIZE, 5, "5B"), (COUNTS, [2, 4], "2+4"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_a_person_would(kind: Kind, value: object, text: str) -> None:
    """It has the largest unit of which there is at least one."""
    assert kind.write(value) == text


@given(st.floats(0, 1e300))
def test_a_number_as_python_writes_it_is_a_time(number: float) -> None:
    """Small and large ones have an exponent, as they come from a TOML file."""
    assert DURATION.read(str(number)) == number
    assert SHARE.read(str(number)) == number


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (COUNT, "9" * 20, "is too large; give a whole number of 1 or more, with at most 18 digits"),
        (DURATION, "1e400", "is too large; give a time"),
        (SIZE, "1e400", "is too large; give a size"),
    ],
)
def test_what_is_too_large_is_called_so(kind: Kind, text: str, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        kind.read(text)


@given(st.sampled_from([kind for kind in vars(values).values() if isinstance(kind, Kind)]), st.text(max_size=8))
def test_any_text_is_a_value_or_a_sentence(kind: Kind, text: str) -> None:
    """There is no other exception."""
    try:
        kind.read(text)
    except BadSetting as refused:
        assert str(refused)
