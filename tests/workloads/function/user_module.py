"""Functions like those of users, for tests; a light module that worker processes import quickly."""

import functools
import itertools
import os
import random
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

LONG_ENOUGH = 0.002
"""Seconds of a task; shorter work is executed a hundred times in a sample."""
counter = 0
entered: list[Any] = []
as_lambda = lambda item: item  # noqa: E731
not_callable = 7


class Opaque:
    """Has no equality."""


class Tool:
    """Has methods, which are functions too."""

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
    import asyncio

    await asyncio.sleep(0.001)
    return one + other


async def double_later(item: int) -> int:
    import asyncio

    await asyncio.sleep(0.001)
    return item * 2


def append(item: list[int]) -> int:
    """Change the argument."""
    time.sleep(0.001)
    item.append(1)
    return len(item)


def race(item: int) -> int:
    """Be right sequentially and wrong at once: read, wait and write."""
    global counter  # noqa: PLW0603 - it is what is wrong with it
    counter = item
    time.sleep(LONG_ENOUGH)
    return counter


def count(item: int) -> int:
    """Never return the same value twice."""
    global counter  # noqa: PLW0603 - it is what is wrong with it
    time.sleep(LONG_ENOUGH)
    counter += 1
    return counter + 0 * item


def opaque(item: int) -> Opaque:
    time.sleep(LONG_ENOUGH)
    del item
    return Opaque()


def lock(item: int) -> Any:
    """Return a value that can be neither pickled nor compared."""
    time.sleep(LONG_ENOUGH)
    del item
    return threading.Lock()


class HomeBody:
    """Can be compared, but not sent."""

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


touches, loads = 0, 0
"""Numbers of picklings or comparisons of a result or an item in this process, and of loadings."""


class Touchy:
    """Counts what is done to it."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        _touch()
        return _loaded, (self.value,)

    def __eq__(self, other: object) -> bool:
        _touch()
        return isinstance(other, Touchy) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]


def _touch() -> None:
    global touches  # noqa: PLW0603 - it counts
    touches += 1


def _loaded(value: int) -> Touchy:
    global loads  # noqa: PLW0603 - it counts
    loads += 1
    return Touchy(value)


def untouched(item: Touchy) -> Touchy:
    """Fail if anything was done in this process except loading three items, at most twice."""
    time.sleep(LONG_ENOUGH)
    if touches or loads > 6:
        raise RuntimeError(f"{touches} times a result or an item was pickled or compared, and {loads} times loaded")
    return Touchy(item.value)


@dataclass
class Page:
    """An item or a result of a class in the function's own module."""

    number: int


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Pair(NamedTuple):
    left: int
    right: int


def pages() -> list[Page]:
    return [Page(number) for number in range(4)]


def sizes() -> list[Size]:
    return [Size.SMALL, Size.LARGE]


def pairs() -> list[Pair]:
    return [Pair(number, number) for number in range(4)]


def returned(item: Any) -> Any:
    time.sleep(LONG_ENOUGH)
    return item


AT_IMPORT = random.random()


def order_of_a_set(item: int) -> list[str]:
    time.sleep(LONG_ENOUGH)
    return list({f"{item} {number}" for number in range(20)})


def hash_of_a_text(item: int) -> int:
    time.sleep(LONG_ENOUGH)
    return hash(str(item))


def process_id(item: int) -> int:
    time.sleep(LONG_ENOUGH)
    return os.getpid() + 0 * item


def constant_of_the_import(item: int) -> float:
    time.sleep(LONG_ENOUGH)
    return AT_IMPORT + item


_of_this_thread = threading.local()
_of_this_thread.digits = 5


def precise(item: int) -> float:
    """Use settings of the import, which hold for the thread that imported it."""
    time.sleep(LONG_ENOUGH)
    return round(item / 7, getattr(_of_this_thread, "digits", 1))


def random_number(item: int) -> float:
    time.sleep(LONG_ENOUGH)
    return random.random() + item


def race_and_chance(item: int) -> tuple[int, float]:
    """Be wrong at once, and never the same."""
    return race(item), random.random()


def race_that_rounds(item: int) -> float:
    """Be wrong at once, by as little as another order of additions."""
    return 1.0 + 1e-15 * race(item)


class TooBusyError(Exception):
    """Raised by a server that has too many requests."""


in_progress = 0


def too_many_at_once(item: int) -> str:
    """Serve two requests at once."""
    global in_progress  # noqa: PLW0603 - calls in progress
    in_progress += 1
    try:
        time.sleep(LONG_ENOUGH)
        if in_progress > 2:
            raise TooBusyError("429")
    finally:
        in_progress -= 1
    return f"/{item}"


passes: list[int] = []


def other_from_the_third_pass_on(item: int) -> int:
    """Return the same in the first two passes of a process, such as a check, and then another value."""
    time.sleep(LONG_ENOUGH)
    passes.append(item)
    return item if len(passes) <= 8 else item + len(passes)


def wrapped_coroutine(item: int) -> Any:
    return double_later(item)


class Client:
    """An object whose call is a coroutine function."""

    async def __call__(self, item: int) -> int:
        return await double_later(item)


client = Client()
part_of_a_coroutine = functools.partial(add_later, 1)


def coroutine_now_and_then(item: int) -> Any:
    return double_later(item) if item % 2 else item * 2


def generator(item: int) -> Iterator[int]:
    yield item


async def async_generator(item: int) -> AsyncIterator[int]:
    yield item


def mapped(item: int) -> Any:
    return map(double, [item])


def counted(item: int) -> Any:
    return itertools.count(item)


def future(item: int) -> Any:
    import concurrent.futures

    return concurrent.futures.Future[int]()


def list_of_coroutines(item: int) -> Any:
    return [double_later(item)]


def not_entered(item: int) -> Any:
    return context(item)


def cursor(item: int) -> Any:
    time.sleep(LONG_ENOUGH)
    import sqlite3

    return sqlite3.connect(":memory:", check_same_thread=False).cursor()


def open_file(item: int) -> Any:
    time.sleep(LONG_ENOUGH)
    return Path(os.devnull).open()


calls = 0


def hangs_later(item: int) -> int:
    """Return from the first pass in a process, and never from the second."""
    global calls  # noqa: PLW0603 - it counts
    calls += 1
    time.sleep(0.15 if calls <= 2 else 60)
    return item
