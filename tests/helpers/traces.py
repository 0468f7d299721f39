"""Traces that a command leaves behind: for the programs beside this one, and for the tests."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

WHERE = "CONCBENCH_TEST"
"""An environment variable that all children of a command inherit; its value is a directory of that command."""


def traces() -> set[str]:
    """Traces that a measurement on this machine could leave: marked processes, directories, shared memory."""
    marked = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"CONCBENCH_HOST=" in (entry / "environ").read_bytes():
                marked.add(f"process {entry.name} {(entry / 'cmdline').read_bytes()[:60]!r}")
        except OSError:
            continue
    directories = {f"directory {path.name}" for path in Path(tempfile.gettempdir()).glob("concbench-*")}
    return marked | directories | {f"shared memory {path.name}" for path in Path("/dev/shm").iterdir()}


def alive(directory: Path) -> set[int]:
    """The processes that came from a command of this directory."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{WHERE}={directory}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def left(directory: Path, seconds: float) -> set[int]:
    """The processes that are still there after at most `seconds`."""
    deadline = time.monotonic() + seconds
    while (found := alive(directory)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def wait_until(there: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Check a thousand times a second until a condition is true."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.001)
