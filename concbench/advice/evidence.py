"""What the raw figures of a table show about each cell: everything that rules and columns are allowed to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp

import numpy as np

from concbench.advice.budget import Budget, budget, timeline_of
from concbench.advice.limits import Limits, limits
from concbench.advice.mishaps import Mishaps, comparable, mishaps
from concbench.results.records import Cell, CellId, Observed, Outcome, Sample, Table, number
from concbench.stats.intervals import FEWEST, Interval, look_level, ratio_interval
from concbench.stats.timeline import Timeline
from concbench.stats.verdicts import SLOWER, fastest_group, log_ratios, verdict

FLAGGED, STRONG = 0.15, 0.40
"""Cores used by others above which a table is flagged, and above which its ratios are not those of a quiet machine."""
MORE_THAN_ONE = 1.15
"""Cores above which something was computed at the same time."""
CPU_TOLD = 100e-6
"""Seconds of a pass below which its CPU time says nothing: reading it takes some microseconds, which count as CPU and
not as time. A loop that keeps one core busy came out as 1.18 cores in 10 us, 1.03 in 100 us (medians of 60)."""
TICKS_TOLD = 0.050
"""The same where it is counted from outside, in ticks of 10 ms: of every process that lives on, one may be too many."""
UNSTEADY = 1.07
"""Median over minimum of the baseline above which a machine is noisy, where the load cannot be read."""


@dataclass(frozen=True)
class CellEvidence:
    """One cell, as its samples and its observed pass show it; None: not measured."""

    cell: Cell
    seconds: float | None
    """Median of the samples."""
    speedup: float | None
    """The typical per-round ratio to the baseline: above 1 is faster."""
    shared: int
    """Rounds that both it and the baseline took part in."""
    interval: Interval | None
    """What that may be, at the level of the whole table; None for the baseline and below three rounds."""
    verdict: str
    """faster, slower, same or undecided; empty for the baseline and without an interval."""
    in_fastest_group: bool
    """Whether it cannot be told apart from the best."""
    start_up: float | None
    """Seconds until every worker had begun a task, in the observed pass."""
    start_up_share: float | None
    """The same as a share of that pass."""
    cores: float | None
    """CPU seconds over wall seconds, in the observed pass; None also where it was too short to tell."""
    memory: int | None
    """Bytes at the peak of the observed pass, all processes together."""
    line: Timeline | None
    """What the tasks of the observed pass came to."""
    budget: Budget | None
    """Where the workers' time went in it."""
    limits: Limits | None
    """What was possible at most."""
    mishaps: Mishaps
    """What failed and was tolerated, and what was tried again."""
    left_out: int
    """Rounds that are not among its samples here, since other things failed in them than under other runners."""

    @property
    def why_missing(self) -> str:
        """Why it has no times."""
        if self.cell.outcome.reason or not self.left_out:
            return self.cell.outcome.reason or "it was not sampled"
        done = str(self.mishaps) or f"all its {self.mishaps.tasks:,} tasks succeeded"
        return f"{done}; other tasks failed than under the others, so it is not compared with them"

    @property
    def name(self) -> str:
        """How tables and sentences call it: threads, thread-pool(32), process-pool(2, spawn)."""
        name, _, written = self.cell.label.partition(":")
        parts = [part.removeprefix("workers=") for part in written.split(",") if part]
        method = self.cell.settings.get("start_method")
        shown = [part for part in parts if not part.startswith("start_method=")] + ([str(method)] if method else [])
        return f"{name}({', '.join(shown)})" if shown else name


@dataclass(frozen=True)
class Evidence:
    """One table."""

    table: Table
    baseline: CellEvidence
    cells: list[CellEvidence]
    """Every cell, in the order of the table."""
    leader: CellEvidence | None
    """The first of the fastest group; None without intervals."""
    others: float | None
    """Cores that other processes used, median over the rounds; None where it could not be read."""

    @property
    def measured(self) -> list[CellEvidence]:
        """The cells that have times."""
        return [cell for cell in self.cells if cell.seconds is not None]

    @property
    def unsteady(self) -> float | None:
        """Median over minimum of the baseline's samples, if that says that the machine was noisy."""
        samples = [sample.seconds for sample in self.baseline.cell.samples]
        spread = float(np.median(samples)) / min(samples) if samples else 1.0
        return spread if spread > UNSTEADY else None


def evidence(table: Table) -> Evidence:
    """Derive everything from a table, from those samples that can be compared."""
    whole, table = table, replace(table, cells=comparable(table.cells, table.tasks))
    baseline = _baseline(table)
    compared = sum(bool(cell.samples) for cell in whole.cells) - 1
    level = look_level(table.max_rounds, compared)
    group = _fastest_group(table, level)
    cells = [
        _cell(cell, baseline, level, table, before, in_group=cell.id in group)
        for cell, before in zip(table.cells, whole.cells, strict=True)
    ]
    cells = [
        replace(cell, in_fastest_group=cell.in_fastest_group and not _behind(cell, cells))
        if cell.interval or cell.cell is baseline
        else cell
        for cell in cells
    ]
    others = float(np.median(table.load)) if table.load else None
    by_id = {seen.cell.id: seen for seen in cells}
    base = by_id.get(baseline.id) or _cell(baseline, baseline, level, table, baseline, in_group=False)
    return Evidence(table, base, cells, by_id[group[0]] if group else None, others)


