"""Functions as users have them, for tests; a module that worker processes can import."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

LONG_ENOUGH = 0.002
"""Seconds; shorter work is executed a hundred times in a sample."""
counter = 0
entered: list[Any] = []
as_lambda = lambda item: item  # noqa: E731
not_callable = 7


class Opaque:
    """Has no equality."""


class Tool:
    """Methods are functions too."""

    @staticmethod
    def triple(item: int) -> int:
        return item * 3


def double(item: int) -> int:
    return item * 2


def add(one: int, other: int) -> int:
    return one + other


def nothing() -> str:
    return "nothing"


async def add_later(one: int, other: int) -> int:
    await asyncio.sleep(0.001)
    return one + other


async def double_later(item: int) -> int:
    await asyncio.sleep(0.001)
    return item * 2


def append(item: list[int]) -> int:
    """Changes its argument."""
    time.sleep(0.001)
    item.append(1)
    return len(item)


def race(item: int) -> int:
    """Right one after another, wrong at once: it reads, waits and writes."""
    global counter  # noqa: PLW0603 - it is what is wrong with it
    counter = item
    time.sleep(LONG_ENOUGH)
    return counter


def count(item: int) -> int:
    """Never the same twice."""
    global counter  # noqa: PLW0603 - it is what is wrong with it
    time.sleep(LONG_ENOUGH)
    counter += 1
    return counter + 0 * item


def opaque(item: int) -> Opaque:
    time.sleep(LONG_ENOUGH)
    del item
    return Opaque()


def lock(item: int) -> Any:
    """A result that cannot be pickled, nor compared."""
    time.sleep(LONG_ENOUGH)
    del item
    return threading.Lock()


class HomeBody:
    """Can be compared, and not be sent."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HomeBody) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        raise TypeError("it stays at home")


def home_body(item: int) -> HomeBody:
    return HomeBody(item)


def home_race(item: int) -> HomeBody:
    return HomeBody(race(item))


def odd_only(item: int) -> int:
    if item % 2 == 0:
        raise ValueError(f"{item} is even")
    return item


def close_enough(expected: float, actual: float) -> bool:
    return abs(expected - actual) < 10


def with_noise(item: int) -> float:
    return item + (time.perf_counter_ns() % 1000) / 1000


def needs_context(item: int) -> int:
    if not entered:
        raise RuntimeError("not within the context")
    return item


@contextmanager
def context(workers: int) -> Iterator[None]:
    entered.append(workers)
    yield
    entered.clear()


@asynccontextmanager
async def async_context() -> AsyncIterator[None]:
    yield


def some_items() -> list[int]:
    return list(range(8))


def broken_items() -> Iterator[int]:
    yield 1
    yield 2
    raise RuntimeError("the database is gone")
