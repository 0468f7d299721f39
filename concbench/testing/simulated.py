"""Simulated hosts, for measurements without a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from concbench.errors import Inapplicable

if TYPE_CHECKING:  # importing the laws must not import the harness
    from concbench.harness.hosts.base import CheckHost, Host
    from concbench.harness.planning.runner_specs import PlannedCell
    from concbench.options import MeasureOptions
    from concbench.results.passes import CheckPass, Finding, ReferencePass, Sample
    from concbench.results.records import Json, ObservedPass
    from concbench.workloads.base import Workload

Times = Callable[[str, int], float | Exception]


def _repeating(sequences: Mapping[str, Sequence[float | Exception]]) -> Times:
    return lambda label, number: sequences[label][number % len(sequences[label])]


class SimulatedHosts:
    """Hosts without a clock: times come from a function, and nothing is executed.

    Pass an instance to `measure(..., hosts=...)`: the loop, the stop rule and the table are those of real runs, so that
    thousands of runs can be simulated in seconds.
    """

    starts_processes = True

    def __init__(self, seconds: Times | Mapping[str, Sequence[float | Exception]], busy: float | None = None) -> None:
        """Describe a simulated run.

        Args:
            seconds: a function of a cell's label and the number of the execution in its process (0 is the warm-up, and
                every execution where each is in a new process). It returns the seconds of that execution, or an
                Exception that it fails with (Inapplicable: it is inapplicable). Or a sequence of these for each label,
                which is repeated at its end.
            busy: cores that every execution keeps busy; None: unknown.
        """
        self.busy = busy
        self.seconds = seconds if callable(seconds) else _repeating(seconds)
        self.order: list[tuple[str, int]] = []
        """Label and number of every execution, in order."""
        self.simulated = 0.0
        """Total simulated seconds."""

    def load_watch(self) -> None:
        """Return None, since no real machine is measured."""

    def throttled_seconds(self) -> float | None:
        """Return None, since there is no quota."""
        return None

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        """Create a host with simulated samples."""
        del workload, directory
        yield _SimulatedHost(self, str(cell.id), fresh=bool(options["fresh"]))

    @contextmanager
    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> Iterator[CheckHost]:
        """Create a host whose checks succeed, and use none of the simulated executions."""
        del workload, directory, options
        yield _SimulatedHost(self, str(cell.id))


class _SimulatedHost:
    def __init__(self, hosts: SimulatedHosts, label: str, *, fresh: bool = False) -> None:
        self._hosts = hosts
        self._fresh = fresh
        self._label = label
        self._count = 0

    def prepare(self) -> Json:
        return {"implementation": "simulated", "python": "", "gil": True}

    def unreadable_reason(self) -> str:
        """Return an empty text: there is nothing to read."""
        return ""

    def reference(self, *, of_variant: bool = False) -> ReferencePass:
        """Return empty findings: nothing is executed."""
        from concbench.results.passes import ReferencePass

        del of_variant
        return ReferencePass()

    def check(self, max_executions: int) -> CheckPass:
        """Return a check that succeeded."""
        from concbench.results.passes import CheckPass

        del max_executions
        return CheckPass(None, 1)

    def sequential_passes(self, max_passes: int) -> Finding:
        """Return the finding that all passes agree."""
        del max_passes
        return "same"

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        from concbench.results.records import Sample

        del collect
        work = self._next(repeats) * repeats
        return Sample(start=0.0, work=work, stop=0.0, cpu=self._cpu(work), repeats=repeats)

    def set_timeout(self, seconds: float) -> None:
        """Do nothing: there are no timeouts."""

    def items_as_text(self) -> list[str]:
        """Return no items: nothing is executed."""
        return []

    def interpreter(self) -> Json:
        """Return the same facts as `prepare`."""
        return self.prepare()

    def compare(self) -> None:
        """Do nothing: results are always equal."""

    def observe(self, *, collect: bool = False) -> ObservedPass:
        from concbench.results.records import ObservedPass

        del collect
        work = self._next()
        return ObservedPass(start=0.0, work=work, stop=0.0, cpu=self._cpu(work), began=[0.0], tasks=None)

    def remarks(self) -> list[str]:
        """Return no remarks."""
        return []

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def _cpu(self, seconds: float) -> float | None:
        return None if self._hosts.busy is None else self._hosts.busy * seconds

    def _next(self, repeats: int = 1) -> float:
        from concbench.harness.hosts.base import CellEnded
        from concbench.results.records import Outcome

        seconds = self._hosts.seconds(self._label, self._count)
        self._hosts.order.append((self._label, self._count))
        self._count += not self._fresh
        if isinstance(seconds, Exception):
            raise CellEnded(Outcome("inapplicable" if isinstance(seconds, Inapplicable) else "failed", str(seconds)))
        self._hosts.simulated += seconds * repeats
        return seconds
