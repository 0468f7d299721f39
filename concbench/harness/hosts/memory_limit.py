"""The memory that a cell may use, checked during samples and therefore at almost no cost."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

from concbench.analysis.costs import processes_that_fit
from concbench.analysis.thresholds import MEMORY_SHARE
from concbench.machine import groups
from concbench.options import LEAST_MEMORY

POLL_SECONDS = 0.2
"""Seconds between two checks of the free memory, each of which takes some 50 us."""


def available_bytes(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Free bytes of the machine, or of this process's control group if that has fewer."""
    free = [int(psutil.virtual_memory().available)]
    with contextlib.suppress(OSError, ValueError):
        in_groups = (_FREE[version](folder) for folder, version in groups("memory", proc, cgroups))
        free += [free_bytes for free_bytes in in_groups if free_bytes is not None]
    return max(0, min(free))


def most_processes(each: float, limit: int | None = None) -> int:
    """Most worker processes of so many bytes each that fit into the memory that a cell may use now."""
    return processes_that_fit(allowed_bytes(limit), each)


def allowed_bytes(limit: int | None = None) -> int:
    """Bytes that a cell may use: the given limit, or most of the memory that is free now."""
    return limit if limit is not None else max(LEAST_MEMORY, int(MEMORY_SHARE * available_bytes()))


def _free_v2(folder: Path) -> int | None:
    return _free(folder, "memory.max", "memory.current", "inactive_file")


def _free_v1(folder: Path) -> int | None:
    return _free(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _free(folder: Path, limit: str, usage: str, cache: str) -> int | None:
    """The limit minus the bytes in use, except reclaimable file cache; None without a limit."""
    try:
        maximum, used = ((folder / name).read_text().strip() for name in (limit, usage))
        if maximum == "max":
            return None
        statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return int(maximum) - int(used) + int(statistics.get(cache, 0))
    except (OSError, ValueError):
        return None


_FREE = {2: _free_v2, 1: _free_v1}


class MemoryLimit:
    """The memory limit of one cell.

    The process tree is only summed up once the free memory has dropped so far that the cell may exceed its limit.
    """

    def __init__(self, pid: int, limit: int | None) -> None:
        self._pid = pid
        self._available_before = available_bytes()
        self.limit = allowed_bytes(limit)
        self.source = "--memory-limit" if limit is not None else "80 % of the free memory; --memory-limit allows more"

    def exceeding_bytes(self) -> int | None:
        """Bytes used by the process tree if they exceed the limit; else None."""
        if self._available_before - available_bytes() < self.limit / 2:
            return None
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._pid)
            used = sum(_process_bytes(process) for process in [root, *root.children(recursive=True)])
            return used if used > self.limit else None
        return None


def _process_bytes(process: psutil.Process) -> int:
    """The proportional set size of a process where the system reports it, else its unique set size, in bytes."""
    with contextlib.suppress(psutil.Error):
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.uss))
    return 0
