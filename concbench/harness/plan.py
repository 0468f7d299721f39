"""What is to be measured, decided before anything runs: bad input ends here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from concbench.errors import BadSetting, UsageError
from concbench.harness.events import CallsPlanned
from concbench.harness.executions import planned
from concbench.harness.runner_specs import PlannedCell, parse, plan_cells, within
from concbench.harness.stopping import EveryRound, StopRule, VerdictRule
from concbench.results.records import CellId, Table
from concbench.runners.base import Runner, workers_for
from concbench.stats.intervals import FEWEST, MOST
from concbench.workloads.base import Workload

BASELINE = "sequential"
MAX_ROUNDS = 30
"""Rounds at most, unless said otherwise."""
BUDGET = 60.0
"""Seconds for each workload, or for the whole of `advise`, unless said otherwise."""
IMPORT_SECONDS = 300.0
"""That a process may take to import the function and to read its items, unless said otherwise."""
LEAST_MEMORY = 100_000_000
"""Bytes: a measuring process alone takes some 20 MB."""


_Kinds = tuple[tuple[type, ...], str]
_WHOLE: _Kinds = ((int,), "a whole number")
_NUMBER: _Kinds = ((int, float), "a number")
_SWITCH: _Kinds = ((bool,), "True or False")
_KINDS: dict[str, _Kinds] = {
    **dict.fromkeys(("max_rounds", "rounds", "seed", "memory_limit", "max_calls"), _WHOLE),
    **dict.fromkeys(("budget", "precision", "timeout", "import_timeout"), _NUMBER),
    **dict.fromkeys(("warm", "fresh", "observe"), _SWITCH),
}
"""Types of options, since not everybody has a type checker."""


@dataclass(frozen=True)
class Options:
    """How to measure; what is None is decided by the plan."""

    baseline: str | None = None
    """A runner's label; None: `sequential` if it takes part, else the first runner."""
    max_rounds: int | None = None
    """A cell that has no verdict by then stays undecided; 3 to 100. None: 30."""
    budget: float | None = None
    """Seconds for each workload, after which no further round is begun, but for the first three. None: 60."""
    precision: float | None = None
    """Go on until the half-width of every interval is this share of its ratio: 0.05 for plus or minus 5 %."""
    rounds: int | None = None
    """Exactly so many rounds of every cell, whatever is known and whatever they take; 1 to 100. Said to be 1, that
    round is also the warm-up and the comparison of results."""
    warm: bool = False
    """Keep workers and connections from round to round and time the work alone."""
    fresh: bool = False
    """Take every execution in a new measuring process, so that what the function keeps in its process is cold."""
    observe: bool = True
    """Whether each cell is executed once more with every task recorded."""
    seed: int = 0
    """Of the order of the cells in each round."""
    timeout: float | None = None
    """Seconds that one execution may take at most; None: 20 times what the baseline's first took, and 10 at least."""
    import_timeout: float | None = None
    """Seconds that a process may take to import the function and to load its items; None: 300."""
    memory_limit: int | None = None
    """Bytes that all processes of a cell may use together; None: 80 % of what is available."""
    max_calls: int | None = None
    """Calls of the function at most; None: as many as it takes."""

    def __post_init__(self) -> None:
        _require_types(self)
        _require_between("rounds", self.rounds, 1, MOST)
        _require_between("max-rounds", self.max_rounds, FEWEST, MOST, "three are the least that an interval needs")
        if self.fresh and self.warm:
            raise BadSetting("warm and fresh exclude each other; leave out one of them")
        if self.max_calls is not None and self.max_calls < 1:
            raise BadSetting(f"max-calls must be 1 or more, not {self.max_calls}")
        for name, value in (
            ("budget", self.budget), ("timeout", self.timeout), ("import-timeout", self.import_timeout),
        ):  # fmt: skip
            if value is not None and not 0 < value < math.inf:
                raise BadSetting(f"{name} must be more than 0 seconds, not {value:g}")
        if self.memory_limit is not None and self.memory_limit < LEAST_MEMORY:
            raise BadSetting(
                f"memory-limit must be {LEAST_MEMORY // 1_000_000} MB or more, not {self.memory_limit:,} bytes"
            )
        for name, value in (("max-rounds", self.max_rounds), ("budget", self.budget), ("precision", self.precision)):
            if self.rounds is not None and value is not None:
                raise BadSetting(f"rounds are taken whatever {name} says; leave out one of them")
        if self.precision is not None and not 0 < self.precision < 1:
            raise BadSetting(f"precision must be more than 0 % and less than 100 %, not {100 * self.precision:g} %")


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
    options: Options

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
        workload, terms = self.workload, self.stop_rule.terms
        return Table(
            workload=workload.name,
            kind=workload.kind,
            size=workload.size,
            title=workload.title(),
            settings=workload.settings(),
            tasks=workload.tasks,
            baseline=self.baseline,
            max_rounds=terms.max_rounds,
            all_rounds=terms.all_rounds,
            budget=terms.budget,
            precision=terms.precision,
            stopped="",
            warm=self.options.warm,
            warmed_up=self.warm_up,
            checked="known" if workload.expected is not None else "sequential" if workload.compares else "off",
            facts={},
            cells=[cell.record(workload.tasks) for cell in self.cells],
            fresh=self.options.fresh,
        )

    def require_allowed(self) -> None:
        """Refuse a plan that needs more calls than are allowed.

        Raises:
            BadSetting: says how many.
        """
        most = self.options.max_calls
        if most is not None and self.fewest_calls > most:
            raise BadSetting(
                f"{self.workload.name} would be called {self.fewest_calls:,} times at least, and max-calls allows "
                f"{most:,}: take fewer items or fewer runners, or allow more"
            )

    @property
    def most_at_once(self) -> int:
        """Calls that may be in progress at the same time."""
        return max(workers_for(cell.runner, self.workload.tasks) for cell in self.cells)


