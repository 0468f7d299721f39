"""Ctrl-C and SIGTERM: the first interrupts what is being done, the second ends everything at once."""

from __future__ import annotations

import os
import signal
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


class Interruption:
    """Turns signals into KeyboardInterrupt, and remembers which came."""

    def __init__(self) -> None:
        self._seen: list[int] = []

    @property
    def exit_code(self) -> int:
        """130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self._seen[0] if self._seen else int(signal.SIGINT))

    def handle(self) -> None:
        """From now on; in the main thread only, as Python wants it."""
        for one in SIGNALS:
            if signal.getsignal(one) != signal.SIG_IGN:  # as for what a script starts in the background
                signal.signal(one, self._interrupt)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._seen.append(number)
        if len(self._seen) > 1:  # the guardian ends the measuring processes once this one has gone
            os._exit(self.exit_code)
        raise KeyboardInterrupt


INTERRUPTION = Interruption()
"""That of the command line."""
