"""Every error that concbench raises on purpose.

    ConcbenchError
    |-- UsageError            the caller can fix it: a name, a setting, a file; the command line exits with 2
    |   |-- UnknownName       no such workload or runner
    |   |-- BadSetting        an unknown setting, or an invalid value
    |   |-- BadFunction       a function that cannot be found, imported or called
    |   |-- BadInput          an input file that is missing, empty or malformed
    |   |-- BadOutput         an output that exists or cannot be written
    |   |-- BadResults        a results file that cannot be read
    |   `-- Unavailable       a runner, workload or format that cannot be loaded here; it is Inapplicable, too
    |-- Inapplicable          this runner cannot do this work; the message says why and what would help
    |   `-- Lacking           this interpreter lacks the runner, or a package that it needs
    |-- WorkerFailure         the machinery of a runner failed: a worker could not be started, or could not send
    |   |-- WorkerDied        a worker process died
    |   `-- InitializerFailed the initializer of a worker raised an exception
    |-- TaskFailure           stands for a task's exception that cannot be pickled or annotated
    |-- TasksFailed           tasks failed, and their failures were counted instead of raised
    |-- ResultsDiffer         a runner's results are not those of the reference
    `-- HostFailure           the measuring process died, hung, or could not be started

The exception of a task is not wrapped: runners raise it as it is, with a note that names the item. There are two
exceptions to that. StopIteration would silently end a loop of the caller, so it becomes the cause of a RuntimeError, as
in a generator. An exception that takes no note, or comes from another process and cannot be pickled, is replaced by a
TaskFailure.
"""

from __future__ import annotations

TYPE_CHECKING = False  # every worker imports this
if TYPE_CHECKING:
    from collections.abc import Collection


class ConcbenchError(Exception):
    """The base class of every error that concbench raises on purpose."""


class UsageError(ConcbenchError):
    """The caller's input is invalid; the message is one line that says what to do."""


class UnknownName(UsageError):  # noqa: N818 - the name states the problem
    """No workload or runner has this name; the message gives the nearest one."""


class BadSetting(UsageError):  # noqa: N818
    """A setting is unknown, malformed or out of range."""


class BadFunction(UsageError):  # noqa: N818
    """A function cannot be found, imported, or called with the items; a note may have the traceback of its module."""


class BadInput(UsageError):  # noqa: N818
    """An input file is missing, empty, not text or malformed; the message has the line number."""


class BadOutput(UsageError):  # noqa: N818
    """An output exists already or cannot be written, or a port is in use."""


class BadResults(UsageError):  # noqa: N818
    """A results file is missing, damaged, or of a format that this version cannot read."""


class Inapplicable(ConcbenchError):  # noqa: N818
    """This runner cannot do this work here; raised before anything is timed."""


class Lacking(Inapplicable):
    """This interpreter lacks the runner, or a package that it needs; the message says what to install."""


class Unavailable(UsageError, Inapplicable):  # noqa: N818
    """A runner, a workload or a format cannot be loaded here; the message says what to install, or what is wrong."""


class WorkerFailure(ConcbenchError):  # noqa: N818
    """A worker died, could not be started, or could not send the result of a task."""


class WorkerDied(WorkerFailure):
    """A worker process died; a note names its task, if it is known."""

    process: int | None = None
    """Its process id; None if it is unknown."""


class InitializerFailed(WorkerFailure):
    """The initializer of a worker raised an exception, before the worker's first task."""


class TaskFailure(ConcbenchError):  # noqa: N818
    """Replaces an exception of a task that cannot be pickled or annotated; it has the same text.

    As results, two of them with equal arguments are the same.
    """

    def __init__(self, type_name: str, text: str) -> None:
        """Create the replacement of an exception.

        Args:
            type_name: the name of its type.
            text: its description on one line, `TypeName: text`.
        """
        super().__init__(type_name, text)
        self.type_name = type_name

    def __str__(self) -> str:
        return str(self.args[1])

    def __repr__(self) -> str:
        return f"<{self}>"


class TasksFailed(ConcbenchError):  # noqa: N818
    """More tasks failed than allowed; the message counts them by kind of failure."""


class ResultsDiffer(ConcbenchError):  # noqa: N818
    """The results of a runner differ from the reference."""


class RoundingDiffers(ResultsDiffer):
    """The results differ from the reference only by the rounding of floating-point numbers."""


class HostFailure(ConcbenchError):  # noqa: N818
    """The measuring process died, did not answer in time, or could not be started."""


_LEAST_SIMILARITY = 0.65
"""Least similarity of a typing error: 'cvs' counts for 'csv' (0.67), 'alone' does not for 'baseline' (0.62)."""


def nearest(name: str, names: Collection[str]) -> str:
    """The end of a message on an unknown name: the most similar name, else all known names."""
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1, cutoff=_LEAST_SIMILARITY)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names) or 'none'}"


def not_one_of(word: str, words: Collection[str]) -> str:
    """The message on a word that is not one of a few: with the most similar one, else with all of them."""
    hint = nearest(word, words)
    return f"{word!r} is not known; {hint}" if hint.endswith("?") else f"{word!r} is not one of {', '.join(words)}"
