"""CPU use by processes outside our own tree, which confidence intervals do not cover and which qualifies every answer.

Linux only: elsewhere the CPU time of workers that have ended is not accounted to their parents, and would count as load
of others. Steal time is ignored: it tells nothing (docs/methodology.md).
"""

from __future__ import annotations

import contextlib
import sys
from time import perf_counter

import psutil


class LoadWatch:
    """Compares the CPU time of the machine with that of our own processes, from one reading to the next.

    Time in interrupts is left out: interrupts of our own loopback traffic must not count as the work of others. The CPU
    time of a reaped worker is accounted to the process that reaped it.
    """

    def __init__(self) -> None:
        self._last = _reading()

    def cores(self) -> float | None:
        """Cores used by other processes since the last call; None where it cannot be measured."""
        before, self._last = self._last, _reading()
        if before is None or self._last is None:
            return None
        seconds, all_cpu, own_cpu = (now - then for now, then in zip(self._last, before, strict=True))
        return max(0.0, all_cpu - own_cpu) / seconds if seconds > 0 else None


def _reading() -> tuple[float, float, float] | None:
    """The time, CPU seconds of all processes, and CPU seconds of our process tree."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        times = psutil.cpu_times()
        return perf_counter(), times.user + times.nice + times.system, _own_cpu_seconds()
    except (psutil.Error, OSError):
        return None


def _own_cpu_seconds() -> float:
    root = psutil.Process()
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
