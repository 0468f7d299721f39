"""Code inside a worker: sending results and failures back, and texts for messages that never raise.

Exceptions and results of tasks are not trusted: their text may raise, they may reject notes, or fail to pickle.

It uses as little of the standard library as possible: every spawned worker imports it, and the time of that import is
part of the measured time.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from multiprocessing.connection import Connection
    from typing import Any

    from concbench.errors import WorkerFailure

MAX_TEXT = 500
"""Most characters of an exception's text that are kept if the exception itself cannot be."""
_MAX_CHARACTERS = 10_000
"""Most characters of a text that are used for a line of it."""
_MAX_TRACEBACK, _MAX_EXCEPTIONS = 4_000, 100
"""Most characters kept from the end of a traceback, and most exceptions in a traceback that Python formats."""
_LONG_BITS = 1_000
PLAIN = frozenset({bool, bytes, float, int, str, type(None)})
"""Types whose pickles can always be read."""
_class_name: Callable[[type], str] = type.__dict__["__name__"].__get__
_group_members: Callable[[BaseException], Sequence[BaseException] | None] = BaseExceptionGroup.__dict__[
    "exceptions"
].__get__
_chain_accessors: Sequence[Callable[[BaseException], BaseException | None]] = tuple(
    BaseException.__dict__[name].__get__ for name in ("__cause__", "__context__")
)
"""Accessors of chained exceptions, taken from BaseException, so that user classes cannot override them."""


def short(value: object, limit: int = 60) -> str:
    """A representation of a value for messages: one line, at most `limit` characters; never raises."""
    text, problem = attempt(_representation, value)
    if problem is not None:
        text = f"<{type_name(value)} whose repr raises {type_name(problem)}>"
    return one_line(text, limit)


def one_line(text: object, limit: int = 200) -> str:
    """The text of an object for messages: one line, at most `limit` characters; never raises."""
    line, problem = attempt(_on_one_line, text)
    if problem is not None:
        line = _unprintable(text, problem)
    return str(line if len(line) <= limit else line[: limit - 3] + "...")


def exception_text(error: BaseException, limit: int = 200) -> str:
    """Describe any exception as `TypeName: text`; a group with its contents, a ConcbenchError by its text alone."""
    return one_line(_description(error, limit), limit)


def type_name(value: object) -> str:
    """The name of the type of a value; for a TaskFailure, that of the exception it replaces."""
    from concbench.errors import TaskFailure

    return str(value.type_name) if type(value) is TaskFailure else _class_name(type(value))


def traceback_text(error: BaseException) -> str:
    """The end of the traceback as Python prints it; if formatting fails, the description alone.

    With very many chained or grouped exceptions, only the traceback of the exception itself is included, since
    formatting all of them may take minutes.
    """
    text, problem = attempt(_formatted_alone if _has_many_exceptions(error) else _formatted, error)
    return str(text[-_MAX_TRACEBACK:]) if problem is None else exception_text(error, MAX_TEXT)


def _formatted(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error)).rstrip()


def _formatted_alone(error: BaseException) -> str:
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__))
    notes = [note for note in getattr(error, "__notes__", ()) if type(note) is str]
    omission = f"(more than {_MAX_EXCEPTIONS} chained or grouped exceptions are not shown)"
    lines = [f"Traceback (most recent call last):\n{frames}{exception_text(error, MAX_TEXT)}", *notes, omission]
    return "\n".join(lines)


def _has_many_exceptions(error: BaseException) -> bool:
    """Whether an exception has more chained or grouped exceptions than are printed."""
    visited: set[int] = set()
    pending = [error]
    while pending and len(visited) <= _MAX_EXCEPTIONS:
        current = pending.pop()
        if id(current) not in visited:
            visited.add(id(current))
            pending += [linked for accessor in _chain_accessors if (linked := accessor(current)) is not None]
            if issubclass(type(current), BaseExceptionGroup):
                pending += (_group_members(current) or ())[: _MAX_EXCEPTIONS + 1]
    return len(visited) > _MAX_EXCEPTIONS


def attempt(action: Callable[..., Any], *arguments: Any) -> tuple[Any, BaseException | None]:
    """Call an action that may raise; return (result, None) or (None, exception). Ctrl-C is passed on."""
    try:
        return action(*arguments), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - code of a user's exception or value may raise anything
        return None, error


def _representation(value: object) -> str:
    return _long_number(value) if isinstance(value, int) and value.bit_length() > _LONG_BITS else repr(value)


def _on_one_line(value: object) -> str:
    text = str(value)
    start = str.__getitem__(text, slice(_MAX_CHARACTERS))  # a subclass of str has methods of its own
    words = str.split(start)
    return " ".join(words if str.__len__(text) <= _MAX_CHARACTERS else [*words, "..."])


