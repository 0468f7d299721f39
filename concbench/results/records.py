"""The records of a run. Times are in seconds, sizes in bytes, unless a field says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import gt
from typing import Any, Literal

from concbench.errors import nearest
from concbench.results.passes import SHORTEST, require_not_negative
from concbench.results.passes import Sample as Sample  # noqa: PLC0414 - a record of a run, as those below are
from concbench.traits import Traits

Json = dict[str, Any]
"""A JSON object whose keys are not ours to fix: settings, versions."""

OutcomeKind = Literal["ok", "inapplicable", "failed"]
Cause = Literal["", "results", "rounding", "thread", "variant", "timeout", "memory", "busy", "death", "lacking"]
"""Of a failure: results that differ, or differ by rounding, or depend on the thread, or are not those of another
variant; too much time or memory; the measuring process computed on and on after the last task had returned; or it died.
Empty for exceptions, and of what did not fail."""
Stopped = Literal["", "verdicts", "rounds", "budget", "calls", "baseline", "cells"]
"""Why rounds ended: every verdict was found; no more rounds, seconds or calls were allowed; the baseline ended, or all
cells did. Empty if they did not end."""
Checked = Literal["known", "sequential", "off", "incomparable", "process", "unsteady"]
"""What results were compared with: known ones, or those of a sequential pass. Or why they were not: that was not
wanted; they have no equality; sequential passes differ from one process to another, or within one."""
KeptKind = Literal["", "nothing", "state", "loop"]
"""What a function keeps in its process from one execution to the next: nothing that makes later ones much shorter;
state, that does; or an object that works in the event loop of the first only. Empty: that was not found out."""
MemoryKind = Literal["", "pss", "uss", "rss"]
"""What the memory of several processes is a sum of; empty where it was not looked at."""


_MOST_ROUNDS = 10**15
"""More cannot have been planned, and would be more than can be calculated with."""


def number(values: Json, key: str) -> float | None:
    """A figure of an object whose keys are not ours: None if it is not there, or nothing to calculate with."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e100 < value < 1e100:
        return None
    return value


@dataclass(frozen=True)
class Tasks:
    """The tasks of an observed pass, as parallel lists in the order of the items."""

    started: list[float]
    """Seconds after the pass began."""
    finished: list[float]
    cpu: list[float]
    """CPU seconds of the worker's thread; of a coroutine, summed over its steps."""
    worker: list[int]
    """A number for each worker, in the order in which they began: an index into Observed.began, as far as that goes."""
    index: list[int] | None = None
    """Which items these are, where they are not all: a sample of them, and the longest."""
    failed: list[int] = field(default_factory=list)
    """Indexes of the items whose task raised, where that was tolerated."""

    def __post_init__(self) -> None:
        """Refuse lists of different lengths, and tasks that cannot have been.

        Raises:
            ValueError: says which.
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
class Summary:
    """What all tasks of an observed pass come to, as stats.timeline.Timeline, which has the same fields."""

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
        """Refuse what is no summary of tasks.

        Raises:
            ValueError: there are no tasks, or not four quantiles, or a figure is less than it can be.
        """
        if min(self.workers, self.tasks) < 1 or len(self.service) != 4 or len(self.queueing) != 4:
            raise ValueError("a summary takes one task or more, and four quantiles")
        require_not_negative(
            self, "busy", "cpu", "start_up", "dispatch", "tail", "shut_down", "in_flight", "peak", "service", "longest",
            "last", "last_seconds",
        )  # fmt: skip
        if self.makespan < SHORTEST:
            raise ValueError(f"makespan must be {SHORTEST:g} seconds or more, not {self.makespan:g}")


@dataclass(frozen=True)
class Observed:
    """One more execution in which every task was recorded; never a source of the times that are compared."""

    start: float
    work: float
    stop: float
    cpu: float | None
    """As in Sample."""
    began: list[float]
    """For each worker, seconds until it began its first task, the earliest first; of very many workers the first."""
    tasks: Tasks | None
    """None where nothing is known of tasks."""
    summary: Summary | None = None
    """What all tasks come to, where there are too many to be kept."""
    observing: float = 0.0
    """Seconds that recording adds to a task, measured on tasks that do nothing."""
    voluntary_switches: int | None = None
    """Times that a thread of the cell gave up its core: to wait, or for a lock. Of reaped processes, as `cpu`."""
    involuntary_switches: int | None = None
    """Times that one was made to."""
    page_faults: int | None = None
    tree_cpu: float | None = None
    """CPU seconds of all processes of the cell, in the system's ticks (10 ms on Linux)."""
    memory: int | None = None
    """Peak bytes of all processes of the cell together, shared pages counted once where the system tells (PSS)."""
    memory_kind: MemoryKind = ""
    memory_track: list[list[float]] = field(default_factory=list)
    """Pairs: seconds after the pass began, and bytes of all processes then."""
    processes: int | None = None
    """Processes that were seen alive at once, the measuring process among them."""
    threads: int | None = None
    """Threads of all of them that were seen alive at once."""
    memory_allowed: int | None = None
    """Bytes that all of them together might use, as of the beginning of the pass."""
    figures: Json = field(default_factory=dict)
    """Of the workers, as they tell them where nobody else can: those of a cluster."""
    initializer_calls: int = 0
    """Workers in which the initializer was called."""
    initializer_seconds: float = 0.0
    """Seconds that it took, in all of them together."""

    def __post_init__(self) -> None:
        """Refuse what no clock and no counter can say.

        Raises:
            ValueError: names the field.
        """
        require_not_negative(
            self, "start", "work", "stop", "cpu", "observing", "voluntary_switches", "involuntary_switches",
            "page_faults", "tree_cpu", "memory", "processes", "threads", "memory_allowed",
            "initializer_calls", "initializer_seconds",
        )  # fmt: skip
        if self.start + self.work + self.stop < SHORTEST:
            raise ValueError(f"start, work and stop must come to {SHORTEST:g} seconds or more")
        if any(len(pair) != 2 for pair in self.memory_track):
            raise ValueError("memory_track must be pairs")


