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

LONGEST = 500
"""Most characters of an exception's text that are kept if the exception itself cannot be."""
_MOST_WORDS = 10_000
"""Most characters of a text that are used for a line of it."""
_LONGEST_TRACEBACK, _MOST_EXCEPTIONS = 4_000, 100
"""Most characters kept from the end of a traceback, and most exceptions in a traceback that Python formats."""
_LONG_BITS = 1_000
PLAIN = frozenset({bool, bytes, float, int, str, type(None)})
"""Types whose pickles can always be read."""
_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__
_contained: Callable[[BaseException], Sequence[BaseException] | None] = BaseExceptionGroup.__dict__[
    "exceptions"
].__get__
_behind: Sequence[Callable[[BaseException], BaseException | None]] = tuple(
    BaseException.__dict__[name].__get__ for name in ("__cause__", "__context__")
)
"""Accessors of chained exceptions, taken from BaseException, so that user classes cannot override them."""


def short(value: object, limit: int = 60) -> str:
    """A representation of a value for messages: one line, at most `limit` characters; never raises."""
    text, broken = tried(_representation, value)
    if broken is not None:
        text = f"<{type_name(value)} whose repr raises {type_name(broken)}>"
    return one_line(text, limit)


def one_line(text: object, limit: int = 200) -> str:
    """The text of an object for messages: one line, at most `limit` characters; never raises."""
    line, broken = tried(_words, text)
    if broken is not None:
        line = _unshown(text, broken)
    return str(line if len(line) <= limit else line[: limit - 3] + "...")


def exception_text(error: BaseException, limit: int = 200) -> str:
    """Describe any exception as `TypeName: text`; a group with its contents, a ConcbenchError by its text alone."""
    return one_line(_described(error, limit), limit)


def type_name(value: object) -> str:
    """The name of the type of a value; for a TaskFailure, that of the exception it replaces."""
    from concbench.errors import TaskFailure

    return str(value.type_name) if type(value) is TaskFailure else _name_of(type(value))


def traceback_text(error: BaseException) -> str:
    """The end of the traceback as Python prints it; if formatting fails, the description alone.

    With very many chained or grouped exceptions, only the traceback of the exception itself is included, since
    formatting all of them may take minutes.
    """
    text, broken = tried(_formatted_alone if _brings_many(error) else _formatted, error)
    return str(text[-_LONGEST_TRACEBACK:]) if broken is None else exception_text(error, LONGEST)


def _formatted(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error)).rstrip()


def _formatted_alone(error: BaseException) -> str:
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__))
    notes = [note for note in getattr(error, "__notes__", ()) if type(note) is str]
    others = f"(more than {_MOST_EXCEPTIONS} chained or grouped exceptions are not shown)"
    lines = [f"Traceback (most recent call last):\n{frames}{exception_text(error, LONGEST)}", *notes, others]
    return "\n".join(lines)


def _brings_many(error: BaseException) -> bool:
    """Whether an exception has more chained or grouped exceptions than are printed."""
    seen: set[int] = set()
    left = [error]
    while left and len(seen) <= _MOST_EXCEPTIONS:
        one = left.pop()
        if id(one) not in seen:
            seen.add(id(one))
            left += [other for behind in _behind if (other := behind(one)) is not None]
            if issubclass(type(one), BaseExceptionGroup):
                left += (_contained(one) or ())[: _MOST_EXCEPTIONS + 1]
    return len(seen) > _MOST_EXCEPTIONS


def tried(action: Callable[..., Any], *arguments: Any) -> tuple[Any, BaseException | None]:
    """Call an action that may raise; return (result, None) or (None, exception). Ctrl-C is passed on."""
    try:
        return action(*arguments), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - code of a user's exception or value may raise anything
        return None, error


def _representation(value: object) -> str:
    return _long_number(value) if isinstance(value, int) and value.bit_length() > _LONG_BITS else repr(value)