def _unprintable(value: object, problem: BaseException) -> str:
    return f"{type_name(value)} (its text cannot be shown: __str__ raised {type_name(problem)})"


def _description(error: BaseException, limit: int) -> str:
    """The description of an exception, possibly longer than the limit; parts beyond it are not evaluated."""
    from concbench.errors import ConcbenchError

    text, problem = attempt(_on_one_line, error)
    if problem is not None:
        text = _unprintable(error, problem)
    elif not text:
        text = type_name(error)
    elif not issubclass(type(error), ConcbenchError):
        text = f"{type_name(error)}: {text}"
    if not issubclass(type(error), BaseExceptionGroup):
        return str(text)
    parts: list[str] = []
    for member in _group_members(error) or ():
        rest = limit - len(text) - sum(map(len, parts))
        if rest <= 0:
            break
        part = _description(member, rest)
        parts.append(f"[{part}]" if issubclass(type(member), BaseExceptionGroup) else part)
    return f"{text}: {'; '.join(parts)}" if parts else str(text)


def _long_number(value: int) -> str:
    """Describe a number that Python refuses to write out: by its approximate number of digits and a digest."""
    from hashlib import sha256

    digits = int(value.bit_length() * 0.30103) + 1
    return f"a number of some {digits:,} digits (sha256 of its hex {sha256(f'{value:x}'.encode()).hexdigest()[:12]})"


def exit_text(code: int | None) -> str:
    """Describe how a process ended, from its exit code in multiprocessing or subprocess."""
    if code is None or code >= 0:
        return f"exit code {'unknown' if code is None else code}"
    import signal

    name, unknown = attempt(lambda: signal.Signals(-code).name)
    return f"signal {-code if unknown is not None else name}"


def with_task_note(error: BaseException, index: int, items: Sequence[Any]) -> BaseException:
    """The exception to raise for a task: its own exception, with a note that names the task and the item.

    If it takes no note, a TaskFailure replaces it. StopIteration, which would silently end a loop of the caller,
    becomes the cause of a RuntimeError, as in a generator (PEP 479). The failure of an initializer is not changed,
    since it does not belong to a task.
    """
    from concbench.errors import InitializerFailed

    if type(error) is InitializerFailed:
        return error
    if issubclass(type(error), StopIteration):
        replacement = RuntimeError(f"a task raised {type_name(error)}")
        replacement.__cause__ = error
        error = replacement
    item, unknown = attempt(lambda: items[index])
    return with_note(error, f"raised by task {index}, item {short(item) if unknown is None else 'unknown'}")


def with_note(error: BaseException, note: str) -> BaseException:
    """Add a note to the exception; if that fails, return a TaskFailure with the note."""
    for add in (BaseException.add_note, _force_note):
        attempt(add, error, note)
        if attempt(lambda: note in error.__notes__)[0]:
            return error
    failure = _replacement(error)
    failure.__cause__ = error
    failure.add_note(note)
    return failure


def _force_note(error: BaseException, note: str) -> None:
    """Add a note to an exception that rejects attributes, such as a frozen dataclass."""
    notes = getattr(error, "__notes__", None)
    object.__setattr__(error, "__notes__", [*(notes if type(notes) is list else []), note])


def _replacement(error: BaseException) -> BaseException:
    from concbench.errors import TaskFailure

    return TaskFailure(type_name(error), exception_text(error, MAX_TEXT))


def sendable_exception(error: BaseException) -> BaseException:
    """Return the exception if it can be pickled and unpickled, else a TaskFailure that replaces it.

    An exception whose __init__ takes other arguments than it passes to super() can be pickled, but not unpickled.
    """
    return error if _pickle_or_empty(error) else _replacement(error)


def _pickle_or_empty(error: BaseException) -> bytes:
    """A pickle that unpickles to the same type; empty if there is none."""
    import pickle

    packed, unpicklable = attempt(_pickle, error)
    back, _ = attempt(pickle.loads, packed) if unpicklable is None else (None, None)
    return packed if type(back) is type(error) else b""


def _pickle(error: BaseException) -> bytes:
    """Pickle an exception as Python does without tblib.

    tblib, which Dask imports, changes how every exception in a process is pickled: with its frames, and without data
    outside its own attributes, such as the code of a SystemExit.
    """
    import copyreg
    import io
    import pickle

    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer)
    pickler.dispatch_table = {
        kind: reduce for kind, reduce in copyreg.dispatch_table.items() if not reduce.__module__.startswith("tblib.")
    }
    pickler.dump(error)
    return buffer.getvalue()


class TaskException:
    """The exception of a task, as a value that can always be sent, also from a worker process."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as plain values, which cannot fail; the traceback is included, since pickle drops it."""
        texts = type_name(self.error), exception_text(self.error, MAX_TEXT), traceback_text(self.error)
        return _unpickle_task_exception, (_pickle_or_empty(self.error), os.getpid(), *texts)


