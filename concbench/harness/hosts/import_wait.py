"""Waiting for processes that import the user's code, which may take long or never end."""

from __future__ import annotations

from collections.abc import Callable

from concbench.harness.clock import AWAKE
from concbench.harness.hosts.child import GuardedProcess
from concbench.results.records import Json

IMPORT_TIME_OPTIONS, BUDGET_TIME_OPTIONS = "--import-timeout", "--budget or --import-timeout"
"""The options that allow more time, without and with a total budget."""
NOTICE_SECONDS = 2.0
"""Seconds of waiting after which the user is notified."""


class ImportWait:
    """Knows the processes that load at the same time, and notifies the user once if that takes long."""

    def __init__(self, tell: Callable[[str], None] | None = None, time_options: str = IMPORT_TIME_OPTIONS) -> None:
        """Begin without processes.

        Args:
            tell: called with a message if loading takes long.
            time_options: the options that allow more time, for messages.
        """
        self.processes: set[GuardedProcess] = set()
        """The loading processes, whose memory is watched together."""
        self._tell = tell
        self._time_options = time_options

    def answer(self, process: GuardedProcess, activity: str, since: float, limit: float) -> Json:
        """Wait for the answer of a process.

        Args:
            process: the loading process.
            activity: its activity, for messages.
            since: the time when it began, by AWAKE.now().
            limit: seconds that it may take from then on.

        Raises:
            CellEnded: it took longer, or died.
        """
        for seconds in (min(NOTICE_SECONDS, limit), limit):
            answer = process.answer_or_none(max(0.0, since + seconds - AWAKE.now()), watched=self.processes)
            if answer is not None:
                return answer
            if seconds < limit and self._tell is not None:
                self._tell(f"{activity} is taking long; the limit is {limit:g} s ({self._time_options})")
                self._tell = None
        why = f"{activity} took more than {limit:g} s{process.activity_clause}; {self._time_options} allows more"
        raise process.end_for_timeout(why)
