"""How long one execution of a cell may take, unless it was said: what the baseline's first took decides."""

from __future__ import annotations

import math
from dataclasses import replace

from concbench.harness.plan import Plan
from concbench.observing import MEET_SECONDS
from concbench.results.records import Outcome

TIMES, LEAST = 20, 10.0
"""An execution may take so many times what the baseline's first took, and so many seconds at least."""
MOST_WAITS = 600.0
"""Seconds that are added at most for tasks that see to their own timeouts: these end by themselves."""
UNKNOWN = 60.0
"""Seconds, where the baseline itself failed: it may be that the work never ends."""


class Patience:
    """Decides how long the executions of each cell may take."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.took: float | None = None
        """Seconds of the baseline's first execution; None as long as that is not known, and if it failed."""
        self._seconds: float | None = None

    def knows(self, took: float) -> None:
        """The baseline's first execution took so long, all that is not timed included."""
        self.took = took
        self._seconds = max(LEAST, TIMES * took) + (MEET_SECONDS if self._plan.options["warm"] else 0.0)

    def gives_up_knowing(self) -> None:
        """The baseline failed, so that nothing can be compared with what it took."""
        self.took = None
        self._seconds = self._seconds or UNKNOWN

    def seconds(self, workers: int) -> float | None:
        """For a cell of so many workers; None as long as nothing is known, and where it was said."""
        if self._seconds is None or self._plan.options["timeout"] is not None:
            return None
        waits = math.ceil(self._plan.workload.tasks / workers) * (self._plan.workload.longest_task or 0.0)
        return self._seconds + min(MOST_WAITS, waits)

    def bound(self, outcome: Outcome, executions: int) -> Outcome:
        """A timeout is a bound on how much slower a cell is, where it is known what the baseline took.

        Whole requests are compared, what is not timed included, which can only make the bound too low. It says nothing
        of runners where tasks see to their own timeouts.
        """
        own_timeouts = self._plan.workload.longest_task is not None
        if outcome.cause != "timeout" or not outcome.seconds or self.took is None or own_timeouts:
            return outcome
        times = outcome.seconds / (executions * self.took)
        if times < 1:
            return outcome
        reason = f"{outcome.reason}: at least {times:,.1f} times as long as {self._plan.baseline}"
        return replace(outcome, reason=reason)
