"""The figures of one table: those of its cells, and how they compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from concbench.analysis import costs
from concbench.analysis.cell_analysis import Baseline, CellAnalysis, analyse_cell, by_round, is_rated
from concbench.analysis.comparability import comparable_cells
from concbench.analysis.noise import noise_of
from concbench.analysis.pairs import baseline_of, far_behind, sampled_comparisons
from concbench.results.records import Cell, CellId, Outcome, Table
from concbench.stats.intervals import FEWEST, Interval, log_ratios, look_level, ratio_interval
from concbench.stats.noise import Noise
from concbench.stats.verdicts import SLOWER, fastest_group, verdict_of

UNSTEADY = 1.07
"""Median over minimum of the baseline above which the machine is noisy, if the load cannot be read."""


@dataclass(frozen=True)
class Change:
    """A runner under another variant than the baseline's, compared with itself under the baseline's variant."""

    cell: CellAnalysis
    before: CellAnalysis
    """The same runner under the variant of the baseline."""
    interval: Interval
    """How many times as fast it is: an interval at the confidence of the whole table."""
    verdict: str
    """The verdict: faster, slower, same or undecided."""


@dataclass(frozen=True, repr=False)
class TableAnalysis:
    """The figures of one table: a workload under its runners. Iterating over it yields the figures of its cells."""

    record: Table
    """The raw table; its baseline is that below."""
    baseline: CellAnalysis
    """The cell with which the others are compared."""
    cells: list[CellAnalysis]
    """Every cell, in the order of the table."""
    fastest: CellAnalysis | None
    """The cell of the fastest group that took the least time; None as long as there are no intervals."""
    other_load: float | None
    """Cores that other processes used, median over the rounds; None if it could not be read."""
    under: Mapping[str, TableAnalysis] = field(default_factory=dict)
    """The analysis of each of several variants by label: its cells are compared with the baseline's runner there."""
    changes: list[Change] = field(default_factory=list)
    """What each runner gains under another variant than the baseline's."""
    chosen_baseline: CellAnalysis | None = None
    """The chosen baseline, if it ended early and the same runner under another variant takes its place."""

    def __iter__(self) -> Iterator[CellAnalysis]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __repr__(self) -> str:
        return f"<{self.workload}: {', '.join(str(cell.id) for cell in self.cells)}>"

    def __getitem__(self, which: str | CellId) -> CellAnalysis:
        """The cell of a label, such as "thread-pool:32", or of a name as tables show it, such as "thread-pool(32)".

        Raises:
            KeyError: there is no such cell; names the nearest.
        """
        matching = (cell for cell in self.cells if which in (cell.id, str(cell.id), cell.name))
        return next(matching, None) or self.cells[self.record.cells.index(self.record.cell(which))]

    def __contains__(self, which: object) -> bool:
        """Whether the table has a cell of this label."""
        return any(which in (cell, cell.id, str(cell.id)) for cell in self.cells)

    @property
    def workload(self) -> str:
        """The name of the workload."""
        return self.record.workload

    @property
    def measured(self) -> list[CellAnalysis]:
        """The cells that have times."""
        return [cell for cell in self.cells if cell.seconds is not None]

    @property
    def fastest_group(self) -> list[CellAnalysis]:
        """The cells that are statistically tied with the fastest; empty without intervals."""
        return [cell for cell in self.cells if cell.in_fastest_group]

    @property
    def cores_of_the_work(self) -> float | None:
        """Cores that the work itself keeps busy, without initializer; None unless the baseline runs single tasks."""
        if not self.baseline.works_singly:
            return None
        return costs.cores_beside_initializer(self.baseline.record, self.baseline.cores)

    @property
    def unsteady(self) -> float | None:
        """Median over minimum of the baseline's samples, if it shows that the machine was noisy; otherwise None."""
        samples = [sample.seconds for sample in self.baseline.record.samples]
        spread = float(np.median(samples)) / min(samples) if samples else 1.0
        return spread if spread > UNSTEADY else None


