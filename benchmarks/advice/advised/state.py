"""Functions that keep something in their process: what the first call pays, later ones do not."""

from __future__ import annotations

import threading
import time
from functools import cache, lru_cache


@cache
def factor(item: int) -> int:
    """Each item is computed once in a process."""
    return sum(number * number % 7 for number in range(100_000 + item))


@lru_cache(maxsize=32)
def _rate(currency: int) -> int:
    return sum(number * number % 7 for number in range(400_000 + currency))


def convert(item: int) -> int:
    """Many items, and eight things to know: each is computed once in a process."""
    return item * _rate(item % 8)


_model: list[int] = []
_loading = threading.Lock()


def _load_model() -> list[int]:
    with _loading:
        if not _model:
            _model[:] = [number * number % 101 for number in range(1_000_000)]
    return _model


def predict(item: int) -> int:
    """Makes a model on first use, which takes as long as twenty tasks."""
    model = _load_model()
    return sum(model[number] for number in range(item, item + 100_000))


_session: dict[str, str] = {}


def ask(item: int) -> int:
    """Logs in on first use, which waits; threads that begin together all do so."""
    if not _session:
        time.sleep(0.15)
        _session["token"] = "t"
    time.sleep(0.02)
    return item
