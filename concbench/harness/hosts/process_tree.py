"""Memory and CPU time of a process and all its descendants, read from outside, during an observed pass only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from time import perf_counter

import psutil

from concbench.results.records import MemoryKind


class TreeWatch:
    """Reads the memory of a process tree from time to time, and keeps its peak.

    Memory is the proportional set size (PSS) where the system reports it (Linux): a page shared by four processes
    counts a quarter for each, so that forked workers are not counted four times. Elsewhere it is the unique set size
    (USS) or, where that cannot be read, the resident size, which counts shared pages again for each process.
    """

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self.peak: int | None = None
        self.kind: MemoryKind = ""
        self.track: list[tuple[float, int]] = []
        """Pairs of a time, by perf_counter(), and the memory at that time, in bytes."""
        self.processes = 0
        self.threads = 0
        self._cpu_before = self._cpu()

    def poll(self) -> float:
        """Read the memory once; return the seconds until the next reading, so that reading costs 5 % of a core."""
        began = perf_counter()
        with contextlib.suppress(psutil.Error):
            processes = list(self._processes())
            memory = sum(self._memory(process) for process in processes)
            self.peak = max(self.peak or 0, memory)
            self.track.append((began, memory))
            self.processes = max(self.processes, len(processes))
            self.threads = max(self.threads, sum(map(_threads, processes)))
        return max(0.010, 20 * (perf_counter() - began))

    def cpu(self) -> float | None:
        """CPU seconds of the tree since the watch began, at the resolution of the system's ticks."""
        after = self._cpu()
        return None if after is None or self._cpu_before is None else max(0.0, after - self._cpu_before)

    def _processes(self) -> Iterator[psutil.Process]:
        yield self._root
        yield from self._root.children(recursive=True)

    def _memory(self, process: psutil.Process) -> int:
        """Bytes of one process; 0 for one that has just ended."""
        try:
            full = process.memory_full_info()
            self.kind = "pss" if hasattr(full, "pss") else "uss"
            return int(getattr(full, "pss", full.uss))
        except psutil.AccessDenied:
            self.kind = "rss"
            return int(process.memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def _cpu(self) -> float | None:
        """CPU seconds of every living process, and of every reaped one through its parent."""
        total = 0.0
        with contextlib.suppress(psutil.Error):
            for process in self._processes():
                with contextlib.suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    total += times.user + times.system
                    total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
            return total
        return None


def _threads(process: psutil.Process) -> int:
    """Threads of one process; 0 for one that has just ended."""
    try:
        return int(process.num_threads())
    except psutil.Error:
        return 0
