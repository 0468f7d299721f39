"""The second seam: where the samples of one cell are taken. The loop of rounds knows nothing else.

ProcessHosts     a process of its own for each cell: what is used unless said otherwise
InProcessHosts   this process, for notebooks and closures
SimulatedHosts   in concbench.testing: given samples, no clock
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from concbench.errors import ConcbenchError
from concbench.harness.load import LoadWatch
from concbench.harness.plan import Options
from concbench.harness.runner_specs import PlannedCell
from concbench.host.cell import HostedCell
from concbench.host.describe import describe
from concbench.host.main import Reference, interpreter, read_results, take_sample
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

    def reference(self) -> Json:
        """Make and keep the sequential results that every cell of the workload is compared with.

        Returns:
            `unsendable`, `incomparable` and `changed`: why the results cannot be pickled, why they cannot be compared,
            and which item the function has changed; each empty or absent where there is nothing to say. `size`: of
            the results as a pickle, in bytes. `sample`: the pass, where it was an execution of a sequential cell.
            `facts`: figures about the work, for the table.
        """
        ...

    def steady(self) -> bool:
        """Make another sequential pass where the reference was made; whether its results are the same."""
        ...

    def sample(self, *, compare: bool, repeats: int = 1) -> Sample:
        """Execute the cell so many times, timed; `compare` its results with the reference first kept."""
        ...

    def items_as_text(self) -> list[str]:
        """The first items, each as a short text."""
        ...

    def allow(self, seconds: float) -> None:
        """From now on, a request may take so long."""
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
        self, workload: Workload, cell: PlannedCell, directory: Path, options: Options
    ) -> AbstractContextManager[Host]:
        """A host for a cell.

        Args:
            workload: as it is running now.
            cell: what to execute.
            directory: private, shared by the hosts of the workload, removed afterwards.
            options: whether it is warm, and how long one request may take at most.
        """
        ...

    def load_watch(self) -> LoadWatch | None:
        """What tells the load of others during a round; None where no machine is measured."""
        ...


class InProcessHosts:
    """Samples are taken in this very process: closures work, and a crash or a leak is everybody's."""

    def load_watch(self) -> LoadWatch:
        """This machine is measured."""
        return LoadWatch()

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: Options) -> Iterator[Host]:
        """A host in this process; the timeout cannot be kept, since nobody is there to keep it."""
        host = _InProcessHost(workload, cell, directory / "reference.pickle", warm=options.warm)
        try:
            yield host
        finally:
            host.close()


class _InProcessHost:
    def __init__(self, workload: Workload, planned: PlannedCell, reference: Path, *, warm: bool) -> None:
        self._warm = warm
        self._workload = workload
        self._planned = planned
        self._path = reference
        self._reference: Reference | None = None
        self._cell: HostedCell | None = None

    def prepare(self) -> Json:
        self._cell = _do(lambda: HostedCell(self._workload, self._planned.runner, warm=self._warm))
        return interpreter()

    def reference(self) -> Json:
        self._reference = Reference(self._prepared(), self._path)
        return _do(self._reference.make)

    def steady(self) -> bool:
        assert self._reference is not None, "reference comes first"
        return _do(self._reference.steady)

    def sample(self, *, compare: bool, repeats: int = 1) -> Sample:
        expected = None
        if compare and self._workload.expected is None and (self._reference or self._path.exists()):
            expected = self._reference.results() if self._reference else read_results(self._path)
        sample: Sample = build(Sample, _do(lambda: take_sample(self._prepared(), repeats, expected)))
        return sample

    def observe(self) -> Observed:
        figures, _ = _do(self._prepared().observe)
        observed: Observed = build(Observed, figures)
        return observed

    def items_as_text(self) -> list[str]:
        return self._prepared().items_as_text()

    def allow(self, seconds: float) -> None:
        """Nobody is there to keep it."""

    def close(self) -> None:
        if self._cell is not None:
            _do(self._cell.close)
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
        ended: Outcome = build(Outcome, describe(error))
        raise CellEnded(ended) from error


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
