"""From how long a task on another runner is worth it: a line through what one length of tasks has shown.

What a runner takes is taken apart into what is there whatever the tasks are (its observed start-up, dispatch and
shut-down) and the rest, which grows with them as what `sequential` takes does. That is a model and no
measurement, so every sentence says "by these figures".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from concbench.advice.budget import chunk_of
from concbench.advice.evidence import CellEvidence, Evidence, cores_of
from concbench.advice.rules import COMPUTES, IN_PROCESSES, SHARING, WAITS
from concbench.units import seconds

_FAR = 1.2
"""Times longer or shorter, from which a break-even is another length than that which was measured."""


@dataclass(frozen=True)
class BreakEven:
    """Between `sequential` and a runner; times in seconds."""

    rival: CellEvidence
    task: float
    """That were measured."""
    added: float
    """By the rival to each task, its start included: what is there however long the tasks are."""
    length: float
    """Of a task from which the rival is worth it."""


def break_even(seen: Evidence, rival: CellEvidence) -> BreakEven | None:
    """Where a runner begins to be worth it; None if that cannot be said."""
    took = rival.seconds or (rival.cell.warmup.seconds if rival.cell.warmup else None)
    tasks, baseline = seen.table.tasks, seen.baseline.seconds
    if took is None or baseline is None or seen.baseline.cell.workers > 1 or rival.cell.workers < 2:
        return None
    fixed = _fixed(rival, took, baseline, tasks)
    gained = baseline - (took - fixed)
    if fixed <= 0 or gained <= 0:
        return None
    return BreakEven(rival, baseline / tasks, fixed / tasks, fixed / gained * baseline / tasks)


def _fixed(rival: CellEvidence, took: float, baseline: float, tasks: int) -> float:
    """Seconds that do not depend on how long the tasks are; of a cell that was not observed, a guess.

    The guess is what it took beyond an even share of the work, for each worker that can be at work at the same time.
    """
    if rival.line is not None:
        idle = rival.line.start_up + rival.line.dispatch + rival.line.shut_down
        return min(took, idle / rival.line.workers)
    usable = cores_of(rival.cell)
    most = usable if usable is not None and rival.cell.runner in IN_PROCESSES else tasks
    return took - baseline / max(1, min(rival.cell.workers, tasks, most))


def not_worth_it(seen: Evidence) -> list[str]:
    """Why `sequential` is best, where handing a task out costs more than it saves."""
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
    if even is None or even.length * _FAR > even.task:
        return []
    times = _rounded_up(even.task / even.length)
    return [f"If tasks were {times} times shorter, {seen.baseline.name} would be as fast, by these figures."]


def _with_rival(seen: Evidence) -> BreakEven | None:
    """With the first runner that could do such work at once: processes if it computes, threads if it waits."""
    cores = seen.baseline.cores
    if cores is None or WAITS < cores < COMPUTES:
        return None
    able = SHARING if cores <= WAITS else IN_PROCESSES
    rivals = [
        cell
        for cell in seen.cells
        if cell.cell.runner in able and chunk_of(cell.cell) == 1 and cell.cell.outcome.kind != "failed"
    ]
    evens = (break_even(seen, cell) for cell in rivals)
    return next((even for even in evens if even is not None), None)


def _rounded_up(times: float) -> str:
    """To a whole number of one digit, or of two."""
    unit = 10 ** max(0, math.floor(math.log10(times)) - 1)
    return f"{math.ceil(times / unit) * unit:,}"
