"""Which cells of a table are compared with which: all of these together have the confidence that is printed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from concbench.results.records import Cell, CellId


def baseline_of(cells: Collection[Cell], chosen: CellId) -> CellId:
    """What the others are compared with: where that has ended early, the same runner under the next variant."""
    if any(cell.id == chosen and cell.outcome.kind != "ok" for cell in cells):
        return next((cell.id for cell in cells if cell.label == chosen.label and cell.outcome.kind == "ok"), chosen)
    return chosen


def comparisons(cells: Collection[CellId], baseline: CellId) -> int:
    """How many ratios may be printed of these cells, the baseline among them or not.

    Each is compared with the baseline. Under another variant than the baseline's, each is also compared with the same
    runner as the baseline there, and with itself under the baseline's variant.
    """
    others = [cell for cell in cells if cell != baseline]
    away = [cell for cell in others if cell.variant != baseline.variant]
    return len(others) + sum(1 for cell in away for _ in _more(cell, cells, baseline))


def compared(cells: Collection[Cell], baseline: CellId) -> int:
    """The same of those that have samples; one less than there are, where the baseline never came to one."""
    sampled = {cell.id for cell in cells if cell.samples}
    return comparisons(sampled, baseline) - (bool(sampled) and baseline not in sampled)


def _more(cell: CellId, cells: Collection[CellId], baseline: CellId) -> Iterator[CellId]:
    """What a cell of another variant is compared with, beside the baseline."""
    own, twin = CellId(baseline.label, cell.variant), CellId(cell.label, baseline.variant)
    if cell.label != baseline.label:  # else the two are the baseline and the cell itself
        yield from (one for one in (own, twin) if one in cells)
