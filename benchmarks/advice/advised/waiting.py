"""Functions that wait."""

from __future__ import annotations

import subprocess
import threading
import time

_five = threading.BoundedSemaphore(5)
_twenty = threading.BoundedSemaphore(20)
_one = threading.Lock()


def wait(item: int) -> int:
    """Waits for something that answers any number at once."""
    time.sleep(0.02)
    return item


def wait_for_five(item: int) -> int:
    """Waits for something that answers five at once."""
    with _five:
        time.sleep(0.01)
    return item


def wait_for_twenty(item: int) -> int:
    """Waits for something that answers twenty at once: 40 tasks are two waves."""
    with _twenty:
        time.sleep(0.02)
    return item


def wait_long_tailed(item: int) -> int:
    """Stragglers: one in ten takes ten times as long."""
    time.sleep(0.1 if item % 10 == 7 else 0.01)
    return item


def wait_long_last(item: int) -> int:
    """One long task comes last, and nothing can be quicker than it."""
    time.sleep(0.15 if item == 39 else 0.005)
    return item


def wait_in_turn(item: int) -> int:
    """Waits for something that each process has for itself, and that answers one at once."""
    with _one:
        time.sleep(0.03)
    return item


def wait_and_fail(item: int) -> int:
    """Waits, and one in eight fails."""
    time.sleep(0.01)
    if item % 8 == 3:
        raise ConnectionError(f"no answer for {item}")
    return item


def mixed(item: int) -> int:
    """Half waiting, half computing."""
    time.sleep(0.005)
    return sum(number * number % 7 for number in range(50_000 + item % 3))


def wait_mostly(item: int) -> int:
    """Waits ten times as long as it computes: threads gain until the GIL is what they wait for."""
    time.sleep(0.015)
    return sum(number * number % 7 for number in range(20_000 + item % 3))


def run_program(item: int) -> int:
    """Waits for another program."""
    return subprocess.run(["sleep", "0.03"], check=True).returncode + item
