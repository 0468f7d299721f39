"""Functions that keep state in their process, in the ways of real programs."""

import asyncio
import functools
import threading
import time
from typing import Any

FIRST, EACH = 0.12, 0.004
"""Seconds of a first use, and of each task."""

_kept: dict[str, Any] = {}
_own = threading.local()
SEMAPHORE = asyncio.Semaphore(1)


def lazy(number: int) -> int:
    """Load a model at first use."""
    if "model" not in _kept:
        time.sleep(FIRST)
        _kept["model"] = 3
    time.sleep(EACH)
    return number * int(_kept["model"])


@functools.cache
def cached(number: int) -> int:
    """Compute every item once, so that a second execution takes no time at all."""
    time.sleep(FIRST / 3)
    return number * 3


def own(number: int) -> int:
    """Use a client for each thread."""
    if not hasattr(_own, "client"):
        time.sleep(FIRST)
        _own.client = 3
    time.sleep(EACH)
    return number * int(_own.client)


def ordinary(number: int) -> int:
    """Keep nothing."""
    time.sleep(5 * EACH)
    return number * 3


async def bound(number: int) -> int:
    """Use a semaphore of the module."""
    async with SEMAPHORE:
        await asyncio.sleep(EACH)
    return number * 3


class Client:
    """Works only in the event loop in which it was made, like clients that keep connections."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def get(self, number: int) -> int:
        """Refuse to work in any other event loop."""
        if asyncio.get_running_loop() is not self.loop:
            raise RuntimeError("Event loop is closed")
        await asyncio.sleep(EACH)
        return number * 3


async def client(number: int) -> int:
    """Use a client that is made at first use."""
    if "client" not in _kept:
        _kept["client"] = Client()
    return await _kept["client"].get(number)  # type: ignore[no-any-return]


async def broken(number: int) -> int:
    """Fail in any event loop."""
    raise RuntimeError(f"{number} cannot be had")
