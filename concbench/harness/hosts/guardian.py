"""Starts and feeds the guardian process (host/guardian_process.py), which kills our children if this process dies.

It is started with the first measuring process, and ended after the last.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import threading
from pathlib import Path

from concbench.host.descendants import environment_with_mark, kill_processes
from concbench.launch import start
from concbench.wire import Wire

_END_SECONDS = 5.0


class GuardianClient:
    """Tells the guardian which processes and directories must not outlive this process."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._guardian: tuple[subprocess.Popen[bytes], Wire] | None = None
        self._mark = ""
        self._watched: set[int] = set()
        self._directories: set[Path] = set()

    def abandon(self) -> None:
        """Forget everything in a forked child: the guardian belongs to its parent."""
        if self._guardian is not None:
            self._guardian[0].returncode = 0  # not a child of this process, which therefore cannot wait for it
        self._begin()

    def keep(self, directory: Path) -> None:
        """Have a directory removed if this process dies, from the first measuring process until `forget`."""
        with self._lock:
            self._directories.add(directory)

    def watch(self, pid: int, mark: str) -> None:
        """Have a measuring process, and every process with its mark, killed if this process dies."""
        with self._lock:
            if self._guardian is None:
                self._mark = secrets.token_hex(8)
                environment = environment_with_mark(self._mark)
                self._guardian = start("concbench.host.guardian_process", subprocess.DEVNULL, environment)
            self._watched.add(pid)
            for directory in self._directories:
                self._send("keep", str(directory))
            self._send("watch", pid, mark)

    def release(self, pid: int) -> None:
        """Stop watching a process that has been ended."""
        with self._lock:
            if pid in self._watched:
                self._watched.discard(pid)
                self._send("release", pid)
                self._end_if_idle()

    def forget(self, directory: Path) -> None:
        """Stop guarding a directory that has been removed."""
        with self._lock:
            self._directories.discard(directory)
            if self._guardian is not None:
                self._send("forget", str(directory))
                self._end_if_idle()

    def _send(self, command: str, *arguments: object) -> None:
        assert self._guardian is not None
        with contextlib.suppress(OSError):  # it was killed: the measurement continues without a guardian
            self._guardian[1].send([command, *arguments])

    def _end_if_idle(self) -> None:
        if self._watched or self._directories:
            return
        assert self._guardian is not None
        (guardian, wire), self._guardian = self._guardian, None
        wire.close()
        try:
            guardian.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            guardian.kill()
            guardian.wait(_END_SECONDS)
        kill_processes(guardian.pid, self._mark)  # its start may have started others (sitecustomize, .pth files)


GUARD = GuardianClient()
"""The guard of this process."""


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=GUARD.abandon)
