"""Hosts that are processes: one for each cell, or a new one for every execution (`--fresh`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, reduce
from operator import add
from pathlib import Path
from typing import TypeVar

from concbench.harness.hosts.base import CheckHost, Host
from concbench.harness.hosts.import_wait import IMPORT_TIME_OPTIONS, ImportWait
from concbench.harness.hosts.process_host import ProcessHost
from concbench.harness.machine.other_load import LoadWatch
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.machine import throttled_seconds
from concbench.options import MeasureOptions, changed
from concbench.results.records import Json, ObservedPass, Sample
from concbench.workloads.base import Workload


class ProcessHosts:
    """Starts a measuring process for each cell."""

    starts_processes = True

    def __init__(self, tell: Callable[[str], None] | None = None, time_options: str = IMPORT_TIME_OPTIONS) -> None:
        """Begin without processes.

        Args:
            tell: called with a message if importing the function takes long.
            time_options: the options that allow more time for that.
        """
        self._import_wait = ImportWait(tell, time_options)

    def load_watch(self) -> LoadWatch:
        """Start watching the load by other processes on this machine."""
        return LoadWatch()

    def throttled_seconds(self) -> float | None:
        """Seconds for which our control group was throttled so far."""
        return throttled_seconds()

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        """Start the process of a cell, and end it in any case."""
        make = partial(ProcessHost, workload, cell, directory, options, self._import_wait)
        created: ProcessHost | FreshHost = FreshHost(make) if options["fresh"] else make()
        with _closing(created) as host:
            yield host

    @contextmanager
    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> Iterator[CheckHost]:
        """Start a process that takes no samples, and end it in any case."""
        with _closing(
            ProcessHost(workload, cell, directory, changed(options, warm=False), self._import_wait, examine=True)
        ) as host:
            yield host


H = TypeVar("H", bound="ProcessHost | FreshHost")


@contextmanager
def _closing(host: H) -> Iterator[H]:
    """Close a host in any case, and kill it first if the block raises."""
    try:
        yield host
    except BaseException:  # mostly an interruption: its current work is useless
        host.kill()
        raise
    finally:
        host.close()


class FreshHost:
    """Starts a new process for every execution, so that state of the function is cold each time."""

    def __init__(self, make: Callable[[], ProcessHost]) -> None:
        self._make = make
        self._timeout: float | None = None
        self._interpreter: Json = {}
        self._kept_host: ProcessHost | None = None
        self._remarks: list[str] = []

    def prepare(self) -> Json:
        """Load the cell once, to check that it can be loaded."""
        with self._prepared():
            return self._interpreter

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        """Time `repeats` executions, each in a new process; keep the last process if it collected results."""
        samples = []
        for number in range(repeats):
            last = collect and number == repeats - 1
            with self._prepared(keep=last) as host:
                samples.append(host.sample(collect=last))
        return reduce(add, samples)

    def items_as_text(self) -> list[str]:
        """Return the first items as texts, from a new process, since items may be generated while they are read."""
        with self._prepared() as host:
            return host.items_as_text()

    def observe(self, *, collect: bool = False) -> ObservedPass:
        """Make an observed pass in a new process."""
        with self._prepared(keep=collect) as host:
            return host.observe(collect=collect)

    def interpreter(self) -> Json:
        """Return facts about the interpreter of the last process, after it had loaded the cell."""
        return self._interpreter

    def compare(self) -> None:
        """Compare the collected results in the kept process, and end it."""
        assert self._kept_host is not None, "nothing was collected"
        self._kept_host.compare()
        self.close()

    def set_timeout(self, seconds: float) -> None:
        """Set the timeout of every later process."""
        self._timeout = seconds

    def kill(self) -> None:
        """Kill the kept process, if there is one."""
        if self._kept_host is not None:
            self._kept_host.kill()

    def close(self) -> None:
        """End the kept process, if there is one."""
        if self._kept_host is not None:
            self._end(self._kept_host)
        self._kept_host = None

    def remarks(self) -> list[str]:
        """Return the remarks of all processes that have ended."""
        return self._remarks

    def _end(self, host: ProcessHost) -> None:
        host.close()
        self._remarks += host.remarks()

    @contextmanager
    def _prepared(self, *, keep: bool = False) -> Iterator[ProcessHost]:
        """Start a process for one execution; end it afterwards unless it is kept for a comparison."""
        host = self._make()
        if self._timeout is not None:
            host.set_timeout(self._timeout)
        try:
            self._interpreter = host.prepare()
            yield host
        except BaseException:
            host.kill()
            self._end(host)
            raise
        if keep:
            self._kept_host = host
        else:
            self._end(host)