def _words(value: object) -> str:
    text = str(value)
    looked_at = str.__getitem__(text, slice(_MOST_WORDS))  # a subclass of str has methods of its own
    words = str.split(looked_at)
    return " ".join(words if str.__len__(text) <= _MOST_WORDS else [*words, "..."])


def _unshown(value: object, broken: BaseException) -> str:
    return f"{type_name(value)} (its text cannot be shown: __str__ raised {type_name(broken)})"


def _described(error: BaseException, limit: int) -> str:
    """The description of an exception, possibly longer than the limit; parts beyond it are not evaluated."""
    from concbench.errors import ConcbenchError

    text, broken = tried(_words, error)
    if broken is not None:
        text = _unshown(error, broken)
    elif not text:
        text = type_name(error)
    elif not issubclass(type(error), ConcbenchError):
        text = f"{type_name(error)}: {text}"
    if not issubclass(type(error), BaseExceptionGroup):
        return str(text)
    parts: list[str] = []
    for one in _contained(error) or ():
        left = limit - len(text) - sum(map(len, parts))
        if left <= 0:
            break
        part = _described(one, left)
        parts.append(f"[{part}]" if issubclass(type(one), BaseExceptionGroup) else part)
    return f"{text}: {'; '.join(parts)}" if parts else str(text)


def _long_number(value: int) -> str:
    """Describe a number that Python refuses to write out: by its approximate number of digits and a digest."""
    from hashlib import sha256

    digits = int(value.bit_length() * 0.30103) + 1
    return f"a number of some {digits:,} digits (sha256 of its hex {sha256(f'{value:x}'.encode()).hexdigest()[:12]})"


def ending(code: int | None) -> str:
    """Describe how a process ended, from its exit code in multiprocessing or subprocess."""
    if code is None or code >= 0:
        return f"exit code {'unknown' if code is None else code}"
    import signal

    name, unknown = tried(lambda: signal.Signals(-code).name)
    return f"signal {-code if unknown is not None else name}"


def named(error: BaseException, index: int, items: Sequence[Any]) -> BaseException:
    """The exception to raise for a task: its own exception, with a note that names the task and the item.

    If it takes no note, a TaskFailure replaces it. StopIteration, which would silently end a loop of the caller,
    becomes the cause of a RuntimeError, as in a generator (PEP 479). The failure of an initializer is not changed,
    since it does not belong to a task.
    """
    from concbench.errors import InitializerFailed

    if type(error) is InitializerFailed:
        return error
    if issubclass(type(error), StopIteration):
        ended = RuntimeError(f"a task raised {type_name(error)}")
        ended.__cause__ = error
        error = ended
    item, unknown = tried(lambda: items[index])
    return noted(error, f"raised by task {index}, item {short(item) if unknown is None else 'unknown'}")


def noted(error: BaseException, note: str) -> BaseException:
    """Add a note to the exception; if that fails, return a TaskFailure with the note."""
    for add in (BaseException.add_note, _force_note):
        tried(add, error, note)
        if tried(lambda: note in error.__notes__)[0]:
            return error
    failure = _stand_in(error)
    failure.__cause__ = error
    failure.add_note(note)
    return failure


def _force_note(error: BaseException, note: str) -> None:
    """Add a note to an exception that rejects attributes, such as a frozen dataclass."""
    notes = getattr(error, "__notes__", None)
    object.__setattr__(error, "__notes__", [*(notes if type(notes) is list else []), note])


def _stand_in(error: BaseException) -> BaseException:
    from concbench.errors import TaskFailure

    return TaskFailure(type_name(error), exception_text(error, LONGEST))


def sendable(error: BaseException) -> BaseException:
    """Return the exception if it can be pickled and unpickled, else a TaskFailure that replaces it.

    An exception whose __init__ takes other arguments than it passes to super() can be pickled, but not unpickled.
    """
    return error if _packed(error) else _stand_in(error)


def _packed(error: BaseException) -> bytes:
    """A pickle that unpickles to the same type; empty if there is none."""
    import pickle

    packed, unpicklable = tried(_pickled, error)
    back, _ = tried(pickle.loads, packed) if unpicklable is None else (None, None)
    return packed if type(back) is type(error) else b""


