"""The answer to a table, in words: which runner, what ties with it, and why."""

from __future__ import annotations

from concbench.advice.evidence import CellEvidence, Evidence, evidence
from concbench.advice.rules import findings
from concbench.advice.units import ratio, seconds
from concbench.results.records import Table

WORTH_IT = 1.1
"""A speed-up below this is not offered as a reason to change a program."""
SIMPLEST_FIRST = ("sequential", "thread-pool", "threads", "batched-threads", "asyncio", "process-pool", "processes")


def answer(table: Table) -> list[str]:
    """The sentences, the most important first."""
    seen = evidence(table)
    return [*_headline(seen), *findings(seen)]


def _headline(seen: Evidence) -> list[str]:
    rated = [cell for cell in seen.measured if cell.speedup is not None]
    if not rated:
        return [f"No answer: {seen.baseline.name} has no times to compare with ({_reason(seen.baseline)})."]
    if len(rated) == 1:
        only = rated[0]
        return [f"Only {only.name} was measured ({seconds(only.seconds or 0)} a pass): there is nothing to compare."]
    leader = seen.fastest
    assert leader is not None
    if leader is seen.baseline or (leader.speedup or 0) < WORTH_IT or leader.in_every_round != "faster":
        return [_nothing_gained(seen)]
    sentences = [f"{leader.name} was fastest: {ratio(leader.speedup or 0)} as fast as {seen.baseline.name}."]
    ties = sorted(seen.ties(leader), key=_simplicity)
    if ties:
        simplest = min([leader, *ties], key=_simplicity)
        advice = "" if simplest is leader else f"; the simplest of them is {simplest.name}"
        names = " and ".join(cell.name for cell in ties)
        sentences.append(f"{_rounds(seen.table)} cannot tell {names} apart from it{advice}.")
    return sentences


def _nothing_gained(seen: Evidence) -> str:
    others = [cell for cell in seen.measured if cell is not seen.baseline]
    best = max(others, key=lambda cell: cell.speedup or 0)
    return (
        f"Nothing was clearly faster than {seen.baseline.name}; the best of the others, {best.name}, came to "
        f"{ratio(best.speedup or 0)}. On these figures, leave it as it is."
    )


def _rounds(table: Table) -> str:
    count = max(len(cell.samples) for cell in table.cells)
    return "One round" if count == 1 else f"{count} rounds"


def _simplicity(cell: CellEvidence) -> int:
    name = cell.cell.runner
    return SIMPLEST_FIRST.index(name) if name in SIMPLEST_FIRST else len(SIMPLEST_FIRST)


def _reason(cell: CellEvidence) -> str:
    return cell.cell.outcome.reason or "it was not sampled"
