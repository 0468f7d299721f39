"""A user's work: plain functions over plain items, with large or many objects. Standard library only.

Both sides of a comparison import this, as a user's own module: concbench, and the script written by hand (`calls.py`).
So do worker processes, so it imports only what it needs.
"""

import csv
from hashlib import sha3_256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from typing import Any

BLOCK = bytes(range(256)) * 4_000


def limits() -> list[int]:
    """Items of `count_primes`."""
    return list(range(2_000, 2_600, 100))


def count_primes(limit: int) -> int:
    """Compute, and make next to no objects."""
    return sum(all(number % divisor for divisor in range(2, number // 2 + 1)) for number in range(2, limit))


def keys() -> list[int]:
    """Items of `large_result`."""
    return list(range(40))


def large_result(key: int) -> bytes:
    """Return a megabyte."""
    return BLOCK.translate(bytes(number ^ key for number in range(256)))


def blocks() -> list[bytes]:
    """Items of `fingerprint`: a megabyte each."""
    return [bytes([number]) * 1_000_000 for number in range(24)]


def fingerprint(block: bytes) -> str:
    """Take a megabyte, and return next to nothing."""
    return sha3_256(block).hexdigest()


def firsts() -> list[int]:
    """Items of `records`."""
    return list(range(0, 120_000, 10_000))


def records(first: int) -> list[tuple[int, str, dict[str, float]]]:
    """Return 10,000 records, which are 40,000 objects and more."""
    return [(number, str(number), {"half": number * 0.5}) for number in range(first, first + 10_000)]


def columns(path: str) -> dict[str, list[float]]:
    """Read a CSV file of numbers, and return its columns."""
    with open(path, encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    return {name: [float(row[place]) for row in rows] for place, name in enumerate(names)}


def send(sender: "Connection", function: "Callable[[Any], Any]", item: "Any") -> None:
    """Be a process for one item, in a program written by hand."""
    sender.send(function(item))
    sender.close()
