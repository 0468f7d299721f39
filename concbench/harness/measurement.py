"""One measurement from start to end: reference, checks, preparation, warm-up, rounds, observed passes.

measure_workload   starts what the workload needs, and returns the table, also after an interruption
Measurement.run    the sequence of phases, each carried out by one of these parts:

Examination   makes the reference, and checks every cell against it     preparation/examination.py
Sampling      hosts, warm-ups, samples and observed passes              sampling.py
Rounds        the cells of each round, and the end of the rounds        rounds.py, stop_rules.py, search/race.py
StateDetector state that the function keeps in its process              preparation/kept_state.py
Steps         one step of one cell, and the handling of failures        steps.py, preparation/referee.py
Progress      an estimate of the work done and left                     progress.py, executions.py
Bench         shared by them: the workload, its cells, their hosts      bench.py, live_cell.py, calls.py, timeouts.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path

from concbench.analysis.thresholds import FAR_BEHIND
from concbench.harness import executions
from concbench.harness.bench import Bench
from concbench.harness.events import Listener, ProcessesRenewed, TableUpdated
from concbench.harness.hosts.base import CellEnded, Hosts
from concbench.harness.hosts.private_directory import private_directory
from concbench.harness.interruption import INTERRUPTION
from concbench.harness.live_cell import LiveCell
from concbench.harness.planning.plan import Plan
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.harness.preparation.examination import Examination
from concbench.harness.preparation.kept_state import BeginAgain, StateDetector, state_sentence
from concbench.harness.progress import Progress
from concbench.harness.resumption import resumed_after
from concbench.harness.rounds import Rounds
from concbench.harness.sampling import Sampling
from concbench.harness.steps import Steps
from concbench.results.records import Cell, CellId, Table
from concbench.workloads.base import Workload

_FRESH = "Every execution was in a new process: all times include first-use costs (--fresh)."


def measure_workload(plan: Plan, hosts: Hosts, listen: Listener, earlier: Table | None = None) -> tuple[Table, bool]:
    """Measure one workload under all its cells.

    Args:
        plan: the workload, its cells and the options.
        hosts: starts the measuring processes.
        listen: called with every event: each step, and the table after every round.
        earlier: the table of an interrupted run of the same plan, which is resumed after its last whole round.

    Returns:
        The table, and whether the measurement was interrupted (Ctrl-C) before its end.

    Raises:
        KeyboardInterrupt: it was interrupted before anything had been measured.
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
    """Keep running what the workload needs, such as a server; its start may take long, and can be interrupted."""
    with ExitStack() as stack:
        with INTERRUPTION.allowed():
            running = stack.enter_context(workload.running(str(directory)))
        yield running


