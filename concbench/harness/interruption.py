"""Ctrl-C, SIGTERM and SIGHUP on the command line: the first is remembered, the second ends everything at once.

What is remembered is raised, as KeyboardInterrupt, where concbench waits for others, and nowhere else: no process is
started and not yet known, no file is half written, no table half printed. A program that calls measure() keeps the
signals to itself; nothing here has an effect then.
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
"""The terminal has been closed; Windows has no such signal."""
EXIT_CODES: dict[int, int] = {
    signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, **({} if _SIGHUP is None else {_SIGHUP: HANGUP}),
}  # fmt: skip
"""Of the signals that are handled."""
_SHOW_CURSOR = b"\x1b[?25h"
"""The progress bar hides it."""


class Interruption:
    """Remembers which signal came, and raises it once, where that is allowed."""

    def __init__(self) -> None:
        self._came: int | None = None
        self._raised = False
        self._allowed = False
        self._before: dict[int, Any] = {}

    @property
    def exit_code(self) -> int:
        """That of the signal that came; OK as long as none did."""
        return OK if self._came is None else EXIT_CODES[self._came]

    def handle(self) -> None:
        """From now on; in the main thread only, as Python wants it."""
        for one in EXIT_CODES:
            if signal.getsignal(one) != signal.SIG_IGN:  # as for what a script starts in the background
                self._before[one] = signal.signal(one, self._remember)

    def release(self) -> None:
        """No longer: what handled them before does again."""
        with self.allowed():
            for one, before in self._before.items():
                signal.signal(one, before)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """An interruption that came before this is raised now, and one that comes meanwhile at once."""
        self._allowed = True
        try:
            if self._came is not None:
                self._raise()
            yield
        finally:
            self._allowed = False

    def _remember(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._came is not None and number == _SIGHUP:  # of one terminal come several: the shell sends some, too
            return
        if self._came is not None:  # the guardian ends the measuring processes once this one has gone
            if files := sys.modules.get("concbench.results.files"):  # not imported: nothing of ours is, as yet
                files.discard_pending()
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), _SHOW_CURSOR)
            os._exit(self.exit_code)
        self._came = number
        if self._allowed:
            self._raise()

    def _raise(self) -> None:
        if not self._raised:
            self._raised = True
            raise KeyboardInterrupt


INTERRUPTION = Interruption()
"""That of the command line."""
