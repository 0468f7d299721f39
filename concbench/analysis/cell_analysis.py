"""What the raw figures of one cell show: everything that rules, columns and programs are to know about it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from concbench.analysis import costs
from concbench.analysis.comparability import Mishaps, mishaps
from concbench.analysis.limits import Limits, computing_cores, limits
from concbench.analysis.places import is_described, is_here, works_singly
from concbench.analysis.time_shares import TimeShares, time_shares, timeline_of
from concbench.results.records import Cell, CellId, Json, Outcome, Sample, Table
from concbench.stats.intervals import Interval, ratio_interval
from concbench.stats.timeline import Timeline
from concbench.stats.trend import trends
from concbench.stats.verdicts import log_ratios, verdict_of
from concbench.traits import Traits


@dataclass(frozen=True, repr=False)
class CellAnalysis:
    """The figures of one cell: a workload under a configured runner. None: not measured, or not known."""

    record: Cell
    """The cell itself, raw, with those samples alone that can be compared."""
    seconds: float | None
    """Median of the samples."""
    speedup: float | None
    """The typical per-round ratio to the baseline: above 1 is faster. The baseline's own is 1."""
    shared: int
    """Rounds that both it and the baseline took part in."""
    interval: Interval | None
    """What the speed-up may be, at the level of the whole table; None for the baseline and below three rounds."""
    verdict: str
    """faster, slower, same or undecided; empty for the baseline and without an interval."""
    trends: bool
    """Whether its ratios to the baseline still trend from round to round, so that it has no verdict yet."""
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
    page_faults: int | None
    """Of the observed pass, where those of all workers were counted."""
    timeline: Timeline | None
    """What the tasks of the observed pass came to."""
    shares: TimeShares | None
    """Where the workers' time went in it: the share of each part, such as `shares["waiting"]`."""
    limits: Limits | None
    """What was possible at most."""
    mishaps: Mishaps
    """What failed and was tolerated, and what was tried again."""
    throttled_rounds: int
    """Rounds in which a quota kept its workers from running for a part of the time that is worth a word."""
    left_out: int
    """Rounds that are not among its samples here, since other things failed in them than under other runners."""

    def __repr__(self) -> str:
        seconds = "not measured" if self.seconds is None else f"{self.seconds:.3g} s"
        speedup = "" if self.speedup is None else f", speed-up {self.speedup:.3g}"
        brackets = f" [{self.low:.3g}, {self.high:.3g}] {self.verdict}" if self.interval else ""
        return f"<{self.id}: {seconds}{speedup}{brackets}>"

    @property
    def low(self) -> float | None:
        """The least that the speed-up may be."""
        return self.interval.low if self.interval else None

    @property
    def high(self) -> float | None:
        """The most that the speed-up may be."""
        return self.interval.high if self.interval else None

    @property
    def id(self) -> CellId:
        """What no other cell of its table has."""
        return self.record.id

    @property
    def label(self) -> str:
        """The runner as on the command line: thread-pool:32."""
        return self.record.label

    @property
    def variant(self) -> str:
        """What distinguishes cells of one runner; empty where nothing does."""
        return self.record.variant

    @property
    def runner(self) -> str:
        """The registered name of the runner, or that of its class."""
        return self.record.runner

    @property
    def settings(self) -> Json:
        """Those of the runner."""
        return self.record.settings

    @property
    def workers(self) -> int:
        """Tasks in progress at most."""
        return self.record.workers

    @property
    def traits(self) -> Traits:
        """What the runner says of itself."""
        return self.record.traits

    @property
    def outcome(self) -> Outcome:
        """How the cell ended."""
        return self.record.outcome

    @property
    def interpreter(self) -> Json:
        """Version and GIL state of the measuring process."""
        return self.record.interpreter

    @property
    def has_gil(self) -> bool:
        """Whether its interpreter is known to have a GIL."""
        return bool(self.interpreter.get("gil"))

    @property
    def rounds(self) -> int:
        """Samples that are compared."""
        return len(self.record.samples)

    @property
    def is_here(self) -> bool:
        """Whether its tasks are known to run on this machine."""
        return is_here(self.record)

    @property
    def works_singly(self) -> bool:
        """Whether it is known to do one task at a time, so that it shows what the work itself is like."""
        return works_singly(self.record)

    @property
    def pass_seconds(self) -> float | None:
        """How long its observed pass took."""
        return costs.seconds_of(self.record.observed) if self.record.observed else None

    @property
    def cpu(self) -> float | None:
        """CPU seconds of the observed pass."""
        return None if self.cores is None or self.pass_seconds is None else self.cores * self.pass_seconds

    @property
    def name(self) -> str:
        """How tables and sentences call it: threads, thread-pool(32), process-pool(2, spawn)."""
        return self.record.shown

    def differs_in_workers_alone(self, other: CellAnalysis) -> bool:
        """Whether another is the same runner with the same settings, but for how many workers it has."""
        return _but_workers(self.record) == _but_workers(other.record)


