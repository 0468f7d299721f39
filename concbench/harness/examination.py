"""What is found out before the first sample, in processes in which no sample is ever taken.

A sequential pass shows what the function returns and does to its items; its results are the reference that every cell
is compared with. Pickling, loading and comparing them leaves a heap behind that no program of the user's has, and which
makes the next execution faster or slower than it is: so all of it happens elsewhere than the sampling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from concbench.errors import BadFunction
from concbench.harness.calls import Calls
from concbench.harness.hosts import CellEnded, Hosts
from concbench.harness.live_cell import LiveCell
from concbench.harness.patience import Patience
from concbench.harness.plan import Plan
from concbench.harness.referee import Referee
from concbench.results.passes import Finding, ReferencePass, Sample
from concbench.results.records import Json, Outcome
from concbench.workloads.base import Workload

MOST_CHECKS = 10
"""Executions of short work that a check makes at most."""

_MOST_PASSES = 100
"""Sequential passes of short work at most by which it is found out who is to blame."""
_LONGER = 3.0
"""Times that sequential passes, of which two are made in one request, may take as long as one execution."""

Attempt = Callable[[LiveCell, str, Callable[[LiveCell], None]], None]


class Examination:
    """Makes the reference, compares every cell with it, and says what sequential passes give where one differs."""

    def __init__(self, plan: Plan, workload: Workload, hosts: Hosts, directory: Path, attempt: Attempt) -> None:
        """Begin with nothing known.

        Args:
            plan: what is measured.
            workload: as it is running now.
            hosts: where checks are made.
            directory: private, shared by all hosts.
            attempt: does one thing with a cell in a phase, and ends the cell where that goes wrong.
        """
        self.workload = workload
        """The workload, knowing what the sequential pass showed."""
        self.facts: Json = {}
        """Figures about the work, for the table."""
        self.referee = Referee(plan)
        self.calls = Calls(plan.workload.tasks, plan.options.max_calls)
        self.patience = Patience(plan)
        self._plan = plan
        self._hosts = hosts
        self._directory = directory
        self._attempt = attempt
        self._options = plan.options

    def make_reference(self, cells: Sequence[LiveCell]) -> None:
        """Make the sequential pass, in the first cell that can: that of the sequential runner, if there is one.

        Raises:
            BadFunction: the function returns work that has not been done.
        """
        if not self._plan.makes_reference:
            return
        for cell in sorted(cells, key=lambda cell: cell.planned.name != "sequential"):
            found = self._referred(cell)
            if found.awaitable:
                self.workload = self.workload.knowing(found)
                self.facts = {"awaits": 1.0}
                found = self._referred(cell)
            if found.unfinished:
                raise BadFunction(f"{self.workload.name} {found.unfinished}")
            if cell.well:
                self.workload = self.workload.knowing(found)
                self.referee.knows(found)
                self.facts = {**self.facts, **found.facts}
                return
            if cell.record.outcome.kind == "failed":
                self.referee.goes_without(cell.record.outcome.reason)
                self.patience.gives_up_knowing()
                return

    def _referred(self, cell: LiveCell) -> ReferencePass:
        """What the pass showed; nothing, if it could not be made."""
        found = ReferencePass()

        def refer(cell: LiveCell) -> None:
            nonlocal found
            cell.checking.prepare()
            self.calls.count()
            began = perf_counter()
            found = cell.checking.reference()
            if found.sample is not None:
                self.has_run(cell, found.sample, perf_counter() - began)
                cell.checked = True

        with ExitStack() as stack:
            self._start_check_host(cell, stack)
            self._act(cell, {"reference": refer})
        return found

    def check(self, cells: Sequence[LiveCell]) -> None:
        """Compare the results of cells, and see whether their workers can be sent the work.

        The hosts are started together, which takes less time, and each is ended once it is done.
        """
        with ExitStack() as stack:
            wanted = [(cell, self._acts(cell)) for cell in cells]
            for cell, acts in wanted:
                if acts:
                    self._start_check_host(cell, stack)
            for cell, acts in wanted:
                self._act(cell, acts)
                cell.checked = True

    def _acts(self, cell: LiveCell) -> dict[str, Callable[[LiveCell], None]]:
        """What is to be done with a cell before its first sample, by phase."""
        if cell.pickles and self.referee.unsendable:
            why = f"its results cannot be sent back from another process ({self.referee.unsendable})"
            cell.end(Outcome("inapplicable", why))
            return {}
        if self._compares(cell):
            return {"preparing": _examine, "check": self._compare}
        return {"preparing": _examine} if cell.pickles else {}

    def _compares(self, cell: LiveCell) -> bool:
        """Whether it is still to be compared before the first sample; results that cannot be pickled must be."""
        first = self._plan.checks_first or bool(self.referee.unsendable)
        return first and self.referee.compares and not cell.checked

    def _compare(self, cell: LiveCell) -> None:
        if not self._compares(cell):  # it was found out meanwhile that there is no comparing
            return
        if self.referee.unsendable:
            self.calls.count()
            cell.checking.reference()
        once = self._plan.options.fresh or self._plan.options.max_calls is not None
        began = perf_counter()
        self.calls.count()
        made = cell.checking.check(1 if once else MOST_CHECKS)
        self.calls.count(made.executions - 1)
        cell.executions += made.executions - 1
        if made.first is not None:
            self.has_run(cell, made.first, (perf_counter() - began) / made.executions)

    def has_run(self, cell: LiveCell, sample: Sample, took: float) -> None:
        """A cell was executed for the first time in its process; `took` seconds, what is not timed included."""
        cell.first_run = sample
        cell.executions += 1
        if cell.record.id == self._plan.baseline:
            self.patience.knows(took)

    def sequential_passes(self, cell: LiveCell) -> Finding | None:
        """What they give in a new process, in a worker of this cell's runner; None where that cannot be found out.

        There are as many of short work as it may have taken the cell to give something else.
        """
        most = 2 if self._options.max_calls is not None else max(MOST_CHECKS, min(_MOST_PASSES, cell.executions))
        timeout = self._options.timeout
        options = replace(self._options, timeout=timeout and _LONGER * timeout)
        try:
            with self._hosts.check_host(self.workload, cell.planned, self._directory, options) as host:
                host.prepare()
                seconds = self.patience.seconds(1)
                if seconds is not None:
                    host.allow(_LONGER * seconds)
                if self.referee.unsendable:
                    self.calls.count()
                    host.reference()
                self.calls.count(2)
                return host.passes(most)
        except CellEnded:
            return None

    def allow(self, cell: LiveCell) -> None:
        """Let each request of a cell take as long as it may."""
        seconds = self.patience.seconds(cell.record.workers)
        if seconds is not None and cell.host is not None:
            cell.host.allow(seconds)

    def _start_check_host(self, cell: LiveCell, stack: ExitStack) -> None:
        host = self._hosts.check_host(self.workload, cell.planned, self._directory, self._options)
        cell.host = stack.enter_context(host)

    def _act(self, cell: LiveCell, acts: dict[str, Callable[[LiveCell], None]]) -> None:
        """Do one thing after another with a cell, as long as nothing goes wrong, and end its host."""
        self.allow(cell)
        for phase, act in acts.items():
            if cell.well:
                self._attempt(cell, phase, act)
        if cell.host is not None:
            cell.host.close()
        cell.host = None


def _examine(cell: LiveCell) -> None:
    cell.checking.prepare(examine=True)
