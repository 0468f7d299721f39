"""Rules: small functions that derive a finding, or None, from the figures of a table.

Every sentence needs evidence: a rule returns None if a figure was not measured or a runner does not declare a trait. To
add a rule, write it and add its line to RULES, which begins with what costs a reader most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from concbench.advice.better_algorithm import better_algorithm
from concbench.advice.finding import REASON, WARNING, Finding, figures_of_runners, known
from concbench.advice.quota import quota_held_back
from concbench.advice.sending import costly_function_data, data_created_again
from concbench.advice.variants import gil_enabled_again
from concbench.advice.wrong_results import wrong_in_another_thread, wrong_when_concurrent
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.costs import processes_that_fit, usable_cores, worker_memory
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import COMPUTES, MORE_THAN_ONE, WAITS
from concbench.machine import POOL_VARIABLES
from concbench.results.records import number
from concbench.stats.verdicts import FASTER, UNDECIDED
from concbench.traits import ELSEWHERE, INTERPRETERS, PROCESSES, THREADS, Traits
from concbench.units import data, instead_of, listed, percent, ratio, seconds

PICKLING_SHARE = 0.25
"""Share of a task's time from which pickling is mentioned."""
LARGE = 100_000_000
"""Bytes of a worker process from which its memory is mentioned."""
LONG_SHARE, LONG_TIMES = 0.5, 3.0
"""A task is long if it takes half of the whole time and three times the usual."""
_NOUNS = {THREADS: "threads", INTERPRETERS: "interpreters", PROCESSES: "processes", ELSEWHERE: "workers elsewhere"}
"""The noun for workers, by the place where tasks run."""


def waiting_overlapped(table: TableAnalysis) -> Finding | None:
    """Report runners that overlapped the waiting of many tasks on no more than one core."""
    cores = table.cores_of_the_work
    if cores is None or cores > WAITS:
        return None
    overlapped = [
        cell
        for cell in _cells_with(table, lambda traits: traits.interleaves)
        if cell.verdict == FASTER and cell.cores is not None and cell.cores < MORE_THAN_ONE
    ]
    if not overlapped:
        return None
    computed = f"{table.baseline.name} computed only {percent(cores)} of its time"
    return Finding(
        f"{computed} and waited for the rest; "
        f"{listed(cell.name for cell in overlapped)} waited for many tasks at once, which needs only one core.",
        {"computing_share": cores},
        "pitfalls/waiting",
        brief=f"{computed}: one core can wait for many tasks.",
    )


def gil_bound_threads(table: TableAnalysis) -> Finding | None:
    """Report GIL-bound threads: they computed one at a time, so that no number of them could gain anything."""
    if (table.cores_of_the_work or 0) < COMPUTES:
        return None
    gil_bound = [cell for cell in _cells_with(table, lambda traits: traits.in_threads) if _one_at_a_time(cell)]
    if not gil_bound:
        return None
    least, most = (extreme(cell.cores or 0.0 for cell in gil_bound) for extreme in (min, max))
    cores = f"{least:.1f}" if f"{least:.1f}" == f"{most:.1f}" else f"{least:.1f} to {most:.1f}"
    verdicts = {cell.verdict for cell in gil_bound}
    gain = "next to nothing" if FASTER in verdicts else "nothing"
    gain += " that could be shown" if UNDECIDED in verdicts else ""
    return Finding(
        f"Threads gained {gain} ({_speedup_text(gil_bound)}): whatever their number, they kept {cores} cores busy, "
        "because only one thread at a time can hold the GIL (or another lock), and this work is CPU-bound.",
        {**_speedups(gil_bound), "least_cores": least, "most_cores": most},
        "pitfalls/gil",
        brief=f"Threads gained {gain}: one at a time holds the GIL (or another lock).",
    )


def threads_computed_at_once(table: TableAnalysis) -> Finding | None:
    """Report threads that computed at the same time although there is a GIL: the work releases it meanwhile."""
    released = [
        cell
        for cell in _cells_with(table, lambda traits: traits.in_threads)
        if cell.verdict == FASTER and _at_once(cell)
    ]
    if not released or (table.baseline.cores or 0) > MORE_THAN_ONE:
        return None
    best = max(released, key=lambda cell: cell.speedup or 0)
    busy, releases = f"{best.name} kept {best.cores:.1f} cores busy", "this work releases the GIL while it computes"
    return Finding(
        f"Threads computed at the same time: {busy}, so {releases}.",
        known(cores=best.cores),
        "pitfalls/gil",
        brief=f"{busy}: {releases}.",
    )