def _unpickle_task_exception(packed: bytes, process: int, name: str, text: str, trace: str) -> TaskException:
    import pickle

    from concbench.errors import TaskFailure

    error, _ = attempt(pickle.loads, packed) if packed else (None, None)
    where = "another interpreter" if process == os.getpid() else f"the worker process {process}"
    return TaskException(with_note(TaskFailure(name, text) if error is None else error, f"in {where}:\n{trace}"))


class Catcher:
    """A function that returns exceptions, as a TaskException; it can be pickled if the wrapped function can."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call the function; return its result, or a TaskException."""
        try:
            return self.function(item)
        except BaseException as error:  # noqa: BLE001 - raised again by gather
            return TaskException(error)


def gather(answers: Iterable[Any], items: Sequence[Any]) -> list[Any]:
    """List the answers of `Catcher` functions in the order of the items.

    Raises:
        BaseException: the exception of the first task that raised, with a note that names its item.
    """
    results: list[Any] = []
    for answer in answers:
        if type(answer) is TaskException:
            raise with_task_note(answer.error, len(results), items)
        results.append(answer)
    return results


class Parcel:
    """The answers of neighbouring tasks on the way back from a worker process.

    It is unpickled in two steps, the label before the contents: if the contents cannot be read, `being_read` has the
    label.
    """

    def __init__(self, sender: int, first: int, answers: Sequence[Any] = ()) -> None:
        self.sender = sender
        self.first = first
        self.answers = answers

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the label, with the contents as the state."""
        return _begin_parcel, (self.sender, self.first), self.answers

    def __setstate__(self, answers: Sequence[Any]) -> None:
        """Take the contents after they have been read, and forget the label."""
        self.answers = answers
        being_read.pop(self.sender, None)


being_read: dict[int, int] = {}
"""For each sender of parcels, the first task of the parcel that is being unpickled."""


def _begin_parcel(sender: int, first: int) -> Parcel:
    being_read[sender] = first
    return Parcel(sender, first)


def run_chunk(function: Callable[[Any], Any], sender: int, first: int, items: Sequence[Any]) -> list[Any] | Parcel:
    """Run a chunk of neighbouring tasks, up to the first that raises.

    Args:
        function: the function to call on each item.
        sender: an id of the sender, for a Parcel.
        first: index of the first task.
        items: the items of the chunk.

    Returns:
        The results, with an exception as a TaskException: as a list if it can certainly be sent, else as a Parcel.
    """
    answers = _run_tasks(function, items)
    return answers if PLAIN.issuperset(map(type, answers)) else Parcel(sender, first, answers)


def run_packed(function: Callable[[Any], Any], items: Sequence[Any]) -> bytes:
    """Run a chunk of neighbouring tasks, as `run_chunk` does.

    Returns:
        The pickle of a list of the results, with an exception as a TaskException; it ends with a TaskException for the
        first result that cannot be pickled.
    """
    import pickle

    answers = _run_tasks(function, items)
    packed, unsendable = attempt(pickle.dumps, answers)
    for index, answer in enumerate(answers if unsendable is not None else ()):
        _, error = attempt(pickle.dumps, answer)
        if error is not None:
            return pickle.dumps([*answers[:index], TaskException(unsendable_result(exception_text(error)))])
    return packed  # type: ignore[no-any-return]


def _run_tasks(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """The results of tasks up to the first that raises, whose exception is added as a TaskException."""
    answers: list[Any] = []
    try:
        for item in items:
            answers.append(function(item))  # noqa: PERF401 - results before an exception are kept
    except BaseException as error:  # noqa: BLE001 - raised again by gather
        answers.append(TaskException(error))
    return answers


def unsendable_results(reason: str, first: int, items: Sequence[Any], count: int = 1) -> BaseException:
    """The exception to raise if the results of neighbouring tasks cannot be sent back from a worker process."""
    from concbench.errors import WorkerFailure

    if count > 1:
        tasks = f"one of the tasks {first} to {first + count - 1}"
        return WorkerFailure(f"the result of {tasks} cannot be sent from its worker: {reason}")
    return with_task_note(unsendable_result(reason), first, items)


def unsendable_result(reason: str) -> WorkerFailure:
    """The exception to raise for a result that cannot be sent from its worker."""
    from concbench.errors import WorkerFailure

    return WorkerFailure(f"the result of a task cannot be sent from its worker: {reason}")


def run_and_send(connection: Connection[Any, Any], function: Callable[[Any], Any], item: Any) -> None:
    """Run one task in its own process; send its result, or its exception as a TaskException."""
    _, unsendable = attempt(connection.send, Catcher(function)(item))
    if unsendable is not None:
        connection.send(TaskException(unsendable_result(exception_text(unsendable))))
