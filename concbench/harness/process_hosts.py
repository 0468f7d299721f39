"""Hosts that are processes: one for each cell, or a new one for every execution (`--fresh`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from concbench.harness.hosts import Host
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
        host = FreshHost(make) if options.fresh else make()
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
        self._kept: ProcessHost | None = None
        self._interpreter: Json = {}

    def prepare(self) -> Json:
        """Load the cell once, to see that it can be."""
        with self._prepared():
            return self._interpreter

    def reference(self) -> Json:
        """Make the sequential results, in a process that is kept for `steady`."""
        host = self._kept = self._make()
        host.prepare()
        return host.reference()

    def steady(self) -> bool:
        """In the same process, so that what it keeps is not taken for chance."""
        assert self._kept is not None, "reference comes first"
        return self._kept.steady()

    def sample(self, *, compare: bool, repeats: int = 1) -> Sample:
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

    def observe(self) -> Observed:
        """In a process of its own too."""
        with self._prepared() as host:
            return host.observe()

    def allow(self, seconds: float) -> None:
        """Of every process to come, and of the one that is kept."""
        self._seconds = seconds
        if self._kept is not None:
            self._kept.allow(seconds)

    def kill(self) -> None:
        """End what there is, at once."""
        if self._kept is not None:
            self._kept.kill()

    def close(self) -> None:
        """End what was kept."""
        if self._kept is not None:
            self._kept.close()
        self._kept = None

    @contextmanager
    def _prepared(self) -> Iterator[ProcessHost]:
        """A process for one execution."""
        host = self._make()
        if self._seconds is not None:
            host.allow(self._seconds)
        try:
            self._interpreter = host.prepare()
            yield host
        except BaseException:
            host.kill()
            raise
        finally:
            host.close()
