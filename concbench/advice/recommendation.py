"""What to do: not the fastest cell of a race, but the simplest that is as good, with its price and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from concbench.advice.answer import failures, rate_of, simplicity
from concbench.advice.break_even import not_worth_it, what_if
from concbench.advice.evidence import FLAGGED, CellEvidence, Evidence
from concbench.advice.rules import COMPUTES, findings
from concbench.advice.unmeasured import more_rounds, unmeasured
from concbench.stats.verdicts import BAND, FASTER
from concbench.units import instead_of, listed, memory, percent, ratio, seconds, span


@dataclass(frozen=True)
class Recommendation:
    """Which runner, how sure that is, and why; times in seconds, sizes in bytes."""

    runner: str
    """As on the command line; `sequential` where nothing was proved to be faster."""
    workers: int
    speedup: float
    """Typical ratio to sequential; 1 for sequential itself."""
    low: float
    high: float
    """What the ratio may be."""
    cpu: float | None
    """CPU seconds of one execution."""
    memory: int | None
    """At the peak, all processes together."""
    fastest_group: list[str]
    """Runners that cannot be told apart from the fastest."""
    reasons: list[str]
    """Sentences, the most important first, with figures of this run."""
    valid_for: list[str]
    """Sentences: what was measured, and what would change the answer."""
    headline: str
    """What to do, in one line."""
    snippet: str = field(default="", repr=False)
    """Complete lines of Python, standard library only."""


_TOO_SHORT = 0.001
"""Seconds of work below which no worker could be started in the time."""
_RUN_IT = "; concbench run measures it all the same"


def recommend(seen: Evidence, tasks: int) -> Recommendation | None:
    """Choose from a race that is over.

    Args:
        seen: its table.
        tasks: how many the whole work has; the race may have been over fewer.

    Returns:
        None if there is nothing to compare with: the answer to the table says why.
    """
    if seen.baseline.seconds is None:
        return _nothing_to_gain(seen) if _is_too_short(seen.baseline) else None
    chosen = _chosen(seen)
    group = [cell for cell in seen.measured if cell.in_fastest_group]
    interval = chosen.interval if chosen is not seen.baseline else None
    return Recommendation(
        runner=chosen.cell.label,
        workers=chosen.cell.workers,
        speedup=interval.centre if interval else 1.0,
        low=interval.low if interval else 1.0,
        high=interval.high if interval else 1.0,
        cpu=_cpu(chosen),
        memory=chosen.memory,
        fastest_group=[cell.cell.label for cell in group],
        reasons=[*_why(seen, chosen, group), *_price(seen, chosen), *findings(seen), *_no_gain(seen, chosen)],
        valid_for=_valid(seen, chosen, tasks),
        headline=_headline(seen, chosen),
    )


def _is_too_short(baseline: CellEvidence) -> bool:
    """Whether the baseline was refused because its execution cannot be timed."""
    cell = baseline.cell
    refused = cell.outcome.kind == "inapplicable" and not cell.samples
    return refused and cell.warmup is not None and cell.warmup.seconds < _TOO_SHORT


def _nothing_to_gain(seen: Evidence) -> Recommendation:
    """Work that is too short to be timed: no runner could make up for being started."""
    cell = seen.baseline.cell
    took = seconds(cell.warmup.seconds) if cell.warmup else "next to nothing"
    return Recommendation(
        runner=cell.label,
        workers=1,
        speedup=1.0,
        low=1.0,
        high=1.0,
        cpu=None,
        memory=None,
        fastest_group=[cell.label],
        reasons=[f"All of it takes {took}: starting any worker would take longer."],
        valid_for=["With more items, or longer tasks, ask again."],
        headline="Do not parallelise: there is nothing to gain.",
    )


def _chosen(seen: Evidence) -> CellEvidence:
    """The simplest of those that are proved to be faster and within 5 % of the best, else the baseline."""
    return min(_level(seen), key=simplicity, default=seen.baseline)


def _level(seen: Evidence) -> list[CellEvidence]:
    """Those that are proved to be faster and are within 5 % of the best of them.

    They cannot be told apart from the fastest, unless that itself was not proved to be faster than the baseline.
    """
    proved = [cell for cell in seen.measured if cell.verdict == FASTER]
    proved = [cell for cell in proved if cell.in_fastest_group] or proved
    best = max((cell.speedup or 0.0 for cell in proved), default=0.0)
    return [cell for cell in proved if (cell.speedup or 0.0) * BAND >= best]


def _headline(seen: Evidence, chosen: CellEvidence) -> str:
    if chosen is seen.baseline:
        return _why_not(seen)[0]
    return f"{chosen.name}, {rate_of(chosen)} as fast as {seen.baseline.name}."


def _why(seen: Evidence, chosen: CellEvidence, group: list[CellEvidence]) -> list[str]:
    if chosen is seen.baseline:
        return _why_not(seen)
    sentences = [f"{chosen.name} is {rate_of(chosen)} as fast as {seen.baseline.name}."]
    ties = [cell.name for cell in _level(seen) if cell is not chosen]
    if ties:
        sentences.append(f"{listed(ties)} may be as fast, within 5 %; {chosen.name} is simpler.")
    behind = [
        cell for cell in seen.measured if not cell.in_fastest_group and cell is not seen.baseline and cell.seconds
    ]
    best_of = {cell.cell.runner: cell for cell in sorted(behind, key=lambda cell: -(cell.seconds or 0.0))}
    not_chosen = [cell for name, cell in best_of.items() if name not in {other.cell.runner for other in group}]
    if not_chosen and chosen.seconds:
        longer = [(cell.name, (cell.seconds or 0.0) / chosen.seconds) for cell in not_chosen]
        parts = [f"{name} took {ratio(times)} as long" for name, times in longer if times > 1]
        sentences += [f"Why nothing else: {', '.join(parts)}."] if parts else []
    missing = unmeasured(seen, _RUN_IT)
    return [*sentences, f"It was not compared with everything: {missing}."] if missing else sentences


def _why_not(seen: Evidence) -> list[str]:
    """Nothing was proved to be faster: that is an answer where the intervals say so, and none where they are wide."""
    others = [cell for cell in seen.measured if cell is not seen.baseline and cell.interval is not None]
    open_ones = [cell for cell in others if cell.interval and cell.interval.high > BAND and cell.in_fastest_group]
    name, missing = seen.baseline.name, unmeasured(seen, _RUN_IT)
    if not open_ones:
        if not missing:
            return [_leave_it(seen)]
        none = f"Nothing that was measured was faster than {name}" if others else f"Nothing but {name} was measured"
        return [f"{none}; {missing}."]
    parts = [f"{cell.name} [{span(cell.interval.low, cell.interval.high)}]" for cell in open_ones if cell.interval]
    return [
        f"Leave it as it is for now: nothing was proved to be faster than {name}{f'; {missing}' if missing else ''}.",
        f"Undecided: {', '.join(parts)}. More rounds ({more_rounds(seen.table)}) or a quieter machine would settle it.",
    ]


def _leave_it(seen: Evidence) -> str:
    if seen.table.tasks == 1:
        return "Do not parallelise: there is a single task."
    return f"Do not parallelise: nothing was faster than {seen.baseline.name}."


def _price(seen: Evidence, chosen: CellEvidence) -> list[str]:
    """What it costs beside what the baseline costs."""
    mine, before = _cpu(chosen), _cpu(seen.baseline)
    if chosen is seen.baseline or mine is None or before is None or not chosen.memory or not seen.baseline.memory:
        return []
    cpu = instead_of(seconds(mine), seconds(before), "CPU time")
    return [f"It costs {cpu}, and {instead_of(memory(chosen.memory), memory(seen.baseline.memory), 'memory')}."]


def _valid(seen: Evidence, chosen: CellEvidence, tasks: int) -> list[str]:
    table = seen.table
    sentences = failures(seen)
    if table.tasks < tasks:
        sentences.append(
            f"Measured on {table.tasks:,} of {tasks:,} items, drawn at random: more than {table.tasks:,} workers could "
            "not be tried."
        )
    if seen.others is not None and seen.others > FLAGGED:
        sentences.append(f"Other processes used {seen.others:.2f} cores meanwhile: measure again on a quiet machine.")
    busy = seen.baseline.cores
    if busy is not None:
        waits = ", what they wait for" if busy < COMPUTES else ""
        sentences.append(
            f"It holds for this machine and for tasks like these, which compute {percent(min(busy, 1.0))} of their "
            f"time: if that share{waits} or the number of cores changes, ask again."
        )
    sentences += what_if(seen, chosen)
    if chosen is not seen.baseline and table.warm:
        sentences.append("Workers were kept from round to round (warm): a program that starts them takes longer.")
    elif chosen is not seen.baseline and chosen.start_up:
        sentences.append(
            f"Workers are started for each execution, and the last began its first task after "
            f"{seconds(chosen.start_up)}: a program that keeps them may save up to that from the second time on."
        )
    return sentences


def _no_gain(seen: Evidence, chosen: CellEvidence) -> list[str]:
    return not_worth_it(seen) if chosen is seen.baseline else []


def _cpu(cell: CellEvidence) -> float | None:
    observed = cell.cell.observed
    if cell.cores is None or observed is None:
        return None
    return cell.cores * (observed.start + observed.work + observed.stop)