def isolated_computed_at_once(table: TableAnalysis) -> Finding | None:
    """Report processes, or interpreters of one process, that computed at the same time."""
    if (table.cores_of_the_work or 0) < COMPUTES:
        return None
    parallel = [cell for cell in _isolated_cells(table) if cell.verdict == FASTER and (cell.cores or 0) > MORE_THAN_ONE]
    if not parallel:
        return None
    best = max(parallel, key=lambda cell: cell.speedup or 0)
    gil = "each has a GIL of its own, and " if best.interpreter.get("gil", True) else ""
    at_once = f"{_nouns(parallel).capitalize()} computed at the same time"
    return Finding(
        f"{at_once} ({_speedup_text(parallel)}): {gil}{best.name} kept {best.cores:.1f} cores busy.",
        _speedups(parallel) | known(cores=best.cores),
        "pitfalls/gil",
        brief=f"{at_once}: the fastest kept {best.cores:.1f} cores busy.",
    )


def pickling_costs(table: TableAnalysis) -> Finding | None:
    """Report items and results whose pickling takes a large share of a task's time."""
    facts, baseline, tasks = table.record.facts, table.baseline.seconds, table.record.tasks
    pickling, item, result = (number(facts, key) for key in ("pickling_seconds", "item_bytes", "result_bytes"))
    if pickling is None or item is None or result is None or baseline is None or tasks < 1:
        return None
    sending = [cell for cell in _cells_with(table, _pickles_both_ways) if cell.traits.where in _NOUNS]
    if not sending or not table.baseline.works_singly:
        return None
    task = baseline / tasks
    if pickling < PICKLING_SHARE * task:
        return None
    costs = f"Pickling costs {seconds(pickling)} per task for {_nouns(sending)}, and a task takes {seconds(task)}"
    return Finding(
        f"{costs}: on average, an item is {data(item)} and a result {data(result)}.",
        {"pickling_seconds": pickling, "task_seconds": task, "item_bytes": item, "result_bytes": result},
        "pitfalls/pickling",
        brief=f"{costs}.",
    )


def computes_on_its_own_threads(table: TableAnalysis) -> Finding | None:
    """Report work that keeps several cores busy by itself, so that workers only share them."""
    cores = table.cores_of_the_work
    if cores is None or cores <= MORE_THAN_ONE:
        return None
    count = number(table.record.facts, "native_threads")
    pools = f" in pools of {count:.0f}" if count else ""
    environments = str([facts.get("environment") for facts in table.record.variants.values()])
    tried = any(name in environments for name in POOL_VARIABLES)
    limit = " With one native thread each (such as OMP_NUM_THREADS=1), workers may gain more: measure that too."
    busy = f"{table.baseline.name} kept {cores:.1f} cores busy by itself"
    return Finding(
        f"{busy}: the function starts native threads or "
        f"programs{pools}, and workers beside them share the same cores.{'' if tried else limit}",
        known(cores=cores, native_threads=count or None),
        "pitfalls/oversubscription",
        brief=f"{busy}, and workers share the same cores.{'' if tried else limit}",
        role=REASON if tried else WARNING,
    )


def saturated(table: TableAnalysis) -> Finding | None:
    """Report a saturated resource: with more waiting workers, tasks take longer and the throughput stays the same."""
    cores = table.cores_of_the_work
    if cores is None or cores > WAITS:
        return None
    cells = [cell for cell in _cells_with(table, lambda traits: traits.interleaves) if cell.timeline]
    cells.sort(key=lambda cell: (cell.runner, cell.workers))
    for first in cells:
        for few, many in pairwise(cell for cell in cells if first.differs_in_workers_alone(cell)):
            if _no_better(few, many):
                task, before = (cell.timeline.service[0] for cell in (many, few) if cell.timeline)
                faster = "no" if (many.seconds or 0) >= (few.seconds or 0) else "hardly"
                serves = f"the resource that the tasks wait for serves no more than about {_rate(few):,.0f} per second"
                return Finding(
                    f"{many.name} was {faster} faster than {few.name}, and a task took {seconds(task)} instead of "
                    f"{seconds(before)}: {serves}.",
                    {"task_seconds": task, "task_seconds_before": before, "tasks_per_second": _rate(few)},
                    "pitfalls/lock-around-everything",
                    brief=f"{serves[0].upper()}{serves[1:]}.",
                )
    return None


