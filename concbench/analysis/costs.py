"""What the observed pass of a cell cost: cores, memory, start-up and page faults, as far as they could be counted."""

from __future__ import annotations

from concbench.results.records import Cell, Observed, number
from concbench.traits import CALLER, ELSEWHERE, INTERPRETERS, LOOP, PROCESSES, THREADS

CPU_TOLD = 100e-6
"""Seconds of a pass below which its CPU time says nothing: reading it takes some microseconds, which count as CPU and
not as time. A loop that keeps one core busy came out as 1.18 cores in 10 us, 1.03 in 100 us (medians of 60)."""
TICKS_TOLD = 0.050
"""The same where it is counted from outside, in ticks of 10 ms: of every process that lives on, one may be too many."""
_TICKS = 0.020
"""Seconds of CPU time that may be too many for each process where they are counted in ticks."""
_IN_THIS_PROCESS = {CALLER, THREADS, LOOP, INTERPRETERS}


def seconds_of(observed: Observed) -> float:
    """How long a pass took, from start to stop."""
    return observed.start + observed.work + observed.stop


def cores(cell: Cell, *, warm: bool) -> float | None:
    """CPU over wall seconds of the observed pass; None where not all of it could be counted.

    Worker processes that are not ours to reap, and those that are kept, are missing from our own account: they are
    counted from outside, in ticks. Of a runner that does not say which it is, our own account is taken, unless the
    other has more than ticks can explain.
    """
    observed = cell.observed
    if observed is None or cell.traits.where == ELSEWHERE:
        return None
    total = seconds_of(observed)
    own = _is_in_our_account(cell, warm=warm)
    if total < (CPU_TOLD if own else TICKS_TOLD):
        return None
    if own:
        cpu = observed.cpu
    elif observed.tree_cpu is None or (cell.traits.where == PROCESSES and cell.traits.reaped is not None):
        cpu = observed.tree_cpu
    else:
        ticks = _TICKS * (observed.processes or 1)
        cpu = observed.cpu if observed.cpu and observed.tree_cpu <= observed.cpu + ticks else observed.tree_cpu
    return None if cpu is None else cpu / total


def page_faults(cell: Cell, *, warm: bool) -> int | None:
    """Of the observed pass; None where those of workers are missing from our account."""
    return cell.observed.page_faults if cell.observed and _is_in_our_account(cell, warm=warm) else None


def memory(cell: Cell) -> int | None:
    """Bytes at the peak of the observed pass, all processes together; None where some are elsewhere."""
    return cell.observed.memory if cell.observed and cell.traits.where != ELSEWHERE else None


def start_up(cell: Cell) -> float | None:
    """Seconds until as many workers had begun a task as can be at work at once, or all that ever did.

    None where they are elsewhere: their clocks are not ours.
    """
    if cell.observed is None or cell.traits.where == ELSEWHERE:
        return None
    began = cell.observed.began
    return began[min(cell.workers, len(began)) - 1] if began else 0.0


def usable_cores(cell: Cell) -> int | None:
    """Cores that its measuring process may use; None where that is not known."""
    found = number(cell.interpreter, "cores")
    return int(found) if found is not None and found >= 1 else None


def _is_in_our_account(cell: Cell, *, warm: bool) -> bool:
    """Whether the system counts all of the cell's work as that of the measuring process and its reaped children."""
    traits = cell.traits
    return traits.where in _IN_THIS_PROCESS or (traits.where == PROCESSES and traits.reaped is True and not warm)