def analyse(table: Table) -> TableAnalysis:
    """Derive every figure of a table from the samples that can be compared."""
    chosen = table.baseline
    if (other := baseline_of(table.cells, chosen)) != chosen:
        table = replace(table, baseline=other)
    level = look_level(table.max_rounds, sampled_comparisons(table.cells, table.baseline))
    whole = _analyse(table, level)
    variants = [*dict.fromkeys(cell.variant for cell in table.cells)]
    if len(variants) < 2:
        return whole
    under = {variant: _analyse(_part(table, variant), level) for variant in variants}
    ended_early = whole[chosen] if chosen != table.baseline else None
    return replace(whole, under=under, changes=_changes(whole, level), chosen_baseline=ended_early)


def _part(table: Table, variant: str) -> Table:
    """The part of a table that was measured under one variant."""
    baseline = CellId(table.baseline.label, variant)
    return replace(table, baseline=baseline, cells=[cell for cell in table.cells if cell.variant == variant])


def _changes(whole: TableAnalysis, level: float) -> list[Change]:
    cells = {cell.id: cell for cell in whole.measured}
    noise = noise_of([cell.record for cell in whole])
    changes = []
    for cell in whole.measured:
        before = cells.get(CellId(cell.label, whole.baseline.variant))
        if cell.variant != whole.baseline.variant and before is not None:
            ratios = log_ratios(by_round(before.record.samples), by_round(cell.record.samples))
            prior = noise.prior(before.id, cell.id)
            if interval := ratio_interval(ratios, level, prior):
                changes.append(Change(cell, before, interval, verdict_of(ratios, level, prior)))
    return changes


def _analyse(table: Table, level: float) -> TableAnalysis:
    """Analyse a table, except for the comparison of its variants."""
    comparable = replace(table, cells=comparable_cells(table.cells, table.tasks))
    baseline = Baseline.of(_baseline(comparable), warm=table.warm)
    seconds = {cell.id: by_round(cell.samples) for cell in comparable.cells if is_rated(cell)}
    noise = noise_of(comparable.cells)
    group, behind = _fastest_group(seconds, level, noise), far_behind(seconds, level, noise)
    cells = [
        analyse_cell(cell, whole, baseline, table, level, noise, in_fastest_group=cell.id in group)
        for cell, whole in zip(comparable.cells, table.cells, strict=True)
    ]
    cells = [
        replace(cell, in_fastest_group=cell.in_fastest_group and not _behind(cell, cells))
        if cell.interval or cell.record is baseline.cell
        else cell
        for cell in cells
    ]
    cells = [replace(cell, far_behind=cell.id in behind) for cell in cells]
    analysed_baseline = next((cell for cell in cells if cell.record is baseline.cell), None) or analyse_cell(
        baseline.cell, baseline.cell, baseline, table, level, noise, in_fastest_group=False
    )
    return TableAnalysis(
        record=table,
        baseline=analysed_baseline,
        cells=cells,
        fastest=_fastest(cells),
        other_load=float(np.median(table.load)) if table.load else None,
    )


def _baseline(table: Table) -> Cell:
    """The cell of the baseline; an empty one if the measurement was interrupted before the baseline began."""
    which = table.baseline
    name = which.label.partition(":")[0]
    unknown = Cell(which.label, name, {}, 1, which.variant, outcome=Outcome("inapplicable", "it was not begun"))
    return next((cell for cell in table.cells if cell.id == which), unknown)


def _fastest_group(seconds: Mapping[CellId, Mapping[int, float]], level: float, noise: Noise[CellId]) -> list[CellId]:
    """The identities of the fastest group, the leader first; empty as long as there are no intervals."""
    if len(seconds) < 2 or max(map(len, seconds.values())) < FEWEST:
        return []
    return list(fastest_group(seconds, level, noise))


def _behind(cell: CellAnalysis, cells: list[CellAnalysis]) -> bool:
    """Whether the intervals of the ratios to the baseline already separate a cell from a faster one."""
    if cell.verdict == SLOWER:
        return True
    high = cell.high if cell.high is not None else 1.0
    return any(high < other.interval.low for other in cells if other.interval)


def _fastest(cells: list[CellAnalysis]) -> CellAnalysis | None:
    group = [cell for cell in cells if cell.in_fastest_group]
    return min(group, key=lambda cell: cell.seconds or 0.0, default=None)