@dataclass(frozen=True)
class Baseline:
    """What a cell is compared with."""

    cell: Cell
    timeline: Timeline | None
    """Of its observed pass; None also where it does several tasks at once, so that it does not show what work is."""

    @classmethod
    def of(cls, cell: Cell, *, warm: bool) -> Baseline:
        """The baseline that a cell is."""
        return cls(cell, timeline_of(cell, warm=warm) if works_singly(cell) else None)

    @property
    def lengths(self) -> list[float] | None:
        """Seconds of every task, if all are known."""
        tasks = self.cell.observed.tasks if self.cell.observed else None
        if tasks is None or tasks.index is not None:
            return None
        return [after - before for before, after in zip(tasks.started, tasks.finished, strict=True)]


def analyse_cell(
    cell: Cell, whole: Cell, baseline: Baseline, table: Table, level: float, *, in_fastest_group: bool
) -> CellAnalysis:
    """Derive the figures of a cell.

    Args:
        cell: with those samples that can be compared.
        whole: with all that were taken.
        baseline: what it is compared with.
        table: where it stands.
        level: error level of one comparison.
        in_fastest_group: whether its times cannot be told apart from the best.
    """
    compared = is_rated(cell) and is_rated(baseline.cell)
    ratios = log_ratios(by_round(baseline.cell.samples), by_round(cell.samples)) if compared else np.empty(0)
    interval = ratio_interval(ratios, level) if cell is not baseline.cell else None
    start_up, cores = costs.start_up(cell), costs.cores(cell, warm=table.warm)
    timeline = timeline_of(cell, warm=table.warm)
    return CellAnalysis(
        record=cell,
        seconds=float(np.median([sample.seconds for sample in cell.samples])) if is_rated(cell) else None,
        speedup=interval.centre if interval else exp(float(np.median(ratios))) if ratios.size else None,
        shared=ratios.size,
        interval=interval,
        verdict=verdict_of(ratios, level) if interval else "",
        trends=bool(interval) and trends(ratios),
        in_fastest_group=in_fastest_group,
        start_up=start_up,
        start_up_share=start_up / costs.seconds_of(cell.observed) if start_up is not None and cell.observed else None,
        cores=cores,
        memory=costs.memory(cell),
        page_faults=costs.page_faults(cell, warm=table.warm),
        timeline=timeline,
        shares=_shares(cell, timeline, baseline.timeline),
        limits=_limits(cell, baseline, cores),
        mishaps=mishaps(whole, table.tasks),
        throttled_rounds=costs.throttled_rounds(cell),
        left_out=len(whole.samples) - len(cell.samples),
    )


def is_rated(cell: Cell) -> bool:
    """Whether its times count."""
    return cell.outcome.kind == "ok" and bool(cell.samples)


def by_round(samples: list[Sample]) -> dict[int, float]:
    """Seconds of each round."""
    return {sample.round: sample.seconds for sample in samples}


def _shares(cell: Cell, timeline: Timeline | None, baseline: Timeline | None) -> TimeShares | None:
    """None if recording a task took longer than the task itself: the shares would be those of the recording."""
    if timeline is None or baseline is None or cell.observed is None or not is_described(cell):
        return None
    observing = cell.observed.observing
    return time_shares(timeline, baseline, observing) if timeline.busy > observing * timeline.tasks else None


def _limits(cell: Cell, baseline: Baseline, cores: float | None) -> Limits | None:
    if baseline.timeline is None or cell is baseline.cell:
        return None
    return limits(cell, baseline.lengths, baseline.timeline, computing_cores(cell, cores))


def _but_workers(cell: Cell) -> tuple[str, str, Json]:
    return cell.runner, cell.variant, {key: value for key, value in cell.settings.items() if key != "workers"}