def _baseline(table: Table) -> Cell:
    """The cell of the baseline; an empty one if the measurement was interrupted before it came to that."""
    which = table.baseline
    name = which.label.partition(":")[0]
    unknown = Cell(which.label, name, {}, 1, which.variant, outcome=Outcome("inapplicable", "it was not begun"))
    return next((cell for cell in table.cells if cell.id == which), unknown)


def _behind(cell: CellEvidence, cells: list[CellEvidence]) -> bool:
    """Whether the ratios to the baseline alone, which hold all at once, tell a cell from a faster one."""
    if cell.verdict == SLOWER:
        return True
    high = cell.interval.high if cell.interval else 1.0
    return any(high < other.interval.low for other in cells if other.interval)


def start_up(observed: Observed, workers: int) -> float:
    """Seconds until as many workers had begun a task as can be at work at once, or all that ever did."""
    return observed.began[min(workers, len(observed.began)) - 1] if observed.began else 0.0


def _cell(cell: Cell, baseline: Cell, level: float, table: Table, whole: Cell, *, in_group: bool) -> CellEvidence:
    observed = cell.observed
    compared = _rated(cell) and _rated(baseline)
    ratios = log_ratios(_by_round(baseline.samples), _by_round(cell.samples)) if compared else np.empty(0)
    interval = ratio_interval(ratios, level) if cell is not baseline else None
    total = observed.start + observed.work + observed.stop if observed else 0.0
    began = start_up(observed, cell.workers) if observed else None
    cores = _cores(cell, total, warm=table.warm)
    line = timeline_of(cell, warm=table.warm)
    base = timeline_of(baseline, warm=table.warm) if baseline.workers == 1 else None
    return CellEvidence(
        cell=cell,
        seconds=float(np.median([sample.seconds for sample in cell.samples])) if _rated(cell) else None,
        speedup=interval.centre if interval else exp(float(np.median(ratios))) if ratios.size else None,
        shared=ratios.size,
        interval=interval,
        verdict=verdict(interval) if interval else "",
        in_fastest_group=in_group,
        start_up=began,
        start_up_share=began / total if began is not None and total > 0 else None,
        cores=cores,
        memory=observed.memory if observed else None,
        line=line,
        budget=_budget(line, base, observed.observing) if line and base and observed else None,
        limits=_limits(cell, baseline, base, cores) if base and cell is not baseline else None,
        mishaps=mishaps(whole, table.tasks),
        left_out=len(whole.samples) - len(cell.samples),
    )


def _budget(line: Timeline, base: Timeline, observing: float) -> Budget | None:
    """None where recording a task took longer than the task: there is no telling then."""
    return budget(line, base, observing) if line.busy > observing * line.tasks else None


def _limits(cell: Cell, baseline: Cell, line: Timeline, cores: float | None) -> Limits | None:
    return limits(cell, _lengths(baseline), line, _capacity(cell, cores))


def _lengths(cell: Cell) -> list[float] | None:
    """Seconds of every task, if all are known."""
    tasks = cell.observed.tasks if cell.observed else None
    if tasks is None or tasks.index is not None:
        return None
    return [after - before for before, after in zip(tasks.started, tasks.finished, strict=True)]


def _capacity(cell: Cell, cores: float | None) -> int | None:
    """Cores that may compute at once: all, or 1 where threads share a GIL and did not give it up."""
    usable = cores_of(cell)
    shares_gil = bool(cell.interpreter.get("gil")) and "start_method" not in cell.settings
    if shares_gil and (cores is None or cores < MORE_THAN_ONE):
        return 1
    return usable


def cores_of(cell: Cell) -> int | None:
    """Cores that its measuring process may use; None where that is not known."""
    cores = number(cell.interpreter, "cores")
    return int(cores) if cores is not None and cores >= 1 else None


def _fastest_group(table: Table, level: float) -> list[CellId]:
    """The leader first; empty as long as no intervals are possible."""
    seconds = {cell.id: _by_round(cell.samples) for cell in table.cells if _rated(cell)}
    if len(seconds) < 2 or max(map(len, seconds.values())) < FEWEST:
        return []
    return list(fastest_group(seconds, level))


def _rated(cell: Cell) -> bool:
    return cell.outcome.kind == "ok" and bool(cell.samples)


def _by_round(samples: list[Sample]) -> dict[int, float]:
    return {sample.round: sample.seconds for sample in samples}


def _cores(cell: Cell, total: float, *, warm: bool) -> float | None:
    """CPU over wall seconds.

    Workers of a fork server are no children of the host, and workers that are kept have not been reaped: their ticks
    are counted from outside instead.
    """
    method = cell.settings.get("start_method")
    outside = method == "forkserver" or (method is not None and warm)
    if cell.observed is None or total < (TICKS_TOLD if outside else CPU_TOLD):
        return None
    cpu = cell.observed.tree_cpu if outside else cell.observed.cpu
    return None if cpu is None else cpu / total
