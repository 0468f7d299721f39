"""The way of a measurement: prepare, warm up and compare, rounds in random order, observe."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from concbench.harness.events import Listener, RoundEnded, Step
from concbench.harness.hosts import CellEnded, Host, Hosts
from concbench.harness.plan import Plan, PlannedCell
from concbench.results.records import Cell, Table
from concbench.runners.base import workers_for
from concbench.workloads.base import Workload


@dataclass
class _Live:
    """A cell while it is being measured."""

    planned: PlannedCell
    record: Cell
    host: Host
    seconds: list[float] = field(default_factory=list)
    """Of every execution so far, for the estimate of the time left."""

    @property
    def well(self) -> bool:
        return self.record.outcome.kind == "ok"


def measure_workload(plan: Plan, hosts: Hosts, listen: Listener) -> tuple[Table, bool]:
    """Measure one workload under all its cells.

    Returns:
        What was seen, and whether it was interrupted (Ctrl-C) before its end.
    """
    with tempfile.TemporaryDirectory(prefix="concbench-") as directory, plan.workload.running(directory) as workload:
        session = _Session(plan, workload, hosts, Path(directory), listen)
        try:
            session.run()
        except KeyboardInterrupt:
            return session.table(), True
        return session.table(), False


class _Session:
    def __init__(self, plan: Plan, workload: Workload, hosts: Hosts, directory: Path, listen: Listener) -> None:
        self._plan = plan
        self._workload = workload
        self._hosts = hosts
        self._directory = directory
        self._listen = listen
        self._cells: list[_Live] = []
        self._done = 0

    def run(self) -> None:
        with ExitStack() as stack:
            tasks = len(self._workload.items)
            for planned in self._plan.cells:
                host = stack.enter_context(
                    self._hosts.host(self._workload, planned, self._directory, self._plan.timeout)
                )
                workers = workers_for(planned.runner, tasks)
                record = Cell(planned.label, planned.name, planned.settings, workers)
                self._cells.append(_Live(planned, record, host))
            for cell in self._cells:
                self._try(cell, "preparing", self._prepare)
            self._make_reference()
            if self._plan.warm_up:
                for cell in self._well():
                    self._try(cell, "warm-up", self._warm_up)
                self._listen(RoundEnded(self.table()))
            self._rounds()
            if self._plan.observe:
                for cell in self._well():
                    self._try(cell, "observed pass", self._observe)
                self._listen(RoundEnded(self.table()))

    def table(self) -> Table:
        """All that is known by now."""
        plan, workload = self._plan, self._workload
        return Table(
            workload=workload.name,
            kind=workload.kind,
            size=workload.size,
            title=workload.title(),
            settings=workload.settings(),
            tasks=len(workload.items),
            baseline=plan.baseline,
            rounds=plan.rounds,
            warmed_up=plan.warm_up,
            checked="known" if workload.expected is not None else "sequential",
            facts=workload.facts(),
            cells=[cell.record for cell in self._cells],
        )

    def _well(self) -> list[_Live]:
        return [cell for cell in self._cells if cell.well]

    def _prepare(self, cell: _Live) -> None:
        cell.record = replace(cell.record, interpreter=cell.host.prepare())

    def _make_reference(self) -> None:
        """Sequential results to compare with, made before anything is timed, unless they are known."""
        if self._workload.expected is not None:
            return
        for cell in sorted(self._well(), key=lambda cell: cell.planned.name != "sequential"):
            self._try(cell, "reference", lambda cell: cell.host.reference())
            if cell.well:
                return

    def _warm_up(self, cell: _Live) -> None:
        sample = cell.host.sample(compare=True)
        cell.record = replace(cell.record, warmup=sample)
        cell.seconds.append(sample.seconds)

    def _rounds(self) -> None:
        rule = self._plan.stop_rule()
        order = random.Random(self._plan.seed)
        count = 0
        while True:
            wanted = rule.cells_of_next_round({cell.record.label: cell.record.samples for cell in self._well()})
            live = [cell for cell in self._well() if cell.record.label in wanted]
            if not live:
                return
            order.shuffle(live)
            for position, cell in enumerate(live):
                self._try(cell, f"round {count + 1}", self._sampler(count, position))
            count += 1
            self._listen(RoundEnded(self.table()))

    def _sampler(self, count: int, position: int) -> Callable[[_Live], None]:
        def take(cell: _Live) -> None:
            first = not self._plan.warm_up and count == 0
            sample = replace(cell.host.sample(compare=first), round=count, position=position)
            cell.record = replace(cell.record, samples=[*cell.record.samples, sample])
            cell.seconds.append(sample.seconds)

        return take

    def _observe(self, cell: _Live) -> None:
        cell.record = replace(cell.record, observed=cell.host.observe())

    def _try(self, cell: _Live, phase: str, act: Callable[[_Live], None]) -> None:
        """Do one thing with a cell; what goes wrong ends this cell and no other."""
        self._announce(cell, phase)
        try:
            act(cell)
        except CellEnded as ended:
            cell.record = replace(cell.record, outcome=ended.outcome)
            cell.host.close()
        if phase != "preparing":
            self._done += 1

    def _announce(self, cell: _Live, phase: str) -> None:
        left = self._executions_left()
        seconds = None
        if all(cell.seconds for cell in self._well()):
            seconds = sum(_typical(cell.seconds) * count for cell, count in left)
        total = self._done + sum(count for _, count in left)
        self._listen(Step(self._workload.name, phase, cell.record.label, self._done, total, seconds))

    def _executions_left(self) -> list[tuple[_Live, int]]:
        """For each cell, how often it will still be executed if nothing goes wrong."""
        plan = self._plan

        def left(record: Cell) -> int:
            warm_up = 1 if plan.warm_up and record.warmup is None else 0
            observed = 1 if plan.observe and record.observed is None else 0
            return warm_up + max(0, plan.rounds - len(record.samples)) + observed

        return [(cell, left(cell.record)) for cell in self._well()]


def _typical(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]
