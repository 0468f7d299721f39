"""A cell while it is being measured: where it is executed, what is known of it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from concbench.harness.hosts import CheckHost, Host
from concbench.harness.runner_specs import PlannedCell
from concbench.results.records import Cell, Outcome, Sample


@dataclass
class LiveCell:
    """A cell of a plan, its record so far, and the host that executes it now."""

    planned: PlannedCell
    record: Cell
    host: Host | CheckHost | None = None
    first_run: Sample | None = None
    """Its first execution: that of a check, then that of the warm-up."""
    checked: bool = False
    """Whether its results were compared before the first sample, or need not be."""
    seconds: list[float] = field(default_factory=list)
    """Seconds of the warm-up and of every sample, for the estimate of the time left."""
    executions: int = 0
    """Executions that succeeded, those of checks included."""
    requested: int = 1
    """Executions of the request by which it ended."""

    @property
    def well(self) -> bool:
        """Whether it goes on."""
        return self.record.outcome.kind == "ok"

    @property
    def pickles(self) -> bool:
        """Whether the function, the items and the results travel as pickles."""
        return self.planned.traits.pickles is True

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

    def end(self, outcome: Outcome) -> None:
        """It goes no further."""
        self.record = replace(self.record, outcome=outcome)
        if self.host is not None:
            self.host.close()
