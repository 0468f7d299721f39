"""The events of a measurement, sent to its listener between two executions and never during one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from concbench.results.records import Table


class Phase(Enum):
    """The kind of a step of a cell; the value is its name for users."""

    PREPARE = "preparing"
    REFERENCE = "reference"
    CHECK = "check"
    WARM_UP = "warm-up"
    ROUND = "round"
    OBSERVE = "observed pass"
    COMPARE = "comparing"

    @property
    def executes(self) -> bool:
        """Whether the step executes the work."""
        return self not in {Phase.PREPARE, Phase.COMPARE}


@dataclass(frozen=True)
class Step:
    """The next execution is about to begin; nothing may be drawn after this until the next event."""

    workload: str
    phase: Phase
    cell: str
    done: int
    """Executions done."""
    total: int
    """Executions planned, as far as is known."""
    seconds_left: float | None
    """Estimated remaining seconds; None before any execution was timed."""
    round: int | None = None
    """The number of the round, from 1; None in any other phase."""
    shown: str = ""
    """The cell as a reader knows it from tables, such as thread-pool(2)."""

    @property
    def label(self) -> str:
        """The phase in words, such as `warm-up` or `round 3`."""
        return self.phase.value if self.round is None else f"{self.phase.value} {self.round}"


@dataclass(frozen=True)
class LookPlanned:
    """`advise` is about to call the function on a few items, one call at a time, to see how long it takes."""

    workload: str
    calls: int
    """Most calls that are made."""


@dataclass(frozen=True)
class RaceReduced:
    """`advise` knows how long the function takes, and the budget does not allow a complete race."""

    workload: str
    what: str
    """The part that the budget allows, as a sentence."""


@dataclass(frozen=True)
class CallsPlanned:
    """A workload is about to be executed under all its runners: calls can be expensive, and can have side effects."""

    workload: str
    calls: int
    """Fewest calls that are made."""
    calls_per_execution: int
    at_once: int
    """Most calls in progress at the same time, including those of runners that may join."""


@dataclass(frozen=True)
class ProcessesRenewed:
    """Every execution gets a new process because of state that the function keeps; no option says otherwise."""

    workload: str
    why: str
    """The reason, as a whole sentence."""


@dataclass(frozen=True)
class TableUpdated:
    """The warm-up, a round or the observed passes are over; carries the table as measured so far."""

    table: Table


Event = Step | LookPlanned | RaceReduced | CallsPlanned | ProcessesRenewed | TableUpdated
Listener = Callable[[Event], None]
