"""Hosts that are simulated: a measurement without a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from concbench.errors import Inapplicable

if TYPE_CHECKING:  # whoever imports the laws must not pay for the harness
    from concbench.harness.hosts import CheckHost, Host
    from concbench.harness.runner_specs import PlannedCell
    from concbench.options import MeasureOptions
    from concbench.results.passes import CheckPass, Finding, ReferencePass, Sample
    from concbench.results.records import Json, Observed
    from concbench.workloads.base import Workload

Times = Callable[[str, int], float | Exception]


def _repeating(sequences: Mapping[str, Sequence[float | Exception]]) -> Times:
    return lambda label, number: sequences[label][number % len(sequences[label])]


class SimulatedHosts:
    """Hosts without a clock: times come from a function, and nothing is run.

    Hand it to `measure(..., hosts=...)`: the loop, the stop rule and the table are those of real runs, so that
    thousands of sessions can be played in seconds.
    """

    renews = True

    def __init__(self, seconds: Times | Mapping[str, Sequence[float | Exception]], busy: float | None = None) -> None:
        """Play a session.

        Args:
            seconds: from a cell's label and the number of the execution in its process (0 is the warm-up, and every
                execution where each is in a new process) to the seconds it takes, or to an Exception that it fails
                with (Inapplicable: it is inapplicable); a function, or for each label a sequence, which begins anew
                at its end.
            busy: cores that every execution keeps busy; None: that is not known.
        """
        self.busy = busy
        self.seconds = seconds if callable(seconds) else _repeating(seconds)
        self.order: list[tuple[str, int]] = []
        """Every execution in the order in which it was asked for: label and number."""
        self.simulated = 0.0
        """Seconds that all of it would have taken."""

    def load_watch(self) -> None:
        """No machine is measured."""

    def throttled(self) -> float | None:
        """There is no quota."""
        return None

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        """A host whose samples are given."""
        del workload, directory
        yield _SimulatedHost(self, str(cell.id), fresh=bool(options["fresh"]))

    @contextmanager
    def check_host(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions
    ) -> Iterator[CheckHost]:
        """A host that finds nothing to say, and uses up none of the samples."""
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

    def reads(self) -> str:
        """There is nothing to read."""
        return ""

    def reference(self, *, own: bool = False) -> ReferencePass:
        """Nothing is run, so nothing is found out."""
        from concbench.results.passes import ReferencePass

        del own
        return ReferencePass()

    def check(self, most: int) -> CheckPass:
        """They are what they must be."""
        from concbench.results.passes import CheckPass

        del most
        return CheckPass(None, 1)

    def passes(self, most: int) -> Finding:
        """They would be the same."""
        del most
        return "same"

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        from concbench.results.records import Sample

        del collect
        work = self._next(repeats) * repeats
        return Sample(start=0.0, work=work, stop=0.0, cpu=self._cpu(work), repeats=repeats)

    def allow(self, seconds: float) -> None:
        """Nothing takes time."""

    def items_as_text(self) -> list[str]:
        """Nothing is run, so no item is named."""
        return []

    def interpreter(self) -> Json:
        """As it was."""
        return self.prepare()

    def compare(self) -> None:
        """They are equal."""

    def observe(self, *, collect: bool = False) -> Observed:
        from concbench.results.records import Observed

        del collect
        work = self._next()
        return Observed(start=0.0, work=work, stop=0.0, cpu=self._cpu(work), began=[0.0], tasks=None)

    def remarks(self) -> list[str]:
        """Nothing was noticed."""
        return []

    def close(self) -> None:
        """Nothing was opened."""

    def _cpu(self, seconds: float) -> float | None:
        return None if self._hosts.busy is None else self._hosts.busy * seconds

    def _next(self, repeats: int = 1) -> float:
        from concbench.harness.hosts import CellEnded
        from concbench.results.records import Outcome

        seconds = self._hosts.seconds(self._label, self._count)
        self._hosts.order.append((self._label, self._count))
        self._count += not self._fresh
        if isinstance(seconds, Exception):
            raise CellEnded(Outcome("inapplicable" if isinstance(seconds, Inapplicable) else "failed", str(seconds)))
        self._hosts.simulated += seconds * repeats
        return seconds
