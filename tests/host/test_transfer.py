"""What sending costs is measured on the values themselves."""

import math
import threading

import pytest

from concbench import measure
from concbench.host.transfer import transfer


def test_sizes_are_those_of_the_pickles() -> None:
    """In the mean; both ways take time."""
    seen = transfer([bytes(1_000)] * 3, [bytes(5_000)] * 3)
    assert 1_000 <= seen["item_bytes"] <= 1_100
    assert 5_000 <= seen["result_bytes"] <= 5_100
    assert seen["pickling_seconds"] > 0


@pytest.mark.parametrize(("items", "results"), [([], []), ([1], [threading.Lock()])])
def test_what_cannot_be_pickled_has_no_figures(items: list[object], results: list[object]) -> None:
    """Nor has nothing."""
    assert transfer(items, results) == {}


def length(item: bytes) -> int:
    return len(item)


def test_a_table_says_what_its_tasks_cost_to_send() -> None:
    """Measured with the reference."""
    run = measure(length, items=[bytes(2_000)] * 4, runners=["sequential"], rounds=1, observe=False)
    assert 2_000 <= run.tables[0].facts["item_bytes"] <= 2_100


def product(size: int) -> float:
    import numpy

    return float((numpy.ones((size, size)) @ numpy.ones((size, size))).sum())


def test_native_threads_are_counted_where_they_are_loaded() -> None:
    """Numpy comes with a pool; the function is measured in a process of its own, which says how large it is."""
    pytest.importorskip("threadpoolctl")
    facts = measure(product, items=[50] * 3, runners=["sequential"], rounds=1, observe=False).tables[0].facts
    assert facts["native_threads"] >= 1
    assert "native_threads" not in measure(math.sqrt, items=[4.0], runners=["sequential"], rounds=1).tables[0].facts
