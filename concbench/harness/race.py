"""The search for the best of many cells: a race in which those that are behind stop, and neighbours of the best join.

Dropping is no claim, so it is done at an uncorrected 95 % after every round; one that is hopelessly behind is dropped
after one round or two. How good the pick is: benchmarks/advice/accuracy.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from concbench.analysis.thresholds import FAR_BEHIND, HOPELESS
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.stopping import NextRound, Samples, Seen, Terms, by_round
from concbench.results.records import CellId
from concbench.stats.intervals import FEWEST, look_level, ratio_interval
from concbench.stats.verdicts import BAND, UNDECIDED, fastest, fastest_group, log_ratios, verdict_of

_DROP_LEVEL = 0.05


@dataclass(frozen=True)
class RaceRule:
    """Two questions: which is the best, and how much faster is it than the baseline?"""

    max_rounds: int
    comparisons: int
    """Cells that are or may still be compared with the baseline, those that will probably join included."""
    neighbours: Callable[[Samples], Sequence[PlannedCell]]
    """The cells that are worth a try, given what others took."""
    budget: float | None = None
    """Seconds after which no further round is begun, the first three apart."""
    limit: float | None = None
    """Seconds after which none is begun in any case."""
    hopeless: float = HOPELESS

    @property
    def terms(self) -> Terms:
        """At most so many rounds."""
        return Terms(self.max_rounds)

    def next_round(self, seen: Seen) -> NextRound:
        """The cells that may still win or whose verdict the advice rests on, and neighbours of the leader."""
        if seen.rounds == 0:
            return NextRound(list(seen.samples))
        if seen.rounds >= self.max_rounds:
            return NextRound([], "rounds")
        joining = self._joining(seen)
        if seen.baseline not in seen.samples:
            return NextRound([], "baseline", joining)
        wanted = self._wanted(seen) or self._open(seen)
        if not wanted:
            return NextRound([], "verdicts", joining)
        enough = all(len(seen.samples[cell]) >= FEWEST for cell in wanted)
        budget = self.budget if enough else self.limit
        if seen.exceeds(budget, wanted):
            leader = _leader(seen.samples)
            wanted = {leader, seen.baseline} if leader in self._undecided(seen) else set()
            if not wanted or seen.exceeds(budget, wanted):
                return NextRound([], "budget", joining)
            joining = []
        return NextRound([cell for cell in seen.samples if cell in wanted], joining=joining)

    def _joining(self, seen: Seen) -> list[PlannedCell]:
        """The neighbours of the leader, once it is clear enough who that is."""
        if seen.rounds < max(FAR_BEHIND):
            return []
        return [planned for planned in self.neighbours(seen.samples) if planned.id not in seen.samples]

    def _wanted(self, seen: Seen) -> set[CellId]:
        samples = seen.samples
        running = _running({cell: taken for cell, taken in samples.items() if taken})
        wanted = {cell for cell, taken in samples.items() if not taken} | running
        if len(running) == 1 or _all_level(samples, running):
            wanted -= {cell for cell in running if len(samples[cell]) >= FEWEST}
        unproved = self._undecided(seen) | _unpaired(seen, running)
        wanted |= unproved
        if not wanted:
            return set()
        return wanted | ({seen.baseline, _leader(samples)} if unproved else {_leader(samples)})

    def _open(self, seen: Seen) -> set[CellId]:
        """The leader and the cells that may be as fast and may be more than 5 % slower, at the level of the table.

        The race has dropped them at a level that is no claim. As long as there is time, whether they are as fast is
        found out; not of those that are far behind.
        """
        samples, leader = seen.samples, _leader(seen.samples)
        measured = {cell: by_round(taken) for cell, taken in samples.items() if len(taken) >= FEWEST}
        if leader not in measured:
            return set()
        far = FAR_BEHIND[max(FAR_BEHIND)] * np.median(list(measured[leader].values()))
        near = {cell: own for cell, own in measured.items() if np.median(list(own.values())) < far}
        group = fastest_group(near, self._level(seen))
        unsure = {cell for cell, interval in group.items() if interval and interval.low <= 1 / BAND}
        return unsure | {leader} if unsure else set()

    def _level(self, seen: Seen) -> float:
        return look_level(self.max_rounds, max(self.comparisons, seen.comparisons))

    def _undecided(self, seen: Seen) -> set[CellId]:
        """The cells whose verdict against the baseline the advice rests on, and that have none yet.

        That is the leader; if the baseline leads, all that were not given up as hopeless: none of them may be faster.
        """
        samples, leader = seen.samples, _leader(seen.samples)
        asked = {leader} if leader != seen.baseline else {cell for cell in samples if len(samples[cell]) >= FEWEST}
        level = self._level(seen)
        base = by_round(samples[seen.baseline])
        return {
            cell
            for cell in asked - {seen.baseline}
            if verdict_of(log_ratios(base, by_round(samples[cell])), level) == UNDECIDED
        }


def _leader(samples: Samples) -> CellId:
    return fastest({cell: by_round(taken) for cell, taken in samples.items() if taken})


def _running(samples: Samples) -> set[CellId]:
    """The cells that may still be the best."""
    if not samples:
        return set()
    leader = _leader(samples)
    return {leader} | {cell for cell in samples if cell != leader and _may_win(samples, leader, cell)}


def _may_win(samples: Samples, leader: CellId, cell: CellId) -> bool:
    best, own = (by_round(samples[name]) for name in (leader, cell))
    rounds = len(own)
    if rounds in FAR_BEHIND:
        behind = np.median(list(own.values())) / np.median(list(best.values()))
        return bool(behind < FAR_BEHIND[rounds])
    interval = ratio_interval(log_ratios(best, own), _DROP_LEVEL)
    return interval is None or interval.high >= 1


def _all_level(samples: Samples, running: set[CellId]) -> bool:
    """Whether all that are left are within 5 % of the leader, so that it does not matter which it is."""
    leader = _leader(samples)
    for cell in running - {leader}:
        interval = ratio_interval(log_ratios(by_round(samples[leader]), by_round(samples[cell])), _DROP_LEVEL)
        if interval is None or interval.low <= 1 / BAND:
            return False
    return True


def _unpaired(seen: Seen, running: set[CellId]) -> set[CellId]:
    """The cells that may win and have shared too few rounds with the baseline for a verdict.

    The baseline, which is slow where it matters, rests as long as nothing is asked of it.
    """
    rounds = set(by_round(seen.samples[seen.baseline]))
    return {cell for cell in running if len(rounds & set(by_round(seen.samples[cell]))) < FEWEST}
