"""What happens inside a worker: results and failures on their way home, and texts that cannot fail.

Nothing that a task raises or returns is trusted: its text may raise, it may refuse notes, it may not survive pickle.

Standard library only, and as little of it as possible: every spawned worker imports this, and what that costs is in the
time that is measured.
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
"""Characters of an exception's text that are kept where the exception itself cannot be."""
_MOST_WORDS = 10_000
"""Characters of a text that are looked at for a line of it."""
_LONGEST_TRACEBACK, _MOST_EXCEPTIONS = 4_000, 100
"""Characters of a traceback that are kept, from its end; exceptions of which one is printed as Python prints it."""
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
"""No class of a user can get in between."""


def short(value: object, limit: int = 60) -> str:
    """A representation for messages: one line, at most `limit` characters, never an exception of its own."""
    text, broken = tried(_representation, value)
    if broken is not None:
        text = f"<{type_name(value)} whose repr raises {type_name(broken)}>"
    return one_line(text, limit)


def one_line(text: object, limit: int = 200) -> str:
    """A text, or that of an object, for messages: one line, at most `limit` characters, never an exception."""
    line, broken = tried(_words, text)
    if broken is not None:
        line = _unshown(text, broken)
    return str(line if len(line) <= limit else line[: limit - 3] + "...")


def exception_text(error: BaseException, limit: int = 200) -> str:
    """`TypeName: text`, whatever the exception is; of a group, what it contains; of our own errors, the text alone."""
    return one_line(_described(error, limit), limit)


def type_name(value: object) -> str:
    """The name of its type; of a TaskFailure, that of the exception for which it stands."""
    from concbench.errors import TaskFailure

    return str(value.type_name) if type(value) is TaskFailure else _name_of(type(value))


def traceback_text(error: BaseException) -> str:
    """The end of the traceback as Python prints it; where that cannot be had, the description alone.

    Of an exception that brings very many others with it, it is its own: to print them all may take minutes.
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
    others = f"(more than {_MOST_EXCEPTIONS} exceptions came with it)"
    lines = [f"Traceback (most recent call last):\n{frames}{exception_text(error, LONGEST)}", *notes, others]
    return "\n".join(lines)


def _brings_many(error: BaseException) -> bool:
    """Whether more exceptions are chained to it, or in groups, than are printed."""
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
    """Call what may raise anything: what it returns and None, or None and what it raises. Ctrl-C goes on."""
    try:
        return action(*arguments), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - code of a user's exception or value may raise what it likes
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
    """Longer than the limit, perhaps; what would lie beyond it is not looked at."""
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
    """A number that Python refuses to write out: about how many digits it has, and a digest to tell it by."""
    from hashlib import sha256

    digits = int(value.bit_length() * 0.30103) + 1
    return f"a number of some {digits:,} digits (sha256 of its hex {sha256(f'{value:x}'.encode()).hexdigest()[:12]})"


def ending(code: int | None) -> str:
    """How a process ended, in words, given its exit code: that of multiprocessing or of subprocess."""
    if code is None or code >= 0:
        return f"exit code {'unknown' if code is None else code}"
    import signal

    name, unknown = tried(lambda: signal.Signals(-code).name)
    return f"signal {-code if unknown is not None else name}"


def named(error: BaseException, index: int, items: Sequence[Any]) -> BaseException:
    """What to raise for a task's exception: the exception, with a note that says which task and item raised it.

    Where it takes no note, a TaskFailure stands for it. StopIteration, which would end somebody's loop in silence,
    becomes the cause of a RuntimeError, as in a generator (PEP 479). The initializer of a worker is no task.
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
    """The exception with a note, or a TaskFailure with it."""
    for add in (BaseException.add_note, _force_note):
        tried(add, error, note)
        if tried(lambda: note in error.__notes__)[0]:
            return error
    failure = _stand_in(error)
    failure.__cause__ = error
    failure.add_note(note)
    return failure


def _force_note(error: BaseException, note: str) -> None:
    """As with exceptions that are frozen dataclasses."""
    notes = getattr(error, "__notes__", None)
    object.__setattr__(error, "__notes__", [*(notes if type(notes) is list else []), note])


def _stand_in(error: BaseException) -> BaseException:
    from concbench.errors import TaskFailure

    return TaskFailure(type_name(error), exception_text(error, LONGEST))


def sendable(error: BaseException) -> BaseException:
    """The exception itself if it survives a trip through pickle, else a TaskFailure that stands for it.

    An exception whose __init__ takes other arguments than it hands to super() pickles well and cannot be unpickled.
    """
    return error if _packed(error) else _stand_in(error)


def _packed(error: BaseException) -> bytes:
    """As a pickle from which the same type comes back; empty if there is none."""
    import pickle

    packed, unpicklable = tried(_pickled, error)
    back, _ = tried(pickle.loads, packed) if unpicklable is None else (None, None)
    return packed if type(back) is type(error) else b""