def superlinear(table: TableAnalysis) -> Finding | None:
    """Report a speed-up above the number of workers: the baseline has an extra cost of its own."""
    best = [
        cell
        for cell in _isolated_cells(table)
        if cell.interval and cell.interval.low > cell.workers > 1 and cell.timeline
    ]
    line = table.baseline.timeline
    if not best or line is None or (table.cores_of_the_work or 0) < COMPUTES:
        return None
    cell = max(best, key=lambda one: one.speedup or 0)
    assert cell.timeline
    count, before = cell.page_faults, table.baseline.page_faults
    faults = f", and {count:,} page faults instead of {before:,}" if count is not None and before is not None else ""
    claim = f"{cell.name} gained more than its {cell.workers} workers can"
    return Finding(
        f"{claim} by sharing the work: the tasks took "
        f"{instead_of(seconds(cell.timeline.cpu), seconds(line.cpu), 'CPU time')}{faults}. {table.baseline.name} pays "
        "an extra cost, often memory that is freed and allocated again; fix that first.",
        known(
            workers=cell.workers,
            cpu_seconds=cell.timeline.cpu,
            cpu_seconds_before=line.cpu,
            page_faults=count if faults else None,
            page_faults_before=before if faults else None,
        ),
        "pitfalls/slower-cpu",
        brief=f"{claim}: {table.baseline.name} pays an extra cost; fix that first.",
        role=WARNING,
    )


def memory_of_workers(table: TableAnalysis) -> Finding | None:
    """Report how much memory each worker with its own interpreter adds, and how many workers fit."""
    additions = [
        (cell, each)
        for cell in _isolated_cells(table)
        if (each := worker_memory(cell.record, table.baseline.record)) is not None
    ]
    if not additions:
        return None
    cell, each = max(additions, key=lambda pair: pair[1])
    fit = _fitting_workers(cell, each)
    useful = min(table.record.tasks, 2 * max(cell.workers, int(usable_cores(cell.record) or 1)))
    is_limited = fit is not None and fit < useful
    if each < LARGE and not is_limited:
        return None
    count = f"about {fit:,} of them" if fit else "fewer than were measured"
    fitting = f"; memory is the limit: {count} fit" if is_limited else ""
    return Finding(
        f"Each worker of {cell.name} adds {data(each)} of memory, {data(cell.memory or 0)} in all{fitting}.",
        known(worker_bytes=each, memory=cell.memory, processes_that_fit=fit if is_limited else None),
        "pitfalls/index",
        role=WARNING if is_limited else REASON,
    )


def out_of_memory(table: TableAnalysis) -> Finding | None:
    """Report workers that were ended for lack of memory, and how many would fit."""
    failed = [cell for cell in table.cells if cell.outcome.cause == "memory" and cell.traits.isolates]
    sizes = [worker_memory(cell.record, table.baseline.record) for cell in _isolated_cells(table)]
    each = max((size for size in sizes if size), default=number(table.record.facts, "process_bytes"))
    allowances = [cell.record.observed.memory_allowed for cell in table if cell.record.observed]
    allowed = max((allowance for allowance in allowances if allowance), default=None)
    if not failed or not each or not allowed:
        return None
    fit = min(processes_that_fit(allowed, each), *(cell.workers - 1 for cell in failed))
    limits = f"Memory limits {listed(cell.name for cell in failed)}"
    return Finding(
        f"{limits}: a worker takes about {data(each)}, so that "
        f"about {fit:,} of them fit into the {data(allowed)} that they may use. Use fewer workers, or make each "
        "hold less.",
        {"worker_bytes": each, "memory_allowed": allowed, "processes_that_fit": fit},
        "pitfalls/index",
        brief=f"{limits}: about {fit:,} workers of {data(each)} fit.",
    )


def longest_task(table: TableAnalysis) -> Finding | None:
    """Report a task that takes most of the fastest runner's time: no number of workers makes it shorter."""
    leader, line = table.fastest, table.baseline.timeline
    if leader is None or not leader.is_here or leader.verdict != FASTER or leader.seconds is None or line is None:
        return None
    usual, longest = line.service[0], line.service[-1]
    if longest < LONG_SHARE * leader.seconds or longest < LONG_TIMES * usual:
        return None
    if longest < leader.seconds:
        share = f"{percent(longest / leader.seconds)} of {leader.name}'s {seconds(leader.seconds)}"
    else:  # it was timed in another pass
        share = f"all of {leader.name}'s time"
    takes = f"Task {line.longest} takes {seconds(longest)}"
    return Finding(
        f"{takes}, where most take {seconds(usual)}: {share}, which no number of workers makes shorter.",
        {"task": line.longest, "task_seconds": longest, "usual_seconds": usual, "seconds": leader.seconds},
        "pitfalls/one-long-task",
        brief=f"{takes} (most take {seconds(usual)}): no number of workers makes it shorter.",
    )


