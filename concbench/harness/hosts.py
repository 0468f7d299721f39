"""The second seam: where the samples of one cell are taken. The loop of rounds knows nothing else.

ProcessHosts     a process of its own for each cell: what is used unless said otherwise
InProcessHosts   this process, for notebooks and closures
SimulatedHosts   in concbench.testing: given samples, no clock
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
from concbench.harness.awake import AWAKE
from concbench.harness.load import LoadWatch
from concbench.harness.runner_specs import PlannedCell
from concbench.host.cell import HostedCell
from concbench.host.comparing import require_equal
from concbench.host.describe import describe
from concbench.host.main import Reference, check, expected_of, interpreter, sequential_passes, take_sample
from concbench.machine import gil_came_back, throttled_seconds
from concbench.options import MeasureOptions
from concbench.results.files import build
from concbench.results.passes import CheckPass, Finding, ReferencePass, Sample
from concbench.results.records import Json, Observed, Outcome
from concbench.wire import end_if_forked
from concbench.workloads.base import Workload

T = TypeVar("T")


class CellEnded(ConcbenchError):  # noqa: N818
    """A cell can go on no further; carries its outcome."""

    def __init__(self, outcome: Outcome, *, idle: bool = False) -> None:
        """Carry it.

        Args:
            outcome: how the cell ends.
            idle: whether no execution was under way, so that none has failed.
        """
        super().__init__(outcome.reason)
        self.outcome = outcome
        self.idle = idle


class Host(Protocol):
    """Takes the samples of one cell. Every method but close may raise CellEnded.

    Nothing of ours allocates, pickles or compares there before the last sample: it would leave a heap behind that no
    program of the user's has.
    """

    def prepare(self) -> Json:
        """Import and load all that the cell needs; returns what the interpreter is after that."""
        ...

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        """Execute the cell so many times, timed; `collect` what is compared, if this is the last sample."""
        ...

    def interpreter(self) -> Json:
        """What has become of the interpreter since: a function may import more when it is called."""
        ...

    def compare(self) -> None:
        """Compare what was collected last with the reference; after the last sample."""
        ...

    def items_as_text(self) -> list[str]:
        """The first items, each as a short text; after the last sample."""
        ...

    def allow(self, seconds: float) -> None:
        """From now on, a request may take so long."""
        ...

    def observe(self, *, collect: bool = False) -> Observed:
        """Execute the cell once with every task recorded, and `collect` what is compared; after the last sample."""
        ...

    def remarks(self) -> list[str]:
        """What was noticed beside the results, as clauses of which the work is the subject; never raises."""
        ...

    def close(self) -> None:
        """End it; never raises."""
        ...


class CheckHost(Protocol):
    """Finds out what the results of one cell must be, and whether they are. No sample that counts is taken there."""

    def prepare(self) -> Json:
        """As of a Host; and find out whether the function and the items can be sent to workers."""
        ...

    def reference(self, *, own: bool = False) -> ReferencePass:
        """Make and keep the sequential results that every cell of the workload, or of its variant, is compared with."""
        ...

    def reads(self) -> str:
        """Why the results that another variant has made cannot be read in this one; empty if they can."""
        ...

    def check(self, most: int) -> CheckPass:
        """Execute the cell and compare its results with the reference, short work several times, `most` at most."""
        ...

    def passes(self, most: int) -> Finding:
        """Make sequential passes in one worker of this cell, and compare them with each other and the reference.

        Two are made, of short work up to `most`.
        """
        ...

    def remarks(self) -> list[str]:
        """As of a Host."""
        ...

    def allow(self, seconds: float) -> None:
        """From now on, a request may take so long."""
        ...

    def close(self) -> None:
        """End it; never raises."""
        ...


class Hosts(Protocol):
    """Makes the hosts of one workload."""

    renews: bool
    """Whether each of them is a new process, in which nothing of an earlier execution is left."""

    def host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> AbstractContextManager[Host]:
        """A host that takes the samples of a cell.

        Args:
            workload: as it is running now.
            cell: what to execute.
            directory: private, shared by the hosts of the workload, removed afterwards.
            options: whether it is warm, and how long one request may take at most.
        """
        ...

    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> AbstractContextManager[CheckHost]:
        """A host in which the results of a cell are checked; always cold."""
        ...

    def load_watch(self) -> LoadWatch | None:
        """What tells the load of others during a round; None where no machine is measured."""
        ...

    def throttled(self) -> float | None:
        """Seconds for which a quota has kept us from running so far; None without one, or where nothing is measured."""
        ...


class Clock:
    """Seconds since it was made, without those in which this process was suspended.

    What hosts have simulated counts as if it had taken its time.
    """

    def __init__(self, hosts: Hosts, began: float | None = None) -> None:
        """Begin now, or at that time by AWAKE.now()."""
        self._hosts = hosts
        self._began = AWAKE.now() if began is None else began
        self._simulated = self._played()

    def put_forward(self, seconds: float) -> None:
        """So many had gone by before it was made."""
        self._began -= seconds

    def elapsed(self) -> float:
        """Since it was made."""
        return AWAKE.now() - self._began + self._played() - self._simulated

    def _played(self) -> float:
        return float(getattr(self._hosts, "simulated", 0.0))


class InProcessHosts:
    """Samples are taken in this very process: closures work, and a crash or a leak is everybody's."""

    renews = False

    def load_watch(self) -> LoadWatch:
        """This machine is measured."""
        return LoadWatch()

    def throttled(self) -> float | None:
        """By the account of our control group."""
        return throttled_seconds()

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        """A host in this process; the timeout cannot be kept, since nobody is there to keep it."""
        with closing(_InProcessHost(workload, cell, directory / "reference.pickle", warm=options["warm"])) as host:
            yield host

    @contextmanager
    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> Iterator[CheckHost]:
        """The same process, so that what checking leaves behind is there when samples are taken."""
        del options
        cell = replace(cell, runner=copy(cell.runner))  # the one that takes samples may be entered now
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
        self._path = reference
        self._reference: Reference | None = None
        self._cell: HostedCell | None = None
        self._collected: list[Any] = []

    def prepare(self) -> Json:
        self._cell = _do(
            lambda: HostedCell(self._workload, self._planned.runner, warm=self._warm, directory=self._path.parent)
        )
        if self._examine:
            _do(self._cell.examine)
        turned_on = {"gil_turned_on": ["a module"]} if gil_came_back() else {}
        return {**interpreter(), **turned_on, **_do(self._cell.provide)}

    def reads(self) -> str:
        return ""

    def reference(self, *, own: bool = False) -> ReferencePass:
        del own
        self._reference = Reference(self._prepared(), self._path)
        return _do(self._reference.make)

    def check(self, most: int) -> CheckPass:
        return _do(lambda: check(self._prepared(), most, self._expected()))

    def passes(self, most: int) -> Finding:
        return _do(lambda: sequential_passes(self._prepared(), most, self._expected()))

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        sample, self._collected = _do(lambda: take_sample(self._prepared(), repeats, collect=collect))
        return sample

    def interpreter(self) -> Json:
        return interpreter()

    def compare(self) -> None:
        _do(lambda: require_equal(self._collected, self._expected(), self._workload.same))
        self._collected = []

    def observe(self, *, collect: bool = False) -> Observed:
        figures, _, self._collected = _do(lambda: self._prepared().observe(collect=collect))
        return build(Observed, figures)

    def _expected(self) -> Any:
        return expected_of(self._prepared(), self._reference, self._path)

    def items_as_text(self) -> list[str]:
        return self._prepared().items_as_text()

    def allow(self, seconds: float) -> None:
        """Nobody is there to keep it."""

    def remarks(self) -> list[str]:
        return []

    def close(self) -> None:
        if self._cell is not None:
            with suppress(CellEnded):
                _do(self._cell.close)
        self._cell = None

    def _prepared(self) -> HostedCell:
        assert self._cell is not None, "prepare comes first"
        return self._cell


def _do(action: Callable[[], T]) -> T:
    """Do it, in a thread of its own where an event loop is running in this one, as in a notebook.

    A child that the function has forked, and that comes back, ends: it must not go on with the measurement.
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
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(act).result()
    except KeyboardInterrupt:  # it may be a person's
        raise
    except BaseException as error:
        raise CellEnded(build(Outcome, describe(error))) from error


def _in_event_loop() -> bool:
    """Whether one runs in this thread: then asyncio, which takes long to import, is there already."""
    if (asyncio := sys.modules.get("asyncio")) is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
