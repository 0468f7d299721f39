"""The way of a measurement: prepare, warm up and compare, rounds in random order, observe."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

from concbench.advice.mishaps import comparable
from concbench.harness.calls import Calls
from concbench.harness.events import Listener, RoundEnded, Step
from concbench.harness.guard import GUARD
from concbench.harness.hosts import CellEnded, Host, Hosts
from concbench.harness.interruption import INTERRUPTION
from concbench.harness.patience import Patience
from concbench.harness.plan import Plan
from concbench.harness.referee import Referee, blamed
from concbench.harness.repeats import repeats_for, shortest_sample
from concbench.harness.resuming import executions
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.thinning import thinned
from concbench.results.files import build
from concbench.results.records import Cell, Json, Outcome, Sample, Table
from concbench.stats.intervals import FEWEST
from concbench.workloads.base import Workload

_FRESH = "Every execution was in a new process: what the function does once in a process is in all the times (--fresh)."


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
        self._workload = plan.workload
        self._hosts = hosts
        self._directory = directory
        self._listen = listen
        self._cells: list[_Live] = []
        self._done = 0
        self._repeats = 1
        self._stopped = ""
        self._load: list[float] = []
        self._facts: Json = {}
        self._items: list[str] = []
        self._rounds_done = 0
        self._earlier: dict[str, Cell] = {}
        self._notes: list[str] = [_FRESH] if plan.options.fresh else []
        self._referee = Referee(plan)
        self._warm_already: _Live | None = None
        self._calls = Calls(plan.workload.tasks, plan.options.max_calls)
        self._patience = Patience(plan)
        self._began = perf_counter()

    def go_on(self, earlier: Table) -> None:
        """Take these rounds for the first ones; cells that ended in them stay as they are."""
        self._earlier = {cell.label: cell for cell in earlier.cells}
        self._rounds_done = earlier.rounds
        self._load = list(earlier.load)
        self._items = earlier.items
        self._facts = earlier.facts
        self._stopped = earlier.stopped
        self._calls.count(executions(earlier))
        self._referee.goes_on(earlier)
        self._notes += [note for note in earlier.notes if note not in {*self._workload.notes(), *self._notes}]
        self._notes.append(f"Interrupted, and resumed after round {earlier.rounds}.")

    def run(self) -> None:
        with ExitStack() as stack:
            self._stack = stack
            for cell in [self._hosted(planned) for planned in self._plan.cells]:
                if cell.well:
                    self._try(cell, "preparing", self._prepare)
                else:
                    cell.host.close()
            self._make_reference()
            self._began = perf_counter()
            if self._plan.warm_up:
                self._warm_all_up()
            if not self._stopped:  # as they had, where the run was interrupted after them
                self._rounds()
            if not self._well():
                self._stopped = "cells"
            if self._plan.options.observe:
                self._observe_all()

    def _warm_all_up(self) -> None:
        """The baseline first: what it takes decides how long the others may."""
        for cell in sorted(self._well(), key=lambda cell: cell.record.label != self._plan.baseline):
            if cell is not self._warm_already:
                self._try(cell, "warm-up", self._warm_up)
            if cell.record.label == self._plan.baseline and not cell.well:
                self._allow_unknown()
        self._listen(RoundEnded(self.table()))
        self._choose_repeats()

    def _observe_all(self) -> None:
        self._label_items()
        for cell in self._well():
            if cell.record.observed is None:
                self._try(cell, "observed pass", self._observe)
        self._listen(RoundEnded(self.table()))

    def _hosted(self, planned: PlannedCell) -> _Live:
        host = self._stack.enter_context(self._hosts.host(self._workload, planned, self._directory, self._plan.options))
        record = self._earlier.get(planned.label) or planned.record(self._workload.tasks)
        cell = _Live(planned, record, host, [sample.seconds * sample.repeats for sample in record.samples])
        self._cells.append(cell)
        return cell

    def _join(self, planned: PlannedCell) -> None:
        """A cell that comes later: prepared and warmed up like all others."""
        cell = self._hosted(planned)
        self._allow([cell])
        self._try(cell, "preparing", self._prepare)
        if cell.well:
            self._keep_results_at_home([cell])
        if cell.well and self._plan.warm_up:
            self._try(cell, "warm-up", self._warm_up)

    def table(self) -> Table:
        """All that is known by now."""
        known = {cell.record.label: cell.record for cell in self._cells}
        return replace(
            self._plan.table(),
            stopped=self._stopped,
            checked=self._referee.checked,
            facts={**self._facts, **self._workload.facts()},
            cells=[*known.values(), *(cell for label, cell in self._earlier.items() if label not in known)],
            notes=list(dict.fromkeys([*self._workload.notes(), *self._notes, *self._referee.notes])),
            items=self._items,
            load=self._load,
            rounds=self._rounds_done,
        )

    def _well(self) -> list[_Live]:
        return [cell for cell in self._cells if cell.well]

    def _prepare(self, cell: _Live) -> None:
        cell.record = replace(cell.record, interpreter=cell.host.prepare())

    def _make_reference(self) -> None:
        """Sequential results to compare with, made before anything is timed, unless they are known."""
        if not self._referee.judges:
            return
        for cell in sorted(self._well(), key=lambda cell: cell.planned.name != "sequential")[:1]:
            self._try(cell, "reference", self._refer)
            if not cell.well:
                self._referee.goes_without(cell.record.outcome.reason)
                self._allow_unknown()

    def _refer(self, cell: _Live) -> None:
        self._calls.count()
        began = perf_counter()
        found = cell.host.reference()
        took = perf_counter() - began
        self._referee.knows(cell.host, found)
        self._facts = found.get("facts", {})
        if found.get("sample"):
            self._be_patient(cell, took)
            if self._plan.warm_up:
                self._warmed_up(cell, build(Sample, found["sample"]))
                self._warm_already = cell
        others = [other for other in self._well() if other is not cell or hasattr(cell.planned.runner, "start_method")]
        self._keep_results_at_home(others)

    def _keep_results_at_home(self, cells: Sequence[_Live]) -> None:
        """Results that cannot be pickled: each host makes its own reference, and worker processes cannot send any."""
        unsendable = self._referee.unsendable
        for cell in cells if unsendable else ():
            if hasattr(cell.planned.runner, "start_method"):
                why = f"its results cannot be sent back from another process ({unsendable})"
                cell.record = replace(cell.record, outcome=Outcome("inapplicable", why))
                cell.host.close()
            elif self._referee.judges:
                self._try(cell, "reference", self._refer_to_itself)

    def _refer_to_itself(self, cell: _Live) -> None:
        self._calls.count()
        cell.host.reference()

    def _warm_up(self, cell: _Live) -> None:
        self._calls.count()
        began = perf_counter()
        sample = cell.host.sample(compare=self._referee.compares)
        self._be_patient(cell, perf_counter() - began)
        self._warmed_up(cell, sample)

    def _allow_unknown(self) -> None:
        self._patience.gives_up_knowing()
        self._allow(self._well())

    def _allow(self, cells: Sequence[_Live]) -> None:
        for cell in cells:
            seconds = self._patience.seconds(cell.record.workers)
            if seconds is not None:
                cell.host.allow(seconds)

    def _warmed_up(self, cell: _Live, sample: Sample) -> None:
        cell.record = replace(cell.record, warmup=sample)
        cell.seconds.append(sample.seconds)

    def _be_patient(self, cell: _Live, took: float) -> None:
        if cell.record.label == self._plan.baseline:
            self._patience.knows(took)
            self._allow(self._well())

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
                cell.record = replace(cell.record, outcome=Outcome("inapplicable", _too_short(cell, self._repeats)))
                cell.host.close()

    def _give_up_hopeless(self) -> None:
        as_round = [replace(cell.record, samples=[cell.record.warmup]) for cell in self._well() if cell.record.warmup]
        fair = comparable(as_round, self._workload.tasks)
        warm_ups = {cell.label: cell.samples[0].seconds for cell in fair if cell.samples}
        hopeless = self._plan.stop_rule.hopeless(warm_ups)
        for cell in self._well():
            if cell.record.label in hopeless:
                times = cell.seconds[0] / min(warm_ups.values())
                why = f"given up after its warm-up, which took {times:,.0f} times as long as the shortest"
                cell.record = replace(cell.record, outcome=Outcome("inapplicable", why))
                cell.host.close()

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
            known = {cell.record.label for cell in self._cells}
            for planned in self._plan.stop_rule.more_cells(self._samples()):
                rounds = (len(live) + FEWEST) * self._repeats
                once = 2 + bool(self._referee.unsendable)  # warm-up, observed pass, perhaps a reference of its own
                if planned.label in known or self._too_many_calls(rounds + once):
                    continue
                self._join(planned)
                live += [cell for cell in self._cells[-1:] if cell.well]
            count = self._rounds_done
            random.Random(f"{self._plan.options.seed} {count}").shuffle(live)
            watch = self._hosts.load_watch()
            for position, cell in enumerate(live):
                self._try(cell, f"round {count + 1}", self._sampler(count, position))
            load = watch.cores() if watch else None
            if load is not None:
                self._load.append(round(load, 3))
            self._rounds_done += 1
            self._listen(RoundEnded(self.table()))

    def _cells_of_next_round(self) -> list[_Live]:
        if self._rounds_done >= self._plan.stop_rule.max_rounds:  # the rule sees fewer, if some cannot be compared
            self._stopped = "rounds"
            return []
        well = {cell.record.label: cell for cell in self._well()}
        samples = self._samples()
        compared = sum(bool(cell.record.samples) for cell in self._cells) - 1
        labels, self._stopped = self._plan.stop_rule.cells_of_next_round(samples, compared, self._elapsed())
        labels = self._with_another_chance(labels, samples)
        if labels and max(map(len, samples.values())) >= FEWEST and self._too_many_calls(len(labels) * self._repeats):
            self._stopped = "calls"
            return []
        return [well[label] for label in labels]

    def _with_another_chance(self, labels: list[str], samples: Mapping[str, Sequence[Sample]]) -> list[str]:
        """With those that have no comparable sample yet, since tasks failed, as long as that may have been chance."""
        left_out = [
            cell.record.label
            for cell in self._well()
            if cell.record.label not in samples and len(cell.record.samples) < FEWEST
        ]
        if self._plan.baseline in left_out:
            self._stopped = ""
            return [*samples, *left_out]
        return [*labels, *left_out] if self._plan.baseline in labels else labels

    def _samples(self) -> dict[str, list[Sample]]:
        """Those that can be compared; without cells that have none of these."""
        cells = [cell.record for cell in self._well()]
        fair = zip(cells, comparable(cells, self._workload.tasks), strict=True)
        return {after.label: after.samples for before, after in fair if after.samples or not before.samples}

    def _elapsed(self) -> float:
        """Seconds since the warm-up began; what was simulated counts as if it had taken its time."""
        executed = sum(sum(cell.seconds) for cell in self._cells)
        return max(perf_counter() - self._began, executed)

    def _sampler(self, count: int, position: int) -> Callable[[_Live], None]:
        def take(cell: _Live) -> None:
            first = not self._plan.warm_up and count == 0
            compare = self._referee.compares and (first or self._referee.compares_always)
            self._calls.count(self._repeats)
            sample = replace(cell.host.sample(compare=compare, repeats=self._repeats), round=count, position=position)
            cell.record = replace(cell.record, samples=[*cell.record.samples, sample])
            cell.seconds.append(sample.seconds * sample.repeats)

        return take

    def _label_items(self) -> None:
        for cell in self._well()[:1]:
            with suppress(CellEnded):  # whatever is wrong with it, its observed pass will tell
                self._items = cell.host.items_as_text()

    def _observe(self, cell: _Live) -> None:
        options = self._plan.options
        self._calls.count()
        seen = replace(cell.record, observed=cell.host.observe())
        cell.record = thinned(seen, options.seed, warm=options.warm)

    def _try(self, cell: _Live, phase: str, act: Callable[[_Live], None]) -> None:
        """Do one thing with a cell; what goes wrong ends this cell and no other."""
        self._announce(cell, phase)
        try:
            self._judged(cell, act)
        except CellEnded as ended:
            executions = self._repeats if phase.startswith("round") else 1
            outcome = self._patience.bound(cell.record.label, ended.outcome, executions)
            cell.record = replace(cell.record, outcome=outcome)
            cell.host.close()
        if phase != "preparing":
            self._done += 1

    def _judged(self, cell: _Live, act: Callable[[_Live], None]) -> None:
        """Do it; where results differ, find out whether that is the runner's doing or the function's own way."""
        try:
            act(cell)
        except CellEnded as ended:
            if not self._referee.disputes(ended.outcome):
                raise
            if self._too_many_calls(1 + self._repeats):  # the pass that would tell, and the sample again
                raise
            self._calls.count()
            if self._referee.finds_steady(ended.outcome):
                raise CellEnded(blamed(ended.outcome, cell.planned, cell.record.workers)) from ended
            act(cell)

    def _announce(self, cell: _Live, phase: str) -> None:
        left = self._executions_left()
        seconds = None
        if all(cell.seconds for cell in self._well()):
            seconds = sum(_typical(cell.seconds) * count for cell, count in left)
        total = self._done + sum(count for _, count in left)
        self._listen(Step(self._workload.name, phase, cell.record.label, self._done, total, seconds))

    def _executions_left(self) -> list[tuple[_Live, int]]:
        """For each cell, how often it will still be sampled if nothing goes wrong, as far as can be told."""
        plan, rule = self._plan, self._plan.stop_rule
        rounds = rule.max_rounds if rule.all_rounds else FEWEST

        def left(record: Cell) -> int:
            warm_up = 1 if plan.warm_up and record.warmup is None else 0
            observed = 1 if plan.options.observe and record.observed is None else 0
            return warm_up + max(0, rounds - len(record.samples)) + observed

        return [(cell, left(cell.record)) for cell in self._well()]


def _typical(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def _too_short(cell: _Live, repeats: int) -> str:
    return (
        f"one execution takes {1e6 * cell.seconds[0]:.0f} us, too short to time even {repeats} times in a row: "
        "give it more items, or longer tasks"
    )
