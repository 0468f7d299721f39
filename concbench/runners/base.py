"""The protocol of runners, and checks that they share."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from concbench.errors import BadSetting, Lacking


class Runner(Protocol):
    """A way of running one function over many items.

    A runner is an object with its settings as attributes; entering it starts its workers and leaving it stops and
    reaps them, so that it can be entered again. The following attributes and methods are optional:

    - `workers`: most tasks in progress at the same time; None: one worker for each task; absent: 1.
    - `awaits`: True if it runs coroutine functions.
    - `traits`: its `concbench.traits.Traits`, the basis of explanations and advice; absent: nothing is known.
    - `needs`: the oldest version of Python that supports it, such as `(3, 14)`; absent: every version does.
    - `collects`: name of the attribute that takes undeclared settings, as a dict; absent: there are none.
    - `hangs`: the reason why it may never answer, shown for a timeout; absent or empty: it always answers.
    - `preload(function)`: called once in the measuring process, before anything runs.
    - `examine(function)`: called once, before anything runs, in a process that takes no samples; raises Inapplicable
      if this runner cannot work with that function.
    - `provide(function, directory)`: called once before the first execution, untimed. It prepares workers that must
      exist before the work begins, such as those of a cluster, and checks that they can do it; temporary files go into
      the directory. A runner that is entered without it prepares its workers itself, and releases them when it is left.
    - `release()`: called once after the last execution; it ends the workers that `provide` has started.
    - `figures`: figures of the last run that only the workers can report, as a dict; see `records.ObservedPass`.

    A runner with the following methods takes part in `advise`:

    - `candidates(look)`, a classmethod: the configurations that are worth a race, given a `runners.look.Look` at the
      work; absent: it does not take part.
    - `neighbours(look)`: configurations that are worth trying when this one leads; absent: none.
    - `program(call)`: a `concbench.program.Program` that does the same without concbench; absent: a program that uses
      the runner itself.
    """

    def __enter__(self) -> Self:
        """Start the workers."""
        ...

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function once on each item.

        Returns:
            The results in the order of the items.

        Raises:
            BaseException: the exception of a task, the first in the order of the items, with a note that names the
                item; this includes SystemExit.
            RuntimeError: a task raised StopIteration, which is the cause: it would end a loop of the caller.
            TaskFailure: a task raised an exception that takes no note, or cannot be pickled.
            Inapplicable: this runner cannot do this work; raised before any task has begun.
            WorkerFailure: the machinery of the runner failed, or a result cannot be sent back.
        """
        ...

    def __exit__(self, *exc: object) -> None:
        """Stop the workers and reap them."""
        ...


def workers_for(runner: object, tasks: int) -> int:
    """The most tasks that a runner has in progress at the same time, given the number of tasks."""
    workers = getattr(runner, "workers", 1)
    return tasks if workers is None else min(workers, tasks)


def exists_in(runner: object, python: tuple[int, int]) -> bool:
    """Whether a version of Python supports a runner, or its class."""
    return getattr(runner, "needs", python) <= python


def require_python(runner: object) -> None:
    """Reject a runner that this Python does not support.

    Raises:
        Lacking: it is not supported; the message names the version that it needs.
    """
    if not exists_in(runner, sys.version_info[:2]):
        needed, actual = (".".join(map(str, version)) for version in (runner.needs, sys.version_info[:3]))  # type: ignore[attr-defined] # it is what was compared
        raise Lacking(f"it needs Python {needed}, but this is {actual}")


def as_sequence(items: Any) -> Sequence[Any]:
    """Return the items if they are a sequence, else a list of them."""
    return items if isinstance(items, Sequence) else list(items)


def require_positive(**settings: int) -> None:
    """Reject settings that are not whole numbers, 1 or more.

    Raises:
        BadSetting: a setting is not; the message names the first.
    """
    for name, value in settings.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BadSetting(f"{name} must be a whole number, 1 or more, not {value!r}")
