"""One step of one cell: announce it, carry it out, and find the cause where results differ or it fails."""

from __future__ import annotations

from collections.abc import Callable

from concbench.harness.bench import Bench
from concbench.harness.events import Phase
from concbench.harness.executions import MOST_CHECKS, RETRIAL
from concbench.harness.hosts.base import CellEnded
from concbench.harness.live_cell import LiveCell
from concbench.harness.preparation.kept_state import StateDetector
from concbench.harness.preparation.referee import DIFFER, blame_runner
from concbench.harness.progress import Progress
from concbench.results.passes import Finding
from concbench.results.records import Outcome

_MOST_PASSES = 100
"""Most sequential passes of short work that are made to find the cause of differing results."""
_TOO_LATE = "not measured: its results differed, and sequential passes were only later found to differ as well"

Action = Callable[[LiveCell], None]


class Steps:
    """Carries out steps, and ends the cells whose steps fail."""

    def __init__(self, bench: Bench, progress: Progress, detector: StateDetector) -> None:
        self._bench = bench
        self._progress = progress
        self._detector = detector

    def take(self, cell: LiveCell, phase: Phase, action: Action, number: int | None = None) -> None:
        """Carry out one step of a cell, in round `number` if it is part of a round; a failure ends this cell alone.

        Raises:
            BeginAgain: the step failed because of state that the function keeps in its process.
        """
        self._progress.announce(cell, phase, number)
        try:
            self._act_and_judge(cell, action)
        except CellEnded as ended:
            self._detector.reconsider(cell, phase, ended.outcome)
            cell.requested_executions = self._bench.repeats_of(cell) if phase is Phase.ROUND else 1
            self._end(cell, ended.outcome, executing=phase is not Phase.COMPARE and not ended.idle)
        self._progress.count(phase)

    def _end(self, cell: LiveCell, outcome: Outcome, *, executing: bool) -> None:
        bench = self._bench
        failed = executing and outcome.kind == "failed" and outcome.cause not in DIFFER
        cell.end(cell.flaky_outcome(outcome, self._may_execute) if failed and cell.record.samples else outcome)
        if cell.id == bench.plan.baseline:
            bench.patience.set_baseline_failed()
            bench.allow_all()

    def _may_execute(self) -> bool:
        """Whether one more execution is allowed; if so, count it."""
        if not self._bench.affords(1):
            return False
        self._bench.calls.count()
        return True

    def _act_and_judge(self, cell: LiveCell, action: Action) -> None:
        """Carry out the step; where results differ, find out whether the runner or the function is the cause."""
        referee = self._bench.referee
        try:
            action(cell)
        except CellEnded as ended:
            variant = cell.record.variant
            if referee.blames_variant(ended.outcome, variant):
                raise CellEnded(referee.blame_variant(ended.outcome, variant)) from ended
            if not referee.needs_sequential_passes(ended.outcome, variant):
                raise
            can_retry = self._bench.affords(_retrial(cell) + self._bench.repeats_of(cell))  # and the step again
            finding = self._sequential_passes(cell) if can_retry else None
            if finding is None:
                raise
            if finding == "process" and variant != referee.reference_variant and self._is_steady_in_reference_variant():
                raise CellEnded(referee.blame_variant(ended.outcome, variant)) from ended
            if not referee.acquits(finding, ended.outcome):
                raise CellEnded(blame_runner(ended.outcome, cell.planned, cell.record.workers, finding)) from ended
            self._clear_others()
            action(cell)

    def _is_steady_in_reference_variant(self) -> bool:
        """Whether another process of the variant that made the reference gives the same results."""
        bench = self._bench
        variant = bench.referee.reference_variant
        cell = next((cell for cell in bench.baseline_first if cell.record.variant == variant), None)
        return cell is not None and bench.affords(RETRIAL) and self._sequential_passes(cell) == "same"

    def _sequential_passes(self, cell: LiveCell) -> Finding | None:
        """The finding of sequential passes in a new process, in a worker of this cell's runner; None if they fail.

        Short work gets as many passes as the cell may have needed until its results differed.
        """
        bench = self._bench
        is_limited = bench.plan.options["max_calls"] is not None
        max_passes = RETRIAL if is_limited else max(MOST_CHECKS, min(_MOST_PASSES, cell.executions))
        try:
            with bench.check_host(cell, patient=True) as host:
                host.prepare()
                bench.allow_passes(host)
                if bench.referee.unsendable:
                    bench.calls.count()
                    host.reference()
                bench.calls.count(_retrial(cell))
                return host.sequential_passes(max_passes)
        except CellEnded:
            return None

    def _clear_others(self) -> None:
        """Withdraw the failures of cells whose results differ, since those of sequential passes differ as well."""
        outcome = Outcome("inapplicable", _TOO_LATE) if self._bench.sampling else Outcome()
        for cell in self._bench.cells:
            if cell.record.outcome.cause in DIFFER:
                cell.clear(outcome)


def _retrial(cell: LiveCell) -> int:
    """Executions needed to find the cause of differing results; for threads, one more in the main thread."""
    return RETRIAL + cell.planned.traits.in_threads
