"""What it costs to send a task to another process and its result back, as pickles do."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from concbench.observing import perf_counter

_MOST = 64
"""Tasks that are looked at."""
_LONGEST = 0.1
"""Seconds after which no further one is."""


def transfer(items: Sequence[Any], results: Sequence[Any]) -> dict[str, float]:
    """Pickle and unpickle some items and their results, spread evenly over all of them.

    Returns:
        Means of a task: `item_bytes`, `result_bytes`, and `pickling_seconds` for both ways, at both ends; empty if
        something cannot be pickled.
    """
    sizes: list[tuple[int, int]] = []
    step = max(1, len(items) // _MOST)
    began = perf_counter()
    try:
        for item, result in zip(items[::step], results[::step], strict=True):
            sizes.append((_there_and_back(item), _there_and_back(result)))
            if perf_counter() - began > _LONGEST:
                break
    except Exception:  # noqa: BLE001 - whatever the reason, there is no figure then
        return {}
    if not sizes:
        return {}
    seconds = (perf_counter() - began) / len(sizes)
    item, result = (sum(column) / len(sizes) for column in zip(*sizes, strict=True))
    return {"item_bytes": item, "result_bytes": result, "pickling_seconds": seconds}


def _there_and_back(value: Any) -> int:
    packed = pickle.dumps(value)
    pickle.loads(packed)
    return len(packed)
