"""The memory that a cell may use: asked for while a sample is taken, so it must cost next to nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

SHARE = 0.8
"""Of what is available, that a cell may use unless said otherwise."""
LOOK_SECONDS = 0.2
"""Between two looks at what the machine has left, which take some 50 us."""


def available(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that can still be used: of the machine, or of this process's control group if that has fewer."""
    left = [int(psutil.virtual_memory().available)]
    with contextlib.suppress(OSError, ValueError):
        (line,) = (line for line in (proc / "self" / "cgroup").read_text().splitlines() if line.startswith("0::"))
        folder = cgroups / line[3:].lstrip("/")
        while folder != cgroups and cgroups in folder.parents:
            left += _left_in(folder)
            folder = folder.parent
    return min(left)


def _left_in(folder: Path) -> list[int]:
    try:
        most = (folder / "memory.max").read_text().strip()
        return [] if most == "max" else [int(most) - int((folder / "memory.current").read_text())]
    except (OSError, ValueError):
        return []


class MemoryLimit:
    """Of one cell. What all its processes use is only counted once the machine has lost so much that they may."""

    def __init__(self, pid: int, limit: int | None) -> None:
        self._pid = pid
        self._before = available()
        self.limit = limit if limit is not None else int(SHARE * self._before)

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
