"""The second seam: where the samples of one cell are taken. The loop of rounds knows nothing else.

ProcessHosts     a process of its own for each cell: what is used unless said otherwise
InProcessHosts   this process, for notebooks and closures
SimulatedHosts   in concbench.testing: given samples, no clock
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from concbench.errors import ConcbenchError
from concbench.harness.plan import PlannedCell
from concbench.host.cell import HostedCell, require_equal
from concbench.host.main import describe, interpreter
from concbench.results.files import build
from concbench.results.records import Json, Observed, Outcome, Sample
from concbench.workloads.base import Workload

T = TypeVar("T")


class CellEnded(ConcbenchError):  # noqa: N818
    """A cell can go on no further; carries its outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Host(Protocol):
    """Takes the samples of one cell. Every method but close may raise CellEnded."""

    def prepare(self) -> Json:
        """Import and load all that the cell needs; returns what the interpreter is after that."""
        ...

    def reference(self) -> None:
        """Make and keep the sequential results that every cell of the workload is compared with."""
        ...

    def sample(self, *, compare: bool) -> Sample:
        """Execute the cell once, timed; `compare` its results with the reference first kept."""
        ...

    def observe(self) -> Observed:
        """Execute the cell once with every task recorded."""
        ...

    def close(self) -> None:
        """End it; never raises."""
        ...


class Hosts(Protocol):
    """Makes the hosts of one workload."""

    def host(
        self, workload: Workload, cell: PlannedCell, directory: Path, timeout: float
    ) -> AbstractContextManager[Host]:
        """A host for a cell.

        Args:
            workload: as it is running now.
            cell: what to execute.
            directory: private, shared by the hosts of the workload, removed afterwards.
            timeout: seconds that one request may take at most.
        """
        ...


class InProcessHosts:
    """Samples are taken in this very process: closures work, and a crash or a leak is everybody's."""

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, timeout: float) -> Iterator[Host]:
        """A host in this process; the timeout cannot be kept, since nobody is there to keep it."""
        del timeout
        yield _InProcessHost(workload, cell, directory / "reference.pickle")


class _InProcessHost:
    def __init__(self, workload: Workload, planned: PlannedCell, reference: Path) -> None:
        self._workload = workload
        self._planned = planned
        self._reference = reference
        self._cell: HostedCell | None = None

    def prepare(self) -> Json:
        self._cell = _do(lambda: HostedCell(self._workload, self._planned.runner))
        return interpreter()

    def reference(self) -> None:
        results = _do(self._prepared().reference)
        self._reference.write_bytes(pickle.dumps(results))

    def sample(self, *, compare: bool) -> Sample:
        timing = _do(self._prepared().sample)
        if self._workload.expected is not None:
            _do(lambda: require_equal(timing.collected, self._workload.expected))
        elif compare:
            _do(lambda: require_equal(timing.collected, pickle.loads(self._reference.read_bytes())))
        sample: Sample = build(Sample, timing.figures())
        return sample

    def observe(self) -> Observed:
        observed: Observed = build(Observed, _do(self._prepared().observe))
        return observed

    def close(self) -> None:
        self._cell = None

    def _prepared(self) -> HostedCell:
        assert self._cell is not None, "prepare comes first"
        return self._cell


def _do(action: Callable[[], T]) -> T:
    """Do it, in a thread of its own where an event loop is running in this one, as in a notebook."""
    try:
        if not _in_event_loop():
            return action()
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(action).result()
    except Exception as error:
        raise CellEnded(Outcome(**describe(error))) from error


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
