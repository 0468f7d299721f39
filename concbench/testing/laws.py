"""The laws that every runner keeps.

A law is called with a class or function that makes a runner without arguments, and an empty directory. It raises
AssertionError, with the observation, if the runner breaks it. It needs no test framework.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from concbench.runners.base import Runner, workers_for
from concbench.task import attempt, exception_text
from concbench.testing.declared import it_is_what_it_declares

MakeRunner = Callable[[], Runner]
Law = Callable[[MakeRunner, Path], None]


class WrongItemError(ValueError):
    """The exception that failing tasks of the laws raise."""


def double(item: int) -> int:
    """A task that cannot fail."""
    return item * 2


def double_from(items: Sequence[int]) -> list[int]:
    """The expected results of `double`."""
    return [item * 2 for item in items]


def _return_none(item: int) -> None:
    del item


def touch(path: str) -> str:
    """Create a file; a second call with the same path fails."""
    with Path(path).open("x"):
        pass
    return path


def fail_on_thirteen(item: int) -> int:
    """A task that fails for items 13 and 17, and earlier for 17."""
    if item == 13:
        time.sleep(0.02)
    if item in {13, 17}:
        raise WrongItemError(f"no {item}")
    return item


def end_at_five(kind: type[BaseException], item: int) -> int:
    """A task that raises the given exception for item 5."""
    if item == 5:
        raise kind
    return item


def process_and_thread(item: int) -> tuple[int, int]:
    """A task that returns its process and thread, and takes long enough for every worker to get one."""
    del item
    time.sleep(0.02)
    return os.getpid(), threading.get_ident()


def _as_coroutine_function(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def awaited(item: Any) -> Any:
        return function(item)

    return awaited


def _function_for(runner: Runner, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return _as_coroutine_function(function) if getattr(runner, "awaits", False) else function


def results_come_in_the_order_of_the_items(make: MakeRunner, directory: Path) -> None:
    """Results are a list in the order of the items, regardless of the order in which tasks end."""
    del directory
    with make() as runner:
        results = runner.run(_function_for(runner, double), range(11))
    assert results == double_from(range(11)), f"expected the doubles of 0 to 10 in order, got {results}"
    assert isinstance(results, list), f"run() must return a list, got {type(results).__name__}"


def every_task_is_run_once(make: MakeRunner, directory: Path) -> None:
    """No task is left out or repeated: each creates a file that makes a second call fail."""
    paths = [str(directory / f"task-{number}") for number in range(10)]
    with make() as runner:
        runner.run(_function_for(runner, touch), paths)
    created = sorted(os.listdir(directory))  # noqa: PTH208 - names are what is compared
    assert created == sorted(f"task-{number}" for number in range(10)), f"tasks that ran: {created}"


def few_items_are_enough(make: MakeRunner, directory: Path) -> None:
    """A runner accepts no items, one item, and fewer items than workers."""
    del directory
    for items in ([], [7], [7, 8]):
        with make() as runner:
            results = runner.run(_function_for(runner, double), items)
        assert results == double_from(items), f"of {items} expected {double_from(items)}, got {results}"


def equal_items_are_different_tasks(make: MakeRunner, directory: Path) -> None:
    """Items may be equal, and need not be hashable."""
    del directory
    items = [[1], [1], [2], [1]]
    with make() as runner:
        results = runner.run(_function_for(runner, double), items)
    assert results == [[1, 1], [1, 1], [2, 2], [1, 1]], f"got {results}"


def the_first_failure_is_raised_with_its_item(make: MakeRunner, directory: Path) -> None:
    """The first exception in the order of the items, not of time, is raised unwrapped, with a note on its item."""
    del directory
    try:
        with make() as runner:
            runner.run(_function_for(runner, fail_on_thirteen), range(19))
    except WrongItemError as error:
        assert str(error) == "no 13", f"expected the failure of item 13, got: {error}"
        notes = getattr(error, "__notes__", [])
        assert any("task 13" in note and "item 13" in note for note in notes), f"no note names item 13: {notes}"
    else:
        raise AssertionError("a task raised and run() did not")


def one_result_for_each_item_or_an_exception(make: MakeRunner, directory: Path) -> None:
    """A task that returns None has a result; one that raises StopIteration must not make the list shorter."""
    del directory
    with make() as runner:
        results = runner.run(_function_for(runner, _return_none), range(7))
    assert results == [None] * 7, f"expected None for each of 7 items, got {results}"
    with make() as runner:
        results, error = attempt(runner.run, _function_for(runner, partial(end_at_five, StopIteration)), range(7))
    assert error is not None, f"a task raised StopIteration; run() must raise, but returned {results} for 7 items"


def exceptions_that_end_iteration_are_reported_with_their_item(make: MakeRunner, directory: Path) -> None:
    """StopIteration becomes the cause of a RuntimeError, since it would end a loop of the caller of run()."""
    del directory
    for kind, expected in (
        (StopIteration, RuntimeError),
        (StopAsyncIteration, StopAsyncIteration),
        (GeneratorExit, GeneratorExit),
    ):
        with make() as runner:
            _, error = attempt(runner.run, _function_for(runner, partial(end_at_five, kind)), range(7))
        assert error is not None, f"a task raised {kind.__name__} and run() did not raise"
        text = exception_text(error)
        name = expected.__name__
        assert type(error) is expected, f"for {kind.__name__} of a task, run() must raise {name}, not {text}"
        assert kind.__name__ in text, f"the exception must say that a task raised {kind.__name__}, got: {text}"
        notes = getattr(error, "__notes__", [])
        assert any("task 5" in note and "item 5" in note for note in notes), (
            f"no note says that {kind.__name__} was raised by task 5, item 5: {notes}"
        )


def it_can_be_entered_again(make: MakeRunner, directory: Path) -> None:
    """A runner can be entered again after it was left, also after a failure; run() can be called repeatedly."""
    del directory
    runner = make()
    for _ in range(2):
        with runner:
            for items in (range(5), range(3)):
                results = runner.run(_function_for(runner, double), items)
                assert results == double_from(items), f"got {results}"
        try:
            with runner:
                runner.run(_function_for(runner, fail_on_thirteen), [13])
        except WrongItemError:
            continue
        raise AssertionError("a task raised and run() did not")


def _interpreters() -> set[object]:
    """The interpreters of this process, if Python can list them."""
    try:
        from concurrent.interpreters import list_all  # type: ignore[import-not-found,unused-ignore] # from 3.14 on
    except ImportError:
        return set()
    return set(list_all())


def no_worker_is_left(make: MakeRunner, directory: Path) -> None:
    """After a runner was left, its threads, interpreters and processes have ended, also after a failure."""
    del directory
    threads = set(threading.enumerate())
    interpreters = _interpreters()
    for function in (double, fail_on_thirteen):
        try:
            with make() as runner:
                runner.run(_function_for(runner, function), range(9, 15))
        except WrongItemError:
            pass
        remaining = [thread for thread in threading.enumerate() if thread not in threads and thread.is_alive()]
        assert not remaining, f"leftover threads: {remaining}"
        assert _interpreters() <= interpreters, f"leftover interpreters: {_interpreters() - interpreters}"
        children = multiprocessing.active_children()
        assert not children, f"leftover processes: {children}"


def no_more_workers_than_said(make: MakeRunner, directory: Path) -> None:
    """No more processes and threads run tasks than its `workers` allow at once, times the number of batches."""
    del directory
    with make() as runner:
        tasks = 12
        workers = set(runner.run(_function_for(runner, process_and_thread), range(tasks)))
    most = workers_for(runner, tasks)
    batches = -(-tasks // most)
    assert 1 <= len(workers) <= most * batches, f"{len(workers)} workers for {tasks} tasks, {most} at once"


RUNNER_LAWS: tuple[Law, ...] = (
    results_come_in_the_order_of_the_items,
    every_task_is_run_once,
    few_items_are_enough,
    equal_items_are_different_tasks,
    the_first_failure_is_raised_with_its_item,
    one_result_for_each_item_or_an_exception,
    exceptions_that_end_iteration_are_reported_with_their_item,
    it_can_be_entered_again,
    no_worker_is_left,
    no_more_workers_than_said,
    it_is_what_it_declares,
)
"""Every law that a runner must keep."""


def law_name(law: Law) -> str:
    """The name of a law, for test ids."""
    return law.__name__


def check_runner(make: MakeRunner, directory: Path) -> None:
    """Check every law on a runner; `directory` is an empty directory for temporary files.

    Raises:
        AssertionError: the runner breaks a law.
    """
    for number, law in enumerate(RUNNER_LAWS):
        law_directory = directory / str(number)
        law_directory.mkdir()
        law(make, law_directory)
