"""The stop rule of requirements, and the cells of a plan that they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from concbench.analysis.cell_analysis import by_round
from concbench.errors import UsageError
from concbench.harness.planning.runner_specs import PlannedCell, parse
from concbench.harness.stop_rules import NextRound, RoundLimit, Standings, first_or_last, further
from concbench.requirements import UNDECIDED, Requirement, require_consistent
from concbench.results.records import CellId
from concbench.stats.intervals import log_ratios, ratio_interval, requirement_level


@dataclass(frozen=True)
class RequirementRule:
    """Samples until every requirement is known to be met or missed.

    The cells of an undecided requirement take part; cells without a requirement take only the first three rounds.
    """

    requirements: tuple[Requirement, ...]
    max_rounds: int
    budget: float | None = None
    """Seconds after which no further round begins; the first three rounds are always taken."""
    hopeless: float = inf

    @property
    def terms(self) -> RoundLimit:
        """At most `max_rounds` rounds."""
        return RoundLimit(self.max_rounds)

    def next_round(self, standings: Standings) -> NextRound:
        """Return the cells of undecided requirements."""
        if (settled := first_or_last(standings, self.max_rounds)) is not None:
            return settled
        wanted = {cell for one in self.requirements for cell in self._open(one, standings)}
        return further(standings, wanted, self.budget)

    def _open(self, requirement: Requirement, standings: Standings) -> list[CellId]:
        """The two cells of a requirement that more rounds can decide; else none."""
        named = {str(cell): cell for cell in standings.samples}
        base, own = (named.get(name) for name in (requirement.other or str(standings.baseline), requirement.runner))
        if base is None or own is None or not requirement.of_ratio:
            return []
        ratios = log_ratios(by_round(standings.samples[base]), by_round(standings.samples[own]))
        interval = ratio_interval(ratios, requirement_level(self.max_rounds))
        return [base, own] if requirement.decide(interval) == UNDECIDED else []


def resolved(
    requirements: Sequence[Requirement], cells: Sequence[PlannedCell], baseline: CellId
) -> tuple[Requirement, ...]:
    """The requirements with the names that their cells have in the table of the plan.

    Raises:
        UsageError: one names a runner that is not measured, or compares it with itself; or two contradict each other.
    """
    found = []
    for one in requirements:
        runner = named(cells, one.runner, f"the runner {one.runner} of the requirement '{one}'")
        other = named(cells, one.other, f"the runner {one.other} of the requirement '{one}'") if one.other else None
        if one.of_ratio and runner == (other or baseline):
            raise UsageError(f"the requirement '{one}' compares {runner} with itself; name another runner")
        found.append(replace(one, runner=str(runner), other=str(other) if other else ""))
    require_consistent(found)
    return tuple(found)


def named(cells: Sequence[PlannedCell], asked: str, what: str, advice: str = "") -> CellId:
    """Find a cell by its name, such as `sequential@3.13t`; without a variant, under the first of several variants.

    Args:
        cells: the cells to choose from.
        asked: the runner as on the command line, or its label.
        what: the subject of the message if the cell does not exist.
        advice: the end of that message.

    Raises:
        UsageError: there is no such cell.
    """
    runner, _, variant = asked.partition("@")
    variants = [*dict.fromkeys(cell.id.variant for cell in cells)]
    if variant and variant not in variants:
        why = f"is not one of {', '.join(variants)}" if any(variants) else "is unknown: this run has no variants"
        raise UsageError(f"the variant {variant} of {asked} {why}")
    labels = {cell.label: cell.id for cell in reversed(cells) if cell.id.variant == (variant or variants[0])}
    try:
        label = parse(runner).label
    except UsageError:
        label = runner
    if label not in labels:
        known = ", ".join(dict.fromkeys(cell.label for cell in cells))
        raise UsageError(f"{what} is not among the runners ({known}){advice}")
    return labels[label]
