"""What happened to tasks, in words."""

from __future__ import annotations

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.comparability import Mishaps


def counted(mishaps: Mishaps) -> str:
    """4,987 of 5,000 tasks succeeded; 13 timed out; empty where nothing happened."""
    if not mishaps:
        return ""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in mishaps.failed.items())
    retries = f"{mishaps.retries:,} {'retry' if mishaps.retries == 1 else 'retries'}" if mishaps.retries else ""
    counts = f"{mishaps.tasks - sum(mishaps.failed.values()):,} of {mishaps.tasks:,} tasks succeeded"
    return "; ".join(part for part in (counts, kinds, retries) if part)


def why_missing(cell: CellAnalysis) -> str:
    """Why a cell has no times."""
    if cell.outcome.reason or not cell.left_out:
        return cell.outcome.reason or "it was not sampled"
    done = counted(cell.mishaps) or f"all its {cell.mishaps.tasks:,} tasks succeeded"
    return f"{done}; other tasks failed than under the others, so it is not compared with them"
