"""A clock that stands still while this process is suspended, as by Ctrl-Z, and so can hear no answer."""

from __future__ import annotations

from time import monotonic

_SUSPENDED = 1.0
"""Seconds by which a wait is longer than it was to be, at least, if this process was suspended meanwhile."""


class Awake:
    """Counts the seconds in which this process could run; whoever waits tells it how long that took."""

    def __init__(self) -> None:
        self._lost = 0.0

    def now(self) -> float:
        """As monotonic(), without the seconds in which this process was suspended."""
        return monotonic() - self._lost

    def waited(self, planned: float, took: float) -> None:
        """A wait was to take so many seconds at most, and took so many."""
        if took - planned > _SUSPENDED:
            self._lost += took - planned


AWAKE = Awake()
"""That of this process."""