def _pickled(error: BaseException) -> bytes:
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
        told = type_name(self.error), exception_text(self.error, LONGEST), traceback_text(self.error)
        return _unpacked, (_packed(self.error), os.getpid(), *told)


def _unpacked(packed: bytes, process: int, name: str, text: str, trace: str) -> TaskException:
    import pickle

    from concbench.errors import TaskFailure

    error, _ = tried(pickle.loads, packed) if packed else (None, None)
    where = "another interpreter" if process == os.getpid() else f"the worker process {process}"
    return TaskException(noted(TaskFailure(name, text) if error is None else error, f"in {where}:\n{trace}"))


class Caught:
    """A function that returns exceptions, as a Raised; it can be pickled if the wrapped function can."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call the function; return its result, or a Raised."""
        try:
            return self.function(item)
        except BaseException as error:  # noqa: BLE001 - raised again by gather
            return TaskException(error)


def gather(answers: Iterable[Any], items: Sequence[Any]) -> list[Any]:
    """List the answers of Caught functions in the order of the items.

    Raises:
        BaseException: the exception of the first task that raised, with a note that names its item.
    """
    results: list[Any] = []
    for answer in answers:
        if type(answer) is TaskException:
            raise named(answer.error, len(results), items)
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
        return _labelled, (self.sender, self.first), self.answers

    def __setstate__(self, answers: Sequence[Any]) -> None:
        """Take the contents after they have been read, and forget the label."""
        self.answers = answers
        being_read.pop(self.sender, None)


being_read: dict[int, int] = {}
"""For each sender of parcels, the first task of the parcel that is being unpickled."""


def _labelled(sender: int, first: int) -> Parcel:
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
        The results, with an exception as a Raised: as a list if it can certainly be sent, else as a Parcel.
    """
    answers = _answers(function, items)
    return answers if PLAIN.issuperset(map(type, answers)) else Parcel(sender, first, answers)


def run_packed(function: Callable[[Any], Any], items: Sequence[Any]) -> bytes:
    """Run a chunk of neighbouring tasks, as `run_chunk` does.

    Returns:
        The pickle of a list of the results, with an exception as a Raised; it ends with a Raised for the first result
        that cannot be pickled.
    """
    import pickle

    answers = _answers(function, items)
    packed, unsendable = tried(pickle.dumps, answers)
    for place, answer in enumerate(answers if unsendable is not None else ()):
        _, why = tried(pickle.dumps, answer)
        if why is not None:
            return pickle.dumps([*answers[:place], TaskException(unsendable_result(exception_text(why)))])
    return packed  # type: ignore[no-any-return]


def _answers(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """The results of tasks up to the first that raises, whose exception is added as a Raised."""
    answers: list[Any] = []
    try:
        for item in items:
            answers.append(function(item))  # noqa: PERF401 - results before an exception are kept
    except BaseException as error:  # noqa: BLE001 - raised again by gather
        answers.append(TaskException(error))
    return answers


def unsent(why: str, first: int, items: Sequence[Any], count: int = 1) -> BaseException:
    """The exception to raise if the results of neighbouring tasks cannot be sent back from a worker process."""
    from concbench.errors import WorkerFailure

    if count > 1:
        whose = f"one of the tasks {first} to {first + count - 1}"
        return WorkerFailure(f"the result of {whose} cannot be sent from its worker: {why}")
    return named(unsendable_result(why), first, items)


def unsendable_result(why: str) -> WorkerFailure:
    """The exception to raise for a result that cannot be sent from its worker."""
    from concbench.errors import WorkerFailure

    return WorkerFailure(f"the result of a task cannot be sent from its worker: {why}")


def answer(connection: Connection[Any, Any], function: Callable[[Any], Any], item: Any) -> None:
    """Run one task in its own process; send its result, or its exception as a Raised."""
    _, unsendable = tried(connection.send, Caught(function)(item))
    if unsendable is not None:
        connection.send(TaskException(unsendable_result(exception_text(unsendable))))
