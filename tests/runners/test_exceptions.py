"""Exceptions are not trusted: every runner reports whatever a task raises in the same way, with the item."""

from __future__ import annotations

import asyncio
import copyreg
import json
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from concbench import (
    Asyncio,
    BatchedThreads,
    InterpreterPool,
    MpPool,
    Processes,
    ProcessPool,
    Sequential,
    ThreadPool,
    Threads,
    ToThread,
    measure,
)
from concbench.errors import Inapplicable, ResultsDiffer, TaskFailure, WorkerFailure
from concbench.host.outcomes import describe
from concbench.runners.base import Runner, exists_in
from concbench.task import TaskException
from concbench.workloads.function.adapters import InEventLoop


class MuteError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


class QuittingError(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


class NumberError(Exception):
    def __str__(self) -> str:
        return 7  # type: ignore[return-value] # noqa: PLE0307 - that is the point


@dataclass(frozen=True)
class FrozenError(Exception):
    code: int


class TwoArgumentsError(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


class LockedError(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


class OtherTypeError(Exception):
    def __reduce__(self) -> Any:
        return ValueError, ("somebody else",)


class DeafError(Exception):
    @property
    def __notes__(self) -> list[str]:  # type: ignore[override] # a class may do as it likes
        raise LookupError("no notes")


class ClosedError(Exception):
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no attributes")


class ClasslessError(Exception):
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise RuntimeError("no class")


class FalseError(Exception):
    def __bool__(self) -> bool:
        raise RuntimeError("neither true nor false")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("nor equal")

    __hash__ = None  # type: ignore[assignment]


class Nameless(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override] # as above
        raise RuntimeError("no name")


class NamelessError(Exception, metaclass=Nameless):
    pass


def local() -> Exception:
    class LocalError(Exception):
        pass

    return LocalError("of a function")


def group() -> BaseException:
    return BaseExceptionGroup("many", [KeyError("b"), ExceptionGroup("few", [MuteError()]), GeneratorExit()])


HOSTILE: dict[str, tuple[Callable[[], BaseException], str]] = {
    "plain": (partial(ValueError, "a\nb"), "ValueError: a b"),
    "wordless": (ValueError, "ValueError"),
    "stop": (partial(StopIteration, 5), "RuntimeError: a task raised StopIteration"),
    "async stop": (StopAsyncIteration, "StopAsyncIteration"),
    "generator": (GeneratorExit, "GeneratorExit"),
    "exit": (partial(SystemExit, 4), "SystemExit: 4"),
    "interrupt": (KeyboardInterrupt, "KeyboardInterrupt"),
    "cancelled": (asyncio.CancelledError, "CancelledError"),
    "mute": (MuteError, "MuteError (its text cannot be shown: __str__ raised ValueError)"),
    "quitting": (QuittingError, "QuittingError (its text cannot be shown: __str__ raised SystemExit)"),
    "number": (NumberError, "NumberError (its text cannot be shown: __str__ raised TypeError)"),
    "frozen": (partial(FrozenError, 7), "FrozenError: 7"),
    "two arguments": (partial(TwoArgumentsError, "alas", "poor"), "TwoArgumentsError: alas"),
    "locked": (partial(LockedError, "click"), "LockedError: click"),
    "other type": (partial(OtherTypeError, "me"), "OtherTypeError: me"),
    "local": (local, "LocalError: of a function"),
    "deaf": (partial(DeafError, "what?"), "DeafError: what?"),
    "closed": (partial(ClosedError, "shut"), "ClosedError: shut"),
    "classless": (partial(ClasslessError, "?"), "ClasslessError: ?"),
    "false": (partial(FalseError, "no"), "FalseError: no"),
    "nameless": (partial(NamelessError, "x"), "NamelessError: x"),
    "broken pool": (partial(BrokenProcessPool, "my own"), "BrokenProcessPool: my own"),
    "inapplicable": (partial(Inapplicable, "a runner within"), "a runner within"),
    "differing": (partial(ResultsDiffer, "a comparison within"), "a comparison within"),
    "group": (
        group,
        (
            "BaseExceptionGroup: many (3 sub-exceptions): KeyError: 'b'; [ExceptionGroup: few (1 sub-exception): "
            "MuteError (its text cannot be shown: __str__ raised ValueError)]; GeneratorExit"
        ),
    ),
}
"""For each kind, its maker and the expected report."""

RUNNERS: dict[str, Callable[[], Runner]] = {
    "sequential": Sequential,
    "threads": Threads,
    "batched-threads": partial(BatchedThreads, workers=2),
    "thread-pool": partial(ThreadPool, workers=2),
    "to-thread": partial(ToThread, workers=2),
    "process-pool": partial(ProcessPool, workers=2, start_method="fork"),
    "process-pool by 3": partial(ProcessPool, workers=2, start_method="fork", chunksize=3),
    "processes": partial(Processes, start_method="fork"),
    "mp-pool": partial(MpPool, workers=2, start_method="fork", chunksize=3),
    "asyncio": partial(Asyncio, workers=2),
}
if exists_in(InterpreterPool, sys.version_info[:2]):
    RUNNERS["interpreter-pool"] = partial(InterpreterPool, workers=2)
    RUNNERS["interpreter-pool by 3"] = partial(InterpreterPool, workers=2, chunksize=3)
SENDING = [name for name in RUNNERS if name.startswith(("process", "interpreter", "mp-pool"))]
"""Runners whose results return as pickles."""

if sys.platform == "win32":
    pytest.skip("there is no fork", allow_module_level=True)


def raise_on_seven(kind: str, item: int) -> int:
    if item == 7:
        raise HOSTILE[kind][0]()
    return item


def run(make: Callable[[], Runner], function: Callable[[Any], Any], items: Any) -> Any:
    """Run the items; for asyncio, as a coroutine function."""

    async def awaited(item: Any) -> Any:
        return function(item)

    with make() as runner:
        return runner.run(awaited if isinstance(runner, Asyncio) else function, items)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("runner", RUNNERS)
def test_whatever_a_task_raises_is_told_alike_with_its_item(runner: str, kind: str) -> None:
    """The outcome of a cell has the same form in every case as well."""
    with pytest.raises(BaseException) as caught:
        run(RUNNERS[runner], partial(raise_on_seven, kind), range(5, 10))
    told = describe(caught.value)
    text = HOSTILE[kind][1]
    if (runner, kind) == ("asyncio", "stop"):
        text = text.replace("a task", "coroutine")  # the interpreter's own
    assert told["reason"] == f"{text}; raised by task 2, item 7"
    assert (told["kind"], told["cause"]) == ("failed", "")
    assert json.loads(json.dumps(told)) == told
    assert set(told) == {"kind", "cause", "reason", "detail"}
    assert told["detail"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("runner", RUNNERS)
def test_exceptions_stay_themselves_where_they_can(runner: str) -> None:
    """Type and arguments are kept; exceptions that cannot be sent all have the same stand-in."""
    with pytest.raises(BrokenProcessPool, match="my own"):
        run(RUNNERS[runner], partial(raise_on_seven, "broken pool"), [7])
    with pytest.raises(SystemExit) as exits:
        run(RUNNERS[runner], partial(raise_on_seven, "exit"), [7])
    assert exits.value.code == 4
    with pytest.raises(TaskFailure) as deaf:
        run(RUNNERS[runner], partial(raise_on_seven, "deaf"), [7])
    assert deaf.value.args == ("DeafError", "DeafError: what?")
    with pytest.raises(TaskFailure if runner in SENDING else FrozenError, match="7"):
        run(RUNNERS[runner], partial(raise_on_seven, "frozen"), [7])


def test_packages_that_pickle_all_exceptions_in_another_way_change_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package tblib does so, which Dask imports: it makes a SystemExit without its code."""

    def pickled_as_tblib_does(error: BaseException) -> tuple[Any, ...]:
        return type(error).__new__, (type(error),)

    pickled_as_tblib_does.__module__ = "tblib.pickling_support"
    monkeypatch.setitem(copyreg.dispatch_table, SystemExit, pickled_as_tblib_does)
    assert pickle.loads(pickle.dumps(TaskException(SystemExit(4)))).error.code == 4


async def raise_later(kind: str, item: int) -> int:
    await asyncio.sleep(0)
    return raise_on_seven(kind, item)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("runner", ["sequential", "thread-pool"])
def test_coroutines_that_runners_of_functions_call_are_told_alike(runner: str, kind: str) -> None:
    """Ctrl-C does afterwards what it did before."""
    with pytest.raises(BaseException) as caught:
        run(RUNNERS[runner], InEventLoop(partial(raise_later, kind)), range(5, 10))
    text = HOSTILE[kind][1].replace("a task raised Stop", "coroutine raised Stop")
    assert describe(caught.value)["reason"] == f"{text}; raised by task 2, item 7"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Unsendable:
    """Cannot be pickled."""

    def __reduce__(self) -> Any:
        raise LookupError("not for sale")


class Unreadable:
    """Cannot be unpickled."""

    def __reduce__(self) -> Any:
        return int, ("x",)


def return_unsendable(item: int) -> object:
    return Unsendable() if item == 7 else (item,)


def return_unreadable(item: int) -> object:
    return Unreadable() if item == 7 else (item,)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("function", "why"),
    [(return_unsendable, "LookupError: not for sale"), (return_unreadable, "ValueError: invalid literal for int")],
)
@pytest.mark.parametrize("runner", SENDING)
def test_a_result_that_cannot_be_sent_is_told_with_its_task_and_the_reason(
    runner: str, function: Callable[[int], object], why: str
) -> None:
    """No worker is said to have died; if the task of a chunk is not known, all its tasks are listed."""
    with pytest.raises(WorkerFailure) as caught:
        run(RUNNERS[runner], function, range(2, 11))
    told = describe(caught.value)["reason"]
    assert f"cannot be sent from its worker: {why}" in told
    assert "died" not in told
    assert "raised by task 5, item 7" in told or ("by 3" in runner and "one of the tasks 3 to 5" in told)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("runner", [name for name in SENDING if "pool" in name])
def test_an_item_that_cannot_be_sent_is_named(runner: str) -> None:
    """The error is that of pickle."""
    with pytest.raises(LookupError, match="not for sale") as caught:
        run(RUNNERS[runner], type, [1, 2, 3, 4, Unsendable(), 6])
    assert any("task 4, item" in note for note in caught.value.__notes__)


def mark(directory: str, item: int) -> None:
    if item == 0:
        raise ValueError("at once")
    Path(directory, str(item)).touch()
    time.sleep(0.01)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    "runner", [name for name in RUNNERS if name not in {"sequential", "threads", "processes", "mp-pool"}]
)
def test_after_a_failure_what_has_not_begun_is_left_out(runner: str, tmp_path: Path) -> None:
    """A hundred tasks would go on for half a second."""
    with pytest.raises(ValueError, match="at once"):
        run(RUNNERS[runner], partial(mark, str(tmp_path)), range(100))
    assert len(list(tmp_path.iterdir())) < 50


def test_ctrl_c_ends_a_run_of_coroutines_and_is_no_failure_of_a_task() -> None:
    """It reaches the tasks as a cancellation."""

    async def task(item: int) -> None:
        if item == 1:
            signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(20)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt) as caught, Asyncio(workers=3) as runner:
        runner.run(task, range(6))
    assert time.monotonic() - began < 10
    assert not hasattr(caught.value, "__notes__")


def test_a_coroutine_that_cancels_itself_is_a_task_that_failed() -> None:
    """The others run to their ends."""
    ended = []

    async def task(item: int) -> None:
        if item == 1:
            current = asyncio.current_task()
            assert current is not None
            current.cancel()
        await asyncio.sleep(0.01)
        ended.append(item)

    with pytest.raises(asyncio.CancelledError) as caught, Asyncio(workers=3) as runner:
        runner.run(task, range(6))
    assert caught.value.__notes__ == ["raised by task 1, item 1"]
    assert sorted(ended) == [0, 2]


def test_ctrl_c_ends_a_run_in_threads_and_is_no_failure_of_a_task() -> None:
    """It comes in the waiting thread."""

    def task(item: int) -> None:
        if item == 1:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)

    before = set(threading.enumerate())
    for make in (Threads, ThreadPool):
        with pytest.raises(KeyboardInterrupt) as caught, make() as runner:
            runner.run(task, range(3))
        assert not hasattr(caught.value, "__notes__")
        for thread in set(threading.enumerate()) - before:
            thread.join(5)


def test_items_that_change_meanwhile_are_told() -> None:
    """There is one result for each given item, or an exception."""
    items = [1, 2, 3, 4]
    with pytest.raises(RuntimeError, match="items changed"), Sequential() as runner:
        runner.run(lambda item: items.pop(), items)


@pytest.mark.parametrize("kind", ["stop", "mute", "frozen", "two arguments", "deaf", "closed", "broken pool"])
def test_in_this_process_a_hostile_exception_fails_the_row_and_nothing_else(kind: str) -> None:
    """Every row has the same reason, and measure() returns."""
    runners = ["sequential", "threads", "thread-pool:2"]
    run = measure(partial(raise_on_seven, kind), items=[6, 7], runners=runners, isolate=False, rounds=1, observe=False)
    reasons = {cell.outcome.reason for cell in run.tables[0].cells}
    assert reasons == {f"{HOSTILE[kind][1]}; raised by task 1, item 7"}


@pytest.mark.parametrize(
    ("kind", "name"), [("two arguments", "TwoArgumentsError"), ("mute", "MuteError"), ("frozen", "FrozenError")]
)
def test_tolerated_failures_are_counted_by_their_own_types(kind: str, name: str) -> None:
    """This holds for every runner, although they cannot be sent."""
    isolate = kind == "two arguments"
    runners = ["sequential", "thread-pool:2", *(["process-pool:2,start_method=fork"] if isolate else [])]
    function = partial(raise_on_seven, kind)
    table = measure(
        function, items=[6, 7], runners=runners, rounds=1, observe=False, tolerate=True, isolate=isolate
    ).tables[0]
    assert {cell.outcome.kind for cell in table.cells} == {"ok"}
    assert [cell.samples[0].failed for cell in table.cells] == [{name: 1}] * len(runners)
    assert table.checked == "sequential"
