"""The life of a process that takes the samples of a cell: start, warm-up, samples, observed pass."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from concbench.harness.bench import Bench
from concbench.harness.clock import AWAKE
from concbench.harness.events import Phase
from concbench.harness.hosts.base import CellEnded
from concbench.harness.live_cell import LiveCell
from concbench.harness.outdone import OUTDONE, is_outdone
from concbench.harness.steps import Steps
from concbench.harness.thinning import thinned
from concbench.options import decided
from concbench.results.records import CellId
from concbench.stats.trend import has_settled

_MOST_WARM_UPS, _WARM_UP_SECONDS = 30, 5.0
"""Most executions and most seconds of the warm-up under an interpreter with a JIT compiler."""


class Sampling:
    """Starts the hosts of the cells and has them take samples."""

    def __init__(self, bench: Bench, steps: Steps, hosts: ExitStack) -> None:
        """Begin without hosts.

        Args:
            bench: the shared state of the measurement.
            steps: carries out each step and handles its failures.
            hosts: the exit stack that closes the hosts.
        """
        self._bench = bench
        self._steps = steps
        self._hosts = hosts
        self._stacks: dict[CellId, ExitStack] = {}

    def start(self, cells: Sequence[LiveCell]) -> None:
        """Start the hosts of cells together, then have each import the function and load its items."""
        self._bench.sampling = True
        for group in self._bench.started_together(cells):
            for cell in group:
                self._launch(cell)
            for cell in group:
                self._steps.take(cell, Phase.PREPARE, self._prepare)

    def warm_up(self, cells: Sequence[LiveCell]) -> None:
        """Execute each cell for the first time in its process; this execution is never a sample."""
        for cell in cells:
            if is_outdone(self._bench, cell):
                cell.end(OUTDONE)
            elif not cell.warmed_up:
                self._steps.take(cell, Phase.WARM_UP, self._warm_up)

    def relaunch(self, cells: Sequence[LiveCell], number: int) -> bool:
        """Before a round, relaunch the processes in which earlier samples were taken, if that is due, and warm them up.

        During the round it would count as load.

        Args:
            cells: the cells of the round.
            number: of the round, from 0.

        Returns:
            False if there is no time for it; then every process is still there.
        """
        bench = self._bench
        due = [cell for cell in cells if cell.sampled and cell.record.samples[-1].round != number]
        if not (bench.relaunches and due):
            return True
        if not bench.fits(sum(max(cell.relaunch_seconds, bench.starting + cell.seconds[-1]) for cell in due)):
            return False
        reserved = sum(map(bench.repeats_of, cells)) + len(due)
        for cell in due:
            self._steps.take(cell, Phase.WARM_UP, partial(self._relaunch, reserved=reserved))
        return True

    def sample(self, cell: LiveCell, number: int, position: int) -> None:
        """Take the sample of round `number` (from 0), and compare its results if there is only one round."""
        bench = self._bench

        def take(cell: LiveCell) -> None:
            repeats = bench.repeats_of(cell)
            bench.calls.count(repeats)
            bench.allow(cell)
            before = bench.hosts.throttled_seconds()
            sample = cell.sampling_host.sample(collect=self._compares_samples, repeats=repeats)
            after = bench.hosts.throttled_seconds()
            throttled = None if before is None or after is None else round(max(0.0, after - before), 6)
            cell.add(replace(sample, round=number, position=position, throttled=throttled))

        self._steps.take(cell, Phase.ROUND, take, number + 1)
        if self._compares_samples:
            self._compare(cell)

    def observe(self, cell: LiveCell) -> None:
        """Make the observed pass, with every task recorded, and compare its results."""
        self._steps.take(cell, Phase.OBSERVE, self._observe)
        self._compare(cell)

    def _launch(self, cell: LiveCell) -> None:
        """Give it a host, instead of the one that it may have had."""
        if cell.id in self._stacks:
            cell.leave_host()
            self._stacks[cell.id].close()
        self._stacks[cell.id] = self._hosts.enter_context(ExitStack())
        cell.host = self._stacks[cell.id].enter_context(self._bench.host(cell))
        self._bench.allow(cell)

    def _relaunch(self, cell: LiveCell, reserved: int) -> None:
        """End its process, start another, and warm that up; reserved are the executions that the round still needs."""
        began = AWAKE.now()
        self._launch(cell)
        try:
            cell.sampling_host.prepare()
        except CellEnded as ended:
            raise CellEnded(ended.outcome, idle=True) from ended  # nothing was executed that might succeed next time
        self._bench.calls.count()
        first = cell.sampling_host.sample().seconds
        cell.executions += 1
        self._warm_up_further(cell, first, reserved)
        cell.relaunch_seconds = AWAKE.now() - began

    def _prepare(self, cell: LiveCell) -> None:
        cell.record = replace(cell.record, interpreter=cell.sampling_host.prepare())

    def _warm_up(self, cell: LiveCell) -> None:
        self._bench.calls.count()
        self._bench.allow(cell)
        began = AWAKE.now()
        sample = cell.sampling_host.sample()
        cell.record = replace(cell.record, warmup=sample)
        cell.seconds.append(sample.seconds)
        cell.warmed_up = True
        self._bench.has_run(cell, sample, AWAKE.now() - began)
        self._bench.allow_all()
        if not cell.record.interpreter.get("gil", True):  # an import by the function may have enabled it
            interpreter = {**cell.record.interpreter, **cell.sampling_host.interpreter()}
            cell.record = replace(cell.record, interpreter=interpreter)
        self._warm_up_further(cell, sample.seconds)

    def _warm_up_further(self, cell: LiveCell, first: float, reserved: int = 0) -> None:
        """Under an interpreter with a JIT compiler, execute the cell until its times settle or a limit is reached.

        Args:
            cell: the cell to warm up.
            first: seconds of the first execution in its process.
            reserved: executions that must still be allowed afterwards.
        """
        bench, seconds = self._bench, [first]
        if not cell.record.interpreter.get("jit") or bench.fresh or cell.planned.traits.isolates:
            return
        while not has_settled(seconds) and len(seconds) < _MOST_WARM_UPS and sum(seconds) < _WARM_UP_SECONDS:
            if not (bench.affords(1 + reserved) and bench.fits(seconds[-1])):
                return
            bench.calls.count()
            seconds.append(cell.sampling_host.sample().seconds)
            cell.executions += 1

    @property
    def _compares_samples(self) -> bool:
        """Whether the results of a sample are compared: those of a single round are."""
        return self._bench.plan.max_rounds == 1 and self._bench.referee.compares_later

    def _observe(self, cell: LiveCell) -> None:
        options = self._bench.plan.options
        self._bench.calls.count()
        self._bench.allow(cell)
        observed = cell.sampling_host.observe(collect=self._bench.referee.compares_later)
        cell.record = thinned(replace(cell.record, observed=observed), decided(options["seed"]), warm=options["warm"])

    def _compare(self, cell: LiveCell) -> None:
        if cell.alive:
            self._steps.take(cell, Phase.COMPARE, self._compare_results)

    def _compare_results(self, cell: LiveCell) -> None:
        """Compare the results of the last execution, unless results turned out not to be comparable."""
        if self._bench.referee.compares_later:
            cell.sampling_host.compare()
            cell.compared = True
