"""Tasks that failed where that is tolerated, and tries that were repeated: counted over all samples of a cell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from concbench.results.records import Cell

UNEVEN = 0.01
"""Share of the tasks by which two runners may differ in what failed; beyond it they did not do the same work."""


@dataclass(frozen=True)
class Mishaps:
    """What happened to the tasks of a cell."""

    tasks: int
    """All that were executed in its samples."""
    failed: dict[str, int]
    """For each thing that happened, how many; the most frequent first."""
    retries: int

    @property
    def share(self) -> float:
        """Of the tasks, that failed."""
        return sum(self.failed.values()) / self.tasks if self.tasks else 0.0

    def __str__(self) -> str:
        """4,987 of 5,000 tasks succeeded; 13 timed out; empty where nothing happened."""
        if not self.failed and not self.retries:
            return ""
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.failed.items())
        retries = f"{self.retries:,} {'retry' if self.retries == 1 else 'retries'}" if self.retries else ""
        counts = f"{self.tasks - sum(self.failed.values()):,} of {self.tasks:,} tasks succeeded"
        return "; ".join(part for part in (counts, kinds, retries) if part)


def mishaps(cell: Cell, tasks: int) -> Mishaps:
    """Of a cell whose executions have so many tasks."""
    failed: Counter[str] = Counter()
    for sample in cell.samples:
        failed.update(sample.failed)
    executed = tasks * sum(sample.repeats for sample in cell.samples)
    return Mishaps(executed, dict(failed.most_common()), sum(sample.retries for sample in cell.samples))


def uneven(one: Mishaps, other: Mishaps) -> bool:
    """Whether two cells did not do the same work, so that their times say nothing about each other."""
    return bool(one.tasks and other.tasks) and abs(one.share - other.share) > UNEVEN
