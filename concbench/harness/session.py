"""The way of a measurement: examine, prepare, warm up, rounds in random order, observe."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from concbench.analysis.comparability import comparable
from concbench.harness.events import Listener, RoundEnded, Step
from concbench.harness.examination import Examination
from concbench.harness.guard import GUARD
from concbench.harness.hosts import CellEnded, Hosts
from concbench.harness.interruption import INTERRUPTION
from concbench.harness.live_cell import LiveCell
from concbench.harness.plan import Plan
from concbench.harness.referee import DIFFER, blamed
from concbench.harness.repeats import repeats_for, shortest_sample
from concbench.harness.resuming import executions
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.thinning import thinned
from concbench.results.records import Cause, Cell, CellId, Outcome, Sample, Stopped, Table
from concbench.stats.intervals import FEWEST
from concbench.workloads.base import Workload

_MORE_TRIES = 2
"""Executions by which it is seen whether a runner that failed after good samples fails now and then, or from now on."""
_GONE: set[Cause] = {"death", "timeout", "memory"}
"""Causes by which the process of a cell is gone."""
_TOO_LATE = "not measured: its results differed before it was known that those of sequential passes differ as well"
_FRESH = "Every execution was in a new process: what the function does once in a process is in all the times (--fresh)."


def measure_workload(plan: Plan, hosts: Hosts, listen: Listener, earlier: Table | None = None) -> tuple[Table, bool]:
    """Measure one workload under all its cells.

    Args:
        plan: what is measured.
        hosts: where.
        listen: told every step, and the table after every round.
        earlier: whole rounds of the same plan, which are gone on with.

    Returns:
        What was seen, and whether it was interrupted (Ctrl-C) before its end.

    Raises:
        KeyboardInterrupt: it was interrupted before there was anything to see.
    """
    session = None
    try:
        with _temporary_directory() as directory, _running(plan.workload, directory) as workload:
            session = _Session(replace(plan, workload=workload), hosts, directory, listen)
            if earlier is not None:
                session.go_on(earlier)
            session.run()
    except KeyboardInterrupt:
        if session is None:
            raise
        return session.table(), True
    return session.table(), False


@contextmanager
def _running(workload: Workload, directory: Path) -> Iterator[Workload]:
    """What must run meanwhile may take long to make, and to start."""
    with ExitStack() as stack:
        with INTERRUPTION.allowed():
            running = stack.enter_context(workload.running(str(directory)))
        yield running


@contextmanager
def _temporary_directory() -> Iterator[Path]:
    """One that is removed even if this process is killed, once a measuring process has been started in it."""
    name = tempfile.mkdtemp(prefix="concbench-")
    GUARD.keep(Path(name))
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name, ignore_errors=True)
        GUARD.forget(Path(name))


class _Session:
    def __init__(self, plan: Plan, hosts: Hosts, directory: Path, listen: Listener) -> None:
        self._plan = plan
        self._hosts = hosts
        self._directory = directory
        self._listen = listen
        self._cells = [LiveCell(planned, planned.record(plan.workload.tasks)) for planned in plan.cells]
        self._done = 0
        self._repeats = 1
        self._stopped: Stopped = ""
        self._load: list[float] = []
        self._items: list[str] = []
        self._rounds_done = 0
        self._earlier: dict[CellId, Cell] = {}
        self._notes: list[str] = [_FRESH] if plan.options.fresh else []
        self._examination = Examination(plan, plan.workload, hosts, directory, self._try)
        self._referee = self._examination.referee
        self._calls = self._examination.calls
        self._patience = self._examination.patience
        self._began = perf_counter()

    def go_on(self, earlier: Table) -> None:
        """Take these rounds for the first ones; cells that ended in them stay as they are."""
        self._earlier = {cell.id: cell for cell in earlier.cells}
        for cell in self._cells:
            cell.record = self._earlier.get(cell.record.id, cell.record)
            cell.seconds = [sample.seconds * sample.repeats for sample in cell.record.samples]
            cell.checked = bool(cell.record.samples)
            cell.executions = sum(sample.repeats for sample in cell.record.samples)
        self._rounds_done = earlier.rounds
        self._load = list(earlier.load)
        self._items = earlier.items
        self._stopped = earlier.stopped
        self._calls.count(executions(earlier))
        self._referee.goes_on(earlier)
        self._notes += [note for note in earlier.notes if note not in {*self._workload.notes(), *self._notes}]
        self._notes.append(f"Interrupted, and resumed after round {earlier.rounds}.")

    def run(self) -> None:
        self._examination.make_reference(self._well())
        self._examination.check(self._baseline_first())
        self._give_up_hopeless()
        with ExitStack() as stack:
            self._stack = stack
            for cell in self._well():
                self._start_host(cell)
            for cell in self._well():
                self._try(cell, "preparing", self._prepare)
            if self._plan.warm_up:
                self._warm_all_up()
            if not self._stopped:  # as they had, where the run was interrupted after them
                self._rounds()
            if not self._well():
                self._stopped = "cells"
            if self._plan.options.observe:
                self._observe_all()

    def table(self) -> Table:
        """All that is known by now."""
        known = {cell.record.id: self._with_bound(cell) for cell in self._cells}
        return replace(
            self._plan.table(),
            stopped=self._stopped,
            checked=self._referee.checked,
            facts={**self._examination.facts, **self._workload.facts()},
            cells=[*known.values(), *(cell for one, cell in self._earlier.items() if one not in known)],
            notes=list(dict.fromkeys([*self._workload.notes(), *self._notes, *self._referee.notes])),
            items=self._items,
            load=self._load,
            rounds=self._rounds_done,
        )

    def _with_bound(self, cell: LiveCell) -> Cell:
        """A cell that timed out says how much slower than the baseline it is at least."""
        if cell.record.id in {self._plan.baseline, *self._earlier}:
            return cell.record
        return replace(cell.record, outcome=self._patience.bound(cell.record.outcome, cell.requested))

    def _give_up_hopeless(self) -> None:
        """Cells whose first execution shows that they cannot win the race."""
        first = [replace(cell.record, samples=[run]) for cell in self._well() if (run := cell.first_run)]
        fair = comparable(first, self._workload.tasks)
        seconds = {cell.id: cell.samples[0].seconds for cell in fair if cell.samples}
        hopeless = self._plan.stop_rule.hopeless(seconds)
        for cell in self._well():
            if cell.record.id in hopeless:
                times = seconds[cell.record.id] / min(seconds.values())
                why = f"given up after its first execution, which took {times:,.0f} times as long as the shortest"
                cell.record = replace(cell.record, warmup=cell.first_run)
                cell.end(Outcome("inapplicable", why))

    # Samples.

    def _start_host(self, cell: LiveCell) -> None:
        host = self._hosts.host(self._workload, cell.planned, self._directory, self._plan.options)
        cell.host = self._stack.enter_context(host)
        self._examination.allow(cell)

    def _prepare(self, cell: LiveCell) -> None:
        cell.record = replace(cell.record, interpreter=cell.sampling.prepare())

    def _join(self, planned: PlannedCell) -> None:
        """A cell that comes later: checked, prepared and warmed up like all others."""
        cell = LiveCell(planned, planned.record(self._plan.workload.tasks))
        self._cells.append(cell)
        self._examination.check([cell])
        if cell.well:
            self._start_host(cell)
            self._try(cell, "preparing", self._prepare)
        if cell.well and self._plan.warm_up:
            self._try(cell, "warm-up", self._warm_up)

    def _warm_all_up(self) -> None:
        """The baseline first: what it takes decides how long the others may."""
        for cell in self._baseline_first():
            self._try(cell, "warm-up", self._warm_up)
        self._listen(RoundEnded(self.table()))
        self._choose_repeats()

    def _warm_up(self, cell: LiveCell) -> None:
        self._calls.count()
        began = perf_counter()
        sample = cell.sampling.sample()
        cell.record = replace(cell.record, warmup=sample)
        cell.seconds.append(sample.seconds)
        self._examination.has_run(cell, sample, perf_counter() - began)
        self._allow_all()

    def _choose_repeats(self) -> None:
        """One number of executions in a sample for every cell; a cell that is too short even so is refused."""
        if self._earlier:
            taken = (sample.repeats for cell in self._earlier.values() for sample in cell.samples)
            self._repeats = max(taken, default=1)
            return
        self._give_up_hopeless()
        cells = self._well()
        self._repeats = min(repeats_for([cell.seconds[0] for cell in cells]), self._repeats_allowed(len(cells)))
        shortest = shortest_sample()
        for cell in cells:
            if cell.seconds[0] * self._repeats < shortest:
                cell.end(Outcome("inapplicable", _too_short(cell, self._repeats)))

    def _repeats_allowed(self, cells: int) -> int:
        """How often each may be executed in a sample so that three rounds fit into the calls that are allowed."""
        left = self._calls.left()
        if left is None or not cells:
            return 10**9
        return max(1, (left - self._observed_later()) // (FEWEST * cells))

    def _observed_later(self) -> int:
        """Executions that the observed passes will be."""
        return sum(cell.record.observed is None for cell in self._well()) if self._plan.options.observe else 0

    def _too_many_calls(self, executions: int) -> bool:
        """Whether so many more, and the observed passes, are more than is allowed."""
        return not self._calls.allows(executions + self._observed_later())

    def _rounds(self) -> None:
        while live := self._cells_of_next_round():
            known = {cell.record.id for cell in self._cells}
            for planned in self._plan.stop_rule.more_cells(self._samples()):
                rounds = (len(live) + FEWEST) * self._repeats
                once = 3 + bool(self._referee.unsendable)  # check, warm-up, observed pass; a reference of its own
                if planned.id in known or self._too_many_calls(rounds + once):
                    continue
                self._join(planned)
                live += [cell for cell in self._cells[-1:] if cell.well]
            count = self._rounds_done
            random.Random(f"{self._plan.options.seed} {count}").shuffle(live)
            watch = self._hosts.load_watch()
            for position, cell in enumerate(live):
                self._try(cell, f"round {count + 1}", self._sampler(count, position))
                if self._compares_samples() and cell.well:
                    self._try(cell, "comparing", self._compare)
            load = watch.cores() if watch else None
            if load is not None:
                self._load.append(round(load, 3))
            self._rounds_done += 1
            self._listen(RoundEnded(self.table()))

    def _cells_of_next_round(self) -> list[LiveCell]:
        if self._rounds_done >= self._plan.stop_rule.max_rounds:  # the rule sees fewer, if some cannot be compared
            self._stopped = "rounds"
            return []
        well = {cell.record.id: cell for cell in self._well()}
        samples = self._samples()
        compared = sum(bool(cell.record.samples) for cell in self._cells) - 1
        cells, self._stopped = self._plan.stop_rule.cells_of_next_round(samples, compared, self._elapsed())
        cells = self._with_another_chance(cells, samples)
        if cells and self._too_many_calls(len(cells) * self._repeats):
            self._stopped = "calls"
            return []
        return [well[cell] for cell in cells]

    def _with_another_chance(self, cells: list[CellId], samples: Mapping[CellId, Sequence[Sample]]) -> list[CellId]:
        """With those that have no comparable sample yet, since tasks failed, as long as that may have been chance."""
        left_out = [
            cell.record.id
            for cell in self._well()
            if cell.record.id not in samples and len(cell.record.samples) < FEWEST
        ]
        if self._plan.baseline in left_out:
            self._stopped = ""
            return [*samples, *left_out]
        return [*cells, *left_out] if self._plan.baseline in cells else cells

    def _samples(self) -> dict[CellId, list[Sample]]:
        """Those that can be compared; without cells that have none of these."""
        cells = [cell.record for cell in self._well()]
        fair = zip(cells, comparable(cells, self._workload.tasks), strict=True)
        return {after.id: after.samples for before, after in fair if after.samples or not before.samples}

    def _elapsed(self) -> float:
        """Seconds since the measurement began; what was simulated counts as if it had taken its time."""
        executed = sum(sum(cell.seconds) for cell in self._cells)
        return max(perf_counter() - self._began, executed)

    def _sampler(self, count: int, position: int) -> Callable[[LiveCell], None]:
        def take(cell: LiveCell) -> None:
            self._calls.count(self._repeats)
            taken = cell.sampling.sample(collect=self._compares_samples(), repeats=self._repeats)
            sample = replace(taken, round=count, position=position)
            cell.record = replace(cell.record, samples=[*cell.record.samples, sample])
            cell.seconds.append(sample.seconds * sample.repeats)
            cell.executions += self._repeats

        return take

    def _compares_samples(self) -> bool:
        """Whether a sample is the last, and its results are compared: those of a single round are."""
        return self._plan.stop_rule.max_rounds == 1 and self._referee.compares_later

    # After the last sample.

    def _observe_all(self) -> None:
        self._label_items()
        for cell in self._well():
            if cell.record.observed is None:
                self._try(cell, "observed pass", self._observe)
                if cell.well:
                    self._try(cell, "comparing", self._compare)
        self._listen(RoundEnded(self.table()))

    def _label_items(self) -> None:
        for cell in self._well()[:1]:
            with suppress(CellEnded):  # whatever is wrong with it, its observed pass will tell
                self._items = cell.sampling.items_as_text()

    def _observe(self, cell: LiveCell) -> None:
        options = self._plan.options
        self._calls.count()
        seen = replace(cell.record, observed=cell.sampling.observe(collect=self._referee.compares_later))
        cell.record = thinned(seen, options.seed, warm=options.warm)

    def _compare(self, cell: LiveCell) -> None:
        """Compare the results of the last execution; if it turned out that there is no comparing, they are as good."""
        if self._referee.compares_later:
            cell.sampling.compare()

    # What goes wrong.

    def _try(self, cell: LiveCell, phase: str, act: Callable[[LiveCell], None]) -> None:
        """Do one thing with a cell; what goes wrong ends this cell and no other."""
        self._announce(cell, phase)
        try:
            self._judged(cell, act)
        except CellEnded as ended:
            cell.requested = self._repeats if phase.startswith("round") else 1
            flaky = ended.outcome.kind == "failed" and ended.outcome.cause not in DIFFER and cell.record.samples
            cell.end(self._flaky(cell, ended.outcome) if flaky else ended.outcome)
            if cell.record.id == self._plan.baseline:
                self._patience.gives_up_knowing()
                self._allow_all()
        if phase not in {"preparing", "comparing"}:
            self._done += 1

    def _flaky(self, cell: LiveCell, outcome: Outcome) -> Outcome:
        """What fails after it has succeeded fails now and then: it is tried again to say how often."""
        failed, made = 1, cell.executions + 1
        for _ in range(_MORE_TRIES if outcome.cause not in _GONE else 0):
            if self._too_many_calls(1):
                break
            self._calls.count()
            made += 1
            try:
                cell.sampling.sample()
            except CellEnded as again:
                failed += 1
                if again.outcome.cause in _GONE:
                    break
        return replace(outcome, reason=f"flaky: failed in {failed:,} of {made:,} executions: {outcome.reason}")

    def _judged(self, cell: LiveCell, act: Callable[[LiveCell], None]) -> None:
        """Do it; where results differ, find out whether that is the runner's doing or the function's own way."""
        try:
            act(cell)
        except CellEnded as ended:
            if not self._referee.disputes(ended.outcome):
                raise
            enough = not self._too_many_calls(2 + self._repeats)  # sequential passes, and then the sample again
            finding = self._examination.sequential_passes(cell) if enough else None
            if finding is None:
                raise
            if not self._referee.acquits(finding, ended.outcome):
                raise CellEnded(blamed(ended.outcome, cell.planned, cell.record.workers)) from ended
            self._acquit_others()
            act(cell)

    def _acquit_others(self) -> None:
        """Nobody is blamed for results that turned out to differ in sequential passes, too."""
        for cell in self._cells:
            if cell.record.outcome.cause not in DIFFER:
                continue
            outcome = Outcome() if cell.host is None else Outcome("inapplicable", _TOO_LATE)
            cell.record = replace(cell.record, outcome=outcome)

    @property
    def _workload(self) -> Workload:
        return self._examination.workload

    def _allow_all(self) -> None:
        for cell in self._well():
            self._examination.allow(cell)

    def _well(self) -> list[LiveCell]:
        return [cell for cell in self._cells if cell.well]

    def _baseline_first(self) -> list[LiveCell]:
        return sorted(self._well(), key=lambda cell: cell.record.id != self._plan.baseline)

    # How far it is.

    def _announce(self, cell: LiveCell, phase: str) -> None:
        left = self._executions_left()
        seconds = None
        if all(cell.seconds for cell in self._well()):
            seconds = sum(_typical(cell.seconds) * count for cell, count in left)
        total = self._done + sum(count for _, count in left)
        self._listen(Step(self._workload.name, phase, str(cell.record.id), self._done, total, seconds))

    def _executions_left(self) -> list[tuple[LiveCell, int]]:
        """For each cell, how often it will still be executed if nothing goes wrong, as far as can be told."""
        plan, rule = self._plan, self._plan.stop_rule
        rounds = rule.max_rounds if rule.all_rounds else FEWEST

        def left(cell: LiveCell) -> int:
            record = cell.record
            check = plan.checks_first and self._referee.compares and not cell.checked
            warm_up = plan.warm_up and record.warmup is None
            observed = plan.options.observe and record.observed is None
            return check + warm_up + max(0, rounds - len(record.samples)) + observed

        return [(cell, left(cell)) for cell in self._well()]


def _typical(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def _too_short(cell: LiveCell, repeats: int) -> str:
    return (
        f"one execution takes {1e6 * cell.seconds[0]:.0f} us, too short to time even {repeats} times in a row: "
        "give it more items, or longer tasks"
    )
