"""The records of a run. Times are in seconds, sizes in bytes, unless a field says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import gt
from typing import Any, Literal

from concbench.errors import nearest
from concbench.results.passes import SHORTEST, require_not_negative
from concbench.results.passes import Sample as Sample  # noqa: PLC0414 - re-exported, since it is a record as well
from concbench.traits import Traits

Json = dict[str, Any]
"""A JSON object with keys that concbench does not define, such as settings or versions."""

OutcomeKind = Literal["ok", "inapplicable", "failed"]
Cause = Literal[
    "", "results", "rounding", "thread", "variant", "timeout", "memory", "busy", "death", "lacking", "outdone"
]
"""The cause of a failure.

results: results differ; rounding: they differ by rounding; thread: they depend on the thread; variant: they differ from
those of another variant; timeout: too much time; memory: too much memory; busy: the measuring process still computed
after the last task had returned; death: the measuring process died; lacking: a package is missing; outdone: too few
workers to be the fastest. Empty for exceptions of tasks, and for a cell that did not fail."""
Stopped = Literal["", "verdicts", "rounds", "budget", "calls", "baseline", "cells"]
"""The reason why rounds ended: no cell needed more of them (each had its verdict, was far behind, or was close to the
baseline; or every requirement was decided); no more rounds, seconds or calls were allowed; the baseline ended; or all
cells ended. Empty if the rounds did not end."""
Checked = Literal["known", "sequential", "off", "incomparable", "process", "unsteady", "pending"]
"""The reference that results were compared with: known results, or those of a sequential pass. Otherwise the reason why
they were not compared: checking was off; they have no equality; sequential passes differ from one process to another;
they differ within one process; or the run was interrupted before all of them were."""
KeptKind = Literal["", "nothing", "state", "loop"]
"""The kind of state that a function keeps in its process between executions: nothing that makes later executions much
shorter; state that does; or an object that works only in the event loop of the first. Empty if that is unknown."""
MemoryKind = Literal["", "pss", "uss", "rss"]
"""The quantity summed over several processes as their memory; empty where it was not measured."""


_MOST_ROUNDS = 10**15
"""A bound on the number of rounds: a larger one cannot have been planned, nor be used in calculations."""


def number(values: Json, key: str) -> float | None:
    """Return the number under a key; None if it is missing, not a number, or too large for calculations."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e100 < value < 1e100:
        return None
    return value


@dataclass(frozen=True)
class Tasks:
    """The tasks of an observed pass, as parallel lists in the order of the items."""

    started: list[float]
    """Start of each task, in seconds after the pass began."""
    finished: list[float]
    """End of each task, in seconds after the pass began."""
    cpu: list[float]
    """CPU seconds of each task: of the worker's thread; for a coroutine, summed over its steps."""
    worker: list[int]
    """The number of the worker of each task, in the order of their first tasks; an index into Observed.began, which may
    be shorter."""
    index: list[int] | None = None
    """Indexes of the items, where only some tasks are kept: a random sample, and the longest. None: all are kept."""
    failed: list[int] = field(default_factory=list)
    """Indexes of the items whose task raised, where that was tolerated."""

    def __post_init__(self) -> None:
        """Reject lists of different lengths, and impossible times.

        Raises:
            ValueError: the message names the fault.
        """
        lengths = {len(self.started), len(self.finished), len(self.cpu), len(self.worker)}
        if self.index is not None:
            lengths.add(len(self.index))
        if len(lengths) > 1:
            raise ValueError("the lists of tasks differ in length")
        require_not_negative(self, "cpu", "worker", "index", "failed")
        if any(map(gt, self.started, self.finished)):
            raise ValueError("a task must not finish before it is started")


@dataclass(frozen=True)
class TaskSummary:
    """A summary of all tasks of an observed pass, with the same fields as stats.timeline.Timeline."""

    workers: int
    makespan: float
    tasks: int
    busy: float
    cpu: float
    start_up: float
    dispatch: float
    tail: float
    shut_down: float
    in_flight: float
    peak: int
    service: list[float]
    queueing: list[float]
    longest: int
    last: int
    last_seconds: float

    def __post_init__(self) -> None:
        """Reject impossible figures.

        Raises:
            ValueError: there are no tasks, or not four quantiles, or a figure is too small.
        """
        if min(self.workers, self.tasks) < 1 or len(self.service) != 4 or len(self.queueing) != 4:
            raise ValueError("a summary needs at least one task, and four quantiles")
        require_not_negative(
            self, "busy", "cpu", "start_up", "dispatch", "tail", "shut_down", "in_flight", "peak", "service", "longest",
            "last", "last_seconds",
        )  # fmt: skip
        if self.makespan < SHORTEST:
            raise ValueError(f"makespan must be {SHORTEST:g} seconds or more, not {self.makespan:g}")


