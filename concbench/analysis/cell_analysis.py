"""The figures of one cell, derived from its raw results: everything that rules, columns and programs need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp

import numpy as np

from concbench.analysis import costs
from concbench.analysis.comparability import Mishaps, mishaps
from concbench.analysis.limits import PossibleSpeedups, computing_cores, possible_speedups
from concbench.analysis.places import is_described, is_here, works_singly
from concbench.analysis.time_shares import TimeShares, time_shares, timeline_of
from concbench.results.records import Cell, CellId, Json, Outcome, Sample, Table
from concbench.stats.intervals import Interval, log_ratios, ratio_interval
from concbench.stats.noise import Noise
from concbench.stats.timeline import Timeline
from concbench.stats.trend import trends
from concbench.stats.verdicts import CLOSE, verdict_of
from concbench.traits import Traits


@dataclass(frozen=True, repr=False)
class CellAnalysis:
    """The figures of one cell: a workload under a configured runner. A figure is None if not measured or not known."""

    record: Cell
    """The raw cell, with only the samples that can be compared."""
    seconds: float | None
    """Median of the samples: seconds of one execution."""
    speedup: float | None
    """The typical per-round ratio to the baseline: above 1 is faster. The baseline's own is 1."""
    shared_rounds: int
    """Number of rounds that this cell and the baseline share."""
    interval: Interval | None
    """Interval of the speed-up at the confidence of the whole table; None for the baseline and below three rounds."""
    verdict: str
    """The verdict: faster, slower, same or undecided; empty for the baseline and without an interval."""
    trends: bool
    """Whether its ratios to the baseline still trend from round to round, so that it has no verdict yet."""
    in_fastest_group: bool
    """Whether it is statistically tied with the fastest."""
    start_up: float | None
    """Seconds until every worker had begun a task, in the observed pass."""
    start_up_share: float | None
    """The start-up as a share of the observed pass."""
    cores: float | None
    """CPU seconds over wall seconds of the observed pass; None also if the pass was too short to tell."""
    memory: int | None
    """Peak memory of the observed pass in bytes, all processes together."""
    page_faults: int | None
    """Page faults of the observed pass, if those of all workers were counted."""
    timeline: Timeline | None
    """Summary of the tasks of the observed pass."""
    shares: TimeShares | None
    """Where the workers' time went in the observed pass: a share for each part, such as `shares["waiting"]`."""
    limits: PossibleSpeedups | None
    """The highest possible speed-ups."""
    mishaps: Mishaps
    """Failures that were tolerated, and retries."""
    throttled_rounds: int
    """Rounds in which a quota kept its workers from running for more than 1 % of the time."""
    left_out: int
    """Rounds whose samples are left out here because other tasks failed than under other runners."""
    far_behind: bool = False
    """Whether it is proved to take more than twice as long as the fastest runner of its variant."""

    def __repr__(self) -> str:
        seconds = "not measured" if self.seconds is None else f"{self.seconds:.3g} s"
        speedup = "" if self.speedup is None else f", speed-up {self.speedup:.3g}"
        brackets = f" [{self.low:.3g}, {self.high:.3g}] {self.verdict}" if self.interval else ""
        return f"<{self.id}: {seconds}{speedup}{brackets}>"

    @property
    def low(self) -> float | None:
        """Lower end of the confidence interval of the speed-up."""
        return self.interval.low if self.interval else None

    @property
    def high(self) -> float | None:
        """Upper end of the confidence interval of the speed-up."""
        return self.interval.high if self.interval else None

    @property
    def close(self) -> bool:
        """Whether it is known to be within 10 % of the baseline, so that no verdict on it is awaited."""
        return self.interval is not None and not self.trends and self.interval.within(CLOSE)

    @property
    def id(self) -> CellId:
        """The identity of the cell, unique in its table."""
        return self.record.id

    @property
    def label(self) -> str:
        """The runner as written on the command line, such as thread-pool:32."""
        return self.record.label

    @property
    def variant(self) -> str:
        """What distinguishes cells of one runner, such as the interpreter; empty if nothing does."""
        return self.record.variant

    @property
    def runner(self) -> str:
        """The registered name of the runner, or that of its class."""
        return self.record.runner

    @property
    def settings(self) -> Json:
        """The settings of the runner."""
        return self.record.settings

    @property
    def workers(self) -> int:
        """The most tasks that can be in progress at once."""
        return self.record.workers

    @property
    def traits(self) -> Traits:
        """The traits that the runner declares."""
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
        """Number of samples that are compared."""
        return len(self.record.samples)

    @property
    def is_here(self) -> bool:
        """Whether its tasks are known to run on this machine."""
        return is_here(self.record)

    @property
    def works_singly(self) -> bool:
        """Whether it is known to run one task at a time, so that it shows what the work itself is like."""
        return works_singly(self.record)

    @property
    def pass_seconds(self) -> float | None:
        """Seconds that its observed pass took."""
        return costs.seconds_of(self.record.observed) if self.record.observed else None

    @property
    def cpu(self) -> float | None:
        """CPU seconds of the observed pass."""
        return None if self.cores is None or self.pass_seconds is None else self.cores * self.pass_seconds

    @property
    def name(self) -> str:
        """The name in tables and sentences, such as threads, thread-pool(32) or process-pool(2, spawn)."""
        return self.record.shown

    def differs_in_workers_alone(self, other: CellAnalysis) -> bool:
        """Whether another cell has the same runner and settings except for the number of workers."""
        return _but_workers(self.record) == _but_workers(other.record)


