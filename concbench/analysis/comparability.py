"""Tasks that failed where that is tolerated, and tries that were repeated: what they leave to compare.

Whoever leaves out work is fast, and whoever waits for what never comes is slow: samples are compared only with samples
of the same round in which about the same happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from concbench.results.records import Cell, Sample

UNEVEN = 0.01
"""Share of its tasks by which what failed may differ between two samples that are compared."""
_COSTLY = ("timed out", "timeout")
"""In the name of what takes as long as it is allowed to: of this, the same number must have happened."""


@dataclass(frozen=True)
class Mishaps:
    """What happened to the tasks of a cell, over all its samples."""

    tasks: int
    """All that were executed."""
    failed: dict[str, int]
    """For each thing that happened, how many; the most frequent first."""
    retries: int
    first: dict[str, str] = field(default_factory=dict)
    """For each thing that happened, the first item to which it did, as a text; of older files nothing is known."""

    def __bool__(self) -> bool:
        """Whether anything happened that should not have."""
        return bool(self.failed or self.retries)


def mishaps(cell: Cell, tasks: int) -> Mishaps:
    """Of a cell whose executions have so many tasks."""
    failed: Counter[str] = Counter()
    first: dict[str, str] = {}
    for sample in cell.samples:
        failed.update(sample.failed)
        first = {**{happened: items[0] for happened, items in sample.failed_items.items() if items}, **first}
    executed = tasks * sum(sample.repeats for sample in cell.samples)
    return Mishaps(executed, dict(failed.most_common()), sum(sample.retries for sample in cell.samples), first)


def comparable(cells: Sequence[Cell], tasks: int) -> list[Cell]:
    """Cells without the samples in which other things failed than in the best of their round.

    The best is that in which the least was costly, and then the least failed; which runner it was does not matter.
    """
    if not any(sample.failed for cell in cells for sample in cell.samples):
        return list(cells)
    rounds: dict[int, list[Sample]] = {}
    for cell in cells:
        for sample in cell.samples if cell.outcome.kind == "ok" else ():
            rounds.setdefault(sample.round, []).append(sample)
    best = {number: min(samples, key=_harm) for number, samples in rounds.items()}
    return [replace(cell, samples=_kept(cell, best, tasks)) for cell in cells]


def _kept(cell: Cell, best: dict[int, Sample], tasks: int) -> list[Sample]:
    return [sample for sample in cell.samples if sample.round in best and _alike(sample, best[sample.round], tasks)]


def _alike(one: Sample, other: Sample, tasks: int) -> bool:
    kinds = {*one.failed, *other.failed}
    differences = (abs(_rate(one, kind) - _rate(other, kind)) for kind in kinds if not _is_costly(kind))
    return _costly(one) == _costly(other) and sum(differences) <= UNEVEN * tasks


def _harm(sample: Sample) -> tuple[Fraction, Fraction]:
    return _costly(sample), sum((_rate(sample, kind) for kind in sample.failed), Fraction())


def _costly(sample: Sample) -> Fraction:
    return sum((_rate(sample, kind) for kind in sample.failed if _is_costly(kind)), Fraction())


def _rate(sample: Sample, kind: str) -> Fraction:
    """How often it happened in an execution: samples of slow cells have fewer of them."""
    return Fraction(sample.failed.get(kind, 0), sample.repeats)


def _is_costly(kind: str) -> bool:
    return any(name in kind.lower() for name in _COSTLY)
