"""From how long a task on another runner is worth it: a line through what one length of tasks has shown.

A runner of w workers takes O + S / w, where S is what one task after another takes: O, what the runner adds, is
measured here at one S. It is as fast as the baseline where S = O + S / w. That is a model and no measurement, so every
sentence says "by these figures".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from concbench.advice.evidence import CellEvidence, Evidence
from concbench.advice.rules import COMPUTES, IN_PROCESSES, SHARING, WAITS
from concbench.advice.units import seconds

_FAR = 1.2
"""Times longer or shorter, from which a break-even is another length than that which was measured."""


@dataclass(frozen=True)
class BreakEven:
    """Between one task after another and a runner; times in seconds."""

    rival: CellEvidence
    task: float
    """That were measured."""
    added: float
    """By the rival to each task, its start included; not above 0 where it scales better than its workers allow."""
    length: float
    """Of a task from which the rival is worth it."""


def break_even(seen: Evidence, rival: CellEvidence) -> BreakEven | None:
    """Where a runner begins to be worth it; None if that cannot be said."""
    took = rival.seconds or (rival.cell.warmup.seconds if rival.cell.warmup else None)
    workers, tasks, baseline = min(rival.cell.workers, seen.table.tasks), seen.table.tasks, seen.baseline.seconds
    if took is None or baseline is None or workers < 2:
        return None
    added = (took - baseline / workers) / tasks
    return BreakEven(rival, baseline / tasks, added, added * workers / (workers - 1))


def not_worth_it(seen: Evidence) -> list[str]:
    """Why one task after another is best, where handing a task out costs more than it saves."""
    even = _with_rival(seen)
    if even is None or even.length < even.task:
        return []
    sentence = (
        f"A task takes {seconds(even.task)}; {even.rival.name} adds {seconds(even.added)} to each, starting included: "
        f"with as many tasks it would be worth it above {seconds(even.length)} a task, by these figures."
    )
    return [sentence]


def what_if(seen: Evidence, chosen: CellEvidence) -> list[str]:
    """What would change the answer."""
    if chosen is seen.baseline:
        even = _with_rival(seen)
        if even is None or even.length < _FAR * even.task:
            return []
        times = _rounded_up(even.length / even.task)
        return [f"If tasks were {times} times longer, {even.rival.name} would be faster, by these figures."]
    even = break_even(seen, chosen)
    if even is None or even.length <= 0 or even.length * _FAR > even.task:
        return []
    times = _rounded_up(even.task / even.length)
    return [f"If tasks were {times} times shorter, one after another would be as fast, by these figures."]


def _with_rival(seen: Evidence) -> BreakEven | None:
    """With the first runner that could do such work at once: processes if it computes, threads if it waits."""
    cores = seen.baseline.cores
    if cores is None or WAITS < cores < COMPUTES:
        return None
    able = SHARING if cores <= WAITS else IN_PROCESSES
    rivals = [cell for cell in seen.cells if cell.cell.runner in able and cell.cell.settings.get("chunksize", 1) == 1]
    evens = (break_even(seen, cell) for cell in rivals)
    return next((even for even in evens if even is not None), None)


def _rounded_up(times: float) -> str:
    """To a whole number of one digit, or of two."""
    unit = 10 ** max(0, math.floor(math.log10(times)) - 1)
    return f"{math.ceil(times / unit) * unit:,}"
