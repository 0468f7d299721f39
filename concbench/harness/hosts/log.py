"""The output of a measuring process, in a file whose start and end are kept.

It is a file because reading a pipe would take time from the measurement at every line. The file is checked from time to
time and emptied if it has grown, so that a flood of output fills neither the disk nor the memory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

MAX_BYTES = 1_000_000
"""Bytes above which a file is emptied at the next check."""
END_BYTES = 2_000
"""Bytes kept of each end."""
FLOOD_SECONDS = 0.02
"""Seconds until the next check after a file was emptied."""
_TRIES = 5
"""Attempts to read the end before more is written: output between reading and emptying is lost."""


class BoundedLog:
    """The output of one process and of every process that it starts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first = self._last = b""
        self._emptied = 0
        self._text: str | None = None
        _LOGS.add(self)

    def open(self) -> int:
        """Open a descriptor for the output. It appends, so that it continues at the start of an emptied file."""
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def empty(self) -> bool:
        """If the file has grown, keep both ends and empty it; return whether it was emptied."""
        with suppress(OSError):
            size = self._path.stat().st_size
            if size > MAX_BYTES:
                for _ in range(_TRIES):
                    first, self._last = self._ends(size)
                    previous_size, size = size, self._path.stat().st_size
                    if size == previous_size:
                        break
                self._first = self._first or first
                os.truncate(self._path, 0)
                self._emptied += size
                return True
        return False

    def text(self) -> str:
        """Return both ends of the output, or the whole output if it is short."""
        if self._text is not None:
            return self._text
        first, last, size = self._first, self._last, 0
        with suppress(OSError):
            size = self._path.stat().st_size
            if self._emptied:
                last = (last + self._end(size))[-END_BYTES:]
            else:
                first, last = self._ends(size)
        left_out = self._emptied + size - len(first) - len(last)
        if left_out <= 0:
            return (first + last).decode(errors="replace").strip()
        ends = [end.decode(errors="replace").strip() for end in (first, last)]
        return f"{ends[0]}\n... {left_out:,} bytes were not kept ...\n{ends[1]}"

    def close(self) -> None:
        """Keep the text, and remove the file: every process that could print has ended."""
        self._text = self.text()
        _LOGS.discard(self)
        with suppress(OSError):
            self._path.unlink()

    def printed_bytes(self) -> int:
        """Bytes of output so far."""
        with suppress(OSError):
            return self._emptied + self._path.stat().st_size
        return self._emptied

    def last_line(self, since: int) -> str:
        """The last line that is not empty in the kept output after the first `since` bytes; empty if there is none."""
        with suppress(OSError):
            size = self._path.stat().st_size
            new_bytes = min(END_BYTES, self._emptied + size - since)
            tail = self._last + self._end(size)
            new_text = tail[max(0, len(tail) - new_bytes) :].decode(errors="replace") if new_bytes > 0 else ""
            return next((line for line in reversed(new_text.split("\n")) if line.strip()), "")
        return ""

    def _ends(self, size: int) -> tuple[bytes, bytes]:
        """Both ends of the file, without overlap."""
        with self._path.open("rb") as file:
            first = file.read(END_BYTES)
            file.seek(max(len(first), size - END_BYTES))
            return first, file.read(END_BYTES)

    def _end(self, size: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(max(0, size - END_BYTES))
            return file.read(END_BYTES)


_LOGS: WeakSet[BoundedLog] = WeakSet()


def empty_logs() -> bool:
    """Check the logs of all processes; return whether one had to be emptied."""
    emptied = [log.empty() for log in list(_LOGS)]
    return any(emptied)
