"""When to stop: asked once before each round which cells take part in it.

A stop rule is anything that answers as `StopRule` says. Here are the two of ordinary measurements; requirements have
their own in requiring.py, a race in race.py, and controls in controls.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Protocol

from concbench.results.records import CellId, Sample, Stopped
from concbench.stats.intervals import FEWEST, look_level, ratio_interval
from concbench.stats.verdicts import BAND, UNDECIDED, fastest_group, log_ratios, verdict_of

if TYPE_CHECKING:
    from concbench.harness.runner_specs import PlannedCell

Samples = Mapping[CellId, Sequence[Sample]]


@dataclass(frozen=True)
class Seen:
    """What is known before a round."""

    baseline: CellId
    samples: Samples
    """Those of every cell that goes on, in the order of the rounds."""
    comparisons: int
    """How many ratios may be printed, those of cells that have failed since included."""
    elapsed: float
    """Seconds since the measurement of this workload began."""

    @property
    def rounds(self) -> int:
        """That were taken by the cell that took most."""
        return max((len(taken) for taken in self.samples.values()), default=0)

    def exceeds(self, budget: float | None, cells: Collection[CellId]) -> bool:
        """Whether another round of these cells, going by their last samples, is more than the budget allows."""
        taken = [self.samples[cell][-1] for cell in cells if self.samples[cell]]
        return budget is not None and self.elapsed + sum(one.seconds * one.repeats for one in taken) > budget


@dataclass(frozen=True)
class NextRound:
    """What a stop rule decides."""

    cells: Sequence[CellId]
    """The cells that are sampled in it."""
    why_none: Stopped = ""
    """Why there are none: verdicts, rounds, budget, or baseline (the baseline has ended)."""
    joining: Sequence[PlannedCell] = ()
    """Cells that are to join before it, if it takes place."""


@dataclass(frozen=True)
class Terms:
    """How many rounds there may be."""

    max_rounds: int
    all_rounds: bool = False
    """Whether every cell takes all of them."""


class StopRule(Protocol):
    """Decides who takes part in the next round, until nobody does."""

    @property
    def terms(self) -> Terms:
        """How many rounds it takes."""
        ...

    @property
    def hopeless(self) -> float:
        """Times the shortest first execution beyond which a cell is not measured at all; infinity: all are."""
        ...

    def next_round(self, seen: Seen) -> NextRound:
        """Decide from what has been seen so far."""
        ...


@dataclass(frozen=True)
class EveryRound:
    """Every cell takes every round, whatever is known and whatever it takes."""

    rounds: int
    hopeless: float = inf

    @property
    def terms(self) -> Terms:
        """All of them."""
        return Terms(self.rounds, all_rounds=True)

    def next_round(self, seen: Seen) -> NextRound:
        """All of them, or none."""
        return NextRound([], "rounds") if seen.rounds >= self.rounds else NextRound(list(seen.samples))


@dataclass(frozen=True)
class VerdictRule:
    """Two questions are asked of every cell: how fast against the baseline, and may it be the fastest of all?

    A cell stops when both are answered, at the last round, or at the budget; the baseline runs while a verdict needs
    it. The intervals hold at every round, so any of these may end the measurement without making a claim less sure.
    """

    max_rounds: int
    budget: float | None = None
    """Seconds after which no further round is begun, the first three apart."""
    precision: float | None = None
    """Go on past the verdict until the half-width of the interval is this share of the ratio."""
    hopeless: float = inf

    @property
    def terms(self) -> Terms:
        """At most so many rounds."""
        return Terms(self.max_rounds)

    def next_round(self, seen: Seen) -> NextRound:
        """The cells of which a question is open, and what they are compared with."""
        if (settled := first_or_last(seen, self.max_rounds)) is not None:
            return settled
        level = look_level(self.max_rounds, seen.comparisons)
        unsure = [cell for cell in seen.samples if cell != seen.baseline and self._wants_more(seen, cell, level)]
        wanted = {*unsure, *contenders(seen.samples, level), *([seen.baseline] if unsure else [])}
        return further(seen, wanted, self.budget)

    def _wants_more(self, seen: Seen, cell: CellId, level: float) -> bool:
        base, own = (by_round(seen.samples[one]) for one in (seen.baseline, cell))
        ratios = log_ratios(base, own)
        interval = ratio_interval(ratios, level)
        if interval is None or verdict_of(ratios, level) == UNDECIDED:
            return True
        return self.precision is not None and interval.half_width > self.precision


def first_or_last(seen: Seen, max_rounds: int) -> NextRound | None:
    """The next round where no interval decides on it: the first three, none after the last or without a baseline."""
    if seen.rounds >= max_rounds:
        return NextRound([], "rounds")
    if seen.rounds < FEWEST:
        return NextRound(list(seen.samples))
    return None if seen.baseline in seen.samples else NextRound([], "baseline")


def further(seen: Seen, wanted: set[CellId], budget: float | None) -> NextRound:
    """A round of the cells of which something is still asked, if there are any and the budget in seconds allows it."""
    if not wanted:
        return NextRound([], "verdicts")
    if seen.exceeds(budget, wanted):
        return NextRound([], "budget")
    return NextRound([cell for cell in seen.samples if cell in wanted])


def by_round(samples: Sequence[Sample]) -> dict[int, float]:
    """Seconds of one execution, by round."""
    return {sample.round: sample.seconds for sample in samples}


def contenders(samples: Samples, level: float) -> list[CellId]:
    """The cells that may still be the fastest; none of them once that is settled, or they are all within 5 %."""
    group = fastest_group({cell: by_round(taken) for cell, taken in samples.items()}, level)
    behind = [interval for interval in group.values() if interval is not None]
    settled = len(behind) == len(group) - 1 and all(interval.low > 1 / BAND for interval in behind)
    return [] if settled else list(group)
