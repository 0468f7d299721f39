"""What the observed pass of a cell cost: cores, memory, start-up and page faults, as far as they could be counted."""

from __future__ import annotations

from concbench.analysis.thresholds import THROTTLED
from concbench.results.records import Cell, ObservedPass, number
from concbench.traits import CALLER, ELSEWHERE, INTERPRETERS, LOOP, PROCESSES, THREADS

SHORTEST_PASS = 100e-6
"""Seconds of a pass below which its CPU time says nothing: reading it takes some microseconds, which count as CPU time
and not as elapsed time. A loop that keeps one core busy came out as 1.18 cores in 10 us, 1.03 in 100 us (medians of
60)."""
SHORTEST_PASS_IN_TICKS = 0.050
"""The same if CPU time is counted from outside, in ticks of 10 ms: each process that lives on may have one too many."""
_TICKS = 0.020
"""CPU seconds that each process may have too many where they are counted in ticks."""
_IN_THIS_PROCESS = {CALLER, THREADS, LOOP, INTERPRETERS}


def seconds_of(observed: ObservedPass) -> float:
    """Seconds of a pass, from start to stop."""
    return observed.start + observed.work + observed.stop


def cores(cell: Cell, *, warm: bool) -> float | None:
    """CPU seconds over wall seconds of the observed pass; None if not all of them could be counted.

    Workers elsewhere report their own CPU time. Worker processes that the measuring process does not reap, or that are
    kept, are missing from its own account: they are counted from outside, in ticks. For a runner that does not declare
    whether its workers are reaped, the own account is used, unless the outside count is larger than ticks can explain.
    """
    observed = cell.observed
    if observed is None:
        return None
    total = seconds_of(observed)
    if cell.traits.where == ELSEWHERE:
        cpu = number(observed.figures, "cpu_seconds")
        return None if cpu is None or total < SHORTEST_PASS else cpu / total
    in_our_account = _is_in_our_account(cell, warm=warm)
    if total < (SHORTEST_PASS if in_our_account else SHORTEST_PASS_IN_TICKS):
        return None
    if in_our_account:
        cpu = observed.cpu
    elif observed.tree_cpu is None or (cell.traits.where == PROCESSES and cell.traits.reaped is not None):
        cpu = observed.tree_cpu
    else:
        ticks = _TICKS * (observed.processes or 1)
        cpu = observed.cpu if observed.cpu and observed.tree_cpu <= observed.cpu + ticks else observed.tree_cpu
    return None if cpu is None else cpu / total


def cores_beside_initializer(cell: Cell, busy: float | None) -> float | None:
    """Cores kept busy apart from the initializers, whose CPU time is estimated from the samples."""
    observed = cell.observed
    if observed is None or busy is None or not observed.initializer_seconds:
        return busy
    paid = sum(sample.initializer for sample in cell.samples)
    share = sum(sample.initializer_cpu for sample in cell.samples) / paid if paid else 0.0
    total, initializer = seconds_of(observed), observed.initializer_seconds
    remaining = total - initializer
    return max(0.0, busy * total - share * initializer) / remaining if remaining > 0 else None


def page_faults(cell: Cell, *, warm: bool) -> int | None:
    """Page faults of the observed pass; None if those of workers are missing from our account."""
    return cell.observed.page_faults if cell.observed and _is_in_our_account(cell, warm=warm) else None


def memory(cell: Cell) -> int | None:
    """Peak memory of the observed pass in bytes, all processes together; None if some are elsewhere."""
    return cell.observed.memory if cell.observed and cell.traits.where != ELSEWHERE else None


def start_up(cell: Cell) -> float | None:
    """Seconds until as many workers had begun a task as can be at work at once, or all that ever did.

    None if they are elsewhere: their clocks cannot be compared with ours.
    """
    if cell.observed is None or cell.traits.where == ELSEWHERE:
        return None
    began = cell.observed.began
    return began[min(cell.workers, len(began)) - 1] if began else 0.0


def usable_cores(cell: Cell) -> float | None:
    """Cores that the measuring process may use, or the quota if that is lower; None if that is not known.

    Older results files lack `allowed`; their `cores` are whole cores within both limits.
    """
    whole_cores, quota = number(cell.interpreter, "cores"), quota_of(cell)
    if whole_cores is None or whole_cores < 1:
        return None
    allowed = number(cell.interpreter, "allowed") or whole_cores
    return int(allowed) if quota is None else min(quota, int(allowed))


def quota_of(cell: Cell) -> float | None:
    """The CPU quota of the control group, in cores; None if there is no quota."""
    quota = number(cell.interpreter, "quota")
    return quota if quota is not None and quota > 0 else None


def throttled_rounds(cell: Cell) -> int:
    """Rounds in which a quota kept the workers from running for more than `THROTTLED` of the time."""
    return sum(
        sample.throttled is not None and sample.throttled > THROTTLED * sample.seconds * sample.repeats
        for sample in cell.samples
    )


def worker_memory(cell: Cell, baseline: Cell) -> float | None:
    """Bytes that a worker process added in the observed pass; None if that is not known, or if workers share a process.

    It is the memory beyond that of the baseline, or beyond that at the beginning of the pass if this is less: a process
    that executes no tasks does not hold the objects that tasks make.
    """
    own, before, observed = memory(cell), memory(baseline), cell.observed
    if own is None or before is None or observed is None or not cell.traits.isolates:
        return None
    alive = cell.workers if observed.processes is None else min(cell.workers, max(1, observed.processes - 1))
    began = min((memory for _, memory in observed.memory_track[:1]), default=before)
    return max(0.0, own - min(before, began)) / alive


def processes_that_fit(allowed: float, each: float) -> int:
    """Number of worker processes of `each` bytes that fit into the allowed memory."""
    return int(allowed // max(each, 1.0))


def _is_in_our_account(cell: Cell, *, warm: bool) -> bool:
    """Whether the system counts all of the cell's work for the measuring process and its reaped children."""
    traits = cell.traits
    return traits.where in _IN_THIS_PROCESS or (traits.where == PROCESSES and traits.reaped is True and not warm)
