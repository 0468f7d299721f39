"""The reference and the checks before the first sample, made in processes that never take samples.

A sequential pass shows the results of the function and its effects on the items; the results are the reference for
every cell. Pickling, loading and comparing them changes the heap, so that the next execution would be faster or slower
than in the user's program. All of this therefore happens in other processes than the sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from concbench.errors import BadFunction
from concbench.harness.bench import NO_TIME, Bench
from concbench.harness.clock import AWAKE
from concbench.harness.events import Phase
from concbench.harness.executions import MOST_CHECKS
from concbench.harness.hosts.base import CellEnded
from concbench.harness.live_cell import LiveCell
from concbench.harness.outdone import OUTDONE, is_outdone
from concbench.harness.planning.plan import BASELINE
from concbench.harness.steps import Steps
from concbench.results.passes import ReferencePass
from concbench.results.records import Outcome

_UNSENDABLE = "its results cannot be sent back from another process"


class Examination:
    """Makes the reference, and compares every cell with it."""

    def __init__(self, bench: Bench, steps: Steps) -> None:
        self._bench = bench
        self._steps = steps

    def make_reference(self) -> None:
        """Make the sequential pass in the first cell that can; the cell of the sequential runner is tried first.

        Where it fails under one variant, it is made under another, so that the other variants are still compared.

        Raises:
            BadFunction: the function returns unfinished work, such as a future.
        """
        bench = self._bench
        if not bench.plan.makes_reference:
            return
        variant = bench.referee.reference_variant
        failed: dict[str, str] = {}
        for cell in sorted(bench.alive, key=lambda one: (one.record.variant != variant, one.planned.name != BASELINE)):
            if cell.record.variant in failed:
                continue
            reference_pass = self._reference_pass(cell)
            if cell.alive:
                bench.workload = bench.workload.knowing(reference_pass)
                bench.referee.move_reference(cell.record.variant, failed.get(variant, ""))
                bench.referee.add_findings(reference_pass)
                bench.facts = {**bench.facts, **reference_pass.facts}
                return
            if cell.record.outcome.kind == "failed":
                failed[cell.record.variant] = cell.record.outcome.reason
                bench.patience.set_baseline_failed()
        if failed:
            bench.referee.give_up_comparing(next(iter(failed.values())))

    def _reference_pass(self, cell: LiveCell) -> ReferencePass:
        """The findings of the pass in a cell; it is repeated if the function turns out to return awaitables."""
        bench = self._bench
        reference_pass = self._run_reference_pass(cell)
        if reference_pass.awaitable:
            bench.workload = bench.workload.knowing(reference_pass)
            bench.facts = {"awaits": 1.0}
            reference_pass = self._run_reference_pass(cell)
        if reference_pass.unfinished:
            raise BadFunction(f"{bench.workload.name} {reference_pass.unfinished}")
        return reference_pass

    def _run_reference_pass(self, cell: LiveCell) -> ReferencePass:
        """The findings of one pass; empty if it failed."""
        reference_pass = ReferencePass()

        def make(cell: LiveCell) -> None:
            nonlocal reference_pass
            cell.checking_host.prepare()
            self._bench.calls.count()
            began = AWAKE.now()
            reference_pass = cell.checking_host.reference()
            if reference_pass.sample is not None:
                self._bench.has_run(cell, reference_pass.sample, AWAKE.now() - began)
                cell.checked = True

        with ExitStack() as hosts:
            self._start_host(cell, hosts)
            self._steps.take(cell, Phase.REFERENCE, make)
            cell.leave_host()
        return reference_pass

    def check(self, cells: Sequence[LiveCell]) -> None:
        """Compare the results of cells, and check that the work can be sent to their workers."""
        for group in self._bench.started_together(cells):
            self._check(group)

    def _check(self, cells: Sequence[LiveCell]) -> None:
        """Check a group of cells.

        Their hosts are started together, to save time. No host executes before all have loaded their cells, and each is
        closed after its check.
        """
        with ExitStack() as hosts:
            for cell in cells:
                if cell.pickles and self._bench.referee.unsendable:
                    cell.end(Outcome("inapplicable", f"{_UNSENDABLE} ({self._bench.referee.unsendable})"))
                elif self._may_refuse(cell) or self._compares(cell) or self._needs_reference_decision(cell):
                    self._start_host(cell, hosts)
            for cell in cells:
                if cell.host is not None:
                    self._steps.take(cell, Phase.PREPARE, _prepare)
            for cell in cells:
                if cell.host is not None and cell.alive and self._needs_reference_decision(cell):
                    self._steps.take(cell, Phase.PREPARE, self._decide_reference)
                if cell.host is not None and cell.alive and self._compares(cell):
                    if outcome := self._reason_to_leave_out(cell):
                        cell.end(outcome)
                        cell.leave_host()
                        continue
                    self._bench.allow(cell)
                    self._steps.take(cell, Phase.CHECK, self._compare)
                cell.leave_host()
                cell.checked = True

    def _reason_to_leave_out(self, cell: LiveCell) -> Outcome | None:
        """The outcome of a cell that is not even checked."""
        if is_outdone(self._bench, cell):
            return OUTDONE
        return None if self._bench.may_check(cell) else Outcome("inapplicable", NO_TIME)

    def _may_refuse(self, cell: LiveCell) -> bool:
        """Whether a runner may turn out not to be able to do the work: it examines it, or has to send it to workers."""
        return hasattr(cell.planned.runner, "examine") or (cell.pickles and not self._bench.plan.checks_last)

    def _compares(self, cell: LiveCell) -> bool:
        """Whether a cell needs a comparison before the first sample; results that cannot be pickled always do."""
        plan, referee = self._bench.plan, self._bench.referee
        return (plan.checks_first or bool(referee.unsendable)) and referee.compares and not cell.checked

    def _compare(self, cell: LiveCell) -> None:
        bench = self._bench
        if not self._compares(cell):  # results turned out not to be comparable
            return
        if bench.referee.unsendable:
            bench.calls.count()
            cell.checking_host.reference()
        is_single = bench.fresh or bench.plan.options["max_calls"] is not None
        began = AWAKE.now()
        bench.calls.count()
        check_pass = cell.checking_host.check(1 if is_single else MOST_CHECKS)
        if cell.awaits and check_pass.first is not None and check_pass.executions == 1 and not is_single:
            cell.checking_host.check(1)  # in a second event loop, where kept objects may fail
            check_pass = replace(check_pass, executions=2)
        bench.calls.count(check_pass.executions - 1)
        cell.executions += check_pass.executions - 1
        if check_pass.first is not None:
            bench.has_run(cell, check_pass.first, (AWAKE.now() - began) / check_pass.executions)

    def _needs_reference_decision(self, cell: LiveCell) -> bool:
        """Whether it is still unknown if the variant of a cell can read the results of another variant."""
        referee = self._bench.referee
        makes_reference = self._bench.plan.makes_reference and referee.compares_later
        return makes_reference and not cell.checked and cell.record.variant not in referee.variants_with_reference

    def _decide_reference(self, cell: LiveCell) -> None:
        """Find out whether a variant can read the results of another; if not, make its own sequential pass."""
        bench, variant = self._bench, cell.record.variant
        if reason := cell.checking_host.unreadable_reason():
            bench.calls.count()
            reference_pass = cell.checking_host.reference(of_variant=True)
            if reference_pass.unsendable:
                raise CellEnded(Outcome("inapplicable", f"{_UNSENDABLE} ({reference_pass.unsendable})"))
            bench.referee.note_separate_reference(variant, reason)
        bench.referee.variants_with_reference.add(variant)

    def _start_host(self, cell: LiveCell, hosts: ExitStack) -> None:
        cell.host = hosts.enter_context(self._bench.check_host(cell))
        self._bench.allow(cell)


def _prepare(cell: LiveCell) -> None:
    cell.checking_host.prepare()
