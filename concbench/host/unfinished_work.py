"""Detection of results that are unfinished work, such as futures, coroutines or lazy iterators."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_MAX_PARTS = 100
"""Most values examined within a result that is a list, a tuple, a set or a dict."""
_LAZY_MODULES = {"builtins", "itertools", "_csv", "multiprocessing.pool"}
"""Modules of iterator types that compute or read on demand; files and cursors belong to other modules."""
_FUTURES = (("result", "done"), ("get", "ready"))
"""Pairs of methods that identify futures of concurrent.futures and of multiprocessing."""


def has_awaitables(results: Sequence[Any]) -> bool:
    """Whether some results are awaitables, so that the function acts as a coroutine function."""
    return any(hasattr(type(result), "__await__") for result in results)


def describe_unfinished(results: Sequence[Any]) -> str:
    """Search all results of a pass for unfinished work.

    Returns:
        The kind of the result and what to return instead, as the end of a sentence; empty if there is none.
    """
    for result in results:
        description = _describe(result)
        if description:
            return f"returns {description}"
        for part in _parts(result):
            description = _describe(part)
            if description:
                return f"returns a {type(result).__name__} that holds {description}"
    return ""


def close_unawaited(results: Sequence[Any]) -> None:
    """Close coroutines that will not be awaited, to avoid Python's warning."""
    for result in results:
        for value in (result, *_parts(result)):
            close = getattr(value, "close", None)
            if hasattr(type(value), "__await__") and callable(close):
                with contextlib.suppress(Exception):
                    close()


def _describe(value: Any) -> str:
    """Describe why a value is unfinished, and what to return instead; empty if it is finished."""
    kind = type(value)
    name, module = kind.__name__, kind.__module__
    polars = sys.modules.get("polars")
    kinds = (
        (name == "async_generator", "which has computed nothing yet: return [part async for part in ...]"),
        (
            module in _LAZY_MODULES and isinstance(value, Iterator),
            "which computes as it is read and has computed nothing yet: return list(...) instead",
        ),
        (hasattr(kind, "__await__"), "which was never awaited: await it in the function"),
        (
            module == "contextlib" and name.endswith("ContextManager"),
            "which was not entered: use it in a with statement in the function",
        ),
        *(
            (
                callable(getattr(kind, wait, None)) and callable(getattr(kind, ask, None)),
                f"whose work may not be done yet: return the result of .{wait}()",
            )
            for wait, ask in _FUTURES
        ),
        (
            hasattr(kind, "__dask_graph__"),
            "which is lazy and has computed nothing yet: return the result of .compute()",
        ),
        (
            polars is not None and isinstance(value, polars.LazyFrame),
            "which has computed nothing yet: return the result of .collect()",
        ),
    )
    article = "an" if name[0] in "aeiouAEIOU" else "a"
    return next((f"{article} {name}, {advice}" for applies, advice in kinds if applies), "")


def _parts(result: Any) -> Iterable[Any]:
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (set, frozenset)):
        result = list(result)
    return result[:_MAX_PARTS] if isinstance(result, (list, tuple)) else ()