@dataclass(frozen=True)
class Outcome:
    """How a cell ended."""

    kind: OutcomeKind = "ok"
    reason: str = ""
    """One line for a person."""
    detail: str = ""
    """More, such as a traceback or the end of what the measuring process printed."""
    cause: Cause = ""
    seconds: float | None = None
    """After which it timed out."""


@dataclass(frozen=True, order=True)
class CellId:
    """Which cell of a table: a configured runner, and what it was run under."""

    label: str
    """The runner as on the command line: thread-pool:32."""
    variant: str = ""
    """What distinguishes cells of one runner, such as the interpreter; empty where nothing does."""

    def __str__(self) -> str:
        return f"{self.label} ({self.variant})" if self.variant else self.label


@dataclass(frozen=True)
class Cell:
    """One workload under one configured runner."""

    label: str
    """As on the command line: thread-pool:32."""
    runner: str
    """The registered name, or that of the class."""
    settings: Json
    workers: int
    """Tasks in progress at most."""
    variant: str = ""
    """As in CellId."""
    traits: Traits = field(default_factory=Traits)
    """What the runner declares of itself, configured like this."""
    outcome: Outcome = Outcome()
    warmup: Sample | None = None
    samples: list[Sample] = field(default_factory=list)
    observed: Observed | None = None
    interpreter: Json = field(default_factory=dict)
    """Version and GIL state of the measuring process after the workload's imports; `provided`: seconds for which
    workers were made ready before any execution."""

    def __post_init__(self) -> None:
        """Refuse what cannot have been measured.

        Raises:
            ValueError: it had no workers, or took a round twice.
        """
        if self.workers < 1:
            raise ValueError(f"workers must be 1 or more, not {self.workers}")
        if len({sample.round for sample in self.samples}) < len(self.samples):
            raise ValueError("two samples are of the same round")

    @property
    def id(self) -> CellId:
        """What no other cell of its table has."""
        return CellId(self.label, self.variant)

    @property
    def shown(self) -> str:
        """How tables and sentences call it: threads, thread-pool(32), process-pool(2, spawn)."""
        return self._shown([self.variant] if self.variant else [])

    @property
    def shown_alone(self) -> str:
        """The same without the variant."""
        return self._shown([])

    def _shown(self, more: list[str]) -> str:
        name, _, written = self.label.partition(":")
        parts = [part.removeprefix("workers=") for part in written.split(",") if part]
        method = self.settings.get("start_method")
        shown = [part for part in parts if not part.startswith("start_method=")] + ([str(method)] if method else [])
        shown += more
        return f"{name}({', '.join(shown)})" if shown else name


