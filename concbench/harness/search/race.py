"""The search for the best of many cells: a race that drops slow cells and adds neighbours of the leader.

Dropping a cell makes no claim about it, so it is decided after every round at an uncorrected 95 % level; a cell that
is hopelessly behind is dropped after one or two rounds. benchmarks/advice/accuracy.py measures how good the pick is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from concbench.analysis.cell_analysis import by_round
from concbench.analysis.thresholds import FAR_BEHIND, HOPELESS
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.harness.stop_rules import NextRound, RoundLimit, Samples, Standings, contenders, is_close, is_open
from concbench.results.records import CellId, Sample
from concbench.stats.intervals import FEWEST, log_ratios, look_level, ratio_interval
from concbench.stats.noise import Noise
from concbench.stats.verdicts import BAND, fastest

_DROP_LEVEL = 0.05
_PROOF = 2 * FEWEST
"""Rounds that are left for the proof if the baseline pauses; a clear gain needs half of them."""


@dataclass(frozen=True)
class RaceRule:
    """Samples until the best cell is known, and how much faster it is than the baseline."""

    max_rounds: int
    comparisons: int
    """Cells that are or may be compared with the baseline, including those that will probably join."""
    neighbours: Callable[[Samples], Sequence[PlannedCell]]
    """Returns the cells that are worth trying, given the samples of the others."""
    budget: float | None = None
    """Seconds after which no further round begins, except the first three."""
    limit: float | None = None
    """Seconds after which no round begins at all."""
    pauses: bool = True
    """Whether the baseline pauses while others are compared, if it is clear that it cannot win."""
    hopeless: float = HOPELESS

    @property
    def terms(self) -> RoundLimit:
        """At most `max_rounds` rounds."""
        return RoundLimit(self.max_rounds)

    def next_round(self, standings: Standings) -> NextRound:
        """Return the cells that may still win, the cells whose verdict the advice needs, and neighbours to add."""
        if standings.rounds == 0:
            return NextRound(list(standings.samples))
        if standings.rounds >= self.max_rounds:
            return NextRound([], "rounds")
        if standings.baseline not in standings.samples:
            return NextRound([], "baseline")
        joining = self._joining(standings)
        wanted = self._wanted(standings) or self._open(standings)
        if not wanted:
            return NextRound([], "verdicts", joining)
        enough = all(len(standings.samples[cell]) >= FEWEST for cell in wanted)
        budget = self.budget if enough else self.limit
        if standings.exceeds(budget, wanted):
            leader = _leader(standings.samples)
            wanted = {leader, standings.baseline} if leader in self._undecided(standings) else set()
            if not wanted or standings.exceeds(budget, wanted):
                return NextRound([], "budget", joining)
            joining = []
        return NextRound([cell for cell in standings.samples if cell in wanted], joining=joining)

    def _joining(self, standings: Standings) -> list[PlannedCell]:
        """The neighbours of the leader, once the leader is clear enough, unless nothing gains much."""
        if standings.rounds < max(FAR_BEHIND) or self._nothing_gains(standings):
            return []
        return [planned for planned in self.neighbours(standings.samples) if planned.id not in standings.samples]

    def _wanted(self, standings: Standings) -> set[CellId]:
        samples = standings.samples
        running = _running({cell: taken for cell, taken in samples.items() if taken}, standings.noise)
        wanted = {cell for cell, taken in samples.items() if not taken} | running
        if len(running) == 1 or _all_level(samples, running, standings.noise):
            wanted -= {cell for cell in running if len(samples[cell]) >= FEWEST}
        proof = wanted | running | {standings.baseline}
        if wanted and self._may_pause(standings) and not standings.exceeds(self.budget, proof, _PROOF):
            return wanted | {_leader(samples)}  # a few rounds will prove it, once it is known which cells are left
        unproved = self._undecided(standings) | _unpaired(standings, running)
        wanted |= unproved
        if not wanted:
            return set()
        return wanted | ({standings.baseline, _leader(samples)} if unproved else {_leader(samples)})

    def _may_pause(self, standings: Standings) -> bool:
        """Whether the baseline need not be sampled yet: its median is more than four times that of the leader."""
        if not self.pauses or standings.rounds + _PROOF >= self.max_rounds:
            return False
        ends = (standings.samples[one] for one in (standings.baseline, _leader(standings.samples)))
        baseline, leader = (np.median([*by_round(taken).values()]) for taken in ends)
        return bool(baseline > FAR_BEHIND[1] * leader)

    def _open(self, standings: Standings) -> set[CellId]:
        """The leader and the cells that further rounds may prove to be slower, at the level of the table.

        The race dropped them at a weaker level, which makes no claim. While there is time, sampling continues until
        they are known to be slower, or tied with the leader; cells that are far behind are left out.
        """
        samples, leader = standings.samples, _leader(standings.samples)
        measured = {cell: by_round(taken) for cell, taken in _measured(samples).items()}
        if leader not in measured:
            return set()
        far = FAR_BEHIND[max(FAR_BEHIND)] * np.median(list(measured[leader].values()))
        near = {cell: own for cell, own in measured.items() if np.median(list(own.values())) < far}
        return contenders(near, self._level(standings), standings.noise)

    def _level(self, standings: Standings) -> float:
        return look_level(self.max_rounds, max(self.comparisons, standings.comparisons))

    def _undecided(self, standings: Standings) -> set[CellId]:
        """The cells of which more must be known against the baseline, among those that the advice is based on.

        These are the leader and, if nothing gains much, all cells that were not dropped as hopeless: the advice then
        claims that none of them is faster.
        """
        samples, leader = standings.samples, _leader(standings.samples)
        baseline, level = standings.baseline, self._level(standings)
        rivals = {leader}
        if self._nothing_gains(standings):
            rivals |= _measured(samples).keys()
        return {cell for cell in rivals - {baseline} if is_open(standings, cell, level)}

    def _nothing_gains(self, standings: Standings) -> bool:
        """Whether the leader of the cells with three rounds is known to be within 10 % of the baseline."""
        measured = _measured(standings.samples)
        return bool(measured) and is_close(standings, _leader(measured), self._level(standings))


def _measured(samples: Samples) -> dict[CellId, Sequence[Sample]]:
    """The samples of the cells with enough rounds for an interval."""
    return {cell: taken for cell, taken in samples.items() if len(taken) >= FEWEST}


def _leader(samples: Samples) -> CellId:
    return fastest({cell: by_round(taken) for cell, taken in samples.items() if taken})


def _running(samples: Samples, noise: Noise[CellId]) -> set[CellId]:
    """The cells that may still be the best."""
    if not samples:
        return set()
    leader = _leader(samples)
    return {leader} | {cell for cell in samples if cell != leader and _may_win(samples, leader, cell, noise)}


def _may_win(samples: Samples, leader: CellId, cell: CellId, noise: Noise[CellId]) -> bool:
    best, own = (by_round(samples[name]) for name in (leader, cell))
    rounds = len(own)
    if rounds in FAR_BEHIND:
        behind = np.median(list(own.values())) / np.median(list(best.values()))
        return bool(behind < FAR_BEHIND[rounds])
    interval = ratio_interval(log_ratios(best, own), _DROP_LEVEL, noise.prior(leader, cell))
    return interval is None or interval.high >= 1


def _all_level(samples: Samples, running: set[CellId], noise: Noise[CellId]) -> bool:
    """Whether all remaining cells are within 5 % of the leader, so that the choice among them does not matter."""
    leader = _leader(samples)
    for cell in running - {leader}:
        ratios = log_ratios(by_round(samples[leader]), by_round(samples[cell]))
        interval = ratio_interval(ratios, _DROP_LEVEL, noise.prior(leader, cell))
        if interval is None or interval.low <= 1 / BAND:
            return False
    return True


def _unpaired(standings: Standings, running: set[CellId]) -> set[CellId]:
    """The cells that may win and share too few rounds with the baseline for a verdict.

    The baseline is sampled only when a verdict needs it, since it is slow where the race matters.
    """
    rounds = set(by_round(standings.samples[standings.baseline]))
    return {cell for cell in running if len(rounds & set(by_round(standings.samples[cell]))) < FEWEST}
