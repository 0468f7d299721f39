"""Task lengths from which another runner pays, in words; a model, so each sentence says "by these figures"."""

from __future__ import annotations

import math

from concbench.advice.finding import Finding
from concbench.analysis.break_even import break_even, first_break_even
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.units import seconds

_FAR = 1.2
"""Factor by which a break-even must differ from the measured task length to be mentioned."""


def not_worth_it(table: TableAnalysis) -> list[Finding]:
    """Say why `sequential` is best, if handing out a task costs more than it saves."""
    even = first_break_even(table)
    if even is None or even.break_even_seconds < even.task_seconds:
        return []
    task, above = seconds(even.task_seconds), seconds(even.break_even_seconds)
    adds = f"{even.rival.name} adds {seconds(even.added_seconds)}"
    finding = Finding(
        f"A task takes {task}; {adds} to each, starting included: "
        f"with as many tasks it would be worth it above {above} a task, by these figures.",
        {
            "task_seconds": even.task_seconds,
            "added_seconds": even.added_seconds,
            "break_even_seconds": even.break_even_seconds,
        },
        brief=f"{adds} to a task of {task}: worth it above {above}, by these figures.",
    )
    return [finding]


def what_if(table: TableAnalysis, chosen: CellAnalysis) -> list[str]:
    """Say which task length would change the answer."""
    if chosen is table.baseline:
        even = first_break_even(table)
        if even is None or even.break_even_seconds < _FAR * even.task_seconds:
            return []
        times = _rounded_up(even.break_even_seconds / even.task_seconds)
        return [f"If tasks were {times} times longer, {even.rival.name} would be faster, by these figures."]
    even = break_even(table, chosen)
    if even is None or even.break_even_seconds * _FAR > even.task_seconds:
        return []
    times = _rounded_up(even.task_seconds / even.break_even_seconds)
    return [f"If tasks were {times} times shorter, {table.baseline.name} would be as fast, by these figures."]


def _rounded_up(times: float) -> str:
    """The number rounded up to two significant digits, or to a whole number below 10."""
    unit = 10 ** max(0, math.floor(math.log10(times)) - 1)
    return f"{math.ceil(times / unit) * unit:,}"
