"""A cell while it is being measured: its host, its record so far, and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from concbench.harness.hosts.base import CellEnded, CheckHost, Host
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.results.records import Cause, Cell, CellId, Outcome, Sample

_MORE_TRIES = 2
"""Executions tried after a runner failed following good samples, to estimate how often it fails."""
_PROCESS_LOST: set[Cause] = {"death", "timeout", "memory", "busy"}
"""Causes that leave a cell without its process."""


@dataclass
class LiveCell:
    """A cell of a plan, its record so far, and its current host."""

    planned: PlannedCell
    record: Cell
    host: Host | CheckHost | None = None
    first_runs: list[Sample] = field(default_factory=list)
    """The first execution in each process: the one of the check, then the one of the warm-up."""
    warmed_up: bool = False
    """Whether it was warmed up in this run; a warm-up before an interruption does not count."""
    relaunch_seconds: float = 0.0
    """Seconds that the last relaunch of its process took, with the warm-up."""
    sampled: bool = False
    """Whether a sample was taken in its current process."""
    checked: bool = False
    """Whether its results were compared before the first sample, or need no comparison then."""
    compared: bool = False
    """Whether the results of its observed pass were compared."""
    seconds: list[float] = field(default_factory=list)
    """Seconds of the warm-up and of every sample, for the estimate of the remaining time."""
    executions: int = 0
    """Successful executions, including those of checks."""
    requested_executions: int = 1
    """Executions asked for in the request that ended it."""
    _remarks: list[str] = field(default_factory=list)

    @property
    def id(self) -> CellId:
        """The identity of the cell, unique in the plan."""
        return self.record.id

    @property
    def first_run(self) -> Sample | None:
        """The first execution in its latest process; None before any."""
        return self.first_runs[-1] if self.first_runs else None

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.record.outcome.kind == "ok"

    @property
    def is_warm(self) -> bool:
        """Whether its process was warmed up and has taken no sample yet."""
        return self.warmed_up and not self.sampled

    @property
    def pickles(self) -> bool:
        """Whether the function, the items and the results travel as pickles."""
        return self.planned.traits.pickles is True

    @property
    def awaits(self) -> bool:
        """Whether its runner awaits coroutines, in an event loop of its own."""
        return bool(getattr(self.planned.runner, "awaits", False))

    @property
    def sampling_host(self) -> Host:
        """The host that takes its samples."""
        assert self.host is not None, "it has no host yet"
        return cast("Host", self.host)

    @property
    def checking_host(self) -> CheckHost:
        """The host that checks its results."""
        assert self.host is not None, "it has no host yet"
        return cast("CheckHost", self.host)

    def resume(self, record: Cell) -> None:
        """Continue from its record of an interrupted run."""
        self.record = record
        self.seconds = [sample.seconds * sample.repeats for sample in record.samples]
        self.checked = bool(record.samples)
        self.compared = record.observed is not None
        self.executions = sum(sample.repeats for sample in record.samples)

    def begin_again(self) -> None:
        """Discard its samples, to take them in new processes, where a failure may not recur; keep first executions."""
        self.leave_host()
        self.record = replace(self.record, samples=[], observed=None)
        self.seconds = self.seconds[: int(self.warmed_up)]
        outcome = self.record.outcome
        if outcome.cause == "outdone" or (outcome.kind == "failed" and not outcome.cause):
            self.record = replace(self.record, outcome=Outcome())
            self.checked = False

    def add(self, sample: Sample) -> None:
        """Add a sample to its record."""
        self.record = replace(self.record, samples=[*self.record.samples, sample])
        self.seconds.append(sample.seconds * sample.repeats)
        self.executions += sample.repeats
        self.sampled = True

    def end(self, outcome: Outcome) -> None:
        """End it with this outcome, and close its host."""
        self.record = replace(self.record, outcome=outcome)
        if self.host is not None:
            self.host.close()

    def clear(self, outcome: Outcome) -> None:
        """Replace its outcome, after it turned out not to be to blame for it; its host has been closed."""
        self.record = replace(self.record, outcome=outcome)

    def leave_host(self) -> None:
        """Close its host, so that it can get another one."""
        if self.host is not None:
            self.host.close()
            self._remarks = self.remarks
        self.host, self.sampled = None, False

    @property
    def remarks(self) -> list[str]:
        """The remarks of its hosts, without duplicates."""
        return list(dict.fromkeys([*self._remarks, *(self.host.remarks() if self.host is not None else [])]))

    def flaky_outcome(self, outcome: Outcome, may_execute: Callable[[], bool]) -> Outcome:
        """Execute a cell again that failed after successes, and return the outcome with the count of failures.

        Args:
            outcome: the outcome of the failure.
            may_execute: called before each execution; counts it, and returns whether it is allowed.
        """
        failed, executions = 1, self.executions + 1
        for _ in range(_MORE_TRIES if outcome.cause not in _PROCESS_LOST else 0):
            if not may_execute():
                break
            executions += 1
            try:
                self.sampling_host.sample()
            except CellEnded as again:
                failed += 1
                if again.outcome.cause in _PROCESS_LOST:
                    break
        return replace(outcome, reason=f"flaky: failed in {failed:,} of {executions:,} executions: {outcome.reason}")
