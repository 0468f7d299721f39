"""What happens inside a worker: sending results, naming the item of a failure.

Standard library only, and as little of it as possible: every spawned worker imports this, and what that costs is in the
time that is measured.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from typing import Any

_LONG_BITS = 1_000


def short(value: object, limit: int = 60) -> str:
    """A representation for messages: one line, at most `limit` characters, never an exception of its own."""
    if isinstance(value, int) and value.bit_length() > _LONG_BITS:
        return _long_number(value)
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a broken __repr__ must not hide the message that it is for
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return one_line(text, limit)


def one_line(text: object, limit: int = 200) -> str:
    """A text for messages: one line, at most `limit` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def _long_number(value: int) -> str:
    """A number that Python refuses to write out: about how many digits it has, and a digest to tell it by."""
    from hashlib import sha256

    digits = int(value.bit_length() * 0.30103) + 1
    return f"a number of some {digits:,} digits (sha256 of its hex {sha256(f'{value:x}'.encode()).hexdigest()[:12]})"


def name_item(error: BaseException, index: int, item: object) -> None:
    """Add to a task's exception the note that says which task raised it."""
    error.add_note(f"raised by task {index}, item {short(item)}")


def gather(results: Any, items: Sequence[Any]) -> list[Any]:
    """List what an iterator yields in the order of the items; if it raises, the note names the item it was at."""
    gathered: list[Any] = []
    try:
        gathered.extend(results)
    except Exception as error:
        if len(gathered) < len(items):
            name_item(error, len(gathered), items[len(gathered)])
        raise
    return gathered


def run_chunk(function: Callable[[Any], Any], chunk: tuple[int, Sequence[Any]]) -> list[Any]:
    """Run neighbouring tasks in one go; `chunk` is the index of its first task and its items."""
    first, items = chunk
    results: list[Any] = []
    try:
        results.extend(map(function, items))
    except Exception as error:
        name_item(error, first + len(results), items[len(results)])
        raise
    return results


def portable(error: BaseException) -> BaseException:
    """The same exception if it survives a trip through pickle, else a WorkerFailure that quotes it.

    An exception whose __init__ takes other arguments than it hands to super() pickles well and cannot be unpickled.
    """
    import pickle
    import traceback

    from concbench.errors import WorkerFailure

    text = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever goes wrong on the trip, the answer is the same
        error = WorkerFailure(f"a task raised an exception that cannot be brought home: {short(error, 200)}")
    error.add_note(f"in the worker process {os.getpid()}:\n{text.rstrip()}")
    return error


def answer(connection: Connection[Any, Any], function: Callable[[Any], Any], item: Any) -> None:
    """Be a process for one task: send (True, result) or (False, exception)."""
    try:
        result = (True, function(item))
    except BaseException as error:  # noqa: BLE001 - raised again in the parent
        result = (False, portable(error))
    try:
        connection.send(result)
    except Exception as error:  # noqa: BLE001 - a result that cannot be pickled
        connection.send((False, portable(error)))
