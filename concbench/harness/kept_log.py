"""What a process of ours prints: a file of which both ends are kept while it is written.

A file, since whoever reads a pipe meanwhile takes time from what is measured, at every line. It is looked at every now
and then, and emptied when it has grown: whoever prints in floods fills neither the disk nor the memory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

MOST = 1_000_000
"""Bytes, above which a file is emptied when it is looked at."""
END = 2_000
"""Bytes that are kept, of either end."""
OFTEN = 0.02
"""Seconds until the next look, where one has been emptied."""
_TRIES = 5
"""To read the end before more comes: what comes between reading and emptying is lost, and may be the last words."""


class KeptLog:
    """Of one process, all that it starts included."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first = self._last = b""
        self._emptied = 0
        _LOGS.add(self)

    def open(self) -> int:
        """A descriptor to print to. It appends, so that it goes on at the start of a file that was emptied."""
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def empty(self) -> bool:
        """Keep both ends of what is there, and empty the file, if it has grown; whether it had."""
        with suppress(OSError):
            size = self._path.stat().st_size
            if size > MOST:
                for _ in range(_TRIES):
                    first, self._last = self._ends(size)
                    before, size = size, self._path.stat().st_size
                    if size == before:
                        break
                self._first = self._first or first
                os.truncate(self._path, 0)
                self._emptied += size
                return True
        return False

    def text(self) -> str:
        """Both ends, or all of it if it is short."""
        first, last, size = self._first, self._last, 0
        with suppress(OSError):
            size = self._path.stat().st_size
            if self._emptied:
                last = (last + self._end(size))[-END:]
            else:
                first, last = self._ends(size)
        left_out = self._emptied + size - len(first) - len(last)
        if left_out <= 0:
            return (first + last).decode(errors="replace").strip()
        ends = [end.decode(errors="replace").strip() for end in (first, last)]
        return f"{ends[0]}\n... {left_out:,} bytes were not kept ...\n{ends[1]}"

    def printed(self) -> int:
        """Bytes that have come so far."""
        with suppress(OSError):
            return self._emptied + self._path.stat().st_size
        return self._emptied

    def last_line(self, since: int) -> str:
        """The last that is not empty of what has come since so many bytes had, as far as it is kept."""
        with suppress(OSError):
            size = self._path.stat().st_size
            came = min(END, self._emptied + size - since)
            kept = self._last + self._end(size)
            lines = kept[max(0, len(kept) - came) :].decode(errors="replace").split("\n") if came > 0 else []
            return next((line for line in reversed(lines) if line.strip()), "")
        return ""

    def _ends(self, size: int) -> tuple[bytes, bytes]:
        """Of the file: they do not overlap."""
        with self._path.open("rb") as file:
            first = file.read(END)
            file.seek(max(len(first), size - END))
            return first, file.read(END)

    def _end(self, size: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(max(0, size - END))
            return file.read(END)


_LOGS: WeakSet[KeptLog] = WeakSet()


def empty_logs() -> bool:
    """Look at those of all processes; whether one had to be emptied."""
    emptied = [log.empty() for log in list(_LOGS)]
    return any(emptied)
