"""Findings on where a cell lost most of its workers' time.

To add one, write a function for the part of the time, and add its line to _LOSSES.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from concbench.advice.finding import Finding, known
from concbench.advice.sending import WORTH, function_data_phrase
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.costs import quota_of, throttled_rounds, usable_cores
from concbench.analysis.places import is_worker_for_each_task
from concbench.analysis.sending import cargo_of
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import COMPUTES, MORE_THAN_ONE, WAITS
from concbench.analysis.time_shares import (
    CONTENTION,
    DISPATCH,
    SHUT_DOWN,
    SLOWER,
    START_UP,
    TAIL,
    USEFUL,
    WAITING,
    TimeShares,
    chunk_of,
)
from concbench.results.records import number
from concbench.stats.timeline import Timeline
from concbench.stats.verdicts import FASTER, UNDECIDED
from concbench.traits import CALLER
from concbench.units import data, percent, ratio, seconds

WORTH_A_WORD = 0.05
"""Share of the workers' time above which a loss is named."""
_MOSTLY = 0.5
LONG = 2.0
"""Multiple of the median from which a task counts as long."""


@dataclass(frozen=True)
class _Case:
    cell: CellAnalysis
    shares: TimeShares
    timeline: Timeline
    baseline_timeline: Timeline
    table: TableAnalysis

    def share(self, part: str) -> str:
        return percent(self.shares[part])

    def finding(self, part: str, sentence: str, page: str = "", **figures: float | None) -> Finding:
        """A finding that quotes the share of a part, with the page on that pitfall."""
        return Finding(sentence, known(share=self.shares[part], **figures), f"pitfalls/{page}" if page else "")


def findings_of(cell: CellAnalysis, table: TableAnalysis) -> list[Finding]:
    """The findings on where a cell's time went, the most important first."""
    too_few, loss = None if _more_are_no_faster(cell, table) else too_few_workers(cell), largest_loss(cell, table)
    if too_few is None:
        return [loss] if loss else []
    assert cell.shares is not None
    is_large = cell.shares[cell.shares.largest_loss] >= WORTH_A_WORD
    return [too_few, loss] if loss and is_large else [too_few]


def too_few_workers(cell: CellAnalysis) -> Finding | None:
    """Report workers that waited most of their time although there were more tasks to wait for."""
    line = cell.timeline
    if cell.shares is None or line is None or cell.workers < 2 or line.tasks < 2 * cell.workers:
        return None
    waiting = cell.shares[WAITING]
    if waiting < _MOSTLY:
        return None
    return Finding(
        f"{percent(waiting)} of the time of {cell.workers:,} workers was the tasks' own waiting: more workers could "
        "overlap more of it.",
        {"share": waiting, "workers": cell.workers},
        "pitfalls/waiting",
    )


def _more_are_no_faster(cell: CellAnalysis, table: TableAnalysis) -> bool:
    """Whether the same runner was measured with more workers and was not faster."""
    return any(
        other.differs_in_workers_alone(cell)
        and other.workers > cell.workers
        and (other.seconds or 0.0) >= (cell.seconds or 0.0)
        for other in table.measured
    )


def largest_loss(cell: CellAnalysis, table: TableAnalysis) -> Finding | None:
    """The largest loss of a cell, as a finding; None if its tasks were not recorded."""
    base = table.baseline.timeline
    if cell.shares is None or cell.timeline is None or base is None:
        return None
    case = _Case(cell, cell.shares, cell.timeline, base, table)
    if cell.traits.in_loop and no_overlap(cell):
        return _no_coroutine_yielded()
    part = cell.shares.largest_loss
    if cell.shares[part] < WORTH_A_WORD:
        return _no_loss(case)
    return _LOSSES[part](case)


def limit_reached(cell: CellAnalysis) -> Finding | None:
    """How much of the possible speed-up was reached; None if that is not known or makes no sense."""
    limits = cell.limits
    if limits is None or cell.speedup is None or cell.speedup > 1.1 * limits.here:
        return None
    by = "so many workers allow" if limits.cores is None else f"{limits.cores:g} cores allow"
    by = "one core at a time allows" if limits.cores == 1 else by
    speedup = min(cell.speedup, limits.here)
    rate = f"{'About ' if cell.verdict == UNDECIDED else ''}{ratio(speedup)} of the {ratio(limits.here)} that {by}"
    if limits.reordered > 1.05 * limits.here:
        return Finding(
            f"{rate} in this order of the items; the longest first would allow {ratio(limits.reordered)}.",
            {"speedup": speedup, "possible": limits.here, "possible_longest_first": limits.reordered},
        )
    return Finding(f"{rate}.", {"speedup": speedup, "possible": limits.here})


def no_overlap(cell: CellAnalysis) -> Finding | None:
    """Report that no two tasks were in progress at once although they could have been; None if some were."""
    line = cell.timeline
    if line is None or line.peak > 1 or min(cell.workers, line.tasks) < 2:
        return None
    return Finding(
        f"No two tasks were ever in progress at once, though {cell.workers:,} could be.", {"workers": cell.workers}
    )


