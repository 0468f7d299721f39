"""Work with a known speed-up for two workers, in a module that measuring processes can import."""

from __future__ import annotations

import time

WHOLE = 0.2
"""Seconds that the baseline takes."""


def wait(seconds: float) -> float:
    """A task that waits."""
    time.sleep(seconds)
    return seconds


def compute(turns: int) -> int:
    """A task that computes."""
    total = 0
    for number in range(turns):
        total += number & 7
    return total


def parts(ratio: float) -> tuple[float, float]:
    """Two lengths that add up to the whole; two workers take as long as the longer one."""
    longer = WHOLE / ratio
    return longer, WHOLE - longer


def turns_a_second() -> float:
    """Turns of the loop per second on this machine."""
    return 300_000 / min(_timed() for _ in range(20))


def _timed() -> float:
    began = time.perf_counter()
    compute(300_000)
    return time.perf_counter() - began
