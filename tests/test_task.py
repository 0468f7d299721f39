"""What messages and workers rely on."""

import math

from hypothesis import given
from hypothesis import strategies as st

from concbench.observing import Observed
from concbench.task import short
from concbench.workloads.primes import product_of_primes_by_sieve


@given(st.text() | st.lists(st.integers()) | st.dictionaries(st.text(), st.floats()), st.integers(10, 100))
def test_a_short_text_is_one_line_within_its_limit(value: object, limit: int) -> None:
    """Whatever the value is."""
    text = short(value, limit)
    assert len(text) <= limit
    assert "\n" not in text


def test_a_product_that_cannot_be_printed_is_told_by_its_digits_and_a_digest() -> None:
    """Python 3.11 and later refuse to write out more than 4,300 digits."""
    product = product_of_primes_by_sieve(50_328)
    digits = int(product.bit_length() * math.log10(2)) + 1
    text = short(product)
    assert f"{digits:,} digits" in text
    assert text != short(product + 2)


def test_a_broken_repr_does_not_hide_the_message_that_it_is_for() -> None:
    """The type is named instead."""

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert "Broken" in short(Broken())


def test_an_observation_says_when_and_at_what_cost() -> None:
    """And keeps the result as it is."""
    seen = Observed(sum)([1, 2, 3])
    assert seen.result == 6
    assert seen.started <= seen.finished
    assert seen.cpu >= 0
