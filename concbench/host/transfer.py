"""The cost of sending a task to another process and its result back: pickling, a pipe, and unpickling."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Sequence
from functools import partial
from types import MethodType
from typing import Any

from concbench.observing import perf_counter
from concbench.task import attempt, type_name
from concbench.workloads.function import adapters

_MAX_TASKS = 64
"""Most tasks that are measured."""
_MAX_SECONDS = 0.1
"""Seconds after which no further task is measured."""
_PIPE_CAPACITY = 65_536
"""Capacity of a pipe in bytes; larger data is passed in pieces, which may take the most time."""


def function_transfer(function: Callable[[Any], Any]) -> dict[str, Any]:
    """Measure sending the function before its first call, since a pool sends it from a process that does not call it.

    Returns:
        The cost of one transfer: `function_bytes`, `function_seconds`, and in words `function_holds`. Empty if the
        function cannot be pickled.
    """
    try:
        _transfer(function)  # the first time may import modules
        began = perf_counter()
        size = _transfer(function)
        seconds = perf_counter() - began
    except Exception:  # noqa: BLE001 - pickling may raise anything, and there are no figures then
        return {}
    return {"function_bytes": float(size), "function_seconds": seconds, "function_holds": function_contents(function)}


def function_growth(function: Callable[[Any], Any], before: dict[str, Any]) -> dict[str, Any]:
    """Bytes by which the function has grown through calls since `before`, as `function_grown`; empty if none."""
    if not before.get("function_holds"):
        return {}
    packed, _ = attempt(pickle.dumps, function)
    growth = len(packed) - before["function_bytes"] if packed else 0.0
    return {"function_grown": growth} if growth > 0 else {}


def task_transfer(items: Sequence[Any], results: Sequence[Any]) -> dict[str, Any]:
    """Measure sending some items and their results, spread evenly over all of them.

    Returns:
        Means for one task: `item_bytes`, `result_bytes`, and `pickling_seconds` for both ways and both ends. Empty if
        something cannot be pickled.
    """
    sizes: list[tuple[int, int]] = []
    step = max(1, len(items) // _MAX_TASKS)
    began = perf_counter()
    try:
        for item, result in zip(items[::step], results[::step], strict=True):
            sizes.append((_transfer(item), _transfer(result)))
            if perf_counter() - began > _MAX_SECONDS:
                break
        seconds = perf_counter() - began
    except Exception:  # noqa: BLE001 - as above
        return {}
    if not sizes:
        return {}
    item, result = (sum(column) / len(sizes) for column in zip(*sizes, strict=True))
    return {"item_bytes": item, "result_bytes": result, "pickling_seconds": seconds / len(sizes)}


def _transfer(value: Any) -> int:
    """Transfer a value as to another process, and return its size in bytes."""
    packed = pickle.dumps(value)
    pickle.loads(packed if len(packed) <= _PIPE_CAPACITY else _through_pipe(packed))
    return len(packed)


def _through_pipe(packed: bytes) -> bytes:
    receiving, sending = os.pipe()
    with open(receiving, "rb", buffering=0) as inbox:  # noqa: PTH123 - a descriptor, not a path
        writer = threading.Thread(target=_write, args=(sending, packed))
        writer.start()
        received = inbox.read()
        writer.join()
    return received


def _write(sending: int, packed: bytes) -> None:
    with open(sending, "wb") as outbox:
        outbox.write(packed)


def function_contents(function: Any) -> str:
    """Describe the data that is sent along with a function; empty if the function is sent by its name."""
    while type(function).__module__ == adapters.__name__:
        function = function.function
    if isinstance(function, MethodType):
        return f"the {type_name(function.__self__)} that {function.__name__} is bound to"
    if isinstance(function, partial):
        return "the arguments of the partial"
    return "" if hasattr(function, "__qualname__") else f"the {type_name(function)} that is called"
