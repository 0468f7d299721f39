"""Speed-ups in words."""

from __future__ import annotations

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.units import ratio, span


def rate_of(cell: CellAnalysis) -> str:
    """The speed-up of a cell with its confidence interval, as text."""
    interval = f" [{span(cell.interval.low, cell.interval.high)}]" if cell.interval else ""
    return f"{ratio(cell.speedup or 0)}{interval}"
