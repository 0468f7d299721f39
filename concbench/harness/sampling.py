"""The life of a process that takes the samples of a cell: start, warm-up, samples, observed pass."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from concbench.harness.awake import AWAKE
from concbench.harness.bench import Bench
from concbench.harness.events import Phase
from concbench.harness.hosts import CellEnded
from concbench.harness.live_cell import LiveCell
from concbench.harness.steps import Steps
from concbench.harness.thinning import thinned
from concbench.options import decided
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

    def start(self, cells: Sequence[LiveCell]) -> None:
        """Start the hosts of cells together, then have each import the function and load its items."""
        self._bench.sampling = True
        for together in self._bench.started_together(cells):
            for cell in together:
                cell.host = self._hosts.enter_context(self._bench.host(cell))
                self._bench.allow(cell)
            for cell in together:
                self._steps.take(cell, Phase.PREPARE, self._prepare)

    def warm_up(self, cells: Sequence[LiveCell]) -> None:
        """Execute each cell for the first time in its process; this execution is never a sample."""
        for cell in cells:
            if cell.warmed_up:
                continue
            self._steps.take(cell, Phase.WARM_UP, self._warm_up)

    def sample(self, cell: LiveCell, number: int, position: int) -> None:
        """Take the sample of round `number` (from 0), and compare its results if there is only one round."""
        bench = self._bench
        if bench.relaunches and cell.sampled:
            self._steps.take(cell, Phase.WARM_UP, self._relaunch)
            if not cell.alive:
                return

        def take(cell: LiveCell) -> None:
            repeats = bench.repeats_of(cell)
            bench.calls.count(repeats)
            bench.allow(cell)
            before = bench.hosts.throttled()
            taken = cell.sampling.sample(collect=self._compares_samples, repeats=repeats)
            after = bench.hosts.throttled()
            held = None if before is None or after is None else round(max(0.0, after - before), 6)
            cell.add(replace(taken, round=number, position=position, throttled=held))

        self._steps.take(cell, Phase.ROUND, take, number + 1)
        if self._compares_samples:
            self._compare(cell)

    def observe(self, cell: LiveCell) -> None:
        """Make the observed pass, with every task recorded, and compare its results."""
        self._steps.take(cell, Phase.OBSERVE, self._observe)
        self._compare(cell)

    def _relaunch(self, cell: LiveCell) -> None:
        """End its process, start another, and warm that up."""
        cell.leave_host()
        cell.host = self._hosts.enter_context(self._bench.host(cell))
        self._bench.allow(cell)
        try:
            cell.sampling.prepare()
        except CellEnded as ended:
            raise CellEnded(ended.outcome, idle=True) from ended  # nothing was executed that might succeed next time
        self._bench.calls.count()
        self._warm_up_further(cell, cell.sampling.sample().seconds)

    def _prepare(self, cell: LiveCell) -> None:
        cell.record = replace(cell.record, interpreter=cell.sampling.prepare())

    def _warm_up(self, cell: LiveCell) -> None:
        self._bench.calls.count()
        self._bench.allow(cell)
        began = AWAKE.now()
        sample = cell.sampling.sample()
        cell.record = replace(cell.record, warmup=sample)
        cell.seconds.append(sample.seconds)
        cell.warmed_up = True
        self._bench.has_run(cell, sample, AWAKE.now() - began)
        self._bench.allow_all()
        if not cell.record.interpreter.get("gil", True):  # an import by the function may have enabled it
            cell.record = replace(cell.record, interpreter={**cell.record.interpreter, **cell.sampling.interpreter()})
        self._warm_up_further(cell, sample.seconds)

    def _warm_up_further(self, cell: LiveCell, first: float) -> None:
        """Under an interpreter with a JIT compiler, execute the cell until its times settle or a limit is reached.

        Args:
            cell: the cell to warm up.
            first: seconds of the first execution in its process.
        """
        bench, taken = self._bench, [first]
        if not cell.record.interpreter.get("jit") or bench.fresh or cell.planned.traits.isolates:
            return
        while not has_settled(taken) and len(taken) < _MOST_WARM_UPS and sum(taken) < _WARM_UP_SECONDS:
            if not (bench.affords(1) and bench.fits(taken[-1])):
                return
            bench.calls.count()
            taken.append(cell.sampling.sample().seconds)
            cell.executions += 1

    @property
    def _compares_samples(self) -> bool:
        """Whether the results of a sample are compared: those of a single round are."""
        return self._bench.plan.max_rounds == 1 and self._bench.referee.compares_later

    def _observe(self, cell: LiveCell) -> None:
        options = self._bench.plan.options
        self._bench.calls.count()
        self._bench.allow(cell)
        observed = cell.sampling.observe(collect=self._bench.referee.compares_later)
        cell.record = thinned(replace(cell.record, observed=observed), decided(options["seed"]), warm=options["warm"])

    def _compare(self, cell: LiveCell) -> None:
        if cell.alive:
            self._steps.take(cell, Phase.COMPARE, self._compare_results)

    def _compare_results(self, cell: LiveCell) -> None:
        """Compare the results of the last execution, unless results turned out not to be comparable."""
        if self._bench.referee.compares_later:
            cell.sampling.compare()
