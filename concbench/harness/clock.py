"""A clock that stands still while this process is suspended, as by Ctrl-Z, and cannot receive answers."""

from __future__ import annotations

from time import monotonic

_SUSPENDED = 1.0
"""Seconds by which a wait must exceed its planned length to show that this process was suspended."""


class AwakeClock:
    """Counts the seconds in which this process could run; every wait reports its planned length to it."""

    def __init__(self) -> None:
        self._lost = 0.0

    def now(self) -> float:
        """Return monotonic() without the seconds in which this process was suspended."""
        return monotonic() - self._lost

    @property
    def lost(self) -> float:
        """Seconds in which this process was suspended, as far as its waits have shown."""
        return self._lost

    def passed(self, planned: float, began: float) -> float:
        """Report a wait of at most `planned` seconds that began at `began`; return the time. Both by monotonic()."""
        now = monotonic()
        if now - began - planned > _SUSPENDED:
            self._lost += now - began - planned
        return now


AWAKE = AwakeClock()
"""The clock of this process."""