@dataclass(frozen=True)
class Kept:
    """What the function keeps in its process from one execution to the next, and by what it was found out."""

    kind: KeptKind = ""
    first: list[float] = field(default_factory=list)
    """Seconds of the first execution of `sequential` in each of the new processes in which it was timed."""
    later: list[float] = field(default_factory=list)
    """Seconds of a later one in the last of these processes."""
    reason: str = ""
    """How a later execution failed, of an object that works in one event loop only."""

    def __post_init__(self) -> None:
        """Refuse what no clock can say.

        Raises:
            ValueError: names the field.
        """
        require_not_negative(self, "first", "later")

    @property
    def cold(self) -> bool:
        """Whether every execution gets a new process because of it, unless something else was asked for."""
        return self.kind in {"state", "loop"}

    @property
    def excess(self) -> float:
        """Seconds that state makes a first execution longer than a later one, at the least; 0 where there is none.

        There may be state where nothing is known but these executions, since there was no time to make sure.
        """
        if self.kind not in {"state", ""} or not (self.first and self.later):
            return 0.0
        return max(0.0, min(self.first) - max(self.later))


@dataclass(frozen=True)
class Table:
    """One workload under all its runners."""

    workload: str
    kind: str
    size: str
    title: str
    settings: Json
    tasks: int
    baseline: CellId
    """The cell that the others are compared with."""
    options: Json
    """The options that it was measured with, by name: those that were given or decided. Either `rounds` is among them,
    or `max_rounds`."""
    stopped: Stopped
    warmed_up: bool
    checked: Checked
    facts: Json
    cells: list[Cell]
    notes: list[str] = field(default_factory=list)
    """What a reader must know of the work and of how it was measured: whole sentences."""
    items: list[str] = field(default_factory=list)
    """The first 10,000 items as short texts, where a pass was observed."""
    load: list[float] = field(default_factory=list)
    """Cores that other processes used, by round; empty where that cannot be read."""
    rounds: int = 0
    """Rounds that were finished; samples of a later one are of a round that was interrupted."""
    kept: Kept = Kept()
    """What the function keeps in its process, and so whether every execution was in a new one where nobody said."""
    variants: Json = field(default_factory=dict)
    """What each variant of its cells is, by its label: the interpreter, and how it was started."""

    def __post_init__(self) -> None:
        """Refuse cells that cannot be told apart, and what cannot be counted.

        Raises:
            ValueError: says which.
        """
        if type(self.max_rounds) is not int or not 0 <= self.max_rounds < _MOST_ROUNDS:
            raise ValueError("options must say how many rounds or max_rounds there may be")
        if len({cell.id for cell in self.cells}) < len(self.cells):
            raise ValueError("two cells have the same label and the same variant")
        require_not_negative(self, "tasks", "load", "rounds")

    @property
    def max_rounds(self) -> int:
        """The most rounds that were planned; the level of the intervals depends on it."""
        most: Any = self.options.get("rounds" if self.all_rounds else "max_rounds")
        return most  # type: ignore[no-any-return] # that it is one is checked when the table is made

    @property
    def all_rounds(self) -> bool:
        """Whether every cell was to take all of them, instead of stopping at its verdict."""
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
        """The cell of this label, or of this identity.

        Raises:
            KeyError: there is none; names the nearest.
        """
        for cell in self.cells:
            if which in (cell.id, str(cell.id)):
                return cell
        known = [str(cell.id) for cell in self.cells]
        raise KeyError(f"the table of {self.workload} has no cell {str(which)!r}; {nearest(str(which), known)}")


@dataclass(frozen=True)
class RunRecord:
    """Everything that one run saw."""

    concbench: str
    """Our version."""
    created: str
    """ISO 8601, UTC."""
    seed: int
    """Of the order of the cells in each round."""
    interrupted: bool
    environment: Json
    tables: list[Table]
    configured: Json = field(default_factory=dict)
    """What came from a file of settings: its path as `file`, and what it says as `options`, as it is written there."""
    command: str = ""
    """The command line that measured it; empty where a program did."""
