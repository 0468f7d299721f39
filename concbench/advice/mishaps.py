"""Failed and retried tasks, in words."""

from __future__ import annotations

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.comparability import Mishaps
from concbench.units import seconds


def mishap_counts(mishaps: Mishaps) -> str:
    """The counts as text, such as "4,987 of 5,000 tasks succeeded; 13 timed out"; empty if there are no mishaps."""
    if not mishaps:
        return ""
    counts = f"{mishaps.tasks - sum(mishaps.failed.values()):,} of {mishaps.tasks:,} tasks succeeded"
    kinds = [f"{count:,} {kind}{_first(mishaps, kind)}" for kind, count in mishaps.failed.items()]
    retries = [f"{mishaps.retries:,} {'retry' if mishaps.retries == 1 else 'retries'}"] if mishaps.retries else []
    return "; ".join([counts, *kinds, *retries])


def _first(mishaps: Mishaps, kind: str) -> str:
    return f" (the first: {mishaps.first[kind]})" if kind in mishaps.first else ""


def why_missing(cell: CellAnalysis) -> str:
    """Why a cell has no times."""
    if cell.outcome.reason:
        return cell.outcome.reason
    if not cell.left_out:
        return executed_once(cell) or "it was not sampled"
    done = mishap_counts(cell.mishaps) or f"all its {cell.mishaps.tasks:,} tasks succeeded"
    other = "the tasks that failed were not the ones that failed under the other runners"
    return f"{done}; {other}, so it is not compared with them"


def executed_once(cell: CellAnalysis) -> str:
    """Say that there was only time for the first execution; empty otherwise."""
    first = cell.record.warmup
    if first is None or cell.record.samples or cell.outcome.kind != "ok":
        return ""
    return f"it was executed once, in {seconds(first.seconds)}, and there was no time for more; --budget allows more"
