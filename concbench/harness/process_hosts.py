"""Hosts that are processes: one for each cell, or a new one for every execution (`--fresh`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from concbench.harness.hosts import CheckHost, Host
from concbench.harness.load import LoadWatch
from concbench.harness.plan import Options
from concbench.harness.process_host import ProcessHost
from concbench.harness.runner_specs import PlannedCell
from concbench.results.records import Json, Observed, Sample
from concbench.workloads.base import Workload


class ProcessHosts:
    """A process for each cell."""

    def load_watch(self) -> LoadWatch:
        """This machine is measured."""
        return LoadWatch()

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: Options) -> Iterator[Host]:
        """Start the process of a cell, and end it whatever happens."""
        make = partial(ProcessHost, workload, cell, directory, options)
        made: ProcessHost | FreshHost = FreshHost(make) if options.fresh else make()
        with _ending(made) as host:
            yield host

    @contextmanager
    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: Options
    ) -> Iterator[CheckHost]:
        """Start a process in which no sample is taken, and end it whatever happens."""
        with _ending(ProcessHost(workload, cell, directory, replace(options, warm=False))) as host:
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

    def prepare(self, *, examine: bool = False) -> Json:
        """Load the cell once, to see that it can be."""
        del examine  # that is for hosts that take no samples
        with self._prepared():
            return self._interpreter

    def sample(self, *, compare: bool = False, repeats: int = 1) -> Sample:
        """As many processes as repeats."""
        taken = []
        for _ in range(repeats):
            with self._prepared() as host:
                taken.append(host.sample(compare=compare))
        cpu = [sample.cpu for sample in taken if sample.cpu is not None]
        return Sample(
            start=sum(sample.start for sample in taken),
            work=sum(sample.work for sample in taken),
            stop=sum(sample.stop for sample in taken),
            cpu=sum(cpu) if len(cpu) == repeats else None,
            repeats=repeats,
            failed=dict(sum((Counter(sample.failed) for sample in taken), Counter())),
            retries=sum(sample.retries for sample in taken),
        )

    def items_as_text(self) -> list[str]:
        """Of a new process: items may be made as they are read."""
        with self._prepared() as host:
            return host.items_as_text()

    def observe(self, *, compare: bool = False) -> Observed:
        """In a process of its own too."""
        with self._prepared() as host:
            return host.observe(compare=compare)

    def allow(self, seconds: float) -> None:
        """Of every process to come."""
        self._seconds = seconds

    def kill(self) -> None:
        """Nothing is kept between executions."""

    def close(self) -> None:
        """Nothing is kept between executions."""

    @contextmanager
    def _prepared(self) -> Iterator[ProcessHost]:
        """A process for one execution."""
        with _ending(self._make()) as host:
            if self._seconds is not None:
                host.allow(self._seconds)
            self._interpreter = host.prepare()
            yield host
