"""The seam that every runner honours, and the checks that they share."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from concbench.errors import BadSetting, Inapplicable


class Runner(Protocol):
    """A way of running one function over many items.

    A runner is an object with its settings as attributes; entering it starts its workers and leaving it stops and
    reaps them, so that it can be entered again. These are read where they exist:

    - `workers`: how many tasks are in progress at most; None: one for each task; absent: 1.
    - `awaits`: True if it is given coroutine functions.
    - `traits`: what it is (`concbench.traits.Traits`), from which follows what is said of it; absent: nothing is.
    - `needs`: the oldest version of Python that has it, such as `(3, 14)`; absent: every one has.
    - `collects`: the attribute that takes, as a dict, settings that are not declared; absent: there are none.
    - `hangs`: why it may never answer, if it may; a row that has timed out says so; absent or empty: it always answers.
    - `preload(function)`: called once in the measuring process, which is ours alone, before anything runs.
    - `examine(function)`: called once in a process in which no sample is taken, before anything runs; raises
      Inapplicable if this runner cannot work with that function.
    - `provide(function, directory)`: called once before the first execution, off the clock: it sees to the workers that
      must be there before the work begins, such as those of a cluster, and that they can do it; temporary files go into
      the directory. Entered without it, the runner does so itself, and leaving it undoes that.
    - `release()`: called once after the last execution; it ends what `provide` has started.
    - `figures`: of the last run, as a dict, what the workers tell where nobody else can; see `Observed` of the results.

    And these, by which a runner takes part in `advise`:

    - `candidates(look)`, a classmethod: the configurations that are worth a race, given a `runners.look.Look` at the
      work; absent: it does not take part.
    - `neighbours(look)`: configurations that are worth a try beside this one, once it leads; absent: none.
    - `program(call)`: the lines to paste that do the same without concbench, a `concbench.program.Program`; absent:
      lines that use the runner itself.
    """

    def __enter__(self) -> Self:
        """Start the workers."""
        ...

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function once on each item.

        Returns:
            The results in the order of the items.

        Raises:
            BaseException: the task's own exception, the first in the order of the items, with a note that names the
                item; SystemExit and its like too.
            RuntimeError: caused by StopIteration, where a task raised that: it would end a loop of the caller's.
            TaskFailure: for an exception that takes no note, or cannot be brought home from another process.
            Inapplicable: before any task has begun, if this runner cannot do this work.
            WorkerFailure: the runner's own machinery broke, or a result cannot be brought home.
        """
        ...

    def __exit__(self, *exc: object) -> None:
        """Stop the workers and reap them."""
        ...


def workers_for(runner: object, tasks: int) -> int:
    """How many tasks a runner has in progress at most, given so many tasks."""
    workers = getattr(runner, "workers", 1)
    return tasks if workers is None else min(workers, tasks)


def exists_in(runner: object, python: tuple[int, int]) -> bool:
    """Whether a runner, or its class, is there in a version of Python."""
    return getattr(runner, "needs", python) <= python


def require_python(runner: object) -> None:
    """Refuse a runner that this Python does not have.

    Raises:
        Inapplicable: says which version has it.
    """
    if not exists_in(runner, sys.version_info[:2]):
        needed, this = (".".join(map(str, version)) for version in (runner.needs, sys.version_info[:3]))  # type: ignore[attr-defined] # it is what was compared
        raise Inapplicable(f"it needs Python {needed}, and this is {this}")


def as_sequence(items: Any) -> Sequence[Any]:
    """The items themselves if they can be indexed and counted, else a list of them."""
    return items if isinstance(items, Sequence) else list(items)


def require_positive(**settings: int) -> None:
    """Refuse settings that are not whole numbers from 1 up.

    Raises:
        BadSetting: names the first that is not.
    """
    for name, value in settings.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BadSetting(f"{name} must be a whole number, 1 or more, not {value!r}")
