"""Every error that concbench raises on purpose.

    ConcbenchError
    |-- UsageError            the caller can fix it: a name, a setting, a file; the command line exits with 2
    |   |-- UnknownName       no such workload or runner
    |   |-- BadSetting        a setting that does not exist, or a value it cannot have
    |   |-- BadFunction       a function that cannot be found, imported or called so
    |   |-- BadInput          an input file that is missing, empty or malformed
    |   |-- BadOutput         an output that exists or cannot be written
    |   |-- BadResults        a results file that cannot be read
    |   `-- Unavailable       a runner, workload or format that cannot be loaded here; it is Inapplicable, too
    |-- Inapplicable          this runner cannot do this work; the message says why and what would help
    |   `-- Lacking           this interpreter has no such runner, or not the package that is needed
    |-- WorkerFailure         a runner's own machinery broke: a worker could not be started, or could not send
    |   |-- WorkerDied        a worker process died
    |   `-- InitializerFailed the initializer of a worker raised an exception
    |-- TaskFailure           stands for a task's exception that cannot be pickled or annotated
    |-- TasksFailed           tasks failed, and their failures were counted instead of raised
    |-- ResultsDiffer         a runner's results are not those of the reference
    `-- HostFailure           the measuring process died, hung, or could not be started

A task's own exception is not wrapped: runners raise it as it is, with a note that names the item. There are two
exceptions to that. StopIteration would end a loop of the caller in silence, so it becomes the cause of a RuntimeError,
as in a generator. And what takes no note, or has to come from another process and cannot be pickled, is replaced by a
TaskFailure.
"""

from __future__ import annotations

TYPE_CHECKING = False  # every worker imports this
if TYPE_CHECKING:
    from collections.abc import Collection


class ConcbenchError(Exception):
    """The root: catch this to catch all of ours."""


class UsageError(ConcbenchError):
    """Something that the caller asked for cannot be; the message is one line that says what to do."""


class UnknownName(UsageError):  # noqa: N818 - reads as what happened
    """No workload or runner has this name; the message gives the nearest one."""


class BadSetting(UsageError):  # noqa: N818
    """A setting is unknown, malformed or out of range."""


class BadFunction(UsageError):  # noqa: N818
    """A function cannot be found, imported, or called with such items; a note may hold its module's own traceback."""


class BadInput(UsageError):  # noqa: N818
    """An input file is missing, empty, not text or malformed; the line is named by its number."""


class BadOutput(UsageError):  # noqa: N818
    """An output exists already, cannot be written, or a port is taken."""


class BadResults(UsageError):  # noqa: N818
    """A results file is missing, damaged, or of a format that this version cannot read."""


class Inapplicable(ConcbenchError):  # noqa: N818
    """This runner cannot do this work here; raised before anything is timed."""


class Lacking(Inapplicable):
    """This interpreter has no such runner, or not the package that is needed; says what would have it."""


class Unavailable(UsageError, Inapplicable):  # noqa: N818
    """A runner, a workload or a format cannot be loaded here; says what to install, or what is wrong with it."""


class WorkerFailure(ConcbenchError):  # noqa: N818
    """A worker died, could not be started, or could not send what a task returned."""


class WorkerDied(WorkerFailure):
    """A worker process died; a note says with which task, where that is known."""

    process: int | None = None
    """Its process id, where that is known."""


class InitializerFailed(WorkerFailure):
    """The initializer of a worker raised an exception, before the worker's first task."""


class TaskFailure(ConcbenchError):  # noqa: N818
    """Stands for a task's exception that cannot be pickled or annotated; it reads as that exception would.

    With equal arguments, two of them are the same result.
    """

    def __init__(self, type_name: str, text: str) -> None:
        """Stand for an exception.

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
    """Tasks failed, more than may; the message counts them by what happened."""


class ResultsDiffer(ConcbenchError):  # noqa: N818
    """The results of a runner are not those of the reference."""


class RoundingDiffers(ResultsDiffer):
    """They are the same but for the rounding of floating-point numbers."""


class HostFailure(ConcbenchError):  # noqa: N818
    """The process that measures died, did not answer in time, or could not be started."""


_ALIKE = 0.65
"""How alike a name must be to be taken for a slip: 'cvs' is for 'csv' (0.67), 'alone' not for 'baseline' (0.62)."""


def nearest(name: str, known: Collection[str]) -> str:
    """The end of a message on an unknown name: the name that was probably meant, else all that are known."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=_ALIKE)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known) or 'none'}"


def not_one_of(word: str, words: Collection[str]) -> str:
    """The message on a word that is none of a few: the one that was probably meant, else all of them."""
    meant = nearest(word, words)
    return f"{word!r} is not known; {meant}" if meant.endswith("?") else f"{word!r} is not one of {', '.join(words)}"