def _no_loss(case: _Case) -> Finding:
    waiting, waits = case.shares[WAITING], case.share(WAITING)
    if waiting > _MOSTLY:
        more = "" if case.cell.workers > 1 else ": other tasks could have run meanwhile"
        return case.finding(WAITING, f"{waits} of it was the tasks' own waiting{more}.", "waiting")
    alone = case.cell.workers == 1 and waiting < WORTH_A_WORD
    more = ": only more cores, or less work, can make it shorter" if alone else ""
    if waiting >= WORTH_A_WORD:
        more = f", and {waits} its own waiting"
    return case.finding(USEFUL, f"{case.share(USEFUL)} of it was the work itself{more}.", waiting_share=waiting)


def _no_coroutine_yielded() -> Finding:
    return Finding(
        "No coroutine yielded to another: none awaited anything that takes time.",
        page="pitfalls/blocking-the-event-loop",
    )


def _contention(case: _Case) -> Finding:
    cell, share = case.cell, case.share(CONTENTION)
    traits, workers, cores = cell.traits, cell.workers, cell.cores
    usable = usable_cores(cell.record)
    computes = case.baseline_timeline.cpu > WAITS * case.baseline_timeline.busy
    one_core = cores is not None and WAITS <= cores < MORE_THAN_ONE
    if computes and traits.in_threads and cell.has_gil and one_core:
        any_gain = any(other.verdict == FASTER and other.traits.in_threads for other in case.table.measured)
        # threads that computed less, or gained something, can still overlap waiting
        hopeless = case.baseline_timeline.cpu > COMPUTES * case.baseline_timeline.busy and not any_gain
        return case.finding(
            CONTENTION,
            f"{share} was lost to contention: only one thread at a time can hold the GIL (or another lock) and "
            f"compute, and the others wait for it ({cores:.1f} cores busy)."
            + (" More threads cannot make this work faster." if hopeless else ""),
            "gil",
            cores=cores,
        )
    if traits.in_loop and (cores or 0) >= WAITS:
        return case.finding(
            CONTENTION,
            f"{share} was lost to contention: all coroutines share one thread, and while one computes, no other can "
            "run.",
            "blocking-the-event-loop",
        )
    native = 1.0
    if (case.table.baseline.cores or 0) > MORE_THAN_ONE and cell.variant == case.table.baseline.variant:
        native = number(case.table.record.facts, "native_threads") or 1.0
    if computes and traits.isolates and usable is not None and workers * native > usable:
        each = f" with {native:.0f} native threads each" if native > 1 else ""
        rounds, quota = throttled_rounds(cell.record), quota_of(cell.record)
        throttled = f" (a quota, in {rounds} of {cell.rounds} rounds)" if rounds and quota else ""
        most = f", so that at most {percent(usable / workers)} of their time can be work" if workers > usable else ""
        return case.finding(
            CONTENTION,
            f"{share} was lost to contention: {workers} workers{each} that compute took turns on {usable:g} "
            f"cores{throttled}{most}.",
            "oversubscription",
            workers=workers,
            usable_cores=usable,
            native_threads=native if each else None,
        )
    task, before = (one.busy / one.tasks for one in (case.timeline, case.baseline_timeline))
    computed = ", with no more CPU time" if case.shares[SLOWER] < WORTH_A_WORD else ""
    longer = "" if seconds(task) == seconds(before) else f"a task took {seconds(task)} on average instead of "
    longer += f"{seconds(before)}{computed}. The" if longer else "the"
    return case.finding(
        CONTENTION,
        f"{share} was lost to contention: {longer} tasks waited for one another or for a shared resource: "
        f"{_shared_resource(case)}a lock, a core, or a shared service. concbench cannot tell which.",
        "index",
        task_seconds=task,
        task_seconds_before=before,
    )


def _shared_resource(case: _Case) -> str:
    """The shared resource that is specific to this runner, with a comma; empty if there is none."""
    traits = case.cell.traits
    if traits.in_loop:
        return "the event loop, "
    return "the GIL, " if traits.where != CALLER and traits.shares_interpreter and case.cell.has_gil else ""


def _slower(case: _Case) -> Finding:
    line, base = case.timeline, case.baseline_timeline
    count, before = case.cell.page_faults, case.table.baseline.page_faults
    faults = f" ({count:,} page faults instead of {before:,})" if count and before and count > 1.5 * before else ""
    shared = case.cell.traits.in_threads and not case.cell.interpreter.get("gil", True)
    counts = ", shared reference counts" if shared else ""
    times = line.cpu / max(base.cpu, 1e-9)
    return case.finding(
        SLOWER,
        f"{case.share(SLOWER)} was lost to a slower CPU: the same work took {ratio(times)} the CPU time{faults}: "
        f"shared caches, memory and clock{counts}.",
        "slower-cpu",
        cpu_times=times,
        page_faults=count if faults else None,
        page_faults_before=before if faults else None,
    )


