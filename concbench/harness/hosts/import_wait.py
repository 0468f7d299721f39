"""Waiting for processes that import the user's code, which may take long or never end."""

from __future__ import annotations

from collections.abc import Callable

from concbench.harness.clock import AWAKE
from concbench.harness.hosts.child import GuardedProcess
from concbench.results.records import Json

IMPORT_ALLOWS, BUDGET_ALLOWS = "--import-timeout", "--budget or --import-timeout"
"""The options that allow more time, without and with a total budget."""
NOTICE_SECONDS = 2.0
"""Seconds of waiting after which the user is notified."""


class ImportWait:
    """Knows the processes that load at the same time, and notifies the user once if that takes long."""

    def __init__(self, tell: Callable[[str], None] | None = None, allows: str = IMPORT_ALLOWS) -> None:
        """Begin without processes.

        Args:
            tell: called with a message if loading takes long.
            allows: the options that allow more time, for messages.
        """
        self.processes: set[GuardedProcess] = set()
        """The loading processes, whose memory is watched together."""
        self._tell = tell
        self._allows = allows

    def answer(self, process: GuardedProcess, doing: str, since: float, limit: float) -> Json:
        """Wait for the answer of a process.

        Args:
            process: the loading process.
            doing: its activity, for messages.
            since: the time when it began, by AWAKE.now().
            limit: seconds that it may take from then on.

        Raises:
            CellEnded: it took longer, or died.
        """
        for seconds in (min(NOTICE_SECONDS, limit), limit):
            answer = process.arrived(max(0.0, since + seconds - AWAKE.now()), others=self.processes)
            if answer is not None:
                return answer
            if seconds < limit and self._tell is not None:
                self._tell(f"{doing} is taking long; the limit is {limit:g} s ({self._allows})")
                self._tell = None
        raise process.timed_out(f"{doing} took more than {limit:g} s{process.meanwhile}; {self._allows} allows more")
