"""State shared by the parts of one measurement: the workload as known so far, its cells, and their hosts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from math import inf
from pathlib import Path
from statistics import median

from concbench.analysis.comparability import comparable_cells
from concbench.analysis.thresholds import FAR_BEHIND, FIRST_RUN_COSTS
from concbench.harness.calls import CallCounter
from concbench.harness.hosts.base import CheckHost, Clock, Host, Hosts
from concbench.harness.live_cell import LiveCell
from concbench.harness.planning.plan import BASELINE, Plan, TimeLimits
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.harness.preparation.referee import Referee
from concbench.harness.repeats import bearable_repeats
from concbench.harness.timeouts import Timeouts
from concbench.options import MeasureOptions, changed
from concbench.results.records import CellId, Json, Outcome, Sample

NO_TIME = "there was no time for it; --budget allows more"
"""The reason of a cell that was left out for lack of time."""
CUT_SHORT = "there was no more time for it; raise --budget"
"""The reason of a cell that timed out because the budget was about to end."""
_CHECK_SHARE = 0.5
"""Share of the budget within which checks may begin."""
_ONE_SHARE = 0.25
"""Share of the remaining time allowed for the first execution of a cell, unless a cell that can win needs more."""
_LEAST = 0.1
"""Lowest timeout of a request, in seconds."""
_LONGER = 3.0
"""Factor on the timeout of one execution for a request that makes sequential passes, since it makes two."""


class Bench:
    """Holds the shared state, creates hosts, and limits the time and the number of their executions."""

    def __init__(self, plan: Plan, hosts: Hosts, directory: Path) -> None:
        """Create the cells of the plan; its workload is running already, and only its hosts use the directory."""
        self.plan = plan
        self.hosts = hosts
        self.workload = plan.workload
        """The workload, completed with the findings of the sequential pass."""
        self.facts: Json = {}
        """Measured figures of the workload, for the table."""
        self.cells: list[LiveCell] = []
        """All cells, including those that ended and those that joined later."""
        self.sampling = False
        """Whether the hosts that take samples were started, so that a cell can no longer begin with the others."""
        self.repeats = 1
        """Executions in a sample; slow cells make fewer."""
        self.kept = plan.kept
        """State that the function keeps in its process, as far as it is known."""
        self.referee = Referee(plan)
        self.calls = CallCounter(plan.workload.tasks, plan.options["max_calls"])
        self.patience = Timeouts(plan)
        self.clock = Clock(hosts)
        self._hurried = set[CellId]()
        """Cells whose timeout was shortened by the budget."""
        self._directory = directory
        for planned in plan.cells:
            self.add(planned)

    def add(self, planned: PlannedCell) -> LiveCell:
        """Add a cell and return it; it replaces one of the same identity that was left out."""
        cell = LiveCell(planned, planned.record(self.plan.workload.tasks))
        self.cells = [*(one for one in self.cells if one.id != cell.id), cell]
        return cell

    @property
    def fresh(self) -> bool:
        """Whether every execution is in a new process: the option decides, else the state kept by the function."""
        asked = self.plan.options["fresh"]
        return self.kept.cold if asked is None else asked

    @property
    def relaunches(self) -> bool:
        """Whether the process of a cell is relaunched for every round, and warmed up again before its sample."""
        return self.plan.relaunches and not self.fresh

    @property
    def alive(self) -> list[LiveCell]:
        """The cells that have not ended."""
        return [cell for cell in self.cells if cell.alive]

    @property
    def baseline_first(self) -> list[LiveCell]:
        """The live cells with the baseline first, since its time decides the timeouts of the others.

        Cells of its variant precede those of other variants. Runners of coroutines come next: if the function works
        in one event loop only, threads with several loops need not be tried.
        Where time is limited, one cell for each variant and each place where tasks run precedes the rest, since there
        may not be time for all. Where cells with too few workers are left out, those with the most come first.
        """
        cells = sorted(self.alive, key=self._precedence)
        if self.plan.limit is None:
            return cells
        first = {(cell.record.variant, cell.record.traits.where): cell.id for cell in reversed(cells)}
        return sorted(cells, key=lambda cell: cell.id not in first.values())

    def _precedence(self, cell: LiveCell) -> tuple[int, ...]:
        """The sort key; in other variants the sequential cell comes first, since it shows their results."""
        other = cell.record.variant != self.plan.baseline.variant
        other_sequential = other and cell.planned.name != BASELINE
        workers = 0 if self.plan.sequential_seconds is None else cell.record.workers
        return cell.id != self.plan.baseline, other, other_sequential, not cell.awaits, -workers

    # Hosts, and how long they may take.

    def started_together(self, cells: Sequence[LiveCell]) -> list[list[LiveCell]]:
        """Group the cells by variant, so that several variants do not multiply the processes that load at once.

        Where time is limited, they stay one group, since their order counts.
        """
        if self.plan.limit is not None:
            return [[*cells]]
        groups: dict[str, list[LiveCell]] = {}
        for cell in cells:
            groups.setdefault(cell.record.variant, []).append(cell)
        return [*groups.values()]

    def host(self, cell: LiveCell) -> AbstractContextManager[Host]:
        """Create a host that takes the samples of a cell."""
        options = changed(self._options, fresh=self.fresh)
        return self.hosts.host(self.workload, cell.planned, self._directory, options)

    def check_host(self, cell: LiveCell, *, patient: bool = False) -> AbstractContextManager[CheckHost]:
        """Create a host that checks the results of a cell; `patient` if one request makes several executions."""
        options = self._options
        if patient and options["timeout"] is not None:
            options = changed(options, timeout=_LONGER * options["timeout"])
        return self.hosts.check_host(self.workload, cell.planned, self._directory, options)

    @property
    def _options(self) -> MeasureOptions:
        """The options of the plan, with the import timeout cut to the remaining time."""
        options, limit = self.plan.options, self.plan.limit
        if limit is None:
            return options
        left = max(_LEAST, round(limit.end - self.clock.elapsed(), 1))
        return changed(options, import_timeout=min(left, options["import_timeout"] or inf))

    def later(self, cell: LiveCell, first: float) -> float:
        """Estimate the seconds of an execution in a round from `first`, the seconds of the first one in its process.

        The cost of a first use is subtracted, unless every execution has new worker processes, which pay it again.
        """
        if self.fresh or cell.planned.traits.isolates:
            return first
        return max(0.0, first - self.kept.excess)

    def allow(self, cell: LiveCell) -> None:
        """Set the timeout of each request of a cell."""
        seconds = self.patience.seconds(cell.record.workers)
        if self.plan.limit is not None:
            left, otherwise = self._left_for(cell, self.plan.limit), seconds or self.plan.options["timeout"] or inf
            seconds = min(left, otherwise)
            (self._hurried.add if left < otherwise else self._hurried.discard)(cell.id)
        if seconds is not None and cell.host is not None:
            cell.host.set_timeout(seconds)

    def _left_for(self, cell: LiveCell, limit: TimeLimits) -> float:
        """Seconds allowed for a request of a cell: all that remain, once one execution of it has ended.

        Before that, it may never end. It is then allowed only the time that shows that it cannot win, or a share of
        the remaining time if that is longer.
        """
        left = max(_LEAST, limit.end - self.clock.elapsed())
        if cell.id == self.plan.baseline or cell.executions or self.patience.baseline_seconds is None:
            return left
        enough = FAR_BEHIND[1] * self.patience.baseline_seconds + FIRST_RUN_COSTS + limit.start_seconds
        return min(left, max(enough, _ONE_SHARE * left))

    @property
    def starting(self) -> float:
        """Seconds that the start of a measuring process takes; 0 if unknown."""
        return self.plan.limit.start_seconds if self.plan.limit else 0.0

    def fits(self, seconds: float, share: float = 1.0) -> bool:
        """Whether a step of so many seconds would still end within this share of the budget."""
        limit = self.plan.limit
        return limit is None or self.clock.elapsed() + seconds <= share * limit.begin

    def typical_seconds(self) -> dict[CellId, float]:
        """Seconds of an execution of every live cell, if it is comparable.

        The median of its samples or, before any, its first execution in its latest process.
        """
        executions = {cell.id: cell.record.samples or cell.first_runs[-1:] for cell in self.alive}
        cells = [replace(cell.record, samples=executions[cell.id]) for cell in self.alive if executions[cell.id]]
        fair = comparable_cells(cells, self.workload.tasks)
        return {cell.id: median(sample.seconds for sample in cell.samples) for cell in fair if cell.samples}

    def may_check(self, cell: LiveCell) -> bool:
        """Whether there is time to check a cell; the baseline is always checked."""
        return cell.id == self.plan.baseline or self.fits(0.0, _CHECK_SHARE)

    def allow_all(self) -> None:
        """Set the timeout of every live cell, after the time of the baseline has become known."""
        for cell in self.alive:
            self.allow(cell)

    def allow_passes(self, host: Host | CheckHost) -> None:
        """Set the longer timeout of a request that makes sequential passes."""
        seconds = self.patience.seconds(1)
        if seconds is not None:
            left = self.plan.limit.end - self.clock.elapsed() if self.plan.limit else inf
            host.set_timeout(max(_LEAST, min(left, _LONGER * seconds)))

    def explained(self, cell: LiveCell) -> Outcome:
        """The outcome of a cell; a timeout gets a lower bound on its time against the baseline, and a remedy."""
        outcome = cell.record.outcome
        if outcome.cause != "timeout":
            return outcome
        if cell.id != self.plan.baseline:
            outcome = self.patience.with_bound(outcome, cell.requested_executions)
        if hangs := getattr(cell.planned.runner, "hangs", ""):
            outcome = replace(outcome, reason=f"{outcome.reason}; {hangs}")
        hurried = cell.id in self._hurried and "--budget" not in outcome.reason  # an import timeout names it already
        return replace(outcome, reason=f"{outcome.reason}; {CUT_SHORT}") if hurried else outcome

    # Executions.

    def has_run(self, cell: LiveCell, sample: Sample, took: float) -> None:
        """Record the first execution of a cell in its process; it took `took` seconds, untimed parts included."""
        cell.first_runs.append(sample)
        cell.executions += 1
        if cell.id == self.plan.baseline:
            self.patience.set_baseline_seconds(took)

    def repeats_of(self, cell: LiveCell) -> int:
        """Executions in a sample of a cell."""
        taken = cell.record.samples
        if taken:
            return taken[-1].repeats
        return bearable_repeats(self.repeats, cell.seconds[0]) if cell.seconds else self.repeats

    @property
    def observed_later(self) -> int:
        """Executions still needed for the observed passes."""
        return sum(cell.record.observed is None for cell in self.alive) if self.plan.options["observe"] else 0

    def affords(self, executions: int) -> bool:
        """Whether so many more executions and the observed passes are allowed."""
        return self.calls.allows(executions + self.observed_later)
