"""Rules: small functions from evidence to a sentence with its figures, or to nothing.

No sentence without a measured ground: a rule that needs what was not measured stays silent. To add one: write it, and
its line in RULES, those that cost a reader most first.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from concbench.advice.evidence import MORE_THAN_ONE, CellEvidence, Evidence
from concbench.results.records import number
from concbench.stats.verdicts import FASTER
from concbench.units import data, instead_of, listed, percent, ratio, seconds

THREADED = {"threads", "batched-threads", "thread-pool"}
IN_PROCESSES = {"processes", "process-pool"}
SHARING = THREADED | {"asyncio"}

COMPUTES = 0.85
"""Cores that the work keeps busy when it is run by `sequential`, above which it is computing."""
WAITS = 0.50
"""And below which it is waiting, for the most part."""
PAGES = "docs/pitfalls"
PICKLING_SHARE = 0.25
"""Of a task, that pickling takes where it is worth a word."""
LARGE = 100_000_000
"""Bytes of a worker process that are worth a word."""
LONG_SHARE, LONG_TIMES = 0.5, 3.0
"""A task is long that is half of the whole time, and three times the usual."""


def wrong_at_once(evidence: Evidence) -> str | None:
    """Results that are right under `sequential` and wrong at once."""
    wrong = [cell for cell in evidence.cells if cell.cell.outcome.cause == "results" and cell.cell.runner in SHARING]
    if not wrong or evidence.table.checked != "sequential":
        return None
    return (
        f"It is not safe to run at once in one process: under {listed(cell.name for cell in wrong)} results came out "
        "wrong that are right under sequential. Fix that before you use threads, however fast they are."
    )


def waiting_overlapped(evidence: Evidence) -> str | None:
    """Work that waits, and runners that waited for many things at once, on no more than one core."""
    cores = _cores_of_the_work(evidence)
    if cores is None or cores > WAITS:
        return None
    overlapped = [
        cell
        for cell in _of(evidence, SHARING)
        if cell.verdict == FASTER and cell.cores is not None and cell.cores < MORE_THAN_ONE
    ]
    if not overlapped:
        return None
    return (
        f"{evidence.baseline.name} computed only {percent(cores)} of its time and waited for the rest; "
        f"{listed(cell.name for cell in overlapped)} waited for many tasks at once, which takes no second core."
    )


def gil_bound_threads(evidence: Evidence) -> str | None:
    """Threads that computed one at a time, so that no number of them could gain anything."""
    if (_cores_of_the_work(evidence) or 0) < COMPUTES:
        return None
    held = [cell for cell in _of(evidence, THREADED) if _one_at_a_time(cell)]
    if not held:
        return None
    least, most = (f"{extreme(cell.cores or 0 for cell in held):.1f}" for extreme in (min, max))
    cores = most if least == most else f"{least} to {most}"
    gained = "next to nothing" if any(cell.verdict == FASTER for cell in held) else "nothing"
    return (
        f"Threads gave {gained} ({_each(held)}): however many there were, they kept {cores} cores busy, because "
        "one thread at a time holds the GIL and this work computes all along."
    )


def threads_computed_at_once(evidence: Evidence) -> str | None:
    """Threads that computed at the same time although there is a GIL: the work gives it up meanwhile."""
    released = [cell for cell in _of(evidence, THREADED) if cell.verdict == FASTER and _at_once(cell)]
    if not released or (evidence.baseline.cores or 0) > MORE_THAN_ONE:
        return None
    best = max(released, key=lambda cell: cell.speedup or 0)
    return (
        f"Threads computed at the same time: {best.name} kept {best.cores:.1f} cores busy, so this work releases the "
        "GIL while it computes."
    )


def processes_computed_at_once(evidence: Evidence) -> str | None:
    """Processes that computed at the same time."""
    if (_cores_of_the_work(evidence) or 0) < COMPUTES:
        return None
    parallel = [
        cell for cell in _of(evidence, IN_PROCESSES) if cell.verdict == FASTER and (cell.cores or 0) > MORE_THAN_ONE
    ]
    if not parallel:
        return None
    best = max(parallel, key=lambda cell: cell.speedup or 0)
    gil = "each has a GIL of its own, and " if best.cell.interpreter.get("gil", True) else ""
    return (
        f"Processes computed at the same time ({_each(parallel)}): {gil}{best.name} kept {best.cores:.1f} cores busy."
    )


def pickling_costs(evidence: Evidence) -> str | None:
    """Items and results that take about as long to send as to work on."""
    facts, baseline, tasks = evidence.table.facts, evidence.baseline.seconds, evidence.table.tasks
    pickling, item, result = (number(facts, key) for key in ("pickling_seconds", "item_bytes", "result_bytes"))
    if pickling is None or item is None or result is None or baseline is None or tasks < 1:
        return None
    if not _of(evidence, IN_PROCESSES) or evidence.baseline.cell.workers > 1:
        return None
    task = baseline / tasks
    if pickling < PICKLING_SHARE * task:
        return None
    return (
        f"Pickling costs {seconds(pickling)} a task for processes, where a task takes {seconds(task)}: an item is "
        f"{data(item)} and a result {data(result)} in the mean."
    )


def computes_on_its_own_threads(evidence: Evidence) -> str | None:
    """Work that keeps several cores busy by itself, so that workers only share them."""
    cores = evidence.baseline.cores
    if cores is None or cores <= MORE_THAN_ONE or evidence.baseline.cell.workers > 1:
        return None
    count = number(evidence.table.facts, "native_threads")
    pools = f" in pools of {count:.0f}" if count else ""
    return (
        f"{evidence.baseline.name} kept {cores:.1f} cores busy by itself: the function starts native threads or "
        f"programs{pools}, and workers beside them share the same cores. With one native thread each (such as "
        "OMP_NUM_THREADS=1), workers may gain more: measure that too."
    )


def saturated(evidence: Evidence) -> str | None:
    """More workers that wait, the same throughput, longer tasks: what they wait for is at its limit."""
    cores = _cores_of_the_work(evidence)
    if cores is None or cores > WAITS:
        return None
    for name in sorted(SHARING):
        cells = sorted((cell for cell in _of(evidence, {name}) if cell.line), key=lambda cell: cell.cell.workers)
        for few, many in pairwise(cells):
            if _no_better(few, many):
                assert few.line
                assert many.line
                faster = "no" if (many.seconds or 0) >= (few.seconds or 0) else "hardly"
                return (
                    f"{many.name} was {faster} faster than {few.name}, and a task took {seconds(many.line.service[0])} "
                    f"instead of {seconds(few.line.service[0])}: what the tasks wait for serves no more than about "
                    f"{_rate(few):,.0f} a second."
                )
    return None


def superlinear(evidence: Evidence) -> str | None:
    """More gained than workers can gain by sharing the work: the baseline pays for something of its own."""
    best = [
        cell
        for cell in _of(evidence, IN_PROCESSES)
        if cell.interval and cell.interval.low > cell.cell.workers > 1 and cell.line
    ]
    line = evidence.baseline.line
    if not best or line is None or line.workers > 1 or (evidence.baseline.cores or 0) < COMPUTES:
        return None
    cell = max(best, key=lambda one: one.speedup or 0)
    assert cell.line
    own, before = (one.cell.observed and one.cell.observed.page_faults for one in (cell, evidence.baseline))
    faults = f", and {own:,} page faults instead of {before:,}" if own is not None and before is not None else ""
    return (
        f"{cell.name} gained more than its {cell.cell.workers} workers can by sharing the work: the tasks took "
        f"{instead_of(seconds(cell.line.cpu), seconds(line.cpu), 'CPU time')}{faults}. {evidence.baseline.name} pays "
        "for something of its own, often memory that is given back and fetched again; mend that first."
    )


def memory_of_processes(evidence: Evidence) -> str | None:
    """Processes that each hold a good piece of memory."""
    base = evidence.baseline.memory
    large = [
        (cell, (cell.memory - base) / cell.cell.workers)
        for cell in _of(evidence, IN_PROCESSES)
        if base is not None and cell.memory is not None and cell.cell.workers > 0
    ]
    if not large:
        return None
    cell, each = max(large, key=lambda pair: pair[1])
    if each < LARGE:
        return None
    return f"Each worker of {cell.name} adds {data(each)} of memory, {data(cell.memory or 0)} in all."


def longest_task(evidence: Evidence) -> str | None:
    """One task that is most of what the fastest runner takes: no number of workers makes it shorter."""
    leader, line = evidence.leader, evidence.baseline.line
    if leader is None or leader.verdict != FASTER or leader.seconds is None or line is None:
        return None
    usual, longest = line.service[0], line.service[-1]
    if longest < LONG_SHARE * leader.seconds or longest < LONG_TIMES * usual:
        return None
    if longest < leader.seconds:
        share = f"{percent(longest / leader.seconds)} of {leader.name}'s {seconds(leader.seconds)}"
    else:  # it was timed in another pass
        share = f"all of {leader.name}'s time"
    return (
        f"Task {line.longest} takes {seconds(longest)}, where most take {seconds(usual)}: {share}, which no number of "
        "workers makes shorter."
    )


def starting_dominated(evidence: Evidence) -> str | None:
    """Processes that spent most of their time on coming up."""
    late = [
        cell
        for cell in _of(evidence, IN_PROCESSES)
        if (cell.start_up_share or 0) >= 0.5 and cell.cell.workers > 1 and not cell.in_fastest_group
    ]
    if not late:
        return None
    parts = [f"{percent(cell.start_up_share or 0)} of {cell.name}'s {_pass_seconds(cell)}" for cell in late]
    return f"Starting every worker took {listed(parts)} in the observed pass."


def better_algorithm(evidence: Evidence) -> str | None:
    """What the algorithm is worth beside more workers, where it is worth more."""
    facts, baseline = evidence.table.facts, evidence.baseline.seconds
    sieve, trial = number(facts, "sieve_seconds"), number(facts, "trial_seconds")
    if baseline is None:
        return None
    if sieve and sieve < min(cell.seconds or baseline for cell in evidence.measured):
        return (
            f"A better algorithm is worth more than more workers: a sieve gives the same products in {seconds(sieve)}, "
            f"{ratio(baseline / sieve)} as fast as {evidence.baseline.name} (timed once)."
        )
    if trial:
        return (
            f"Trial division takes {seconds(trial)} for the same products (timed once), "
            f"{ratio(trial / baseline)} as long as {evidence.baseline.name} by the sieve."
        )
    return None


RULES: dict[Callable[[Evidence], str | None], str] = {
    wrong_at_once: "",
    waiting_overlapped: "waiting",
    gil_bound_threads: "gil",
    computes_on_its_own_threads: "oversubscription",
    threads_computed_at_once: "gil",
    processes_computed_at_once: "gil",
    saturated: "lock-around-everything",
    superlinear: "slower-cpu",
    pickling_costs: "pickling",
    longest_task: "one-long-task",
    memory_of_processes: "index",
    starting_dominated: "cold-pool",
    better_algorithm: "",
}
"""Each with the page of docs/pitfalls that explains it, if there is one."""


def findings(evidence: Evidence, *, linked: bool = False) -> list[str]:
    """The sentences of all rules that have a ground; linked: with their pages."""
    told = ((rule(evidence), page) for rule, page in RULES.items())
    return [f"{sentence} ({PAGES}/{page}.md)" if linked and page else sentence for sentence, page in told if sentence]


def _of(evidence: Evidence, names: set[str]) -> list[CellEvidence]:
    return [cell for cell in evidence.measured if cell.cell.runner in names and cell is not evidence.baseline]


def _cores_of_the_work(evidence: Evidence) -> float | None:
    """Cores that the work itself keeps busy; None where the baseline does several tasks at once, too."""
    return evidence.baseline.cores if evidence.baseline.cell.workers == 1 else None


def _one_at_a_time(cell: CellEvidence) -> bool:
    """Several threads, a GIL, one core busy and no less, and no gain to speak of, be it proved or not."""
    return (
        cell.cell.workers > 1
        and bool(cell.cell.interpreter.get("gil"))
        and cell.speedup is not None
        and cell.speedup < MORE_THAN_ONE
        and cell.cores is not None
        and WAITS <= cell.cores < MORE_THAN_ONE
    )


def _at_once(cell: CellEvidence) -> bool:
    """Several threads, a GIL, and more than one core busy."""
    return bool(cell.cell.interpreter.get("gil")) and cell.cell.workers > 1 and (cell.cores or 0) > MORE_THAN_ONE


def _no_better(few: CellEvidence, many: CellEvidence) -> bool:
    """Twice the workers, no gain, and tasks half as long again."""
    if not (few.line and many.line and few.seconds and many.seconds):
        return False
    return (
        _idle(few)
        and _idle(many)  # else the GIL or the event loop may be what is full
        and many.cell.workers >= 2 * few.cell.workers
        and many.seconds > 0.95 * few.seconds
        and many.line.service[0] > 1.5 * few.line.service[0]
    )


def _idle(cell: CellEvidence) -> bool:
    """Whether it is known not to have kept a core busy."""
    return cell.cores is not None and cell.cores < COMPUTES


def _rate(cell: CellEvidence) -> float:
    """Tasks a second."""
    assert cell.line
    assert cell.seconds
    return cell.line.tasks / cell.seconds


def _each(cells: list[CellEvidence]) -> str:
    return ", ".join(f"{cell.name} {ratio(cell.speedup or 0)}" for cell in cells)


def _pass_seconds(cell: CellEvidence) -> str:
    observed = cell.cell.observed
    assert observed is not None
    return seconds(observed.start + observed.work + observed.stop)
