"""The story of one measurement: reference, checks, preparation, warm-up, rounds, observed passes.

measure_workload   keeps the work running meanwhile, and what there is if it is interrupted
Measurement.run    the story; each of its sentences is told by one of these:

Examination   makes the reference, and checks every cell against it     examination.py
Sampling      hosts, warm-ups, samples and observed passes              sampling.py
Rounds        who takes part in a round, and when there are enough      rounds.py, stopping.py, race.py
Keeping       what the function keeps in its process: new ones then         keeping.py
Steps         one step with one cell, and what goes wrong in it         steps.py, referee.py
Progress      how far it is                                             progress.py, executions.py
Bench         what they share: the work, its cells, their hosts         bench.py, live_cell.py, calls.py, patience.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from concbench.harness import executions
from concbench.harness.bench import Bench
from concbench.harness.events import Listener, ProcessesRenewed, TableUpdated
from concbench.harness.examination import Examination
from concbench.harness.hosts import CellEnded, Hosts
from concbench.harness.interruption import INTERRUPTION
from concbench.harness.keeping import BeginAgain, Keeping, sentence
from concbench.harness.live_cell import LiveCell
from concbench.harness.plan import Plan
from concbench.harness.private import private_directory
from concbench.harness.progress import Progress
from concbench.harness.resuming import resumed_after
from concbench.harness.rounds import Rounds
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.sampling import Sampling
from concbench.harness.steps import Steps
from concbench.results.records import Cell, CellId, Table
from concbench.workloads.base import Workload

_FRESH = "Every execution was in a new process: all times include first-use costs (--fresh)."


def measure_workload(plan: Plan, hosts: Hosts, listen: Listener, earlier: Table | None = None) -> tuple[Table, bool]:
    """Measure one workload under all its cells.

    Args:
        plan: what is measured.
        hosts: where.
        listen: told every step, and the table after every round.
        earlier: whole rounds of the same plan, after which it is resumed.

    Returns:
        What was seen, and whether it was interrupted (Ctrl-C) before its end.

    Raises:
        KeyboardInterrupt: it was interrupted before there was anything to see.
    """
    measurement = None
    try:
        with private_directory() as directory, _running(plan.workload, directory) as workload:
            measurement = Measurement(replace(plan, workload=workload), hosts, directory, listen, earlier)
            measurement.run()
    except KeyboardInterrupt:
        if measurement is None:
            raise
        return measurement.table(), True
    return measurement.table(), False


@contextmanager
def _running(workload: Workload, directory: Path) -> Iterator[Workload]:
    """What must run meanwhile may take long to make, and to start."""
    with ExitStack() as stack:
        with INTERRUPTION.allowed():
            running = stack.enter_context(workload.running(str(directory)))
        yield running


class Measurement:
    """Measures one workload, and can say at any moment what is known of it."""

    def __init__(
        self, plan: Plan, hosts: Hosts, directory: Path, listen: Listener, earlier: Table | None = None
    ) -> None:
        self._plan = plan
        self._listen = listen
        self._bench = Bench(plan, hosts, directory)
        self._keeping = Keeping(self._bench)
        self._steps = Steps(self._bench, Progress(self._bench, listen), self._keeping)
        self._examination = Examination(self._bench, self._steps)
        self._rounds = Rounds(self._bench)
        self._earlier: dict[CellId, Cell] = {}
        self._items: list[str] = []
        self._notes: list[str] = []
        if earlier is not None:
            self._resume(earlier)

    def run(self) -> None:
        """From the reference to the observed passes; once more from there, if every process must be a new one."""
        self._tell_kept()
        self._examination.make_reference()
        while True:
            try:
                return self._measure()
            except BeginAgain:
                self._rounds.begin_again()
                self._keeping.begin_again()
                self._tell_kept()

    def _measure(self) -> None:
        """From the checks to the observed passes."""
        bench, rounds = self._bench, self._rounds
        self._examination.check(bench.baseline_first)
        rounds.give_up_hopeless()
        first = {cell.id: cell.first_run.seconds for cell in bench.alive if cell.first_run}
        rounds.give_up_unaffordable(first, warm_up=True)
        if not bench.fits(0.0):
            rounds.stopped = "budget"
            self._keep_first_runs()
            return
        with ExitStack() as hosts:
            sampling = Sampling(bench, self._steps, hosts)
            sampling.start(bench.alive)
            if self._plan.warm_up:
                sampling.warm_up(bench.baseline_first)
                if bench.alive:
                    self._tell()
                rounds.choose_repeats()
            if not rounds.stopped:  # as they had, where the run was interrupted after them
                while cells := rounds.next_cells(partial(self._join, sampling)):
                    if self._plan.warm_up and not rounds.done:
                        self._keeping.look(sampling.sample)
                    rounds.take([cell for cell in cells if cell.alive], sampling.sample)
                    self._tell()
            if not bench.alive:
                rounds.stopped = "cells"
            if self._plan.options["observe"]:
                self._observe(sampling)
                self._tell()

    def _join(self, sampling: Sampling, planned: PlannedCell) -> LiveCell:
        """A cell that comes later: checked, prepared and warmed up like all others."""
        cell = self._bench.add(planned)
        self._examination.check([cell])
        if cell.alive:
            sampling.start([cell])
        if cell.alive and self._plan.warm_up:
            sampling.warm_up([cell])
        return cell

    def _observe(self, sampling: Sampling) -> None:
        for cell in self._bench.alive[:1]:
            with suppress(CellEnded):  # whatever is wrong with it, its observed pass will tell
                self._items = cell.sampling.items_as_text()
        for cell in self._by_promise():
            if cell.record.observed is None and self._bench.fits(cell.seconds[-1] if cell.seconds else 0.0):
                sampling.observe(cell)

    def _by_promise(self) -> list[LiveCell]:
        """The cells that go on, those first of which most is said: there may not be the time for all."""
        cells = self._bench.baseline_first
        if self._plan.limit is None:
            return self._bench.alive
        return cells[:1] + sorted(cells[1:], key=lambda cell: min(cell.seconds, default=0.0))

    def _keep_first_runs(self) -> None:
        """What was executed before there was no more time is all that is known."""
        for cell in self._bench.alive:
            cell.record = replace(cell.record, warmup=cell.first_run)

    def _tell_kept(self) -> None:
        """Say that every process is a new one, where that was not asked for."""
        bench = self._bench
        if self._plan.options["fresh"] is None and bench.fresh:
            self._listen(ProcessesRenewed(bench.workload.name, self._note_on_processes()))

    def _note_on_processes(self) -> str:
        """Why every process is a new one, or what follows if it is not; empty where there is nothing to say."""
        bench = self._bench
        return sentence(bench.workload.name, bench.kept, fresh=bench.fresh) or (_FRESH if bench.fresh else "")

    def _tell(self) -> None:
        self._listen(TableUpdated(self.table()))

    def _resume(self, earlier: Table) -> None:
        """Take these rounds for the first ones; cells that ended in them stay as they are."""
        self._earlier = {cell.id: cell for cell in earlier.cells}
        for cell in self._bench.cells:
            cell.resume(self._earlier.get(cell.id, cell.record))
        self._rounds.resume(earlier)
        self._bench.kept = earlier.kept
        self._keeping.decides = False
        self._items = earlier.items
        self._bench.calls.count(executions.made(earlier).total)
        self._bench.referee.resume(earlier)
        self._notes += [note for note in earlier.notes if note not in {*self._bench.workload.notes(), *self._notes}]
        self._notes.append(resumed_after(earlier.rounds))

    def table(self) -> Table:
        """All that is known by now."""
        bench = self._bench
        known = {cell.id: self._explained(cell) for cell in bench.cells}
        kept = self._note_on_processes()
        notes = [*bench.workload.notes(), kept, *self._notes, *bench.referee.notes, *self._remarks()]
        return replace(
            self._plan.table(),
            stopped=self._rounds.stopped,
            checked=bench.referee.checked,
            facts={**bench.facts, **bench.workload.facts()},
            cells=[*known.values(), *(cell for one, cell in self._earlier.items() if one not in known)],
            notes=[note for note in dict.fromkeys(notes) if note],
            items=self._items,
            load=list(self._rounds.load),
            rounds=self._rounds.done,
            kept=bench.kept,
        )

    def _remarks(self) -> list[str]:
        """What was noticed beside the results, each with the runners under which it was."""
        under: dict[str, list[str]] = {}
        for cell in self._bench.cells:
            for remark in cell.remarks:
                under.setdefault(remark, []).append(cell.record.shown)
        name = self._bench.workload.name
        return [f"{name} {remark} (under {', '.join(labels)})." for remark, labels in under.items()]

    def _explained(self, cell: LiveCell) -> Cell:
        """A cell that timed out says what that tells, and what allows more; that of an earlier run has said it."""
        if cell.id in self._earlier:
            return cell.record
        return replace(cell.record, outcome=self._bench.explained(cell))