@dataclass(frozen=True)
class ObservedPass:
    """The observed pass: one more execution, with every task recorded; its times are never compared."""

    start: float
    work: float
    stop: float
    cpu: float | None
    """CPU seconds, as in Sample."""
    began: list[float]
    """Seconds until each worker began its first task, the earliest first; shortened if there are very many workers."""
    tasks: Tasks | None
    """The recorded tasks; None if tasks cannot be recorded."""
    summary: TaskSummary | None = None
    """The summary of all tasks, where they are too many to be kept."""
    observing: float = 0.0
    """Seconds that recording adds to a task, measured on tasks that do nothing."""
    voluntary_switches: int | None = None
    """Voluntary context switches: a thread of the cell gave up its core to wait, or for a lock. Counts the measuring
    process and reaped processes, like `cpu`."""
    involuntary_switches: int | None = None
    """Involuntary context switches of the same processes."""
    page_faults: int | None = None
    """Page faults of the same processes."""
    tree_cpu: float | None = None
    """CPU seconds of all processes of the cell, at the resolution of the system's ticks (10 ms on Linux)."""
    memory: int | None = None
    """Peak bytes of all processes of the cell together; shared pages count once where the system reports PSS."""
    memory_kind: MemoryKind = ""
    memory_track: list[list[float]] = field(default_factory=list)
    """Pairs of seconds after the pass began, and bytes of all processes at that time."""
    processes: int | None = None
    """Most processes observed alive at once, including the measuring process."""
    threads: int | None = None
    """Most threads of all processes observed alive at once."""
    memory_allowed: int | None = None
    """Bytes that all processes together were allowed to use, determined when the pass began."""
    figures: Json = field(default_factory=dict)
    """Figures reported by the workers of a cluster, which cannot be observed from outside."""
    initializer_calls: int = 0
    """Number of workers that called the initializer."""
    initializer_seconds: float = 0.0
    """Seconds of all calls of the initializer together."""

    def __post_init__(self) -> None:
        """Reject negative figures and impossible times.

        Raises:
            ValueError: the message names the field.
        """
        require_not_negative(
            self, "start", "work", "stop", "cpu", "observing", "voluntary_switches", "involuntary_switches",
            "page_faults", "tree_cpu", "memory", "processes", "threads", "memory_allowed",
            "initializer_calls", "initializer_seconds",
        )  # fmt: skip
        if self.start + self.work + self.stop < SHORTEST:
            raise ValueError(f"start, work and stop must add up to at least {SHORTEST:g} seconds")
        if any(len(pair) != 2 for pair in self.memory_track):
            raise ValueError("memory_track must be a list of pairs")


@dataclass(frozen=True)
class Outcome:
    """The outcome of a cell."""

    kind: OutcomeKind = "ok"
    reason: str = ""
    """The reason in one line, for users."""
    detail: str = ""
    """Details, such as a traceback or the last output of the measuring process."""
    cause: Cause = ""
    seconds: float | None = None
    """The timeout in seconds, if the cell timed out."""


@dataclass(frozen=True, order=True)
class CellId:
    """The identity of a cell in a table: a configured runner and its variant."""

    label: str
    """The runner as on the command line: thread-pool:32."""
    variant: str = ""
    """The label of the variant, such as the interpreter; empty if the table has only one."""

    def __str__(self) -> str:
        return f"{self.label} ({self.variant})" if self.variant else self.label


@dataclass(frozen=True)
class Cell:
    """The measurement of one workload under one configured runner and variant."""

    label: str
    """The runner as on the command line: thread-pool:32."""
    runner: str
    """The registered name of the runner, or the name of its class."""
    settings: Json
    workers: int
    """Most tasks in progress at the same time."""
    variant: str = ""
    """The label of the variant, as in CellId."""
    traits: Traits = field(default_factory=Traits)
    """The traits that the runner declares with these settings."""
    outcome: Outcome = Outcome()
    warmup: Sample | None = None
    samples: list[Sample] = field(default_factory=list)
    observed: ObservedPass | None = None
    interpreter: Json = field(default_factory=dict)
    """Facts about the measuring process after the imports of the workload, such as version and GIL state; `provided`:
    seconds spent on preparing workers before any execution."""

    def __post_init__(self) -> None:
        """Reject impossible cells.

        Raises:
            ValueError: there are no workers, or two samples of one round.
        """
        if self.workers < 1:
            raise ValueError(f"workers must be 1 or more, not {self.workers}")
        if len({sample.round for sample in self.samples}) < len(self.samples):
            raise ValueError("two samples have the same round")

    @property
    def id(self) -> CellId:
        """The identity of the cell, unique in its table."""
        return CellId(self.label, self.variant)

    @property
    def shown(self) -> str:
        """The name of the cell in tables and sentences: threads, thread-pool(32), process-pool(2, spawn)."""
        return self._shown(self.start_method, self.variant)

    @property
    def shown_alone(self) -> str:
        """The name of the cell in tables and sentences, without its variant."""
        return self._shown(self.start_method)

    @property
    def shown_without_method(self) -> str:
        """The name of the cell without its start method, for a table that names it below: process-pool(2)."""
        return self._shown(self.variant)

    @property
    def start_method(self) -> str:
        """The setting with which it starts processes, such as spawn; empty if it has none."""
        method = self.settings.get("start_method")
        return str(method) if method else ""

    def _shown(self, *more: str) -> str:
        name, _, written = self.label.partition(":")
        parts = [part.removeprefix("workers=") for part in written.split(",") if part]
        shown = [part for part in parts if not part.startswith("start_method=")] + [part for part in more if part]
        return f"{name}({', '.join(shown)})" if shown else name


