"""Stop rules: before each round, a rule decides the cells that take part in it, until none do.

`StopRule` is the protocol. This module has the two rules of ordinary measurements; requirement_rule.py has the rule of
requirements, search/race.py the rule of a race, and machine/controls.py the rule of controls.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Protocol

from concbench.analysis.cell_analysis import by_round
from concbench.analysis.pairs import far_behind
from concbench.results.records import CellId, Sample, Stopped
from concbench.stats.intervals import FEWEST, Interval, log_ratios, look_level, ratio_interval
from concbench.stats.noise import Noise
from concbench.stats.trend import trends
from concbench.stats.verdicts import BAND, CLOSE, UNDECIDED, fastest, fastest_group, verdict

if TYPE_CHECKING:
    from concbench.harness.planning.runner_specs import PlannedCell

Samples = Mapping[CellId, Sequence[Sample]]
Seconds = Mapping[CellId, Mapping[int, float]]
"""Seconds of one execution of every cell, by round."""

LONG_ENOUGH = 12
"""Rounds shared with the leader after which a cell of the fastest group rests if its typical ratio is within 5 %: many
more would be needed to prove that it is slower."""


@dataclass(frozen=True)
class Standings:
    """The state of a measurement before a round, as input of a stop rule."""

    baseline: CellId
    samples: Samples
    """The samples of every live cell, in the order of the rounds."""
    comparisons: int
    """Number of ratios that may be printed, including those of cells that have failed since."""
    elapsed: float
    """Seconds since the measurement of this workload began."""
    noise: Noise[CellId] = field(default_factory=Noise)
    """The noise of the table, with the cells that have ended."""

    @property
    def rounds(self) -> int:
        """Rounds taken so far, counted by the cell with the most samples."""
        return max((len(taken) for taken in self.samples.values()), default=0)

    def exceeds(self, budget: float | None, cells: Collection[CellId], rounds: int = 1) -> bool:
        """Whether so many more rounds of these cells, if they take as long as the last samples, exceed the budget."""
        taken = [self.samples[cell][-1] for cell in cells if self.samples[cell]]
        return budget is not None and self.elapsed + rounds * sum(one.seconds * one.repeats for one in taken) > budget


@dataclass(frozen=True)
class NextRound:
    """The decision of a stop rule."""

    cells: Sequence[CellId]
    """The cells that are sampled in the next round."""
    why_none: Stopped = ""
    """The reason if there are none: verdicts (nothing is open), rounds, budget, or baseline (it has ended)."""
    joining: Sequence[PlannedCell] = ()
    """Cells that join before the round, if it takes place."""


@dataclass(frozen=True)
class RoundLimit:
    """The number of rounds that a stop rule may take."""

    max_rounds: int
    all_rounds: bool = False
    """Whether every cell takes all rounds."""


class StopRule(Protocol):
    """Decides the cells of the next round, until there are none."""

    @property
    def terms(self) -> RoundLimit:
        """The number of rounds that the rule may take."""
        ...

    @property
    def hopeless(self) -> float:
        """A cell is dropped if its first execution takes more than this multiple of the shortest; infinity: never."""
        ...

    def next_round(self, standings: Standings) -> NextRound:
        """Decide on the next round from the samples so far."""
        ...


@dataclass(frozen=True)
class EveryRound:
    """Every cell takes every round, regardless of results and of time."""

    rounds: int
    hopeless: float = inf

    @property
    def terms(self) -> RoundLimit:
        """All rounds, for every cell."""
        return RoundLimit(self.rounds, all_rounds=True)

    def next_round(self, standings: Standings) -> NextRound:
        """Return all cells, or none after the last round."""
        return NextRound([], "rounds") if standings.rounds >= self.rounds else NextRound(list(standings.samples))


@dataclass(frozen=True)
class VerdictRule:
    """Samples every cell until its verdict against the baseline is known, and whether it may be the fastest of all.

    A cell rests earlier if it is far behind, or known to be close to the cell that it is compared with. All cells stop
    at the last round or at the budget; the baseline is sampled while a verdict needs it. The confidence intervals are
    valid at every round, so the measurement may end at any of these without weakening a claim.
    """

    max_rounds: int
    budget: float | None = None
    """Seconds after which no further round begins; the first three rounds are always taken."""
    precision: float | None = None
    """Continue after the verdict until the half-width of the interval is at most this share of the ratio, even for
    cells that are far behind or close to the baseline."""
    hopeless: float = inf

    @property
    def terms(self) -> RoundLimit:
        """At most `max_rounds` rounds."""
        return RoundLimit(self.max_rounds)

    def next_round(self, standings: Standings) -> NextRound:
        """Return the cells that are still undecided, with the cells that they are compared with."""
        if (settled := first_or_last(standings, self.max_rounds)) is not None:
            return settled
        level = look_level(self.max_rounds, standings.comparisons)
        seconds = {cell: by_round(taken) for cell, taken in standings.samples.items()}
        behind = far_behind(seconds, level, standings.noise) if self.precision is None else set()
        answered = {standings.baseline} | behind
        unsure = [cell for cell in seconds if cell not in answered and self._wants_more(standings, cell, level)]
        wanted = {*unsure, *contenders(seconds, level, standings.noise), *([standings.baseline] if unsure else [])}
        return further(standings, wanted, self.budget)

    def _wants_more(self, standings: Standings, cell: CellId, level: float) -> bool:
        if self.precision is None:
            return is_open(standings, cell, level)
        interval, trending = _against_baseline(standings, cell, level)
        if interval is None or trending or verdict(interval) == UNDECIDED:
            return True
        return interval.half_width > self.precision


def is_open(standings: Standings, cell: CellId, level: float) -> bool:
    """Whether a cell has no verdict against the baseline yet, and is not known to be within 10 % of it either."""
    interval, trending = _against_baseline(standings, cell, level)
    has_verdict = not trending and verdict(interval) != UNDECIDED
    return not has_verdict and not is_close(standings, cell, level)


def is_close(standings: Standings, cell: CellId, level: float) -> bool:
    """Whether a cell is known to be within 10 % of the baseline; this is true of the baseline itself."""
    interval, trending = _against_baseline(standings, cell, level)
    return cell == standings.baseline or (interval is not None and not trending and interval.within(CLOSE))


def _against_baseline(standings: Standings, cell: CellId, level: float) -> tuple[Interval | None, bool]:
    """The interval of the speed-up of a cell, and whether its ratios still trend from round to round."""
    base, own = (by_round(standings.samples[one]) for one in (standings.baseline, cell))
    ratios = log_ratios(base, own)
    return ratio_interval(ratios, level, standings.noise.prior(standings.baseline, cell)), trends(ratios)


def first_or_last(standings: Standings, max_rounds: int) -> NextRound | None:
    """The next round where no interval decides it: the first three, and none after the last or without a baseline."""
    if standings.rounds >= max_rounds:
        return NextRound([], "rounds")
    if standings.rounds < FEWEST:
        return NextRound(list(standings.samples))
    return None if standings.baseline in standings.samples else NextRound([], "baseline")


def further(standings: Standings, wanted: set[CellId], budget: float | None) -> NextRound:
    """A round of the wanted cells, if there are any and the budget in seconds allows it."""
    if not wanted:
        return NextRound([], "verdicts")
    if standings.exceeds(budget, wanted):
        return NextRound([], "budget")
    return NextRound([cell for cell in standings.samples if cell in wanted])


def contenders(seconds: Seconds, level: float, noise: Noise[CellId]) -> set[CellId]:
    """The cells of the fastest group that further rounds may prove to be slower, and the leader; empty if none may.

    A cell of the group rests once its interval lies within 10 % of the leader, and after 12 rounds if its typical ratio
    is within 5 %. It stays in the group, since it is not proved to be slower.
    """
    leader = fastest(seconds)
    best = seconds[leader].keys()
    rivals = {
        cell
        for cell, interval in fastest_group(seconds, level, noise).items()
        if cell != leader and not _rests(interval, len(best & seconds[cell].keys()))
    }
    return rivals | {leader} if rivals else set()


def _rests(interval: Interval | None, rounds: int) -> bool:
    """Whether a cell that is not proved to be slower than the leader rests, after so many rounds with the leader."""
    if interval is None:
        return False
    return interval.within(CLOSE) or (rounds >= LONG_ENOUGH and 1 / BAND < interval.centre < BAND)
