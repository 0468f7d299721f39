"""Which samples can be compared if tasks failed and that is tolerated, or if tasks were retried.

A runner that skips work looks fast, and one that waits for timeouts looks slow: samples are compared only with samples
of the same round in which about the same failures happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from concbench.results.records import Cell, Sample

UNEVEN = 0.01
"""Share of the tasks by which failures may differ between two samples that are compared."""
_COSTLY = ("timed out", "timeout")
"""Parts of the names of failures that last until a time limit: these must have happened equally often."""


@dataclass(frozen=True)
class Mishaps:
    """Failures and retries of the tasks of a cell, over all its samples."""

    tasks: int
    """Number of tasks that were executed."""
    failed: dict[str, int]
    """Count of each kind of failure, the most frequent first."""
    retries: int
    first: dict[str, str] = field(default_factory=dict)
    """The first item with each kind of failure, as text; empty for results files of older versions."""

    def __bool__(self) -> bool:
        """Whether any task failed or was retried."""
        return bool(self.failed or self.retries)


def mishaps(cell: Cell, tasks: int) -> Mishaps:
    """Add up the failures of a cell whose executions have `tasks` tasks each."""
    failed: Counter[str] = Counter()
    first: dict[str, str] = {}
    for sample in cell.samples:
        failed.update(sample.failed)
        first = {**{kind: items[0] for kind, items in sample.failed_items.items() if items}, **first}
    executed = tasks * sum(sample.repeats for sample in cell.samples)
    return Mishaps(executed, dict(failed.most_common()), sum(sample.retries for sample in cell.samples), first)


def comparable_cells(cells: Sequence[Cell], tasks: int) -> list[Cell]:
    """The cells without samples whose failures differ from those of the best sample of their round.

    The best sample has the fewest costly failures, and among these the fewest failures; its runner does not matter.
    """
    if not any(sample.failed for cell in cells for sample in cell.samples):
        return list(cells)
    rounds: dict[int, list[Sample]] = {}
    for cell in cells:
        for sample in cell.samples if cell.outcome.kind == "ok" else ():
            rounds.setdefault(sample.round, []).append(sample)
    best = {number: min(samples, key=_harm) for number, samples in rounds.items()}
    return [replace(cell, samples=_comparable_samples(cell, best, tasks)) for cell in cells]


def _comparable_samples(cell: Cell, best: dict[int, Sample], tasks: int) -> list[Sample]:
    samples = (sample for sample in cell.samples if sample.round in best)
    return [sample for sample in samples if _is_comparable(sample, best[sample.round], tasks)]


def _is_comparable(one: Sample, other: Sample, tasks: int) -> bool:
    kinds = {*one.failed, *other.failed}
    differences = (abs(_rate(one, kind) - _rate(other, kind)) for kind in kinds if not _is_costly(kind))
    return _costly(one) == _costly(other) and sum(differences) <= UNEVEN * tasks


def _harm(sample: Sample) -> tuple[Fraction, Fraction]:
    return _costly(sample), sum((_rate(sample, kind) for kind in sample.failed), Fraction())


def _costly(sample: Sample) -> Fraction:
    return sum((_rate(sample, kind) for kind in sample.failed if _is_costly(kind)), Fraction())


def _rate(sample: Sample, kind: str) -> Fraction:
    """Failures of a kind per execution: samples of slow cells have fewer executions."""
    return Fraction(sample.failed.get(kind, 0), sample.repeats)


def _is_costly(kind: str) -> bool:
    return any(name in kind.lower() for name in _COSTLY)
