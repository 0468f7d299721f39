"""The timeout of one execution: `--timeout`, or a multiple of the baseline's first execution."""

from __future__ import annotations

import math
from dataclasses import replace

from concbench.harness.planning.plan import Plan
from concbench.observing import MEET_SECONDS
from concbench.results.records import Outcome

BASELINE_MULTIPLE, LEAST_SECONDS = 20, 10.0
"""The timeout as a multiple of the baseline's first execution, and the least timeout in seconds."""
MOST_WAIT_SECONDS = 600.0
"""Most seconds added for tasks with timeouts of their own, since these end by themselves."""
UNKNOWN_SECONDS = 60.0
"""The timeout in seconds if the baseline failed: the work may never end."""


class Timeouts:
    """Decides the timeouts of the executions of one measurement."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.baseline_seconds: float | None = None
        """Seconds of the baseline's first execution; None if it is unknown or failed."""
        self._seconds: float | None = None

    def set_baseline_seconds(self, seconds: float) -> None:
        """Record the seconds of the baseline's first execution, untimed parts included."""
        self.baseline_seconds = seconds
        meeting = MEET_SECONDS if self._plan.options["warm"] else 0.0
        self._seconds = max(LEAST_SECONDS, BASELINE_MULTIPLE * seconds) + meeting

    def set_baseline_failed(self) -> None:
        """Record that the baseline failed, so that its time is not available for comparison."""
        self.baseline_seconds = None
        self._seconds = self._seconds or UNKNOWN_SECONDS

    def seconds(self, workers: int) -> float | None:
        """The timeout of a cell with so many workers; None if the time is unknown, or `--timeout` was given."""
        if self._seconds is None or self._plan.options["timeout"] is not None:
            return None
        waits = math.ceil(self._plan.workload.tasks / workers) * (self._plan.workload.longest_task or 0.0)
        return self._seconds + min(MOST_WAIT_SECONDS, waits)

    def with_bound(self, outcome: Outcome, executions: int) -> Outcome:
        """Add to a timeout the bound that it gives on the slowness of the cell, if the baseline's time is known.

        Whole requests are compared, untimed parts included, which can only make the bound too low. Where tasks have
        timeouts of their own, a timeout says nothing about the runner.
        """
        own_timeouts = self._plan.workload.longest_task is not None
        if outcome.cause != "timeout" or not outcome.seconds or self.baseline_seconds is None or own_timeouts:
            return outcome
        times = outcome.seconds / (executions * self.baseline_seconds)
        if times < 1:
            return outcome
        reason = f"{outcome.reason}: at least {times:,.1f} times as long as {self._plan.baseline}"
        return replace(outcome, reason=reason)
