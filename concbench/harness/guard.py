"""The guardian of what this process measures with: started with the first measuring process, ended after the last."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from pathlib import Path

from concbench.launch import python

_END_SECONDS = 5.0


class Guard:
    """Tells the guardian what must not outlive this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._guardian: subprocess.Popen[str] | None = None
        self._watched: set[int] = set()
        self._directories: set[Path] = set()

    def keep(self, directory: Path) -> None:
        """From the first measuring process on, until it is forgotten, a directory goes with the present process."""
        with self._lock:
            self._directories.add(directory)

    def watch(self, pid: int, mark: str) -> None:
        """From now on a measuring process, and all that carries its mark, go with the present process."""
        with self._lock:
            if self._guardian is None:
                self._guardian = subprocess.Popen(
                    python("concbench.host.guardian"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    start_new_session=True,
                )
            self._watched.add(pid)
            self._tell("".join(f"keep {directory}\n" for directory in self._directories))
            self._tell(f"watch {pid} {mark}\n")

    def release(self, pid: int) -> None:
        """The process has been ended."""
        with self._lock:
            if pid in self._watched:
                self._watched.discard(pid)
                self._tell(f"release {pid}\n")
                self._end_if_idle()

    def forget(self, directory: Path) -> None:
        """The directory has been removed."""
        with self._lock:
            self._directories.discard(directory)
            if self._guardian is not None:
                self._tell(f"forget {directory}\n")
                self._end_if_idle()

    def _tell(self, lines: str) -> None:
        assert self._guardian is not None
        assert self._guardian.stdin is not None
        with contextlib.suppress(OSError):  # somebody has killed it: there is no guard then, and all else goes on
            self._guardian.stdin.write(lines)
            self._guardian.stdin.flush()

    def _end_if_idle(self) -> None:
        if self._watched or self._directories:
            return
        guardian, self._guardian = self._guardian, None
        assert guardian is not None
        assert guardian.stdin is not None
        with contextlib.suppress(OSError):
            guardian.stdin.close()
        try:
            guardian.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            guardian.kill()
            guardian.wait(_END_SECONDS)


GUARD = Guard()
"""The one of this process."""
