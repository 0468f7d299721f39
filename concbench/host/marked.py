"""Ending what a measuring process has started, wherever it went: its group, and what left the group.

Everything that a measuring process starts inherits its environment, and in it a mark; what has made itself a group or a
session of its own still carries it (Linux). Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

MARK = "CONCBENCH_HOST"
"""Name of the environment variable."""
_SCANS = 5
"""Looks at the list of processes at most: one that is killed may just have started another."""


def kill_group(pid: int) -> None:
    """Kill the process group of a measuring process."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def kill_marked(mark: str) -> None:
    """Kill every process that carries a mark, this one apart, until there is none."""
    if sys.platform == "win32":
        return
    for _ in range(_SCANS):
        found = list(_marked(mark))
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> Iterator[int]:
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it has gone, or is another user's
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
