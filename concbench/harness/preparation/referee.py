"""The choice of the reference for results, kept in the `checked` field of the table and explained in its notes."""

from __future__ import annotations

from dataclasses import replace

from concbench.harness.planning.plan import Plan
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.results.passes import Finding, ReferencePass
from concbench.results.records import Cause, Checked, Outcome, Table

DIFFER: set[Cause] = {"results", "rounding", "thread", "variant"}
"""Causes of outcomes that concern differing results."""


class Referee:
    """Decides the reference for results, and whether a runner is to blame where they differ."""

    def __init__(self, plan: Plan) -> None:
        self.checked = plan.table().checked
        """The kind of comparison, as in results.records.Table."""
        self.notes: list[str] = []
        self.unsendable = ""
        """The reason why results cannot be sent to another process; empty if they can, as far as is known."""
        self.home = plan.baseline.variant
        """The variant that computes the reference results."""
        self.readers: set[str] = {self.home}
        """Variants whose reference is decided."""
        self._several = len({cell.id.variant for cell in plan.cells}) > 1
        self._others: set[str] = set()
        """Variants whose results differ from the reference as a whole."""

    @property
    def compares(self) -> bool:
        """Whether results are compared at all."""
        return self.checked in {"known", "sequential"}

    @property
    def compares_later(self) -> bool:
        """Whether results can be compared in a process that has not made its own reference."""
        return self.compares and not self.unsendable

    def resume(self, earlier: Table) -> None:
        """Keep the decisions of the interrupted run."""
        if earlier.checked not in {"known", "sequential", "off"}:
            self.checked = earlier.checked

    def moves_to(self, variant: str, why: str) -> None:
        """Take the reference from this variant, since the sequential pass failed under the variant of the baseline."""
        if variant == self.home:
            return
        if why and self.checked == "sequential":
            self.notes.append(
                f"Results were compared with those under {variant}, since the sequential pass under {self.home} failed "
                f"({why})."
            )
        self.home, self.readers = variant, {variant}

    def knows(self, found: ReferencePass) -> None:
        """Take over the findings of the sequential pass."""
        self.unsendable = found.unsendable
        if found.changed:
            self.notes.append(
                f"The function changes its items ({found.changed}): every execution gets fresh ones, off the clock."
            )
        if self.checked != "sequential":
            return
        if found.unsendable and self._several:
            self.notes.append(
                f"Results were compared with those of a sequential pass in the same process, and not across "
                f"interpreters, since they cannot be sent ({found.unsendable})."
            )
        if found.excluded:
            self.notes.append(f"{found.excluded}.")
        if found.incomparable:
            self._gives_up("incomparable", f"Results cannot be compared: {found.incomparable}.")

    def goes_without(self, why: str) -> None:
        """Give up comparing results, since the sequential pass failed."""
        if self.checked == "sequential":
            self._gives_up("incomparable", f"Results were not compared: the sequential pass failed ({why}).")

    def compares_apart(self, variant: str, why: str) -> None:
        """Note that a variant cannot read the results of others, and is compared with its own sequential pass."""
        self.notes.append(
            f"Results under {variant} were compared only with each other, since {variant} cannot read those of "
            f"{self.home} ({why})."
        )

    def disputes(self, outcome: Outcome, variant: str) -> bool:
        """Whether it is worth checking that the runner is to blame for this outcome of its cell."""
        return outcome.cause in DIFFER and self.checked == "sequential" and variant not in self._others

    def differs(self, outcome: Outcome, variant: str) -> Outcome:
        """Note that the results of a whole variant differ from the reference; return the outcome of a cell of it."""
        self._others.add(variant)
        expected = f"the results under {self.home}" if self.home else "the other results"
        return replace(outcome, cause="variant", reason=f"differs from {expected}: {outcome.reason}")

    def is_other(self, outcome: Outcome, variant: str) -> bool:
        """Whether a cell ended because the results of its whole variant differ."""
        return outcome.cause in DIFFER and variant in self._others

    def acquits(self, finding: Finding, outcome: Outcome) -> bool:
        """Whether sequential passes differ as well; then no runner is to blame, and comparing is given up.

        Args:
            finding: the finding of sequential passes in a new process, made in a worker of the suspected runner.
            outcome: the outcome of the cell of that runner.
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
    """Name the finding in an outcome whose results are right in sequential passes and wrong under concurrency.

    Results that are right in the main thread and wrong in another thread are named in the same way.
    """
    if finding == "thread":
        return replace(outcome, reason=f"depends on the thread: {outcome.reason}", cause="thread")
    if outcome.cause == "rounding" or workers == 1 or not cell.traits.shares_state:
        return outcome
    what = "not safe to interleave" if cell.traits.in_loop else "not thread-safe"
    return replace(outcome, reason=f"{what}: {outcome.reason}")
