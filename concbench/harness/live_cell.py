"""A cell while it is being measured: where it is executed, what is known of it, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from concbench.harness.hosts import CellEnded, CheckHost, Host
from concbench.harness.runner_specs import PlannedCell
from concbench.results.records import Cause, Cell, CellId, Outcome, Sample

_MORE_TRIES = 2
"""Executions by which it is seen whether a runner that failed after good samples fails now and then, or from now on."""
_GONE: set[Cause] = {"death", "timeout", "memory", "busy"}
"""Causes by which the process of a cell is gone."""


@dataclass
class LiveCell:
    """A cell of a plan, its record so far, and the host that executes it now."""

    planned: PlannedCell
    record: Cell
    host: Host | CheckHost | None = None
    first_runs: list[Sample] = field(default_factory=list)
    """Its first executions, each in a process of its own: that of a check, then that of the warm-up."""
    warmed_up: bool = False
    """Whether it has had its warm-up, and not before an interruption."""
    sampled: bool = False
    """Whether a sample was taken in the process that it has now."""
    checked: bool = False
    """Whether its results were compared before the first sample, or need not be."""
    seconds: list[float] = field(default_factory=list)
    """Seconds of the warm-up and of every sample, for the estimate of the time left."""
    executions: int = 0
    """Executions that succeeded, those of checks included."""
    requested: int = 1
    """Executions of the request by which it ended."""
    _remarks: list[str] = field(default_factory=list)

    @property
    def id(self) -> CellId:
        """What no other cell of the plan has."""
        return self.record.id

    @property
    def first_run(self) -> Sample | None:
        """The last of its first executions."""
        return self.first_runs[-1] if self.first_runs else None

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self.record.outcome.kind == "ok"

    @property
    def is_warm(self) -> bool:
        """Whether its process has been warmed up, and has given no sample."""
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
    def sampling(self) -> Host:
        """The host that takes its samples."""
        assert self.host is not None, "it has no host yet"
        return cast("Host", self.host)

    @property
    def checking(self) -> CheckHost:
        """The host that checks its results."""
        assert self.host is not None, "it has no host yet"
        return cast("CheckHost", self.host)

    def resume(self, record: Cell) -> None:
        """Take up what was measured of it before an interruption."""
        self.record = record
        self.seconds = [sample.seconds * sample.repeats for sample in record.samples]
        self.checked = bool(record.samples)
        self.executions = sum(sample.repeats for sample in record.samples)

    def begin_again(self) -> None:
        """Its samples are taken anew, in new processes; what failed may not fail there. First executions still hold."""
        self.leave_host()
        self.record = replace(self.record, samples=[], observed=None)
        self.seconds = self.seconds[: int(self.warmed_up)]
        if self.record.outcome.kind == "failed" and not self.record.outcome.cause:
            self.record = replace(self.record, outcome=Outcome())
            self.checked = False

    def add(self, sample: Sample) -> None:
        """A sample of it was taken."""
        self.record = replace(self.record, samples=[*self.record.samples, sample])
        self.seconds.append(sample.seconds * sample.repeats)
        self.executions += sample.repeats
        self.sampled = True

    def end(self, outcome: Outcome) -> None:
        """It goes no further."""
        self.record = replace(self.record, outcome=outcome)
        if self.host is not None:
            self.host.close()

    def clear(self, outcome: Outcome) -> None:
        """It turned out not to be to blame for how it ended: this is its outcome instead; its host has been ended."""
        self.record = replace(self.record, outcome=outcome)

    def leave_host(self) -> None:
        """End the host, so that it can get another."""
        if self.host is not None:
            self.host.close()
            self._remarks = self.remarks
        self.host, self.sampled = None, False

    @property
    def remarks(self) -> list[str]:
        """What its hosts have noticed beside the results, each once."""
        return list(dict.fromkeys([*self._remarks, *(self.host.remarks() if self.host is not None else [])]))

    def flaky(self, outcome: Outcome, may_execute: Callable[[], bool]) -> Outcome:
        """What fails after it has succeeded fails now and then: it is tried again to say how often.

        Args:
            outcome: of the failure.
            may_execute: asked before each execution, which it counts.
        """
        failed, made = 1, self.executions + 1
        for _ in range(_MORE_TRIES if outcome.cause not in _GONE else 0):
            if not may_execute():
                break
            made += 1
            try:
                self.sampling.sample()
            except CellEnded as again:
                failed += 1
                if again.outcome.cause in _GONE:
                    break
        return replace(outcome, reason=f"flaky: failed in {failed:,} of {made:,} executions: {outcome.reason}")
