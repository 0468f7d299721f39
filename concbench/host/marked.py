"""Ending what a measuring process has started, wherever it went: its group, and what left the group.

Everything that a measuring process starts inherits its environment, and in it a mark; what has made itself a group or a
session of its own still carries it (Linux). The trackers of multiprocessing are spared until they have removed what
the others left in shared memory. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

MARK = "CONCBENCH_HOST"
"""Name of the environment variable."""
TRACKER_SECONDS = 2.0
"""That a tracker gets to clean up once all others have gone."""
_SCANS = 5
"""Looks at the list of processes at most: one that is killed may just have started another."""


def end(group: int, mark: str) -> None:
    """Kill the process group of a measuring process, and every process that carries the mark."""
    if sys.platform == "win32":
        return
    for _ in range(_SCANS):
        left = list(_belonging(group, mark))
        others = [pid for pid in left if not _is_tracker(pid)]
        if not others:
            break
        for pid in others:
            _kill(pid)
    deadline = monotonic() + TRACKER_SECONDS
    while left and monotonic() < deadline:
        sleep(0.005)
        left = list(_belonging(group, mark))
    for pid in left:
        _kill(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # where there is no list of processes
        os.killpg(group, signal.SIGKILL)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _belonging(group: int, mark: str) -> Iterator[int]:
    """Living processes of the group or with the mark."""
    wanted = re.compile(rf"(^|\0){MARK}=([^\0]* )?{mark}[ \0]".encode())  # of a run in a run, both marks are there
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has gone, or is another user's
            state, _, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            living = state not in {"Z", "X"} and int(entry.name) != os.getpid()
            if living and (int(its_group) == group or wanted.search((entry / "environ").read_bytes() + b"\0")):
                yield int(entry.name)


def _is_tracker(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"multiprocessing.resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
