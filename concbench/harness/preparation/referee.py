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
        self.reference_variant = plan.baseline.variant
        """The variant that computes the reference results."""
        self.variants_with_reference: set[str] = {self.reference_variant}
        """Variants whose reference is decided."""
        self._several = len({cell.id.variant for cell in plan.cells}) > 1
        self._differing_variants: set[str] = set()
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
        if earlier.checked not in {"known", "sequential", "off", "pending"}:
            self.checked = earlier.checked

    def move_reference(self, variant: str, why: str) -> None:
        """Take the reference from this variant, since the sequential pass failed under the variant of the baseline."""
        if variant == self.reference_variant:
            return
        if why and self.checked == "sequential":
            self.notes.append(
                f"Results were compared with those under {variant}, since the sequential pass under "
                f"{self.reference_variant} failed ({why})."
            )
        self.reference_variant, self.variants_with_reference = variant, {variant}

    def add_findings(self, reference_pass: ReferencePass) -> None:
        """Take over the findings of the sequential pass."""
        self.unsendable = reference_pass.unsendable
        if reference_pass.changed:
            self.notes.append(
                f"The function changes its items ({reference_pass.changed}): every execution gets fresh ones, off the "
                "clock."
            )
        if self.checked != "sequential":
            return
        if reference_pass.unsendable and self._several:
            self.notes.append(
                f"Results were compared with those of a sequential pass in the same process, and not across "
                f"interpreters, since they cannot be sent ({reference_pass.unsendable})."
            )
        if reference_pass.excluded:
            self.notes.append(f"{reference_pass.excluded}.")
        if reference_pass.incomparable:
            self._give_up("incomparable", f"Results cannot be compared: {reference_pass.incomparable}.")

    def give_up_comparing(self, why: str) -> None:
        """Give up comparing results, since the sequential pass failed."""
        if self.checked == "sequential":
            self._give_up("incomparable", f"Results were not compared: the sequential pass failed ({why}).")

    def note_separate_reference(self, variant: str, why: str) -> None:
        """Note that a variant cannot read the results of others, and is compared with its own sequential pass."""
        self.notes.append(
            f"Results under {variant} were compared only with each other, since {variant} cannot read those of "
            f"{self.reference_variant} ({why})."
        )

    def needs_sequential_passes(self, outcome: Outcome, variant: str) -> bool:
        """Whether it is worth checking that the runner is to blame for this outcome of its cell."""
        return outcome.cause in DIFFER and self.checked == "sequential" and variant not in self._differing_variants

    def blame_variant(self, outcome: Outcome, variant: str) -> Outcome:
        """Note that the results of a whole variant differ from the reference; return the outcome of a cell of it."""
        self._differing_variants.add(variant)
        expected = f"the results under {self.reference_variant}" if self.reference_variant else "the other results"
        return replace(outcome, cause="variant", reason=f"differs from {expected}: {outcome.reason}")

    def blames_variant(self, outcome: Outcome, variant: str) -> bool:
        """Whether a cell ended because the results of its whole variant differ."""
        return outcome.cause in DIFFER and variant in self._differing_variants

    def acquits(self, finding: Finding, outcome: Outcome) -> bool:
        """Whether sequential passes differ as well; then no runner is to blame, and comparing is given up.

        Args:
            finding: the finding of sequential passes in a new process, made in a worker of the suspected runner.
            outcome: the outcome of the cell of that runner.
        """
        if finding == "process":
            self._give_up(
                "process",
                "Results were not compared: they depend on the process that computes them, even sequentially "
                f"(first difference: {outcome.reason}).",
            )
        if finding == "unsteady":
            self._give_up(
                "unsteady",
                "Results were not compared: sequential passes differ from one another (first difference: "
                f"{outcome.reason}).",
            )
        return finding in {"process", "unsteady"}

    def _give_up(self, checked: Checked, note: str) -> None:
        self.checked = checked
        self.notes.append(note)


def blame_runner(outcome: Outcome, cell: PlannedCell, workers: int, finding: Finding) -> Outcome:
    """Name the finding in an outcome whose results are right in sequential passes and wrong under concurrency.

    Results that are right in the main thread and wrong in another thread are named in the same way.
    """
    if finding == "thread":
        return replace(outcome, reason=f"depends on the thread: {outcome.reason}", cause="thread")
    if outcome.cause == "rounding" or workers == 1 or not cell.traits.shares_state:
        return outcome
    what = "not safe to interleave" if cell.traits.in_loop else "not thread-safe"
    return replace(outcome, reason=f"{what}: {outcome.reason}")
