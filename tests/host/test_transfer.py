"""The cost of sending is measured on the values themselves."""

import math
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from concbench import measure
from concbench.host.transfer import function_growth, function_transfer, task_transfer
from concbench.workloads.function.adapters import WithUnpackedItem


def test_sizes_are_those_of_the_pickles() -> None:
    """The sizes are means; both directions take time."""
    seen = task_transfer([bytes(1_000)] * 3, [bytes(5_000)] * 3)
    assert 1_000 <= seen["item_bytes"] <= 1_100
    assert 5_000 <= seen["result_bytes"] <= 5_100
    assert seen["pickling_seconds"] > 0


@pytest.mark.parametrize(("items", "results"), [([], []), ([1], [threading.Lock()])])
def test_what_cannot_be_pickled_has_no_figures(items: list[object], results: list[object]) -> None:
    """The same holds if there are no values."""
    assert task_transfer(items, results) == {}


def length(item: bytes) -> int:
    return len(item)


class Model:
    """A large object that tasks use."""

    def __init__(self) -> None:
        self.weights = bytes(3_000_000)

    def predict(self, item: int, more: bytes = b"") -> int:
        """Use the object."""
        return item + len(more)

    __call__ = predict


@pytest.mark.parametrize(
    ("function", "size", "holds"),
    [
        (Model().predict, 3e6, "the Model that predict is bound to"),
        (WithUnpackedItem(Model().predict), 3e6, "the Model that predict is bound to"),
        (partial(length, bytes(3_000_000)), 3e6, "the arguments of the partial"),
        (Model(), 3e6, "the Model that is called"),
        (length, 20, ""),
        (WithUnpackedItem(length), 20, ""),
    ],
)
def test_what_travels_with_a_function_is_measured_and_named(
    function: Callable[..., Any], size: float, holds: str
) -> None:
    """It travels every time that the function is sent; a function that is found by its name carries nothing."""
    seen = function_transfer(function)
    assert size <= seen["function_bytes"] <= size + 200
    assert seen["function_holds"] == holds
    assert seen["function_seconds"] > (1e-4 if size > 1e6 else 0)
    assert function_growth(function, seen) == {}


class Lazy:
    """Makes a large value at its first task, and keeps it."""

    weights = b""

    def predict(self, item: int) -> int:
        """Use the object."""
        self.weights = self.weights or bytes(3_000_000)
        return item + len(self.weights)


def test_what_an_object_keeps_from_its_first_task_on_is_told_from_what_is_sent() -> None:
    """A pool sends it as it was before: the process that hands out tasks executes none."""
    run = measure(Lazy().predict, items=range(4), runners=["sequential"], rounds=1, observe=False, isolate=False)
    facts = run.tables[0].facts
    assert facts["function_bytes"] < 1_000
    assert 3e6 <= facts["function_grown"] <= 3e6 + 200


def test_a_table_says_what_its_tasks_cost_to_send() -> None:
    """The figures are measured with the reference pass."""
    run = measure(length, items=[bytes(2_000)] * 4, runners=["sequential"], rounds=1, observe=False)
    assert 2_000 <= run.tables[0].facts["item_bytes"] <= 2_100


def product(size: int) -> float:
    import numpy

    return float((numpy.ones((size, size)) @ numpy.ones((size, size))).sum())


def test_native_threads_are_counted_where_they_are_loaded() -> None:
    """Numpy brings a pool; the function is measured in a process of its own, which reports the size."""
    pools = pytest.importorskip("threadpoolctl")
    pytest.importorskip("numpy")
    if not pools.threadpool_info():
        pytest.skip("this numpy has no pool")
    facts = measure(product, items=[50] * 3, runners=["sequential"], rounds=1, observe=False).tables[0].facts
    assert facts["native_threads"] >= 1
    assert "native_threads" not in measure(math.sqrt, items=[4.0], runners=["sequential"], rounds=1).tables[0].facts
