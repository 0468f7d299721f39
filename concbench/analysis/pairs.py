"""Pairs of cells that are compared: the printed confidence holds for all of them together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from concbench.analysis.thresholds import FAR_BEHIND
from concbench.results.records import Cell, CellId
from concbench.stats.intervals import FEWEST, log_ratios, ratio_interval
from concbench.stats.noise import Noise
from concbench.stats.trend import trends
from concbench.stats.verdicts import fastest


def baseline_of(cells: Collection[Cell], chosen: CellId) -> CellId:
    """The baseline to compare with: if the chosen one ended early, the same runner under the next variant."""
    if any(cell.id == chosen and cell.outcome.kind != "ok" for cell in cells):
        return next((cell.id for cell in cells if cell.label == chosen.label and cell.outcome.kind == "ok"), chosen)
    return chosen


def comparisons(cells: Collection[CellId], baseline: CellId) -> int:
    """Number of ratios that may be printed for these cells, whether or not the baseline is among them.

    Each cell is compared with the baseline. A cell under another variant is also compared with the baseline's runner
    under that variant, and with its own runner under the baseline's variant.
    """
    others = [cell for cell in cells if cell != baseline]
    away = [cell for cell in others if cell.variant != baseline.variant]
    return len(others) + sum(1 for cell in away for _ in _further_partners(cell, cells, baseline))


def sampled_comparisons(cells: Collection[Cell], baseline: CellId) -> int:
    """Number of comparisons among the cells with samples; one less if the baseline never came to a sample."""
    sampled = {cell.id for cell in cells if cell.samples}
    return comparisons(sampled, baseline) - (bool(sampled) and baseline not in sampled)


def far_behind(seconds: Mapping[CellId, Mapping[int, float]], level: float, noise: Noise[CellId]) -> set[CellId]:
    """The cells that are proved to take more than twice as long as the fastest cell of their variant.

    They cannot be the fastest, whatever their verdict against the baseline is. Cells with fewer than three rounds, and
    cells whose ratios trend from round to round, are not among them.

    Args:
        seconds: seconds of one execution of every cell, by round.
        level: two-sided error level of each comparison at this look.
        noise: the noise of the table.
    """
    limit = 1 / FAR_BEHIND[max(FAR_BEHIND)]
    behind = set[CellId]()
    for variant in {cell.variant for cell in seconds}:
        rivals = {cell: times for cell, times in seconds.items() if cell.variant == variant and len(times) >= FEWEST}
        leader = fastest(rivals) if rivals else None
        for cell, times in rivals.items():
            if leader is not None and cell != leader:
                ratios = log_ratios(rivals[leader], times)
                interval = ratio_interval(ratios, level, noise.prior(leader, cell))
                if interval is not None and interval.high < limit and not trends(ratios):
                    behind.add(cell)
    return behind


def _further_partners(cell: CellId, cells: Collection[CellId], baseline: CellId) -> Iterator[CellId]:
    """The cells with which a cell of another variant is compared, beside the baseline."""
    baseline_twin, twin = CellId(baseline.label, cell.variant), CellId(cell.label, baseline.variant)
    if cell.label != baseline.label:  # otherwise the two are the baseline and the cell itself
        yield from (partner for partner in (baseline_twin, twin) if partner in cells)
