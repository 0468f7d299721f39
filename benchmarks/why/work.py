"""Work with known time shares, and a runner that is slow in known ways. Imported, never run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from concbench.traits import CALLER, Traits

WAIT = 0.005
"""Seconds that a task of `sized` waits."""
_lock = threading.Lock()


def compute(seconds: float) -> None:
    """Use so much CPU time, holding the GIL except when Python gives it away."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def mixed(item: tuple[float, float]) -> None:
    """Wait, then compute."""
    wait, work = item
    if wait:
        time.sleep(wait)
    compute(work)


def locked(item: tuple[float, float]) -> None:
    """Wait without a lock, then with it."""
    free, held = item
    time.sleep(free)
    with _lock:
        time.sleep(held)


def sized(item: bytes) -> int:
    """Wait for a time that does not depend on the size of the item."""
    time.sleep(WAIT)
    return len(item)


@dataclass
class Clumsy:
    """One worker, in this thread, that takes a given time to start, to fetch a task, and to stop."""

    start: float = 0.06
    between: float = 0.01
    stop: float = 0.04
    workers: int = field(default=1, init=False)
    traits: ClassVar[Traits] = Traits(
        where=CALLER, shares_interpreter=True, pickles=False, worker_per_task=False, barriers=False
    )

    def __enter__(self) -> Clumsy:
        time.sleep(self.start)
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        results = []
        for place, item in enumerate(items):
            if place:
                time.sleep(self.between)
            results.append(function(item))
        return results

    def __exit__(self, *exc: object) -> None:
        time.sleep(self.stop)


def nothing(item: int) -> int:
    """A task that does as little as possible."""
    return item


async def nothing_awaited(item: int) -> int:
    """The same for runners that await."""
    return item