@dataclass(frozen=True)
class Baseline:
    """The cell with which others are compared."""

    cell: Cell
    timeline: Timeline | None
    """Timeline of its observed pass; None also if it runs several tasks at once and so does not show the work."""

    @classmethod
    def of(cls, cell: Cell, *, warm: bool) -> Baseline:
        """Make a baseline of a cell."""
        return cls(cell, timeline_of(cell, warm=warm) if works_singly(cell) else None)

    @property
    def lengths(self) -> list[float] | None:
        """Seconds of every task, in the order of the items; None unless all are known."""
        tasks = self.cell.observed.tasks if self.cell.observed else None
        if tasks is None or tasks.index is not None:
            return None
        return [after - before for before, after in zip(tasks.started, tasks.finished, strict=True)]


def analyse_cell(
    cell: Cell,
    whole: Cell,
    baseline: Baseline,
    table: Table,
    level: float,
    noise: Noise[CellId],
    *,
    in_fastest_group: bool,
) -> CellAnalysis:
    """Derive the figures of a cell.

    Args:
        cell: the cell with only the samples that can be compared.
        whole: the cell with all its samples.
        baseline: the baseline with which it is compared.
        table: the table of the cell.
        level: error level of one comparison.
        noise: the noise of the table.
        in_fastest_group: whether it is statistically tied with the fastest.
    """
    compared = is_rated(cell) and is_rated(baseline.cell)
    ratios = log_ratios(by_round(baseline.cell.samples), by_round(cell.samples)) if compared else np.empty(0)
    prior = noise.prior(baseline.cell.id, cell.id)
    interval = ratio_interval(ratios, level, prior) if cell is not baseline.cell else None
    start_up, cores = costs.start_up(cell), costs.cores(cell, warm=table.warm)
    timeline = timeline_of(cell, warm=table.warm)
    return CellAnalysis(
        record=cell,
        seconds=float(np.median([sample.seconds for sample in cell.samples])) if is_rated(cell) else None,
        speedup=interval.centre if interval else exp(float(np.median(ratios))) if ratios.size else None,
        shared_rounds=ratios.size,
        interval=interval,
        verdict=verdict_of(ratios, level, prior) if interval else "",
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
    """Whether the cell ended normally and has samples."""
    return cell.outcome.kind == "ok" and bool(cell.samples)


def by_round(samples: Iterable[Sample]) -> dict[int, float]:
    """Seconds of one execution, by round."""
    return {sample.round: sample.seconds for sample in samples}


def _shares(cell: Cell, timeline: Timeline | None, baseline: Timeline | None) -> TimeShares | None:
    """None if recording a task took longer than the task: the shares would describe the recording."""
    if timeline is None or baseline is None or cell.observed is None or not is_described(cell):
        return None
    observing = cell.observed.observing
    return time_shares(timeline, baseline, observing) if timeline.busy > observing * timeline.tasks else None


def _limits(cell: Cell, baseline: Baseline, cores: float | None) -> PossibleSpeedups | None:
    if baseline.timeline is None or cell is baseline.cell:
        return None
    return possible_speedups(cell, baseline.lengths, baseline.timeline, computing_cores(cell, cores))


def _but_workers(cell: Cell) -> tuple[str, str, Json]:
    return cell.runner, cell.variant, {key: value for key, value in cell.settings.items() if key != "workers"}
