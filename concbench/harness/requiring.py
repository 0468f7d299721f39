"""The stop rule of requirements, and to which cells of a plan they belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from concbench.errors import UsageError
from concbench.harness.runner_specs import PlannedCell, parse
from concbench.harness.stopping import NextRound, Seen, Terms, by_round, first_or_last, further
from concbench.requirements import UNDECIDED, Requirement, require_consistent
from concbench.results.records import CellId
from concbench.stats.intervals import ratio_interval, requirement_level
from concbench.stats.verdicts import log_ratios


@dataclass(frozen=True)
class RequirementRule:
    """One question is asked of every requirement: is it met, or is it missed?

    The cells of a requirement that is open take part; whatever nothing is required of takes the first three rounds.
    """

    requirements: tuple[Requirement, ...]
    max_rounds: int
    budget: float | None = None
    """Seconds after which no further round is begun, the first three apart."""
    hopeless: float = inf

    @property
    def terms(self) -> Terms:
        """At most so many rounds."""
        return Terms(self.max_rounds)

    def next_round(self, seen: Seen) -> NextRound:
        """The cells of requirements that are open."""
        if (settled := first_or_last(seen, self.max_rounds)) is not None:
            return settled
        wanted = {cell for one in self.requirements for cell in self._open(one, seen)}
        return further(seen, wanted, self.budget)

    def _open(self, requirement: Requirement, seen: Seen) -> list[CellId]:
        """The two cells of a requirement of which more rounds tell something."""
        named = {str(cell): cell for cell in seen.samples}
        base, own = (named.get(name) for name in (requirement.other or str(seen.baseline), requirement.runner))
        if base is None or own is None or not requirement.of_ratio:
            return []
        ratios = log_ratios(by_round(seen.samples[base]), by_round(seen.samples[own]))
        interval = ratio_interval(ratios, requirement_level(self.max_rounds))
        return [base, own] if requirement.decide(interval) == UNDECIDED else []


def resolved(
    requirements: Sequence[Requirement], cells: Sequence[PlannedCell], baseline: CellId
) -> tuple[Requirement, ...]:
    """The same of the cells of a plan, by the names that these have in its table.

    Raises:
        UsageError: one is of a runner that is not measured, or says nothing; or two contradict each other.
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
    """The cell that somebody names: `sequential@3.13t`, or without a variant that under the first of several.

    Args:
        cells: those that there are.
        asked: the runner as on the command line, or its label.
        what: what is not among them, for a message.
        advice: the end of that message.

    Raises:
        UsageError: there is none.
    """
    runner, _, variant = asked.partition("@")
    variants = [*dict.fromkeys(cell.id.variant for cell in cells)]
    if variant and variant not in variants:
        why = f"is not one of {', '.join(variants)}" if any(variants) else "is unknown, since there are none"
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
