"""From how long a task on another runner is worth it, in words; it is a model, so each says "by these figures"."""

from __future__ import annotations

import math

from concbench.advice.finding import Finding
from concbench.analysis.break_even import break_even, with_rival
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.units import seconds

_FAR = 1.2
"""Times longer or shorter, from which a break-even is another length than that which was measured."""


def not_worth_it(table: TableAnalysis) -> list[Finding]:
    """Why `sequential` is best, where handing a task out costs more than it saves."""
    even = with_rival(table)
    if even is None or even.length < even.task:
        return []
    found = Finding(
        f"A task takes {seconds(even.task)}; {even.rival.name} adds {seconds(even.added)} to each, starting included: "
        f"with as many tasks it would be worth it above {seconds(even.length)} a task, by these figures.",
        {"task_seconds": even.task, "added_seconds": even.added, "break_even_seconds": even.length},
    )
    return [found]


def what_if(table: TableAnalysis, chosen: CellAnalysis) -> list[str]:
    """What would change the answer."""
    if chosen is table.baseline:
        even = with_rival(table)
        if even is None or even.length < _FAR * even.task:
            return []
        times = _rounded_up(even.length / even.task)
        return [f"If tasks were {times} times longer, {even.rival.name} would be faster, by these figures."]
    even = break_even(table, chosen)
    if even is None or even.length * _FAR > even.task:
        return []
    times = _rounded_up(even.task / even.length)
    return [f"If tasks were {times} times shorter, {table.baseline.name} would be as fast, by these figures."]


def _rounded_up(times: float) -> str:
    """To a whole number of one digit, or of two."""
    unit = 10 ** max(0, math.floor(math.log10(times)) - 1)
    return f"{math.ceil(times / unit) * unit:,}"
