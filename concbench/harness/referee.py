"""What results are compared with, and whether they can be: the table says it as `checked`, and why in its notes."""

from __future__ import annotations

from dataclasses import replace

from concbench.harness.hosts import Host
from concbench.harness.plan import Plan
from concbench.harness.runner_specs import PlannedCell
from concbench.registry import RUNNERS
from concbench.results.records import Json, Outcome, Table

SMALL_REFERENCE = 1_000_000
"""Bytes of results up to which those of every sample are compared; larger ones in the warm-up only, since they would
stay in the memory of the measuring process, and cost it forks and collections."""


class Referee:
    """Of one measurement."""

    def __init__(self, plan: Plan) -> None:
        self.checked = plan.table().checked
        """As in results.records.Table: known, sequential, off, incomparable or unsteady."""
        self.notes: list[str] = []
        self.unsendable = ""
        """Why results cannot be sent from one process to another; empty: they can, as far as is known."""
        self.compares_always = False
        """Whether the results of every sample are compared, and not of the first alone."""
        self._fresh = plan.options.fresh
        self._host: Host | None = None

    @property
    def compares(self) -> bool:
        """Whether results are compared at all."""
        return self.checked in {"known", "sequential"}

    @property
    def judges(self) -> bool:
        """Whether they are compared with those of a sequential pass."""
        return self.checked == "sequential"

    def goes_on(self, earlier: Table) -> None:
        """What was found out before the interruption still holds."""
        if earlier.checked in {"unsteady", "incomparable"}:
            self.checked = earlier.checked

    def knows(self, host: Host, found: Json) -> None:
        """The sequential pass has been made by this host, which found that (see Host.reference)."""
        self._host = host
        self.compares_always = found.get("size", 0) <= SMALL_REFERENCE
        self.unsendable = found.get("unsendable", "")
        if found.get("changed"):
            self.notes.append(
                f"The function changes its items ({found['changed']}): every execution gets fresh ones, off the clock."
            )
        if found.get("incomparable"):
            self._gives_up(f"Results cannot be compared: {found['incomparable']}.")
        elif self.unsendable and self._fresh:
            self._gives_up(
                f"Results cannot be compared: they cannot be sent from one process to the next ({self.unsendable})."
            )

    def goes_without(self, why: str) -> None:
        """The sequential pass failed."""
        self._gives_up(f"Results were not compared: one after another, the tasks fail ({why}).")

    def _gives_up(self, note: str) -> None:
        self.checked = "incomparable"
        self.notes.append(note)

    def disputes(self, outcome: Outcome) -> bool:
        """Whether it can be asked if a cell ended so by the fault of its runner."""
        return outcome.cause == "results" and self.judges and self._host is not None

    def finds_steady(self, seen: Outcome) -> bool:
        """Whether another sequential pass gives the same; if not, nothing is compared from now on.

        Raises:
            CellEnded: the pass failed.
        """
        assert self._host is not None
        if self._host.steady():
            return True
        self.checked = "unsteady"
        self.notes.append(
            "Results cannot be compared: one sequential pass does not give what another gives "
            f"(seen first: {seen.reason})."
        )
        return False


def blamed(outcome: Outcome, cell: PlannedCell, workers: int) -> Outcome:
    """Results that are right one after another and wrong at once are a finding, and named as one."""
    if workers == 1 or hasattr(cell.runner, "start_method") or cell.name not in RUNNERS:
        return outcome
    what = "not safe to interleave" if getattr(cell.runner, "awaits", False) else "not thread-safe"
    return replace(outcome, reason=f"{what}: {outcome.reason}")