class Measurement:
    """Measures one workload; its table can be read at any moment."""

    def __init__(
        self, plan: Plan, hosts: Hosts, directory: Path, listen: Listener, earlier: Table | None = None
    ) -> None:
        self._plan = plan
        self._listen = listen
        self._bench = Bench(plan, hosts, directory)
        self._state_detector = StateDetector(self._bench)
        self._steps = Steps(self._bench, Progress(self._bench, listen), self._state_detector)
        self._examination = Examination(self._bench, self._steps)
        self._rounds = Rounds(self._bench)
        self._earlier: dict[CellId, Cell] = {}
        self._items: list[str] = []
        self._notes: list[str] = []
        if earlier is not None:
            self._resume(earlier)

    def run(self) -> None:
        """Measure from the reference to the observed passes; begin again if every process must be a new one."""
        self._announce_new_processes()
        self._examination.make_reference()
        while True:
            try:
                return self._measure()
            except BeginAgain:
                self._rounds.begin_again()
                self._state_detector.begin_again()
                self._announce_new_processes()

    def _measure(self) -> None:
        """Measure from the checks to the observed passes."""
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
                    self._announce_table()
                rounds.choose_repeats()
            if not rounds.stopped:  # it is set already if the resumed run was interrupted after its rounds
                while cells := rounds.next_cells(partial(self._join, sampling)):
                    if self._plan.warm_up and not rounds.done:
                        self._state_detector.detect(sampling.sample)
                    if not sampling.relaunch(cells, rounds.done):
                        rounds.stopped = "budget"
                        break
                    rounds.take([cell for cell in cells if cell.alive], sampling.sample)
                    self._announce_table()
            if not bench.alive:
                rounds.stopped = "cells"
            if self._plan.options["observe"]:
                self._observe(sampling)
                self._announce_table()

    def _join(self, sampling: Sampling, planned: PlannedCell) -> LiveCell:
        """Add a cell during the rounds: check, prepare and warm it up like all others."""
        cell = self._bench.add(planned)
        self._examination.check([cell])
        if cell.alive:
            sampling.start([cell])
        if cell.alive and self._plan.warm_up:
            sampling.warm_up([cell])
        return cell

    def _observe(self, sampling: Sampling) -> None:
        for cell in self._bench.alive[:1]:
            with suppress(CellEnded):  # its observed pass will report the error
                self._items = cell.sampling_host.items_as_text()
        for cell in self._observation_order():
            if cell.record.observed is None and self._bench.fits(cell.seconds[-1] if cell.seconds else 0.0):
                sampling.observe(cell)

    def _observation_order(self) -> list[LiveCell]:
        """The live cells that are observed.

        Where time is limited, the baseline comes first, then the fastest, since not all may fit. Cells that are far
        behind are left out, except for the fastest of each variant and each place where tasks run.
        """
        if self._plan.limit is None:
            return self._bench.alive
        cells, seconds = self._bench.baseline_first, self._bench.typical_seconds()
        others = sorted(cells[1:], key=lambda cell: seconds.get(cell.id, inf))
        first = {(cell.record.variant, cell.record.traits.where): cell.id for cell in reversed(others)}
        far = FAR_BEHIND[max(FAR_BEHIND)] * min(seconds.values(), default=inf)
        near = {cell for cell, taken in seconds.items() if taken <= far}
        return [*cells[:1], *(cell for cell in others if cell.id in near or cell.id in first.values())]

    def _keep_first_runs(self) -> None:
        """Record the first execution of each cell as its warm-up: the budget allowed nothing more."""
        for cell in self._bench.alive:
            cell.record = replace(cell.record, warmup=cell.first_run)

    def _announce_new_processes(self) -> None:
        """Report that every process is a new one, where the option `fresh` was left open."""
        bench = self._bench
        if self._plan.options["fresh"] is None and bench.fresh:
            self._listen(ProcessesRenewed(bench.workload.name, self._processes_note()))

    def _processes_note(self) -> str:
        """The note on why every process is a new one, or on the effect if it is not; else an empty string."""
        bench = self._bench
        return state_sentence(bench.workload.name, bench.kept, fresh=bench.fresh) or (_FRESH if bench.fresh else "")

    def _announce_table(self) -> None:
        self._listen(TableUpdated(self.table()))

    def _resume(self, earlier: Table) -> None:
        """Count the earlier rounds as the first ones; cells that ended in them keep their outcome."""
        self._earlier = {cell.id: cell for cell in earlier.cells}
        for cell in self._bench.cells:
            cell.resume(self._earlier.get(cell.id, cell.record))
        self._rounds.resume(earlier)
        self._bench.kept = earlier.kept
        self._state_detector.is_active = False
        self._items = earlier.items
        self._bench.calls.count(executions.of_table(earlier).total)
        self._bench.referee.resume(earlier)
        self._notes += [note for note in earlier.notes if note not in {*self._bench.workload.notes(), *self._notes}]
        self._notes.append(resumed_after(earlier.rounds))

    def table(self) -> Table:
        """Return the table as measured so far."""
        bench = self._bench
        records = {cell.id: self._explained(cell) for cell in bench.cells}
        state_note = self._processes_note()
        notes = [*bench.workload.notes(), state_note, *self._notes, *bench.referee.notes, *self._remarks()]
        return replace(
            self._plan.table(),
            stopped=self._rounds.stopped,
            checked="pending" if self._awaits_comparison else bench.referee.checked,
            facts={**bench.facts, **bench.workload.facts()},
            cells=[*records.values(), *(cell for one, cell in self._earlier.items() if one not in records)],
            notes=[note for note in dict.fromkeys(notes) if note],
            items=self._items,
            load=list(self._rounds.load),
            rounds=self._rounds.done,
            kept=bench.kept,
        )

    @property
    def _awaits_comparison(self) -> bool:
        """Whether results that are compared in the observed passes alone have not all been compared."""
        return self._plan.checks_last and not all(cell.compared for cell in self._bench.alive)

    def _remarks(self) -> list[str]:
        """The remarks of the measuring processes, each with the runners that it occurred under."""
        under: dict[str, list[str]] = {}
        for cell in self._bench.cells:
            for remark in cell.remarks:
                under.setdefault(remark, []).append(cell.record.shown)
        name = self._bench.workload.name
        return [f"{name} {remark} (under {', '.join(labels)})." for remark, labels in under.items()]

    def _explained(self, cell: LiveCell) -> Cell:
        """The record of a cell, with a timeout explained; a cell of an earlier run is explained already."""
        record = cell.record
        if self._plan.checks_last and not cell.compared:  # an observed pass counts once its results were compared
            record = replace(record, observed=None)
        return record if cell.id in self._earlier else replace(record, outcome=self._bench.explained(cell))
