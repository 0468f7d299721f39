"""The memory that a cell may use: asked for while a sample is taken, so it must cost next to nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import psutil

from concbench.options import LEAST_MEMORY

SHARE = 0.8
"""Of what is available, that a cell may use unless said otherwise."""
LOOK_SECONDS = 0.2
"""Between two looks at what the machine has left, which take some 50 us."""


def available(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that can still be used: of the machine, or of this process's control group if that has fewer."""
    left = [int(psutil.virtual_memory().available)]
    with contextlib.suppress(OSError, ValueError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "":
                left += _upwards(cgroups, path, _left_v2)
            elif "memory" in controllers.split(","):
                left += _upwards(cgroups / "memory", path, _left_v1)
    return max(0, min(left))


def processes_in_memory(each: float) -> int:
    """Processes that can be at work at the same time if each takes so many bytes."""
    return max(1, int(SHARE * available() / each))


def _upwards(root: Path, path: str, read: Callable[[Path], int | None]) -> list[int]:
    """What the group itself has left, and each that it is in, the root of a container among them."""
    folders = [root / path.lstrip("/")]
    while folders[-1] != root and root in folders[-1].parents:
        folders.append(folders[-1].parent)
    return [left for folder in folders if (left := read(folder)) is not None]


def _left_v2(folder: Path) -> int | None:
    return _left(folder, "memory.max", "memory.current", "inactive_file")


def _left_v1(folder: Path) -> int | None:
    return _left(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _left(folder: Path, limit: str, usage: str, cache: str) -> int | None:
    """The limit less what is used, the file cache that can be given back apart; None without a limit."""
    try:
        most, used = ((folder / name).read_text().strip() for name in (limit, usage))
        if most == "max":
            return None
        statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return int(most) - int(used) + int(statistics.get(cache, 0))
    except (OSError, ValueError):
        return None


class MemoryLimit:
    """Of one cell. What all its processes use is only counted once the machine has lost so much that they may."""

    def __init__(self, pid: int, limit: int | None) -> None:
        self._pid = pid
        self._before = available()
        self.limit = limit if limit is not None else max(LEAST_MEMORY, int(SHARE * self._before))
        self.source = "--memory-limit" if limit is not None else "80 % of what was left; --memory-limit allows more"

    def used(self) -> int | None:
        """Bytes of the tree if they are above the limit; None if not."""
        if self._before - available() < self.limit / 2:
            return None
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._pid)
            used = sum(_bytes(process) for process in [root, *root.children(recursive=True)])
            return used if used > self.limit else None
        return None


def _bytes(process: psutil.Process) -> int:
    """Pages that a process has for itself, or its share of them where the system tells."""
    with contextlib.suppress(psutil.Error):
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.uss))
    return 0
