"""The search for the best of many cells: a race in which those that are behind stop, and neighbours of the best join.

Dropping is no claim, so it is done at an uncorrected 95 % after every round; one that is hopelessly behind is dropped
after one round or two. How good the pick is: benchmarks/advice/accuracy.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from concbench.analysis.thresholds import FAR_BEHIND, FIRST_RUN_COSTS, HOPELESS
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.stopping import StopRule, by_round, round_seconds
from concbench.results.records import CellId, Sample, Stopped
from concbench.stats.intervals import FEWEST, look_level, ratio_interval
from concbench.stats.verdicts import BAND, UNDECIDED, fastest, log_ratios, verdict

_DROP_LEVEL = 0.05

Samples = Mapping[CellId, Sequence[Sample]]


@dataclass(frozen=True)
class RaceRule(StopRule):
    """Two questions: which is the best, and how much faster is it than the baseline?"""

    comparisons: int = 0
    """Cells that are or may still be compared with the baseline, those that may join included."""
    neighbours: Callable[[CellId], Sequence[PlannedCell]] = lambda _: ()
    """The cells beside a leader that are worth a try."""

    def more_cells(self, samples: Samples) -> list[PlannedCell]:
        """The neighbours of the leader, once it is clear enough who that is."""
        if not samples or max(map(len, samples.values())) < max(FAR_BEHIND):
            return []
        leader = fastest({cell: by_round(taken) for cell, taken in samples.items() if taken})
        return [planned for planned in self.neighbours(leader) if planned.id not in samples]

    def hopeless(self, warm_ups: Mapping[CellId, float]) -> list[CellId]:
        """Those that would make the race long and cannot win it, first-run costs allowed for; never the baseline."""
        least = min(warm_ups.values(), default=0.0)
        return [
            cell
            for cell, seconds in warm_ups.items()
            if cell != self.baseline and seconds > HOPELESS * least and seconds > FIRST_RUN_COSTS
        ]

    def cells_of_next_round(self, samples: Samples, comparisons: int, elapsed: float) -> tuple[list[CellId], Stopped]:
        """As StopRule, with the race as the first question."""
        del comparisons
        rounds = max((len(taken) for taken in samples.values()), default=0)
        if rounds == 0:
            return list(samples), ""
        if rounds >= self.max_rounds:
            return [], "rounds"
        if self.baseline not in samples:
            return [], "baseline"
        running = self._running({cell: taken for cell, taken in samples.items() if taken})
        wanted = {cell for cell, taken in samples.items() if not taken} | running
        if len(running) == 1 or self._all_level(samples, running):
            wanted -= {cell for cell in running if len(samples[cell]) >= FEWEST}
        unproved = self._undecided(samples) | self._unpaired(samples, running)
        wanted |= unproved
        if not wanted:
            return [], "verdicts"
        wanted |= {self.baseline, self._leader(samples)} if unproved else {self._leader(samples)}
        enough = all(len(samples[cell]) >= FEWEST for cell in wanted)
        if enough and self.budget is not None and elapsed + round_seconds(samples, wanted) > self.budget:
            return [], "budget"
        return [cell for cell in samples if cell in wanted], ""

    def _leader(self, samples: Samples) -> CellId:
        return fastest({cell: by_round(taken) for cell, taken in samples.items() if taken})

    def _running(self, samples: Samples) -> set[CellId]:
        """The cells that may still be the best."""
        if not samples:
            return set()
        leader = self._leader(samples)
        return {leader} | {cell for cell in samples if cell != leader and self._may_win(samples, leader, cell)}

    def _may_win(self, samples: Samples, leader: CellId, cell: CellId) -> bool:
        best, own = (by_round(samples[name]) for name in (leader, cell))
        rounds = len(own)
        if rounds in FAR_BEHIND:
            behind = np.median(list(own.values())) / np.median(list(best.values()))
            return bool(behind < FAR_BEHIND[rounds])
        interval = ratio_interval(log_ratios(best, own), _DROP_LEVEL)
        return interval is None or interval.high >= 1

    def _all_level(self, samples: Samples, running: set[CellId]) -> bool:
        """Whether all that are left are within 5 % of the leader, so that it does not matter which it is."""
        leader = self._leader(samples)
        for cell in running - {leader}:
            interval = ratio_interval(log_ratios(by_round(samples[leader]), by_round(samples[cell])), _DROP_LEVEL)
            if interval is None or interval.low <= 1 / BAND:
                return False
        return True

    def _unpaired(self, samples: Samples, running: set[CellId]) -> set[CellId]:
        """The cells that may win and have shared too few rounds with the baseline for a verdict.

        The baseline, which is slow where it matters, rests as long as nothing is asked of it.
        """
        rounds = set(by_round(samples[self.baseline]))
        return {cell for cell in running if len(rounds & set(by_round(samples[cell]))) < FEWEST}

    def _undecided(self, samples: Samples) -> set[CellId]:
        """The cells whose verdict against the baseline the advice rests on, and that have none yet.

        That is the leader; if the baseline leads, all that were not given up as hopeless: none of them may be faster.
        """
        leader = self._leader(samples)
        asked = {leader} if leader != self.baseline else {cell for cell in samples if len(samples[cell]) >= FEWEST}
        level = look_level(self.max_rounds, self.comparisons)
        base = by_round(samples[self.baseline])
        return {
            cell
            for cell in asked - {self.baseline}
            if verdict(ratio_interval(log_ratios(base, by_round(samples[cell])), level)) == UNDECIDED
        }
