"""Hosts that are processes: one for each cell, or a new one for every execution (`--fresh`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, reduce
from operator import add
from pathlib import Path
from typing import TypeVar

from concbench.harness.hosts import CheckHost, Host
from concbench.harness.load import LoadWatch
from concbench.harness.loading import IMPORT_ALLOWS, Loading
from concbench.harness.process_host import ProcessHost
from concbench.harness.runner_specs import PlannedCell
from concbench.machine import throttled_seconds
from concbench.options import MeasureOptions, changed
from concbench.results.records import Json, Observed, Sample
from concbench.workloads.base import Workload


class ProcessHosts:
    """A process for each cell."""

    renews = True

    def __init__(self, tell: Callable[[str], None] | None = None, allows: str = IMPORT_ALLOWS) -> None:
        """Begin with none.

        Args:
            tell: told in words if importing the function takes long.
            allows: what allows more time for that.
        """
        self._loading = Loading(tell, allows)

    def load_watch(self) -> LoadWatch:
        """This machine is measured."""
        return LoadWatch()

    def throttled(self) -> float | None:
        """By the account of our control group."""
        return throttled_seconds()

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        """Start the process of a cell, and end it whatever happens."""
        make = partial(ProcessHost, workload, cell, directory, options, self._loading)
        made: ProcessHost | FreshHost = FreshHost(make) if options["fresh"] else make()
        with _ending(made) as host:
            yield host

    @contextmanager
    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> Iterator[CheckHost]:
        """Start a process in which no sample is taken, and end it whatever happens."""
        with _ending(
            ProcessHost(workload, cell, directory, changed(options, warm=False), self._loading, examine=True)
        ) as host:
            yield host


H = TypeVar("H", bound="ProcessHost | FreshHost")


@contextmanager
def _ending(host: H) -> Iterator[H]:
    """A host that is ended whatever happens."""
    try:
        yield host
    except BaseException:  # interrupted, for the most part: what it is doing is of no use to anybody
        host.kill()
        raise
    finally:
        host.close()


class FreshHost:
    """A new process for every execution: what the function keeps in its process is cold each time."""

    def __init__(self, make: Callable[[], ProcessHost]) -> None:
        self._make = make
        self._seconds: float | None = None
        self._interpreter: Json = {}
        self._kept: ProcessHost | None = None
        self._remarks: list[str] = []

    def prepare(self) -> Json:
        """Load the cell once, to see that it can be."""
        with self._prepared():
            return self._interpreter

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        """As many processes as repeats; the last is kept if what is compared was collected there."""
        taken = []
        for number in range(repeats):
            last = collect and number == repeats - 1
            with self._prepared(keep=last) as host:
                taken.append(host.sample(collect=last))
        return reduce(add, taken)

    def items_as_text(self) -> list[str]:
        """Of a new process: items may be made as they are read."""
        with self._prepared() as host:
            return host.items_as_text()

    def observe(self, *, collect: bool = False) -> Observed:
        """In a process of its own too."""
        with self._prepared(keep=collect) as host:
            return host.observe(collect=collect)

    def interpreter(self) -> Json:
        """As of the last process, when it had loaded the cell."""
        return self._interpreter

    def compare(self) -> None:
        """In the process that was kept, which then ends."""
        assert self._kept is not None, "nothing was collected"
        self._kept.compare()
        self.close()

    def allow(self, seconds: float) -> None:
        """Of every process to come."""
        self._seconds = seconds

    def kill(self) -> None:
        """End what was kept, at once."""
        if self._kept is not None:
            self._kept.kill()

    def close(self) -> None:
        """End what was kept."""
        if self._kept is not None:
            self._end(self._kept)
        self._kept = None

    def remarks(self) -> list[str]:
        """Those of all processes that have ended."""
        return self._remarks

    def _end(self, host: ProcessHost) -> None:
        host.close()
        self._remarks += host.remarks()

    @contextmanager
    def _prepared(self, *, keep: bool = False) -> Iterator[ProcessHost]:
        """A process for one execution, which ends unless it is kept for a comparison."""
        host = self._make()
        if self._seconds is not None:
            host.allow(self._seconds)
        try:
            self._interpreter = host.prepare()
            yield host
        except BaseException:
            host.kill()
            self._end(host)
            raise
        if keep:
            self._kept = host
        else:
            self._end(host)
