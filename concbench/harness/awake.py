"""A clock that stands still while this process is suspended, as by Ctrl-Z, and so can hear no answer."""

from __future__ import annotations

from time import monotonic

_SUSPENDED = 1.0
"""Seconds by which something takes longer than it was to, at least, if this process was suspended meanwhile."""


class Awake:
    """Counts the seconds in which this process could run; whoever waits tells it what takes how long."""

    def __init__(self) -> None:
        self._lost = 0.0

    def now(self) -> float:
        """As monotonic(), without the seconds in which this process was suspended."""
        return monotonic() - self._lost

    def passed(self, planned: float, began: float) -> float:
        """Something that began at a time by monotonic() was to take so many seconds at most; returns the time now."""
        now = monotonic()
        if now - began - planned > _SUSPENDED:
            self._lost += now - began - planned
        return now


AWAKE = Awake()
"""That of this process."""
