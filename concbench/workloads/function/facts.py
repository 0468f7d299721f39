"""Facts about a function and its items, found without calling it. Standard library only: hosts import this."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from concbench.task import one_line
from concbench.workloads.function.calling import CallForm, name_of

_IMMUTABLE = (str, bytes, int, float, complex, bool, type(None))
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class FunctionFacts:
    """Facts about a function and its items, without holding them: plain values."""

    tasks: int
    awaits: bool
    """Whether it is a coroutine function."""
    changing: bool
    """Whether there are items of types that can be changed."""
    elsewhere: bool
    """Whether there are items that are addresses of other machines."""
    items_called: bool = False
    """Whether the items were returned by a function of a module."""
    told_workers: bool = False
    """Whether the context takes the number of workers."""
    keywords: bool = False
    """Whether all items are dicts, which --star turns into keyword arguments."""

    @classmethod
    def of(cls, function: Any, items: Sequence[Any]) -> Self:
        """Inspect a function and its items."""
        return cls(
            tasks=len(items),
            awaits=is_coroutine_function(function),
            changing=not all(isinstance(item, _IMMUTABLE) for item in items),
            elsewhere=any(map(_is_remote, items)),
            keywords=all(isinstance(item, dict) for item in items),
        )


def is_coroutine_function(function: Any) -> bool:
    """Whether calling it returns a coroutine: it is an async function, or an object whose __call__ is one."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def pickle_items(items: Sequence[Any]) -> bytes | None:
    """The items as a pickle that can be read back; None if they cannot be pickled."""
    try:
        packed = pickle.dumps(list(items), protocol=5)  # 5: large arrays are read into place, without a copy
        pickle.loads(packed)
    except Exception:  # noqa: BLE001 - whatever the reason, they stay in this process
        return None
    return packed


def unsendable_reason(function: Any, items: Sequence[Any], call_form: CallForm) -> str:
    """Why another process could not find the function, or take the items; empty if it could."""
    named_objects = [*call_form.named_objects.values()]
    try:
        packed = pickle.dumps([function, named_objects, [item for item in items if not isinstance(item, _IMMUTABLE)]])
    except Exception as error:  # noqa: BLE001 - whatever the reason
        return (
            f"it cannot be sent to another process ({one_line(error)}): define functions at the top level of a module, "
            "and use items that can be pickled"
        )
    if b"__main__" in packed:
        return (
            f"{name_of(function)} is defined in the main program: move it to a module that other processes can import"
        )
    return ""


def _is_remote(item: Any) -> bool:
    """Whether an item is an address of another machine, or one of several arguments is."""
    if isinstance(item, (list, tuple, dict)):
        parts = item.values() if isinstance(item, dict) else item
        return any(_is_remote(part) for part in parts if isinstance(part, str))
    if not isinstance(item, str) or not item.lower().startswith(("http://", "https://")):
        return False
    try:
        return urlsplit(item).hostname not in _LOOPBACK
    except ValueError:
        return True