@dataclass(frozen=True)
class KeptState:
    """State that the function keeps in its process between executions, with the evidence for it."""

    kind: KeptKind = ""
    first: list[float] = field(default_factory=list)
    """Seconds of the first execution of `sequential` in each new process in which it was timed."""
    later: list[float] = field(default_factory=list)
    """Seconds of a later execution in the last of these processes."""
    reason: str = ""
    """The failure of a later execution, if the function keeps an object that works in one event loop only."""

    def __post_init__(self) -> None:
        """Reject negative times.

        Raises:
            ValueError: the message names the field.
        """
        require_not_negative(self, "first", "later")

    @property
    def cold(self) -> bool:
        """Whether every execution gets a new process because of it, unless the option `fresh` says otherwise."""
        return self.kind in {"state", "loop"}

    @property
    def excess(self) -> float:
        """Least extra seconds of a first execution over a later one because of state; 0 without state.

        It may be positive where the kind is unknown, since there was no time to confirm it.
        """
        if self.kind not in {"state", ""} or not (self.first and self.later):
            return 0.0
        return max(0.0, min(self.first) - max(self.later))


@dataclass(frozen=True)
class Table:
    """The measurement of one workload under all its runners."""

    workload: str
    kind: str
    size: str
    title: str
    settings: Json
    tasks: int
    baseline: CellId
    """The cell that the others are compared with."""
    options: Json
    """The given or decided options of the measurement, by name; they include either `rounds` or `max_rounds`."""
    stopped: Stopped
    warmed_up: bool
    checked: Checked
    facts: Json
    cells: list[Cell]
    notes: list[str] = field(default_factory=list)
    """Notes for readers on the work and its measurement, as whole sentences."""
    items: list[str] = field(default_factory=list)
    """The first 10,000 items as short texts, if there was an observed pass."""
    load: list[float] = field(default_factory=list)
    """Cores used by other processes, by round; empty where that cannot be measured."""
    rounds: int = 0
    """Number of finished rounds; samples of a later round belong to an interrupted one."""
    kept: KeptState = KeptState()
    """State that the function keeps in its process; unless `fresh` was given, it decides on a process per execution."""
    variants: Json = field(default_factory=dict)
    """Description of each variant by its label: the interpreter, and how it was started."""

    def __post_init__(self) -> None:
        """Reject cells with the same identity, and impossible counts.

        Raises:
            ValueError: the message names the fault.
        """
        if type(self.max_rounds) is not int or not 0 <= self.max_rounds < _MOST_ROUNDS:
            raise ValueError("options must have a number of rounds or of max_rounds")
        if len({cell.id for cell in self.cells}) < len(self.cells):
            raise ValueError("two cells have the same label and the same variant")
        require_not_negative(self, "tasks", "load", "rounds")

    @property
    def max_rounds(self) -> int:
        """The most rounds that were planned; the level of the confidence intervals depends on it."""
        most: Any = self.options.get("rounds" if self.all_rounds else "max_rounds")
        return most  # type: ignore[no-any-return] # its type is checked when the table is made

    @property
    def all_rounds(self) -> bool:
        """Whether every cell takes all rounds, instead of stopping at its verdict."""
        return self.options.get("rounds") is not None

    @property
    def warm(self) -> bool:
        """Whether workers and connections were kept from round to round."""
        return self.options.get("warm") is True

    @property
    def relaunched(self) -> bool:
        """Whether the process of a cell was relaunched for every round."""
        return len(self.variants) > 1 and self.warmed_up and not self.fresh

    @property
    def fresh(self) -> bool:
        """Whether every execution was in a new measuring process."""
        asked = self.options.get("fresh")
        return self.kept.cold if asked is None else asked is True

    def cell(self, which: str | CellId) -> Cell:
        """Return the cell with this label or identity.

        Raises:
            KeyError: there is no such cell; the message names the nearest.
        """
        for cell in self.cells:
            if which in (cell.id, str(cell.id)):
                return cell
        known = [str(cell.id) for cell in self.cells]
        raise KeyError(f"the table of {self.workload} has no cell {str(which)!r}; {nearest(str(which), known)}")


@dataclass(frozen=True)
class RunRecord:
    """The complete record of one run."""

    concbench: str
    """The version of concbench."""
    created: str
    """The time of creation in ISO 8601, UTC."""
    seed: int
    """The seed of the order of the cells in each round."""
    interrupted: bool
    environment: Json
    tables: list[Table]
    configured: Json = field(default_factory=dict)
    """The settings read from a file: its path as `file`, and its content as `options`, as written there."""
    command: str = ""
    """The command line that measured it; empty if a program did."""
