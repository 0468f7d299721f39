"""Functions whose items, results or memory are large."""

from __future__ import annotations

import hashlib


def big_argument(item: bytes) -> int:
    """Sending it costs more than using it."""
    return item.count(b"x")


def big_result(item: int) -> bytes:
    """Sending it back costs more than making it."""
    return b"x" * (2_000_000 + item)


def checksum(item: bytes) -> str:
    """Releases the GIL over a large block, which takes not much longer than sending it."""
    return hashlib.sha3_256(item).hexdigest()


def spread(item: list[int]) -> int:
    """Computes over a list that takes a quarter as long to send: a process that inherits it is spared that."""
    return sum(number * number % 7 for number in item)


def records(item: int) -> list[dict[str, int]]:
    """Makes many small objects, which take long to send back."""
    return [{"id": number, "square": number * number % 97, "of": item} for number in range(20_000)]


class Index:
    """An object with much in it, as a model or a table is."""

    def __init__(self, words: int) -> None:
        self._places = {f"word {number}": [number, number * 2] for number in range(words)}

    def search(self, item: int) -> int:
        """Looks at every word; whoever calls this in another process sends the whole object there."""
        return sum(pow(places[0], item + 2, 97) for places in self._places.values())


def fill_memory(item: int) -> int:
    """Uses 48 MB for a moment."""
    return len(bytearray(b"x") * (48_000_000 + item))
