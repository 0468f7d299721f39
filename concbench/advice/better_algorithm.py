"""How much another algorithm gains, compared with more workers."""

from __future__ import annotations

from concbench.advice.finding import Finding
from concbench.analysis.table_analysis import TableAnalysis
from concbench.results.records import number
from concbench.units import ratio, seconds


def better_algorithm(table: TableAnalysis) -> Finding | None:
    """Report another algorithm that is faster than every cell, or slower than the baseline."""
    facts, baseline = table.record.facts, table.baseline.seconds
    other, took = facts.get("other_algorithm"), number(facts, "other_algorithm_seconds")
    if baseline is None or not isinstance(other, str) or not took or took <= 0:
        return None
    figures = {"seconds": took, "baseline_seconds": baseline}
    if took < min(cell.seconds or baseline for cell in table.measured):
        return Finding(
            f"A better algorithm gains more than additional workers: {other} gives the same results in "
            f"{seconds(took)}, {ratio(baseline / took)} as fast as {table.baseline.name} (timed once).",
            figures,
            brief=f"A better algorithm gains more: {other} takes {seconds(took)} (timed once).",
        )
    if took > baseline:
        return Finding(
            f"With {other}, the same results take {seconds(took)} (timed once), {ratio(took / baseline)} as long as "
            f"{table.baseline.name}.",
            figures,
        )
    return None