def starting_dominated(table: TableAnalysis) -> Finding | None:
    """Report processes or interpreters that spent most of the observed pass starting."""
    late = [
        cell
        for cell in _isolated_cells(table)
        if (cell.start_up_share or 0) >= 0.5 and cell.workers > 1 and not cell.in_fastest_group
    ]
    if not late:
        return None
    parts = [f"{percent(cell.start_up_share or 0)} of {cell.name}'s {seconds(cell.pass_seconds or 0)}" for cell in late]
    ready = ", until its initializer had ended," if table.record.settings.get("initializer") else ""
    return Finding(
        f"Starting every worker{ready} took {listed(parts)} in the observed pass.",
        figures_of_runners("start_up_share", {cell.name: cell.start_up_share for cell in late})
        | figures_of_runners("seconds", {cell.name: cell.pass_seconds for cell in late}),
        "pitfalls/cold-pool",
        brief=f"Starting every worker{ready} took {listed(parts)}.",
    )


RULES: tuple[Callable[[TableAnalysis], Finding | None], ...] = (
    wrong_when_concurrent,
    wrong_in_another_thread,
    gil_enabled_again,
    waiting_overlapped,
    gil_bound_threads,
    computes_on_its_own_threads,
    threads_computed_at_once,
    isolated_computed_at_once,
    saturated,
    superlinear,
    costly_function_data,
    data_created_again,
    pickling_costs,
    longest_task,
    quota_held_back,
    out_of_memory,
    memory_of_workers,
    starting_dominated,
    better_algorithm,
)


_OF_ALL_VARIANTS = {wrong_when_concurrent, wrong_in_another_thread, gil_enabled_again, out_of_memory}
"""Rules that use every variant of a table; the others use only the variant of the baseline."""


def findings(table: TableAnalysis) -> list[Finding]:
    """The findings of all rules that apply."""
    same_variant = table.under.get(table.baseline.variant, table)
    return [finding for rule in RULES if (finding := rule(table if rule in _OF_ALL_VARIANTS else same_variant))]


def _cells_with(table: TableAnalysis, has_traits: Callable[[Traits], bool]) -> list[CellAnalysis]:
    """The cells with times, except the baseline, whose traits satisfy `has_traits`."""
    return [cell for cell in table.measured if has_traits(cell.traits) and cell is not table.baseline]


def _fitting_workers(cell: CellAnalysis, each: float) -> int | None:
    """How many workers of `each` bytes fit into the memory that the cell may use; None if that is not known."""
    allowed = cell.record.observed.memory_allowed if cell.record.observed else None
    return None if allowed is None else processes_that_fit(allowed, each)


def _pickles_both_ways(traits: Traits) -> bool:
    """Whether both items and results are pickled; items that workers inherit are not."""
    return traits.pickles is True and traits.sends is not False


def _isolated_cells(table: TableAnalysis) -> list[CellAnalysis]:
    """The cells whose tasks each run in an interpreter of their own."""
    return _cells_with(table, lambda traits: traits.isolates)


def _nouns(cells: Iterable[CellAnalysis]) -> str:
    """The nouns for the workers of these cells: `processes`, `interpreters and processes`."""
    places = {cell.traits.where for cell in cells}
    return listed(noun for place, noun in _NOUNS.items() if place in places)


def _one_at_a_time(cell: CellAnalysis) -> bool:
    """Whether several threads under a GIL kept one core busy and hardly gained anything, proved or not."""
    return (
        cell.workers > 1
        and cell.has_gil
        and cell.speedup is not None
        and cell.speedup < MORE_THAN_ONE
        and cell.cores is not None
        and WAITS <= cell.cores < MORE_THAN_ONE
    )


def _at_once(cell: CellAnalysis) -> bool:
    """Whether several threads under a GIL kept more than one core busy."""
    return cell.has_gil and cell.workers > 1 and (cell.cores or 0) > MORE_THAN_ONE


def _no_better(few: CellAnalysis, many: CellAnalysis) -> bool:
    """Whether twice the workers gained nothing and made tasks half as long again."""
    if not (few.timeline and many.timeline and few.seconds and many.seconds):
        return False
    return (
        _idle(few)
        and _idle(many)  # otherwise the GIL or the event loop may be saturated
        and many.workers >= 2 * few.workers
        and many.seconds > 0.95 * few.seconds
        and many.timeline.service[0] > 1.5 * few.timeline.service[0]
    )


def _idle(cell: CellAnalysis) -> bool:
    """Whether the cell is known not to have kept a core busy."""
    return cell.cores is not None and cell.cores < COMPUTES


def _rate(cell: CellAnalysis) -> float:
    """Tasks per second."""
    assert cell.timeline
    assert cell.seconds
    return cell.timeline.tasks / cell.seconds


def _speedup_text(cells: list[CellAnalysis]) -> str:
    return ", ".join(f"{cell.name} {ratio(cell.speedup or 0)}" for cell in cells)


def _speedups(cells: list[CellAnalysis]) -> dict[str, float]:
    return figures_of_runners("speedup", {cell.name: cell.speedup for cell in cells})
