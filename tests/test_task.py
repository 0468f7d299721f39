"""Functions on which messages and workers rely."""

import json
import math
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench.errors import TaskFailure, UsageError, WorkerFailure
from concbench.host.outcomes import describe
from concbench.observing import Observer
from concbench.task import (
    exception_text,
    gather,
    one_line,
    run_packed,
    sendable_exception,
    short,
    type_name,
    with_note,
    with_task_note,
)
from concbench.workloads.products import product_of_primes_by_sieve


@given(st.text() | st.lists(st.integers()) | st.dictionaries(st.text(), st.floats()), st.integers(10, 100))
def test_a_short_text_is_one_line_within_its_limit(value: object, limit: int) -> None:
    """This holds for any value."""
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
    """It keeps the result unchanged."""
    seen = Observer(sum)([1, 2, 3])
    assert seen.result == 6
    assert seen.started <= seen.finished
    assert seen.cpu >= 0


class Rude:
    """Raises at every access."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error

    __repr__ = __str__


@pytest.mark.parametrize("error", [ValueError(), SystemExit(), GeneratorExit(), RecursionError(), StopIteration()])
def test_texts_for_messages_never_raise(error: BaseException) -> None:
    """They say what went wrong."""
    name = type(error).__name__
    assert one_line(Rude(error)) == f"Rude (its text cannot be shown: __str__ raised {name})"
    assert short(Rude(error)) == f"<Rude whose repr raises {name}>"


def test_ctrl_c_is_not_taken_for_the_fault_of_a_text() -> None:
    """It may come at any time."""
    for show in (one_line, short):
        with pytest.raises(KeyboardInterrupt):
            show(Rude(KeyboardInterrupt()))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("a\n b"), "ValueError: a b"),
        (KeyError("b"), "KeyError: 'b'"),
        (AssertionError(), "AssertionError"),
        (UsageError("do this"), "do this"),
        (TaskFailure("OtherError", "OtherError: of others"), "OtherError: of others"),
        (
            ExceptionGroup("msg", [ValueError("a"), KeyError("b")]),
            "ExceptionGroup: msg (2 sub-exceptions): ValueError: a; KeyError: 'b'",
        ),
    ],
)
def test_an_exception_is_told_by_its_type_and_its_text(error: BaseException, text: str) -> None:
    """It is one line: a group with its contents, and our own errors by the text alone."""
    assert exception_text(error) == text
    assert describe(error)["reason"] == text


def test_a_deep_a_wide_and_a_long_one_are_told_in_bounds() -> None:
    """Not all of them are examined."""
    looked = []

    class CountedError(Exception):
        def __str__(self) -> str:
            looked.append(self)
            return "counted"

    deep: Exception = ValueError("core")
    for _ in range(3_000):
        deep = ExceptionGroup("deep", [deep])
    chained: Exception = CountedError()
    for _ in range(10_000):
        before, chained = chained, CountedError()
        chained.__context__ = before
    for group in (ExceptionGroup("wide", [CountedError() for _ in range(10_000)]), deep, chained):
        assert len(exception_text(group, 100)) <= 100
        described = describe(group)
        assert len(described["reason"]) <= 500
        assert len(described["detail"]) <= 4_000
        assert described["detail"].endswith("(more than 100 chained or grouped exceptions are not shown)")
    assert len(looked) < 300


def test_of_a_text_of_any_length_no_more_than_its_beginning_is_looked_at() -> None:
    """Splitting a text of 80 MB into words takes longer than most executions may."""
    error = ValueError("a b " * 5_000_000)
    began = thread_time()
    text = exception_text(error)
    assert thread_time() - began < 0.1
    assert text.startswith("ValueError: a b a")
    assert text.endswith("...")
    assert len(text) == 200
    assert one_line("x" + " " * 20_000 + "y") == "x ..."


def test_a_note_names_the_item_whatever_the_item_is() -> None:
    """The last note counts, since tasks may use runners themselves."""
    error = with_task_note(ValueError("x"), 3, [0, 1, 2, Rude(ValueError())])
    assert error.__notes__ == ["raised by task 3, item <Rude whose repr raises ValueError>"]
    with_task_note(error, 9, [])
    assert describe(error)["reason"] == "ValueError: x; raised by task 9, item unknown"


@given(st.text(), st.text())
def test_what_stands_for_an_exception_is_the_same_wherever_it_comes_from(name: str, text: str) -> None:
    """It survives pickle, takes notes, and is counted under the name of the exception that it replaces."""
    failure = TaskFailure(name, text)
    assert sendable_exception(failure) is failure
    assert with_note(failure, "a note") is failure
    assert (type_name(failure), str(failure)) == (name, text)


def lock_at_two(item: int) -> object:
    if item == 4:
        raise LookupError("not reached")
    return threading.Lock() if item == 2 else (item,)


@pytest.mark.parametrize(
    ("items", "error", "says"),
    [
        (range(5), WorkerFailure, "the result of a task cannot be sent from its worker: TypeError: "),
        ([0, 1, 4, 5], LookupError, "not reached"),
    ],
)
def test_results_are_packed_up_to_the_first_that_cannot_be(items: Sequence[int], error: type, says: str) -> None:
    """It is reported with its task and its kind of failure; the traceback says where."""
    answers = pickle.loads(run_packed(lock_at_two, items))
    assert answers[:2] == [(0,), (1,)]
    with pytest.raises(error, match=says) as caught:
        gather(answers, items)
    assert caught.value.__notes__[0].startswith("in another interpreter:\n")
    assert caught.value.__notes__[-1] == f"raised by task 2, item {items[2]}"
    assert pickle.loads(run_packed(lock_at_two, [0, 1])) == [(0,), (1,)]


def test_what_every_worker_imports_is_light() -> None:
    """It imports only modules of the standard library that Python has loaded anyway."""
    code = (
        "import sys; before = set(sys.modules); import concbench; alone = set(sys.modules); "
        "import concbench.task, json; print(json.dumps(sorted(set(sys.modules) - alone)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"typing", "dataclasses", "traceback", "pickle", "inspect", "concbench.errors"}
    assert not heavy & set(json.loads(printed))
    assert "concbench.task" in json.loads(printed)
