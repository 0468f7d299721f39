"""When to stop: asked once before each round which cells take part in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from concbench.results.records import CellId, Sample, Stopped
from concbench.stats.intervals import FEWEST, look_level, ratio_interval
from concbench.stats.verdicts import BAND, UNDECIDED, fastest_group, log_ratios, verdict

if TYPE_CHECKING:
    from concbench.harness.runner_specs import PlannedCell


@dataclass(frozen=True)
class StopRule:
    """Two questions are asked of every cell: how fast against the baseline, and may it be the fastest of all?

    A cell stops when both are answered, at the last round, or at the budget; the baseline runs while a verdict needs
    it. The intervals hold at every round, so any of these may end the measurement without making a claim less sure.
    """

    baseline: CellId
    max_rounds: int
    all_rounds: bool = False
    """Every cell takes every round, whatever is known."""
    budget: float | None = None
    """Seconds after which no further round is begun, the first three apart."""
    precision: float | None = None
    """Go on past the verdict until the half-width of the interval is this share of the ratio."""

    def cells_of_next_round(
        self, samples: Mapping[CellId, Sequence[Sample]], comparisons: int, elapsed: float
    ) -> tuple[list[CellId], Stopped]:
        """Decide from what has been seen so far.

        Args:
            samples: those of every cell that is still well, by cell, in the order of the rounds.
            comparisons: how many cells are compared with the baseline, those that have failed since included.
            elapsed: seconds since the measurement of this workload began.

        Returns:
            The cells that are sampled in the next round, and why there are none: verdicts, rounds, budget or baseline
            (there is no baseline any more).
        """
        rounds = max((len(taken) for taken in samples.values()), default=0)
        if rounds >= self.max_rounds:
            return [], "rounds"
        if rounds < FEWEST or self.all_rounds:
            return list(samples), ""
        if self.baseline not in samples:
            return [], "baseline"
        level = look_level(self.max_rounds, comparisons)
        unsure = [cell for cell in samples if cell != self.baseline and self._wants_more(samples, cell, level)]
        wanted = {*unsure, *contenders(samples, level), *([self.baseline] if unsure else [])}
        if not wanted:
            return [], "verdicts"
        if self.budget is not None and elapsed + round_seconds(samples, wanted) > self.budget:
            return [], "budget"
        return [cell for cell in samples if cell in wanted], ""

    def more_cells(self, samples: Mapping[CellId, Sequence[Sample]]) -> Sequence[PlannedCell]:
        """Cells that are to join before the next round; none here."""
        del samples
        return ()

    def hopeless(self, warm_ups: Mapping[CellId, float]) -> Collection[CellId]:
        """Cells that are given up after their warm-up, by the seconds that it took; none here."""
        del warm_ups
        return ()

    def _wants_more(self, samples: Mapping[CellId, Sequence[Sample]], cell: CellId, level: float) -> bool:
        base, own = (by_round(samples[name]) for name in (self.baseline, cell))
        interval = ratio_interval(log_ratios(base, own), level)
        if interval is None or verdict(interval) == UNDECIDED:
            return True
        return self.precision is not None and interval.half_width > self.precision


def by_round(samples: Sequence[Sample]) -> dict[int, float]:
    """Seconds of one execution, by round."""
    return {sample.round: sample.seconds for sample in samples}


def contenders(samples: Mapping[CellId, Sequence[Sample]], level: float) -> list[CellId]:
    """The cells that may still be the fastest; none of them once that is settled, or they are all within 5 %."""
    group = fastest_group({cell: by_round(taken) for cell, taken in samples.items()}, level)
    behind = [interval for interval in group.values() if interval is not None]
    settled = len(behind) == len(group) - 1 and all(interval.low > 1 / BAND for interval in behind)
    return [] if settled else list(group)


def round_seconds(samples: Mapping[CellId, Sequence[Sample]], cells: Collection[CellId]) -> float:
    """What a round of these cells will take, from their last samples."""
    taken = [samples[cell][-1] for cell in cells if samples[cell]]
    return sum(sample.seconds * sample.repeats for sample in taken)
