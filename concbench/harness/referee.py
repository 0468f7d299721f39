"""What results are compared with, and whether they can be: the table says it as `checked`, and why in its notes."""

from __future__ import annotations

from dataclasses import replace

from concbench.harness.plan import Plan
from concbench.harness.runner_specs import PlannedCell
from concbench.results.passes import Finding, ReferencePass
from concbench.results.records import Cause, Checked, Outcome, Table

DIFFER: set[Cause] = {"results", "rounding", "thread", "variant"}
"""Causes of outcomes that are about what came out."""


class Referee:
    """Decides what results are compared with, and who is to blame where they differ."""

    def __init__(self, plan: Plan) -> None:
        self.checked = plan.table().checked
        """As in results.records.Table."""
        self.notes: list[str] = []
        self.unsendable = ""
        """Why results cannot be sent from one process to another; empty: they can, as far as is known."""
        self.home = plan.baseline.variant
        """The variant that makes the results with which those of all are compared."""
        self.readers: set[str] = {self.home}
        """Variants of which it is known what they are compared with."""
        self._several = len({cell.id.variant for cell in plan.cells}) > 1
        self._others: set[str] = set()
        """Variants that give other results."""

    @property
    def compares(self) -> bool:
        """Whether results are compared at all."""
        return self.checked in {"known", "sequential"}

    @property
    def compares_later(self) -> bool:
        """Whether they can be compared in a process that has not made a reference of its own."""
        return self.compares and not self.unsendable

    def resume(self, earlier: Table) -> None:
        """What was found out before the interruption still holds."""
        if earlier.checked not in {"known", "sequential", "off"}:
            self.checked = earlier.checked

    def moves_to(self, variant: str, why: str) -> None:
        """The sequential pass could not be made under the variant of the baseline, and was made under this one."""
        if variant == self.home:
            return
        if why and self.checked == "sequential":
            self.notes.append(
                f"Results were compared with those under {variant}, since the sequential pass under {self.home} failed "
                f"({why})."
            )
        self.home, self.readers = variant, {variant}

    def knows(self, found: ReferencePass) -> None:
        """The sequential pass has been made, and showed that."""
        self.unsendable = found.unsendable
        if found.changed:
            self.notes.append(
                f"The function changes its items ({found.changed}): every execution gets fresh ones, off the clock."
            )
        if self.checked != "sequential":
            return
        if found.unsendable and self._several:
            self.notes.append(
                f"Results were compared with those of a sequential pass in the same process, and not from one "
                f"interpreter to another, since they cannot be sent ({found.unsendable})."
            )
        if found.excluded:
            self.notes.append(f"{found.excluded}.")
        if found.incomparable:
            self._gives_up("incomparable", f"Results cannot be compared: {found.incomparable}.")

    def goes_without(self, why: str) -> None:
        """The sequential pass failed."""
        if self.checked == "sequential":
            self._gives_up("incomparable", f"Results were not compared: the sequential pass failed ({why}).")

    def compares_apart(self, variant: str, why: str) -> None:
        """A variant cannot read the results of others: it is compared with a sequential pass of its own."""
        self.notes.append(
            f"Results under {variant} were compared only with each other, since {variant} cannot read those of "
            f"{self.home} ({why})."
        )

    def disputes(self, outcome: Outcome, variant: str) -> bool:
        """Whether it can be asked if a cell ended so by the fault of its runner."""
        return outcome.cause in DIFFER and self.checked == "sequential" and variant not in self._others

    def differs(self, outcome: Outcome, variant: str) -> Outcome:
        """The results of a whole variant are not those that are compared with: how a cell of it ends."""
        self._others.add(variant)
        expected = f"the results under {self.home}" if self.home else "the other results"
        return replace(outcome, cause="variant", reason=f"differs from {expected}: {outcome.reason}")

    def is_other(self, outcome: Outcome, variant: str) -> bool:
        """Whether that is known of the variant of a cell that ended so."""
        return outcome.cause in DIFFER and variant in self._others

    def acquits(self, finding: Finding, outcome: Outcome) -> bool:
        """Whether sequential passes differ, too, so that no runner is to blame and nothing is compared any more.

        Args:
            finding: what sequential passes gave in a new process, in a worker of the runner that is accused.
            outcome: how the cell of that runner ended.
        """
        if finding == "process":
            self._gives_up(
                "process",
                "Results were not compared: they depend on the process that computes them, even sequentially "
                f"(first difference: {outcome.reason}).",
            )
        if finding == "unsteady":
            self._gives_up(
                "unsteady",
                "Results were not compared: sequential passes differ from one another (first difference: "
                f"{outcome.reason}).",
            )
        return finding in {"process", "unsteady"}

    def _gives_up(self, checked: Checked, note: str) -> None:
        self.checked = checked
        self.notes.append(note)


def blamed(outcome: Outcome, cell: PlannedCell, workers: int, finding: Finding) -> Outcome:
    """Results that are right in sequential passes and wrong at once are a finding, and named as one.

    So are those that are right in the main thread and wrong in another.
    """
    if finding == "thread":
        return replace(outcome, reason=f"depends on the thread: {outcome.reason}", cause="thread")
    if outcome.cause == "rounding" or workers == 1 or not cell.traits.shares_state:
        return outcome
    what = "not safe to interleave" if cell.traits.in_loop else "not thread-safe"
    return replace(outcome, reason=f"{what}: {outcome.reason}")
