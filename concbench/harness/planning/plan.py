"""The plan of a measurement, made before anything runs; invalid input is rejected here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from concbench.errors import BadSetting
from concbench.harness import executions
from concbench.harness.events import CallsPlanned
from concbench.harness.planning.runner_specs import PlannedCell, limit_workers, plan_cells
from concbench.harness.requirement_rule import RequirementRule, named, resolved
from concbench.harness.stop_rules import EveryRound, StopRule, VerdictRule
from concbench.options import MeasureOptions, changed, decided, stored_options
from concbench.requirements import Requirement
from concbench.results.records import CellId, KeptState, Table
from concbench.runners.base import Runner, workers_for
from concbench.stats.intervals import FEWEST
from concbench.variants import Variant, variant_descriptions, variants_of
from concbench.workloads.base import Workload
from concbench.workloads.function.workload import FunctionWorkload

BASELINE = "sequential"


@dataclass(frozen=True)
class TimeLimits:
    """Time limits of a whole measurement, in seconds from its start."""

    begin: float
    """Seconds after which no optional step begins."""
    end: float
    """Seconds after which a running execution is ended."""
    start_seconds: float = 0.0
    """Seconds that the start of a measuring process takes, including the import of the function."""


@dataclass(frozen=True)
class Plan:
    """One workload, its cells, and how to measure them."""

    workload: Workload
    cells: tuple[PlannedCell, ...]
    baseline: CellId
    """The cell that the others are compared with."""
    stop_rule: StopRule
    """Decides, before each round, the cells that take part in it."""
    warm_up: bool
    options: MeasureOptions
    """All options; those about rounds are applied by the stop rule."""
    kept: KeptState = field(default_factory=KeptState)
    """State of the function in its process, as far as it is known in advance."""
    limit: TimeLimits | None = None
    """Time limits; None if there are none."""
    sequential_seconds: float | None = None
    """Expected seconds of a sequential execution; cells with too few workers to be the fastest are then left out.
    None: every cell is measured."""
    requirements: tuple[Requirement, ...] = ()
    """Requirements to decide, with the names of cells resolved."""

    @property
    def max_rounds(self) -> int:
        """Most rounds."""
        return self.stop_rule.terms.max_rounds

    @property
    def fewest_rounds(self) -> int:
        """Fewest rounds of a cell that does not fail: all rounds, or the fewest that allow a verdict."""
        return self.max_rounds if self.stop_rule.terms.all_rounds else FEWEST

    @property
    def makes_reference(self) -> bool:
        """Whether a sequential pass is made before anything is timed."""
        return self.workload.expected is None and (self.workload.compares or self.workload.examined)

    @property
    def relaunches(self) -> bool:
        """Whether the process of a cell is relaunched for every round, and warmed up again before its sample.

        The speed of a process depends partly on chance at its start. Where variants are compared, the intervals must
        cover that chance as well.
        """
        labels = {cell.variant.label for cell in self.cells if not cell.variant.of_workers}
        return len(labels) > 1 and self.warm_up and not self.options["fresh"]

    @property
    def warm_ups(self) -> int:
        """Warm-ups of a cell that does not fail."""
        return self.fewest_rounds if self.relaunches else int(self.warm_up)

    @property
    def reference_checks(self) -> bool:
        """Whether the reference pass is also the check of the sequential cell."""
        return self.makes_reference and self.checks_first and any(cell.name == BASELINE for cell in self.cells)

    @property
    def checks_first(self) -> bool:
        """Whether results are compared in separate processes before anything is timed.

        With a single round, they are compared after it, so that long work is not executed once more.
        """
        return self.workload.compares and self.max_rounds > 1 and not self.checks_last

    @property
    def checks_last(self) -> bool:
        """Whether results are compared in the observed passes alone, which no time limit prevents."""
        known = self.workload.compares and self.workload.trusted and self.workload.expected is not None
        return known and self.options["observe"] and self.limit is None

    @property
    def fewest_calls(self) -> int:
        """Fewest calls of the function: every verdict is reached as early as possible, and no work is too short."""
        return self.workload.tasks * executions.fewest(self).total

    def calls_planned(self, peak_calls: int | None = None) -> CallsPlanned:
        """Return the announcement of calls that is made before the first one.

        Args:
            peak_calls: most calls in progress at the same time, if runners may join later.
        """
        return CallsPlanned(self.workload.name, self.fewest_calls, self.workload.tasks, peak_calls or self.peak_calls)

    def table(self) -> Table:
        """Return the table of the plan before anything has been measured."""
        workload = self.workload
        return Table(
            workload=workload.name,
            kind=workload.kind,
            size=workload.size,
            title=workload.title(),
            settings=workload.settings(),
            tasks=workload.tasks,
            baseline=self.baseline,
            options=stored_options(self.options, of_function=isinstance(workload, FunctionWorkload)),
            stopped="",
            warmed_up=self.warm_up,
            checked="known" if workload.expected is not None else "sequential" if workload.compares else "off",
            facts={},
            cells=[cell.record(workload.tasks) for cell in self.cells],
            variants=variant_descriptions(cell.variant for cell in self.cells),
        )

    @property
    def is_allowed(self) -> bool:
        """Whether the plan can do with the calls that are allowed."""
        max_calls = self.options["max_calls"]
        return max_calls is None or self.fewest_calls <= max_calls

    def require_allowed(self) -> None:
        """Reject a plan that needs more calls than are allowed.

        Raises:
            BadSetting: it needs too many calls; the message says how many.
        """
        if not self.is_allowed:
            raise BadSetting(
                f"{self.workload.name} would be called at least {self.fewest_calls:,} times, but only "
                f"{self.options['max_calls']:,} calls are allowed: use fewer items or fewer runners, or allow more"
            )

    @property
    def peak_calls(self) -> int:
        """Most calls in progress at the same time."""
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
        workload: the workload to measure.
        runners: specifications as on the command line, or instances.
        options: the complete options.
        requirements: requirements; if there are any, they decide on the rounds instead of the verdicts.
        variants: variants under which each runner is measured; None: all that the options ask for.

    Raises:
        UsageError: a runner, setting, baseline or requirement is invalid; the message says what to do.
    """
    if not workload.tasks:
        raise BadSetting(f"{workload.name} has no tasks: give it at least one")
    cells = plan_cells(limit_workers(workload.most_workers, runners), variants or variants_of(options))
    baseline = _baseline(cells, options["baseline"])
    required = resolved(requirements, cells, baseline)
    if required and options["precision"] is not None:
        raise BadSetting("precision ends a run by its verdicts, but here requirements decide: leave out precision")
    warm_up = options["rounds"] != 1
    rounds = options["rounds"] or workload.rounds
    if rounds is not None:
        rule: StopRule = EveryRound(rounds)
        options = changed(options, rounds=rounds, max_rounds=None, budget=None, precision=None)
    elif required:
        rule = RequirementRule(required, decided(options["max_rounds"]), options["budget"])
    else:
        rule = VerdictRule(decided(options["max_rounds"]), options["budget"], options["precision"])
    new_plan = Plan(workload, cells, baseline, rule, warm_up, options, requirements=required)
    new_plan.require_allowed()
    return new_plan


def _baseline(cells: tuple[PlannedCell, ...], name: str | None) -> CellId:
    if name is not None:
        return named(cells, name, f"the baseline {name}", f"; add it with -r {name}")
    return next((cell.id for cell in cells if cell.label == BASELINE), cells[0].id)
