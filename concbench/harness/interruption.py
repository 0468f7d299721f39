"""Ctrl-C, SIGTERM and SIGHUP on the command line: the first is remembered, the second exits immediately.

A remembered signal is raised as KeyboardInterrupt only where concbench waits for other processes. So no process is
started without being registered, and no file or table is left half written. A program that calls measure() handles the
signals itself; this module then has no effect.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from concbench.exit_codes import HANGUP, INTERRUPTED, OK, TERMINATED

_SIGHUP: int | None = getattr(signal, "SIGHUP", None)
"""The signal of a closed terminal; None on Windows."""
EXIT_CODES: dict[int, int] = {
    signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, **({} if _SIGHUP is None else {_SIGHUP: HANGUP}),
}  # fmt: skip
"""Exit codes of the handled signals."""
_NEW_LINE = b"\r\n"
"""Ends the line of a terminal on which the progress was drawn, so that the prompt of the shell begins another."""


class Interruption:
    """Remembers a signal, and raises it once, where that is allowed."""

    def __init__(self) -> None:
        self._signal_number: int | None = None
        self._raised = False
        self._allowed = False
        self._previous_handlers: dict[int, Any] = {}

    @property
    def exit_code(self) -> int:
        """The exit code of the remembered signal; OK if there is none."""
        return OK if self._signal_number is None else EXIT_CODES[self._signal_number]

    def handle(self) -> None:
        """Install the signal handlers; Python allows this in the main thread only."""
        for number in EXIT_CODES:
            if signal.getsignal(number) != signal.SIG_IGN:  # a shell script ignores some for its background commands
                self._previous_handlers[number] = signal.signal(number, self._remember)

    def release(self) -> None:
        """Restore the previous signal handlers."""
        with self.allowed():
            for number, handler in self._previous_handlers.items():
                signal.signal(number, handler)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Raise a remembered signal now, and a signal that arrives within the block immediately."""
        self._allowed = True
        try:
            if self._signal_number is not None:
                self._raise()
            yield
        finally:
            self._allowed = False

    def _remember(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._signal_number is not None and number == _SIGHUP:  # a closed terminal and its shell send several
            return
        if self._signal_number is not None:  # the guardian ends the measuring processes after this process
            if files := sys.modules.get("concbench.results.files"):  # if not imported, no file is being written
                files.discard_pending()
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), _NEW_LINE)
            os._exit(self.exit_code)
        self._signal_number = number
        if self._allowed:
            self._raise()

    def _raise(self) -> None:
        if not self._raised:
            self._raised = True
            raise KeyboardInterrupt


INTERRUPTION = Interruption()
"""The instance of the command line."""
