"""Waiting for processes that import what the user wrote, which may take long, or for ever."""

from __future__ import annotations

from collections.abc import Callable

from concbench.harness.awake import AWAKE
from concbench.harness.guarded_process import GuardedProcess
from concbench.results.records import Json

IMPORT_ALLOWS, BUDGET_ALLOWS = "--import-timeout", "--budget or --import-timeout"
"""What allows more time, without a budget of everything together and with one."""
NOTICE_SECONDS = 2.0
"""After which somebody is told what is being waited for."""


class Loading:
    """Knows who loads at the same time, and tells once if that takes long."""

    def __init__(self, tell: Callable[[str], None] | None = None, allows: str = IMPORT_ALLOWS) -> None:
        """Begin with nobody.

        Args:
            tell: told in words if it takes long.
            allows: what allows more time.
        """
        self.processes: set[GuardedProcess] = set()
        """Their memory is watched together."""
        self._tell = tell
        self._allows = allows

    def answer(self, process: GuardedProcess, doing: str, since: float, limit: float) -> Json:
        """Wait for the answer of a process.

        Args:
            process: which.
            doing: what it does meanwhile, for messages.
            since: when it began, by AWAKE.now().
            limit: seconds that it may take from then on.

        Raises:
            CellEnded: it took longer, or died.
        """
        for seconds in (min(NOTICE_SECONDS, limit), limit):
            answer = process.arrived(max(0.0, since + seconds - AWAKE.now()), others=self.processes)
            if answer is not None:
                return answer
            if seconds < limit and self._tell is not None:
                self._tell(f"{doing} takes long; it may take {limit:g} s ({self._allows})")
                self._tell = None
        raise process.timed_out(f"{doing} took more than {limit:g} s{process.meanwhile}; {self._allows} allows more")
