"""What the parts of one measurement share: the work as it is known by now, its cells, and where they are executed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from math import inf
from pathlib import Path

from concbench.analysis.thresholds import FAR_BEHIND, FIRST_RUN_COSTS
from concbench.harness.calls import Calls
from concbench.harness.hosts import CheckHost, Clock, Host, Hosts
from concbench.harness.live_cell import LiveCell
from concbench.harness.patience import Patience
from concbench.harness.plan import BASELINE, Limit, Plan
from concbench.harness.referee import Referee
from concbench.harness.repeats import bearable_repeats
from concbench.harness.runner_specs import PlannedCell
from concbench.options import MeasureOptions, changed
from concbench.results.records import CellId, Json, Outcome, Sample

NO_TIME = "there was no time for it; --budget allows more"
"""Why a cell is left out that the time did not allow."""
CUT_SHORT = "there was no more time for it; raise --budget"
"""Why a cell timed out that the time allowed no longer than that."""
_CHECK_SHARE = 0.5
"""Of the time, that the checks may take."""
_ONE_SHARE = 0.25
"""Of the time that is left, that the first execution of a cell may take, if that is more than what could still win."""
_LEAST = 0.1
"""Seconds that a request may take in any case."""
_LONGER = 3.0
"""Times that sequential passes, of which two are made in one request, may take as long as one execution."""


class Bench:
    """Holds what is shared, makes hosts, and says how long and how often they may execute the work."""

    def __init__(self, plan: Plan, hosts: Hosts, directory: Path) -> None:
        """Begin with nothing known; the workload of the plan is running, and the directory is for its hosts alone."""
        self.plan = plan
        self.hosts = hosts
        self.workload = plan.workload
        """The workload, knowing what the sequential pass showed."""
        self.facts: Json = {}
        """Figures about the work, for the table."""
        self.cells: list[LiveCell] = []
        """All of them, those that ended and those that joined included."""
        self.sampling = False
        """Whether the hosts that take samples have been started, so that a cell can no longer begin with the others."""
        self.repeats = 1
        """Executions in a sample; fewer of slow cells."""
        self.kept = plan.kept
        """What the function keeps in its process, as far as that is known."""
        self.referee = Referee(plan)
        self.calls = Calls(plan.workload.tasks, plan.options["max_calls"])
        self.patience = Patience(plan)
        self.clock = Clock(hosts)
        self._hurried = set[CellId]()
        """Cells that may take as long as there is time for them, and not as long as they might without a budget."""
        self._directory = directory
        for planned in plan.cells:
            self.add(planned)

    def add(self, planned: PlannedCell) -> LiveCell:
        """Another cell."""
        cell = LiveCell(planned, planned.record(self.plan.workload.tasks))
        self.cells.append(cell)
        return cell

    @property
    def fresh(self) -> bool:
        """Whether every execution is in a new process: as was asked for, else if the function keeps what needs that."""
        asked = self.plan.options["fresh"]
        return self.kept.cold if asked is None else asked

    @property
    def relaunches(self) -> bool:
        """Whether the process of a cell is relaunched for every round, and warmed up again before its sample."""
        return self.plan.relaunches and not self.fresh

    @property
    def alive(self) -> list[LiveCell]:
        """The cells that go on."""
        return [cell for cell in self.cells if cell.alive]

    @property
    def baseline_first(self) -> list[LiveCell]:
        """The same: what the baseline takes decides how long the others may.

        Those of its variant come before those of others. Then coroutines: if what they use works in one event loop
        only, threads that have several need not be tried.
        Where time is limited, one of each place where tasks run, under each variant, comes next: there may not be the
        time for all.
        """
        cells = sorted(self.alive, key=self._precedence)
        if self.plan.limit is None:
            return cells
        first = {(cell.record.variant, cell.record.traits.where): cell.id for cell in reversed(cells)}
        return sorted(cells, key=lambda cell: cell.id not in first.values())

    def _precedence(self, cell: LiveCell) -> tuple[bool, ...]:
        """Smaller comes first; of other variants the sequential cell, which shows what their results are."""
        other = cell.record.variant != self.plan.baseline.variant
        return cell.id != self.plan.baseline, other, other and cell.planned.name != BASELINE, not cell.awaits

    # Hosts, and how long they may take.

    def started_together(self, cells: Sequence[LiveCell]) -> list[list[LiveCell]]:
        """Those of one variant, so that several do not multiply the processes that load at the same time.

        Where time is limited, the order of all counts.
        """
        if self.plan.limit is not None:
            return [[*cells]]
        groups: dict[str, list[LiveCell]] = {}
        for cell in cells:
            groups.setdefault(cell.record.variant, []).append(cell)
        return [*groups.values()]

    def host(self, cell: LiveCell) -> AbstractContextManager[Host]:
        """A host that takes the samples of a cell."""
        options = changed(self._options, fresh=self.fresh)
        return self.hosts.host(self.workload, cell.planned, self._directory, options)

    def check_host(self, cell: LiveCell, *, patient: bool = False) -> AbstractContextManager[CheckHost]:
        """A host that checks the results of a cell; `patient` where one request makes several executions."""
        options = self._options
        if patient and options["timeout"] is not None:
            options = changed(options, timeout=_LONGER * options["timeout"])
        return self.hosts.check_host(self.workload, cell.planned, self._directory, options)

    @property
    def _options(self) -> MeasureOptions:
        """Those of the plan; an import may take no longer than there is time."""
        options, limit = self.plan.options, self.plan.limit
        if limit is None:
            return options
        left = max(_LEAST, round(limit.end - self.clock.elapsed(), 1))
        return changed(options, import_timeout=min(left, options["import_timeout"] or inf))

    def later(self, cell: LiveCell, first: float) -> float:
        """Seconds of an execution in a round, of a cell whose first one took so long: it may pay a first use no more.

        Workers that are processes are new each time, and pay it again.
        """
        if self.fresh or cell.planned.traits.isolates:
            return first
        return max(0.0, first - self.kept.excess)

    def allow(self, cell: LiveCell) -> None:
        """Let each request of a cell take as long as it may."""
        seconds = self.patience.seconds(cell.record.workers)
        if self.plan.limit is not None:
            left, otherwise = self._left_for(cell, self.plan.limit), seconds or self.plan.options["timeout"] or inf
            seconds = min(left, otherwise)
            (self._hurried.add if left < otherwise else self._hurried.discard)(cell.id)
        if seconds is not None and cell.host is not None:
            cell.host.allow(seconds)

    def _left_for(self, cell: LiveCell, limit: Limit) -> float:
        """Seconds that a request of a cell may take: all, once it has shown that it ends.

        Before that it may be that it never does, and no more than it takes to see that it cannot win are lost on it.
        """
        left = max(_LEAST, limit.end - self.clock.elapsed())
        if cell.id == self.plan.baseline or cell.executions or self.patience.took is None:
            return left
        enough = FAR_BEHIND[1] * self.patience.took + FIRST_RUN_COSTS + limit.starting
        return min(left, max(enough, _ONE_SHARE * left))

    @property
    def starting(self) -> float:
        """Seconds that it takes to start a measuring process, as far as they are known."""
        return self.plan.limit.starting if self.plan.limit else 0.0

    def fits(self, seconds: float, share: float = 1.0) -> bool:
        """Whether what takes so long may still be begun, of this share of all the time."""
        limit = self.plan.limit
        return limit is None or self.clock.elapsed() + seconds <= share * limit.begin

    def may_check(self, cell: LiveCell) -> bool:
        """Whether there is time to check a cell; of those that compare with the baseline there must be some."""
        return cell.id == self.plan.baseline or self.fits(0.0, _CHECK_SHARE)

    def allow_all(self) -> None:
        """The same for every cell, since it has become known how long that is."""
        for cell in self.alive:
            self.allow(cell)

    def allow_passes(self, host: Host | CheckHost) -> None:
        """Let a request that makes sequential passes take longer."""
        seconds = self.patience.seconds(1)
        if seconds is not None:
            left = self.plan.limit.end - self.clock.elapsed() if self.plan.limit else inf
            host.allow(max(_LEAST, min(left, _LONGER * seconds)))

    def explained(self, cell: LiveCell) -> Outcome:
        """How a cell ended: of a timeout, how much slower than the baseline it is at least, and what is to be done."""
        outcome = cell.record.outcome
        if outcome.cause != "timeout":
            return outcome
        if cell.id != self.plan.baseline:
            outcome = self.patience.bound(outcome, cell.requested)
        if hangs := getattr(cell.planned.runner, "hangs", ""):
            outcome = replace(outcome, reason=f"{outcome.reason}; {hangs}")
        hurried = cell.id in self._hurried and "--budget" not in outcome.reason  # that of an import names it
        return replace(outcome, reason=f"{outcome.reason}; {CUT_SHORT}") if hurried else outcome

    # Executions.

    def has_run(self, cell: LiveCell, sample: Sample, took: float) -> None:
        """A cell was executed for the first time in its process; `took` seconds, what is not timed included."""
        cell.first_runs.append(sample)
        cell.executions += 1
        if cell.id == self.plan.baseline:
            self.patience.knows(took)

    def repeats_of(self, cell: LiveCell) -> int:
        """Executions in a sample of a cell."""
        taken = cell.record.samples
        if taken:
            return taken[-1].repeats
        return bearable_repeats(self.repeats, cell.seconds[0]) if cell.seconds else self.repeats

    @property
    def observed_later(self) -> int:
        """Executions that the observed passes will be."""
        return sum(cell.record.observed is None for cell in self.alive) if self.plan.options["observe"] else 0

    def affords(self, executions: int) -> bool:
        """Whether so many more, and the observed passes, are allowed."""
        return self.calls.allows(executions + self.observed_later)