def _start_up(case: _Case) -> Finding:
    cell, line, share = case.cell, case.timeline, case.share(START_UP)
    clause, figures = _sending_clause(case, line.makespan / line.tasks)
    began = cell.record.observed.began if cell.record.observed else []
    if is_worker_for_each_task(cell.record) and line.peak < cell.workers and began:
        return case.finding(
            START_UP,
            f"{share} was lost to starting {cell.workers:,} workers: the first began after {seconds(began[0])}, "
            f"the last after {seconds(began[-1])}, and at most {line.peak:,} were at work at once{clause}.",
            "a-worker-for-each-task",
            **figures,
            workers=cell.workers,
            first_seconds=began[0],
            last_seconds=began[-1],
            at_once=line.peak,
        )
    each = line.start_up / line.workers
    return case.finding(
        START_UP,
        f"{share} was lost to starting: on average, a worker began its first task after {seconds(each)} of "
        f"{seconds(line.makespan)}{clause}.",
        "cold-pool",
        **figures,
        start_up_seconds=each,
        seconds=line.makespan,
    )


def _sending_clause(case: _Case, each: float) -> tuple[str, dict[str, float]]:
    """A clause on what is sent with the function, if sending takes a good part of `each` seconds; and its figures."""
    sent = cargo_of(case.cell.record, case.table.record.facts)
    if sent is None or sent.seconds_each <= WORTH * each:
        return "", {}
    often = "with each task" if sent.chunk == 1 else f"with every {sent.chunk} tasks"
    clause = f"; sending {function_data_phrase(case.table)} ({data(sent.size)}) {often} takes {seconds(sent.seconds)}"
    return clause, {"function_bytes": sent.size, "function_seconds": sent.seconds}


def _dispatch(case: _Case) -> Finding:
    cell, line, share = case.cell, case.timeline, case.share(DISPATCH)
    each = line.dispatch / line.tasks
    if cell.traits.barriers:
        return case.finding(
            DISPATCH,
            f"{share} was lost between tasks: a batch of {cell.workers} begins when the slowest task of the previous "
            "batch has ended.",
            "batch-barrier",
            workers=cell.workers,
        )
    clause, figures = _sending_clause(case, each)
    if clause:
        return case.finding(
            DISPATCH,
            f"{share} was lost between tasks: {seconds(each)} for each{clause}.",
            "pickling",
            dispatch_seconds=each,
            **figures,
        )
    pickling = number(case.table.record.facts, "pickling_seconds")
    if cell.traits.pickles and pickling and pickling > 0.25 * each:
        return case.finding(
            DISPATCH,
            f"{share} was lost between tasks: {seconds(each)} for each, and pickling an item and its result takes "
            f"{seconds(pickling)}.",
            "pickling",
            dispatch_seconds=each,
            pickling_seconds=pickling,
        )
    task = case.baseline_timeline.busy / case.baseline_timeline.tasks
    return case.finding(
        DISPATCH,
        f"{share} was lost between tasks: dispatching a task took {seconds(each)}, and a task takes {seconds(task)}.",
        "tiny-tasks",
        dispatch_seconds=each,
        task_seconds=task,
    )


def _tail(case: _Case) -> Finding:
    line, workers = case.timeline, case.cell.workers
    loss = f"{case.share(TAIL)} was lost at the end: workers were idle while the last tasks were running"
    if line.last_seconds > LONG * line.service[0]:
        return case.finding(
            TAIL,
            f"{loss}. The task that ended last (task {line.last}) took {seconds(line.last_seconds)}; the median is "
            f"{seconds(line.service[0])}.",
            "one-long-task",
            task=line.last,
            task_seconds=line.last_seconds,
            usual_seconds=line.service[0],
        )
    chunk = chunk_of(case.cell.record)
    if chunk > 1:
        sentence = f"{loss}: {chunk} tasks at a time go to one worker."
        return case.finding(TAIL, sentence, "one-long-task", chunksize=chunk)
    last_batch = line.tasks % workers
    if case.cell.traits.barriers and last_batch:
        return case.finding(
            TAIL,
            f"{loss}: the last batch had {last_batch} tasks for {workers} workers.",
            "batch-barrier",
            last_batch=last_batch,
            workers=workers,
        )
    return case.finding(TAIL, f"{loss}.", "one-long-task")


def _shut_down(case: _Case) -> Finding:
    each = case.timeline.shut_down / case.timeline.workers
    return case.finding(
        SHUT_DOWN,
        f"{case.share(SHUT_DOWN)} was lost to shutting down: fetching results and stopping the workers took "
        f"{seconds(each)} of {seconds(case.timeline.makespan)}.",
        "cold-pool",
        shut_down_seconds=each,
        seconds=case.timeline.makespan,
    )


_LOSSES: dict[str, Callable[[_Case], Finding]] = {
    CONTENTION: _contention,
    SLOWER: _slower,
    START_UP: _start_up,
    DISPATCH: _dispatch,
    TAIL: _tail,
    SHUT_DOWN: _shut_down,
}
