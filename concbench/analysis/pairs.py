"""Pairs of cells that are compared: the printed confidence holds for all of them together."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from concbench.results.records import Cell, CellId


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
    return len(others) + sum(1 for cell in away for _ in _more(cell, cells, baseline))


def compared(cells: Collection[Cell], baseline: CellId) -> int:
    """Number of comparisons among the cells with samples; one less if the baseline never came to a sample."""
    sampled = {cell.id for cell in cells if cell.samples}
    return comparisons(sampled, baseline) - (bool(sampled) and baseline not in sampled)


def _more(cell: CellId, cells: Collection[CellId], baseline: CellId) -> Iterator[CellId]:
    """The cells with which a cell of another variant is compared, beside the baseline."""
    own, twin = CellId(baseline.label, cell.variant), CellId(cell.label, baseline.variant)
    if cell.label != baseline.label:  # otherwise the two are the baseline and the cell itself
        yield from (one for one in (own, twin) if one in cells)
