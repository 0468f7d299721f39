"""Functions with state: whether an answer holds for programs that call them once per process, or again and again."""

from __future__ import annotations

from concbench.advice.finding import WARNING, Finding
from concbench.analysis.table_analysis import TableAnalysis
from concbench.units import seconds


def first_use_warning(table: TableAnalysis) -> list[Finding]:
    """Say whether first or later use was measured, and how to measure the other."""
    state = table.record.kept
    if state.kind != "state" or not state.first or not state.later:
        return []
    first, later = state.first[-1], state.later[-1]
    took = f"sequential took {seconds(first)} the first time in a process, and {seconds(later)} after that"
    if table.record.fresh:
        sentence = (
            f"This holds for a program that does this work once per process: {took}. Repeated work in one process was "
            "not measured: use --no-fresh (new workers each time) or --warm (kept workers)."
        )
        brief = "It holds for a program that does this work once per process (see --no-fresh)."
    else:
        brief = "It holds for a process that repeats this work with new workers (see --fresh)."
        sentence = (
            f"This holds for a process that repeats this work with new workers each time: {took}. A program that does "
            "it once per process was not measured: use --fresh."
        )
    figures = {"first_seconds": first, "later_seconds": later}
    return [Finding(sentence, figures, "pitfalls/first-use", brief=brief, role=WARNING)]
