"""CPU that processes outside our own tree use: what no interval can allow for, and every answer must be read with.

Linux only: elsewhere the CPU time of workers that have ended is in nobody's account, and would be taken for others'.
Steal time is left alone: it tells nothing (docs/methodology.md).
"""

from __future__ import annotations

import contextlib
import sys
from time import perf_counter

import psutil


class LoadWatch:
    """Compares what the machine did with what our own processes did, from one reading to the next.

    Interrupts are nobody's: those of our own loopback traffic must not count as others' work. A worker that was
    reaped is in the account of whoever reaped it.
    """

    def __init__(self) -> None:
        self._before = _reading()

    def cores(self) -> float | None:
        """Cores that others used since the last call, or None where it cannot be told."""
        before, self._before = self._before, _reading()
        if before is None or self._before is None:
            return None
        seconds, busy, own = (now - then for now, then in zip(self._before, before, strict=True))
        return max(0.0, busy - own) / seconds if seconds > 0 else None


def _reading() -> tuple[float, float, float] | None:
    """The clock, CPU seconds of everybody, and CPU seconds of our tree."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        times = psutil.cpu_times()
        return perf_counter(), times.user + times.nice + times.system, _own()
    except (psutil.Error, OSError):
        return None


def _own() -> float:
    root = psutil.Process()
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
