"""Products of primes: their values, and their display."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concbench.errors import BadSetting
from concbench.workloads.primes import ARTICLE_LIMITS, Primes
from concbench.workloads.products import product_of_primes, product_of_primes_by_sieve


def test_the_product_below_ten_is_that_of_the_article() -> None:
    """It is 2 * 3 * 5 * 7."""
    assert product_of_primes(10) == 210


@pytest.mark.parametrize("n", [-1, 0, 1, 2])
def test_without_primes_the_product_is_one(n: int) -> None:
    """It is the empty product."""
    assert product_of_primes(n) == product_of_primes_by_sieve(n) == 1


def test_the_limit_itself_is_excluded() -> None:
    """7 is not below 7."""
    assert product_of_primes(7) == 30
    assert product_of_primes(8) == 210


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2_000))
def test_both_algorithms_agree(n: int) -> None:
    """Each checks the other."""
    assert product_of_primes(n) == product_of_primes_by_sieve(n)


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 500))
def test_the_product_is_divided_by_the_primes_below_and_no_others(n: int) -> None:
    """This follows from the definition of a prime."""
    product = product_of_primes(n)
    primes = [k for k in range(2, n) if all(k % d for d in range(2, math.isqrt(k) + 1))]
    assert product == math.prod(primes)


def test_results_are_checked_by_the_other_algorithm(tmp_path: object) -> None:
    """The expected results are known before anything is measured, for either algorithm."""
    for algorithm in ("trial", "sieve"):
        with Primes(limits=[100, 50], algorithm=algorithm).running(str(tmp_path)) as workload:
            assert workload.expected == [product_of_primes(100), product_of_primes(50)]
            facts = workload.facts()
            assert facts["other_algorithm"] == ("a sieve" if algorithm == "trial" else "trial division")
            assert isinstance(facts["other_algorithm_seconds"], float)


def test_the_title_says_how_many_products_below_what() -> None:
    """A single limit is not a range."""
    assert Primes(limits=[100, 50]).title() == "2 products of primes below 50 to 100, by trial division"
    assert Primes(limits=[6_000], algorithm="sieve").title() == "1 product of primes below 6,000, by a sieve"


def test_the_article_size_is_the_articles_limits() -> None:
    """They are 50328, 22756, 39371 and 44832."""
    assert tuple(Primes("article").items) == ARTICLE_LIMITS == (50328, 22756, 39371, 44832)


@pytest.mark.parametrize(
    "wrong",
    [{"size": "huge"}, {"size": "full", "limits": [9]}, {"limits": []}, {"limits": [1]}, {"algorithm": "magic"}],
)
def test_a_setting_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    """The message says what is valid."""
    with pytest.raises(BadSetting):
        Primes(**wrong)  # type: ignore[arg-type]
