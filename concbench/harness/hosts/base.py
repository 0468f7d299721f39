"""The interface between the loop of rounds and the hosts that take the samples of cells.

ProcessHosts     the default: a separate process for each cell
InProcessHosts   this process, for notebooks and closures
SimulatedHosts   in concbench.testing: prepared samples, no clock
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from copy import copy
from dataclasses import replace
from os import getpid
from pathlib import Path
from typing import Any, Protocol, TypeVar

from concbench.errors import ConcbenchError
from concbench.harness.clock import AWAKE
from concbench.harness.machine.other_load import LoadWatch
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.host.cell import HostedCell
from concbench.host.comparison import require_equal
from concbench.host.host_process import Reference, check, expected_results, interpreter, sequential_passes, take_sample
from concbench.host.outcomes import describe
from concbench.machine import gil_came_back, throttled_seconds
from concbench.options import MeasureOptions
from concbench.results.files import build
from concbench.results.passes import CheckPass, Finding, ReferencePass, Sample
from concbench.results.records import Json, ObservedPass, Outcome
from concbench.wire import end_if_forked
from concbench.workloads.base import Workload

T = TypeVar("T")


class CellEnded(ConcbenchError):  # noqa: N818
    """A cell has ended; carries its outcome."""

    def __init__(self, outcome: Outcome, *, idle: bool = False) -> None:
        """Create the error.

        Args:
            outcome: the outcome of the cell.
            idle: whether no execution was in progress, so that none has failed.
        """
        super().__init__(outcome.reason)
        self.outcome = outcome
        self.idle = idle


class Host(Protocol):
    """Takes the samples of one cell. Every method except close may raise CellEnded.

    No code of concbench allocates, pickles or compares there before the last sample: the heap would otherwise differ
    from the heap of the user's program.
    """

    def prepare(self) -> Json:
        """Import and load everything that the cell needs; return facts about the interpreter afterwards."""
        ...

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        """Time `repeats` executions of the cell; `collect` the results for comparison, if this is the last sample."""
        ...

    def interpreter(self) -> Json:
        """Return the current facts about the interpreter, since a called function may import more."""
        ...

    def compare(self) -> None:
        """Compare the results collected last with the reference; after the last sample."""
        ...

    def items_as_text(self) -> list[str]:
        """Return the first items, each as a short text; after the last sample."""
        ...

    def set_timeout(self, seconds: float) -> None:
        """Set the timeout of the requests from now on."""
        ...

    def observe(self, *, collect: bool = False) -> ObservedPass:
        """Make an observed pass after the last sample; `collect` the results for comparison."""
        ...

    def remarks(self) -> list[str]:
        """Return observations that do not concern results, as clauses with the work as subject; never raises."""
        ...

    def close(self) -> None:
        """End the host; never raises."""
        ...


class CheckHost(Protocol):
    """Makes the reference results, and checks the results of one cell. No sample that counts is taken there."""

    def prepare(self) -> Json:
        """Prepare like a Host, and find out whether the function and the items can be sent to workers."""
        ...

    def reference(self, *, of_variant: bool = False) -> ReferencePass:
        """Make and keep the reference results for all cells, or with `of_variant` for those of its variant."""
        ...

    def unreadable_reason(self) -> str:
        """Return why the results of another variant cannot be read in this one; empty if they can."""
        ...

    def check(self, max_executions: int) -> CheckPass:
        """Execute the cell and compare its results with the reference; short work up to `max_executions` times."""
        ...

    def sequential_passes(self, max_passes: int) -> Finding:
        """Make sequential passes in one worker of this cell, and compare them with each other and the reference.

        There are two passes; for short work, up to `max_passes`.
        """
        ...

    def remarks(self) -> list[str]:
        """Return the remarks as a Host does."""
        ...

    def set_timeout(self, seconds: float) -> None:
        """Set the timeout of the requests from now on."""
        ...

    def close(self) -> None:
        """End the host; never raises."""
        ...


class Hosts(Protocol):
    """Creates the hosts of one workload."""

    starts_processes: bool
    """Whether each host is a new process, without state from an earlier execution."""

    def host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> AbstractContextManager[Host]:
        """Create a host that takes the samples of a cell.

        Args:
            workload: the running workload.
            cell: the cell to execute.
            directory: private, shared by the hosts of the workload, removed afterwards.
            options: among others, whether executions are warm, and the timeout of a request.
        """
        ...

    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> AbstractContextManager[CheckHost]:
        """Create a host that checks the results of a cell; always cold."""
        ...

    def load_watch(self) -> LoadWatch | None:
        """Start watching the load by other processes during a round; None if no real machine is measured."""
        ...

    def throttled_seconds(self) -> float | None:
        """Seconds for which a CPU quota has throttled us so far; None without a quota or a real machine."""
        ...


class Clock:
    """Counts seconds from its start, without those in which this process was suspended.

    Simulated seconds of hosts count as well.
    """

    def __init__(self, hosts: Hosts, began: float | None = None) -> None:
        """Start now, or at the time `began` by AWAKE.now()."""
        self._hosts = hosts
        self._began = AWAKE.now() if began is None else began
        self._simulated_before = self._simulated_seconds()

    def put_forward(self, seconds: float) -> None:
        """Add seconds that passed before its start."""
        self._began -= seconds

    def elapsed(self) -> float:
        """Seconds since its start."""
        return AWAKE.now() - self._began + self._simulated_seconds() - self._simulated_before

    def _simulated_seconds(self) -> float:
        return float(getattr(self._hosts, "simulated", 0.0))


class InProcessHosts:
    """Takes samples in this process: closures work, but a crash or a leak affects every cell."""

    starts_processes = False

    def load_watch(self) -> LoadWatch:
        """Start watching the load by other processes on this machine."""
        return LoadWatch()

    def throttled_seconds(self) -> float | None:
        """Seconds for which our control group was throttled so far."""
        return throttled_seconds()

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        """Create a host in this process; timeouts are not enforced, since no other process could enforce them."""
        with closing(_InProcessHost(workload, cell, directory / "reference.pickle", warm=options["warm"])) as host:
            yield host

    @contextmanager
    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> Iterator[CheckHost]:
        """Create a host in the same process; anything a check leaves behind is still there during samples."""
        del options
        cell = replace(cell, runner=copy(cell.runner))  # the runner that takes samples may be entered already
        with closing(_InProcessHost(workload, cell, directory / "reference.pickle", examine=True)) as host:
            yield host


class _InProcessHost:
    def __init__(
        self, workload: Workload, planned: PlannedCell, reference: Path, *, warm: bool = False, examine: bool = False
    ) -> None:
        self._warm = warm
        self._examine = examine
        self._workload = workload
        self._planned = planned
        self._reference_path = reference
        self._reference: Reference | None = None
        self._cell: HostedCell | None = None
        self._collected: list[Any] = []

    def prepare(self) -> Json:
        directory = self._reference_path.parent
        self._cell = _run_action(
            lambda: HostedCell(self._workload, self._planned.runner, warm=self._warm, directory=directory)
        )
        if self._examine:
            _run_action(self._cell.examine)
        gil = {"gil_turned_on": ["a module"]} if gil_came_back() else {}
        return {**interpreter(), **gil, **_run_action(self._cell.provide)}

    def unreadable_reason(self) -> str:
        return ""

    def reference(self, *, of_variant: bool = False) -> ReferencePass:
        del of_variant
        self._reference = Reference(self._hosted_cell(), self._reference_path)
        return _run_action(self._reference.make)

    def check(self, max_executions: int) -> CheckPass:
        return _run_action(lambda: check(self._hosted_cell(), max_executions, self._expected()))

    def sequential_passes(self, max_passes: int) -> Finding:
        return _run_action(lambda: sequential_passes(self._hosted_cell(), max_passes, self._expected()))

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        sample, self._collected = _run_action(lambda: take_sample(self._hosted_cell(), repeats, collect=collect))
        return sample

    def interpreter(self) -> Json:
        return interpreter()

    def compare(self) -> None:
        _run_action(lambda: require_equal(self._collected, self._expected(), self._workload.same))
        self._collected = []

    def observe(self, *, collect: bool = False) -> ObservedPass:
        figures, _, self._collected = _run_action(lambda: self._hosted_cell().observe(collect=collect))
        return build(ObservedPass, figures)

    def _expected(self) -> Any:
        return expected_results(self._hosted_cell(), self._reference, self._reference_path)

    def items_as_text(self) -> list[str]:
        return self._hosted_cell().items_as_text()

    def set_timeout(self, seconds: float) -> None:
        """Do nothing: a timeout cannot be enforced from within the process."""

    def remarks(self) -> list[str]:
        return []

    def close(self) -> None:
        if self._cell is not None:
            with suppress(CellEnded):
                _run_action(self._cell.close)
        self._cell = None

    def _hosted_cell(self) -> HostedCell:
        assert self._cell is not None, "prepare comes first"
        return self._cell


def _run_action(action: Callable[[], T]) -> T:
    """Run the action, in a separate thread if an event loop is running in this one, as in a notebook.

    A child process that the function forked ends when it returns here: it must not continue the measurement.
    """
    process = getpid()

    def act() -> T:
        try:
            return action()
        finally:
            end_if_forked(process)

    try:
        if not _in_event_loop():
            return act()
        with ThreadPoolExecutor(1) as executor:
            return executor.submit(act).result()
    except KeyboardInterrupt:  # the user may have pressed Ctrl-C
        raise
    except BaseException as error:
        raise CellEnded(build(Outcome, describe(error))) from error


def _in_event_loop() -> bool:
    """Whether an event loop runs in this thread; if so, asyncio, which is slow to import, is imported already."""
    if (asyncio := sys.modules.get("asyncio")) is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
