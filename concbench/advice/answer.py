"""The answer to a table, in words: which runner, how much faster, what ties with it, and why."""

from __future__ import annotations

from concbench.advice.budget import chunk_of
from concbench.advice.evidence import FLAGGED, CellEvidence, Evidence, evidence
from concbench.advice.rules import findings
from concbench.advice.units import listed, ratio, seconds, span
from concbench.results.records import Table
from concbench.stats.intervals import FEWEST
from concbench.stats.verdicts import FASTER, SAME, SLOWER, UNDECIDED

SIMPLEST_FIRST = ("sequential", "thread-pool", "threads", "batched-threads", "asyncio", "process-pool", "processes")


def answer(table: Table, *, linked: bool = False) -> list[str]:
    """The sentences, the most important first; linked: reasons name the pages that explain them."""
    seen = evidence(table)
    return [*_headline(seen), *findings(seen, linked=linked), *_caution(seen)]


def _caution(seen: Evidence) -> list[str]:
    """What must be known before anyone acts on it."""
    lines = failures(seen)
    if seen.others is not None and seen.others > FLAGGED:
        lines.append(
            f"Other processes used {seen.others:.2f} cores meanwhile: measure again without them before you act on "
            "this."
        )
    return lines


def failures(seen: Evidence) -> list[str]:
    """That the work was not done as it was meant to be, if it was not."""
    if not any(str(cell.mishaps) for cell in seen.cells):
        return []
    return ["Tasks failed or were tried again, as counted above: without that, the times would be others."]


def _headline(seen: Evidence) -> list[str]:
    others = [cell for cell in seen.measured if cell is not seen.baseline]
    if seen.baseline.seconds is None:
        return [f"No answer: {seen.baseline.name} has no times to compare with ({seen.baseline.why_missing})."]
    if not others:
        return [f"Only {seen.baseline.name} has times ({seconds(seen.baseline.seconds)}): there is nothing to compare."]
    if all(cell.interval is None for cell in others):
        return [_too_few_rounds(seen)]
    faster = [cell for cell in others if cell.verdict == FASTER]
    return (_winner(seen) if faster else [_no_winner(seen, others)]) + _undecided(others)


def _winner(seen: Evidence) -> list[str]:
    """Only what was proved to be faster is ever advised; what merely may be as fast is undecided, and said so."""
    proved = [cell for cell in seen.measured if cell.verdict == FASTER]
    first = seen.leader if seen.leader in proved else max(proved, key=lambda cell: cell.speedup or 0.0)
    assert first is not None
    rate = f"{rate_of(first)} as fast as {seen.baseline.name}"
    level = [cell for cell in seen.measured if cell.in_fastest_group and cell is not seen.baseline]
    ties = sorted((cell for cell in level if cell in proved), key=simplicity)
    if level == [first]:
        return [f"{first.name} was fastest: {rate}."]
    if len(ties) <= 1:
        return [f"{first.name} was proved to be faster: {rate}."]
    names = listed([cell.name for cell in ties])
    return [
        f"{first.name} came out first: {rate}.",
        f"But {names} cannot be told apart: take the simplest, {ties[0].name}.",
    ]


def _no_winner(seen: Evidence, others: list[CellEvidence]) -> str:
    if any(cell.verdict == UNDECIDED for cell in others):
        return f"Nothing was proved to be faster than {seen.baseline.name}."
    same = [cell.name for cell in others if cell.verdict == SAME]
    slower = [cell.name for cell in others if cell.verdict == SLOWER]
    parts = [f"{listed(same)} the same within 5 %"] if same else []
    parts += [f"{listed(slower)} slower"] if slower else []
    return f"Nothing was faster than {seen.baseline.name} ({'; '.join(parts)}): leave it as it is."


def _undecided(others: list[CellEvidence]) -> list[str]:
    open_ones = [cell for cell in others if cell.verdict == UNDECIDED and cell.interval]
    if not open_ones:
        return []
    parts = [f"{cell.name} [{span(cell.interval.low, cell.interval.high)}]" for cell in open_ones if cell.interval]
    return [f"Undecided: {', '.join(parts)}. More rounds (--max-rounds, --budget) or a quieter machine would tell."]


_MORE = f"A verdict takes {FEWEST} rounds or more."


def _too_few_rounds(seen: Evidence) -> str:
    leader = max(seen.measured, key=lambda cell: cell.speedup or 0.0)
    rounds = max(len(cell.cell.samples) for cell in seen.measured)
    if leader is seen.baseline:
        return f"Nothing took less time than {leader.name} in {rounds} round{'s' if rounds > 1 else ''}. {_MORE}"
    return (
        f"{leader.name} took the least time in {rounds} round{'s' if rounds > 1 else ''}: "
        f"{ratio(leader.speedup or 0)} as fast as {seen.baseline.name}. {_MORE}"
    )


def rate_of(cell: CellEvidence) -> str:
    """How many times as fast, and what that may be."""
    interval = f" [{span(cell.interval.low, cell.interval.high)}]" if cell.interval else ""
    return f"{ratio(cell.speedup or 0)}{interval}"


def simplicity(cell: CellEvidence) -> tuple[int, int, int]:
    """The simplest runner sorts first; of one runner, that with the fewest workers and the smallest chunks."""
    name = cell.cell.runner
    place = SIMPLEST_FIRST.index(name) if name in SIMPLEST_FIRST else len(SIMPLEST_FIRST)
    return place, cell.cell.workers, chunk_of(cell.cell)
