"""What is to be measured, decided before anything runs: bad input ends here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from concbench.errors import BadSetting
from concbench.harness.events import CallsPlanned
from concbench.harness.executions import planned
from concbench.harness.requiring import RequirementRule, named, resolved
from concbench.harness.runner_specs import PlannedCell, plan_cells, within
from concbench.harness.stopping import EveryRound, StopRule, VerdictRule
from concbench.options import MeasureOptions, changed, decided, recorded
from concbench.requirements import Requirement
from concbench.results.records import CellId, Kept, Table
from concbench.runners.base import Runner, workers_for
from concbench.stats.intervals import FEWEST
from concbench.variants import Variant, of_table, variants_of
from concbench.workloads.base import Workload
from concbench.workloads.imported import Imported

BASELINE = "sequential"


@dataclass(frozen=True)
class Limit:
    """How long all of a measurement may take, in seconds from its beginning."""

    begin: float
    """After which nothing is begun that can be left out."""
    end: float
    """After which what is being executed is ended."""
    starting: float = 0.0
    """That it takes to start a measuring process, the import of the function included."""


@dataclass(frozen=True)
class Plan:
    """One workload, its cells, and how to measure them."""

    workload: Workload
    cells: tuple[PlannedCell, ...]
    baseline: CellId
    """The cell that the others are compared with."""
    stop_rule: StopRule
    """Asked once before each round."""
    warm_up: bool
    options: MeasureOptions
    """All of them; what decides on the rounds is what the stop rule keeps."""
    kept: Kept = field(default_factory=Kept)
    """What is known before of what the function keeps in its process."""
    limit: Limit | None = None
    """None: it takes as long as it takes."""
    requirements: tuple[Requirement, ...] = ()
    """What is to be decided, by the names of the cells."""

    @property
    def max_rounds(self) -> int:
        """Rounds at most."""
        return self.stop_rule.terms.max_rounds

    @property
    def fewest_rounds(self) -> int:
        """Rounds of a cell that does not fail: all of them, or as many as a verdict takes at least."""
        return self.max_rounds if self.stop_rule.terms.all_rounds else FEWEST

    @property
    def makes_reference(self) -> bool:
        """Whether a sequential pass is made before anything is timed."""
        return self.workload.expected is None and (self.workload.compares or self.workload.examined)

    @property
    def relaunches(self) -> bool:
        """Whether the process of a cell is relaunched for every round, and warmed up again before its sample.

        A process keeps the speed that chance gave it at its start. Where somebody compares variants, the intervals must
        hold that chance as well.
        """
        asked = {cell.variant.label for cell in self.cells if not cell.variant.of_workers}
        return len(asked) > 1 and self.warm_up and not self.options["fresh"]

    @property
    def warm_ups(self) -> int:
        """Of a cell that does not fail."""
        return self.fewest_rounds if self.relaunches else int(self.warm_up)

    @property
    def reference_checks(self) -> bool:
        """Whether that pass is the check of the sequential cell as well."""
        return self.makes_reference and self.checks_first and any(cell.name == BASELINE for cell in self.cells)

    @property
    def checks_first(self) -> bool:
        """Whether results are compared in processes of their own before anything is timed.

        Of a single round they are compared once that is taken, so that work that takes long is not done once more.
        """
        return self.workload.compares and self.max_rounds > 1

    @property
    def fewest_calls(self) -> int:
        """Calls of the function that are made if every verdict is found as soon as can be, and none is too short."""
        return self.workload.tasks * planned(self).total

    def calls_planned(self, at_once: int | None = None) -> CallsPlanned:
        """What is said before the first call.

        Args:
            at_once: calls that may be in progress at the same time, where runners may join.
        """
        return CallsPlanned(self.workload.name, self.fewest_calls, self.workload.tasks, at_once or self.most_at_once)

    def table(self) -> Table:
        """What the results say of it as long as nothing has been measured."""
        workload = self.workload
        return Table(
            workload=workload.name,
            kind=workload.kind,
            size=workload.size,
            title=workload.title(),
            settings=workload.settings(),
            tasks=workload.tasks,
            baseline=self.baseline,
            options=recorded(self.options, of_function=isinstance(workload, Imported)),
            stopped="",
            warmed_up=self.warm_up,
            checked="known" if workload.expected is not None else "sequential" if workload.compares else "off",
            facts={},
            cells=[cell.record(workload.tasks) for cell in self.cells],
            variants=of_table(cell.variant for cell in self.cells),
        )

    @property
    def allowed(self) -> bool:
        """Whether it needs no more calls than are allowed."""
        most = self.options["max_calls"]
        return most is None or self.fewest_calls <= most

    def require_allowed(self) -> None:
        """Refuse a plan that needs more calls than are allowed.

        Raises:
            BadSetting: says how many.
        """
        if not self.allowed:
            raise BadSetting(
                f"{self.workload.name} would be called at least {self.fewest_calls:,} times, but only "
                f"{self.options['max_calls']:,} calls are allowed: take fewer items or fewer runners, or allow more"
            )

    @property
    def most_at_once(self) -> int:
        """Calls that may be in progress at the same time."""
        return max(workers_for(cell.runner, self.workload.tasks) for cell in self.cells)


def plan(
    workload: Workload,
    runners: Sequence[str | Runner],
    options: MeasureOptions,
    requirements: Sequence[Requirement] = (),
    variants: Sequence[Variant] | None = None,
) -> Plan:
    """Decide on cells, baseline and rounds.

    Args:
        workload: what is measured.
        runners: as on the command line, or instances.
        options: all of them, filled in.
        requirements: what decides on the rounds instead of the verdicts, if there are any.
        variants: under which each runner is measured; None: all that the options ask for.

    Raises:
        UsageError: a runner, setting, baseline or requirement that cannot be; says what to do.
    """
    if not workload.tasks:
        raise BadSetting(f"{workload.name} has no tasks: give it one at least")
    cells = plan_cells(within(workload.most_workers, runners), variants or variants_of(options))
    baseline = _baseline(cells, options["baseline"])
    required = resolved(requirements, cells, baseline)
    if required and options["precision"] is not None:
        raise BadSetting("precision says when verdicts are enough, and here requirements decide: leave out precision")
    warm_up = options["rounds"] != 1
    rounds = options["rounds"] or workload.rounds
    if rounds is not None:
        rule: StopRule = EveryRound(rounds)
        options = changed(options, rounds=rounds, max_rounds=None, budget=None, precision=None)
    elif required:
        rule = RequirementRule(required, decided(options["max_rounds"]), options["budget"])
    else:
        rule = VerdictRule(decided(options["max_rounds"]), options["budget"], options["precision"])
    made = Plan(workload, cells, baseline, rule, warm_up, options, requirements=required)
    made.require_allowed()
    return made


def _baseline(cells: tuple[PlannedCell, ...], asked: str | None) -> CellId:
    if asked is not None:
        return named(cells, asked, f"the baseline {asked}", f"; add it with -r {asked}")
    return next((cell.id for cell in cells if cell.label == BASELINE), cells[0].id)