def _pickled(error: BaseException) -> bytes:
    """As Python does it: tblib, which Dask imports, has every exception of a process pickled otherwise, with its
    frames, and without what is in no attribute of its own, such as the code of a SystemExit.
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


class Raised:
    """What a task raised, as a value: every way home is open to it, from a worker process too."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        """Plain values, which cannot fail on the trip; the traceback goes with them, since pickle drops it."""
        told = type_name(self.error), exception_text(self.error, LONGEST), traceback_text(self.error)
        return _unpacked, (_packed(self.error), os.getpid(), *told)


def _unpacked(packed: bytes, process: int, name: str, text: str, trace: str) -> Raised:
    import pickle

    from concbench.errors import TaskFailure

    error, _ = tried(pickle.loads, packed) if packed else (None, None)
    where = "another interpreter" if process == os.getpid() else f"the worker process {process}"
    return Raised(noted(TaskFailure(name, text) if error is None else error, f"in {where}:\n{trace}"))


class Caught:
    """A function that returns what it raises, as a Raised; it is pickled as the function within is."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        """Call it."""
        try:
            return self.function(item)
        except BaseException as error:  # noqa: BLE001 - raised again by gather
            return Raised(error)


def gather(answers: Iterable[Any], items: Sequence[Any]) -> list[Any]:
    """List what Caught functions returned, in the order of the items.

    Raises:
        BaseException: what the first task that raised did raise, with a note that names its item.
    """
    results: list[Any] = []
    for answer in answers:
        if type(answer) is Raised:
            raise named(answer.error, len(results), items)
        results.append(answer)
    return results


class Parcel:
    """What neighbouring tasks returned, on the way home from a worker process.

    It is unpickled in two steps, the label before the contents: if these cannot be read, `being_read` tells whose they
    are.
    """

    def __init__(self, sender: int, first: int, answers: Sequence[Any] = ()) -> None:
        self.sender = sender
        self.first = first
        self.answers = answers

    def __reduce__(self) -> tuple[Any, ...]:
        """The label, and the contents as the state."""
        return _labelled, (self.sender, self.first), self.answers

    def __setstate__(self, answers: Sequence[Any]) -> None:
        """The contents have been read."""
        self.answers = answers
        being_read.pop(self.sender, None)


being_read: dict[int, int] = {}
"""For each sender of parcels, the first task of the one that is being unpickled."""


def _labelled(sender: int, first: int) -> Parcel:
    being_read[sender] = first
    return Parcel(sender, first)


def run_chunk(function: Callable[[Any], Any], sender: int, first: int, items: Sequence[Any]) -> list[Any] | Parcel:
    """Run neighbouring tasks in one go, up to the first that raises.

    Args:
        function: called on each item.
        sender: whose parcel it is.
        first: index of the first task.
        items: theirs.

    Returns:
        What the tasks return or, as a Raised, raise: as a list if it surely can be sent, else as a Parcel.
    """
    answers = _answers(function, items)
    return answers if PLAIN.issuperset(map(type, answers)) else Parcel(sender, first, answers)


def run_packed(function: Callable[[Any], Any], items: Sequence[Any]) -> bytes:
    """Run neighbouring tasks in one go, as `run_chunk` does.

    Returns:
        The pickle of a list of what the tasks return or, as a Raised, raise; of what cannot be pickled, why.
    """
    import pickle

    answers = _answers(function, items)
    packed, unsendable = tried(pickle.dumps, answers)
    for place, answer in enumerate(answers if unsendable is not None else ()):
        _, why = tried(pickle.dumps, answer)
        if why is not None:
            return pickle.dumps([*answers[:place], Raised(unsendable_result(exception_text(why)))])
    return packed  # type: ignore[no-any-return]


def _answers(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """What tasks return, up to the first that raises, which is a Raised."""
    answers: list[Any] = []
    try:
        for item in items:
            answers.append(function(item))  # noqa: PERF401 - those before one that raises are kept
    except BaseException as error:  # noqa: BLE001 - raised again by gather
        answers.append(Raised(error))
    return answers


def unsent(why: str, first: int, items: Sequence[Any], count: int = 1) -> BaseException:
    """What to raise where the results of neighbouring tasks cannot be brought home from a worker process."""
    from concbench.errors import WorkerFailure

    if count > 1:
        whose = f"one of the tasks {first} to {first + count - 1}"
        return WorkerFailure(f"the result of {whose} cannot be sent from its worker: {why}")
    return named(unsendable_result(why), first, items)


def unsendable_result(why: str) -> WorkerFailure:
    """What to raise for a result that cannot be sent from its worker."""
    from concbench.errors import WorkerFailure

    return WorkerFailure(f"the result of a task cannot be sent from its worker: {why}")


def answer(connection: Connection[Any, Any], function: Callable[[Any], Any], item: Any) -> None:
    """Be a process for one task: send what it returns, or as a Raised what it raises."""
    _, unsendable = tried(connection.send, Caught(function)(item))
    if unsendable is not None:
        connection.send(Raised(unsendable_result(exception_text(unsendable))))
