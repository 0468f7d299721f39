"""Functions that compute in pure Python, and hold the GIL."""

from __future__ import annotations

import threading

_lock = threading.Lock()


def compute(item: int) -> int:
    """Some milliseconds each."""
    return sum(number * number % 7 for number in range(60_000 + item % 3))


def compute_unevenly(item: int) -> int:
    """The same, the last ones longest."""
    return sum(number * number % 7 for number in range(4_000 * (1 + item)))


def tiny(item: int) -> int:
    """Tasks that are shorter than handing them out."""
    return item * 2


def short(item: int) -> int:
    """Tasks of a hundred microseconds: worth it in chunks, perhaps."""
    return sum(range(8_000)) + item


def one_millisecond(item: int) -> int:
    """Tasks of a millisecond: in chunks or one by one?"""
    return sum(number * number % 7 for number in range(16_000 + item % 3))


def three_milliseconds(item: int) -> int:
    """Tasks of three milliseconds."""
    return sum(number * number % 7 for number in range(48_000 + item % 3))


def short_with_stragglers(item: int) -> int:
    """Tasks of a millisecond, and one in 25 takes twenty: a chunk may have two of them."""
    return sum(number * number % 7 for number in range(320_000 if item % 25 == 24 else 16_000))


def contended(item: int) -> int:
    """One at a time, whatever the runner in a process."""
    with _lock:
        return sum(number * number % 7 for number in range(40_000 + item % 3))