def plan(workload: Workload, runners: Sequence[str | Runner], options: Options) -> Plan:
    """Decide on cells, baseline and rounds.

    Raises:
        UsageError: a runner, setting or baseline that cannot be; says what to do.
    """
    if not workload.tasks:
        raise BadSetting(f"{workload.name} has no tasks: give it one at least")
    cells = plan_cells(within(workload.most_workers, runners))
    baseline = _baseline(cells, options.baseline)
    rounds = options.rounds or workload.rounds
    if rounds is None:
        most, budget = options.max_rounds or MAX_ROUNDS, options.budget or BUDGET
        rule: StopRule = VerdictRule(most, budget, options.precision)
    else:
        rule = EveryRound(rounds)
    made = Plan(workload, cells, baseline, rule, warm_up=options.rounds != 1, options=options)
    made.require_allowed()
    return made


def _require_types(options: Options) -> None:
    for name, (kinds, what) in _KINDS.items():
        value = getattr(options, name)
        is_other_kind = not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
        if value is not None and is_other_kind:
            raise BadSetting(f"{name.replace('_', '-')} must be {what}, not {value!r}")


def _require_between(name: str, value: int | None, least: int, most: int, why: str = "") -> None:
    if value is not None and not least <= value <= most:
        raise BadSetting(f"{name} must be {least} to {most}, not {value}{f': {why}' if why else ''}")


def _baseline(cells: tuple[PlannedCell, ...], asked: str | None) -> CellId:
    """Of several variants the first."""
    labels = {cell.label: cell.id for cell in reversed(cells)}
    if asked is None:
        return labels.get(BASELINE, cells[0].id)
    try:
        label = parse(asked).label
    except UsageError:
        label = asked
    if label not in labels:
        known = ", ".join(dict.fromkeys(cell.label for cell in cells))
        raise UsageError(f"the baseline {asked} is not among the runners ({known}); add it with -r {asked}")
    return labels[label]
