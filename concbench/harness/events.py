"""What a measurement tells whoever listens, always between two executions and never during one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from concbench.results.records import Table


class Phase(Enum):
    """What is done with a cell; the value is what a person reads."""

    PREPARE = "preparing"
    REFERENCE = "reference"
    CHECK = "check"
    WARM_UP = "warm-up"
    ROUND = "round"
    OBSERVE = "observed pass"
    COMPARE = "comparing"

    @property
    def executes(self) -> bool:
        """Whether the work is executed in it."""
        return self not in {Phase.PREPARE, Phase.COMPARE}


@dataclass(frozen=True)
class Step:
    """The next execution is about to begin; nothing may be drawn after this until the next event."""

    workload: str
    phase: Phase
    cell: str
    done: int
    """Executions that are over."""
    total: int
    """Executions that are planned, as far as is known."""
    seconds_left: float | None
    """Estimated from what the cells took so far; None before anything is known."""
    round: int | None = None
    """Which round, from 1; None in any other phase."""

    @property
    def label(self) -> str:
        """The phase as a person reads it: `warm-up`, `round 3`."""
        return self.phase.value if self.round is None else f"{self.phase.value} {self.round}"


@dataclass(frozen=True)
class LookPlanned:
    """`advise` is about to call the function on a few items, one call at a time, to see how long it takes."""

    workload: str
    calls: int
    """That are made at most."""


@dataclass(frozen=True)
class LessPlanned:
    """`advise` has seen how long the function takes, and that the budget does not allow all that it would measure."""

    workload: str
    what: str
    """What it allows instead, as a sentence."""


@dataclass(frozen=True)
class CallsPlanned:
    """A workload is about to be executed under all its runners: calls can cost, and can have effects."""

    workload: str
    calls: int
    """That are made at least."""
    calls_per_execution: int
    at_once: int
    """Calls in progress at the same time at most, those of runners that may join included."""


@dataclass(frozen=True)
class ProcessesRenewed:
    """Nobody has said how processes are used, and every execution gets a new one because of what the function keeps."""

    workload: str
    why: str
    """What was found out, as a whole sentence."""


@dataclass(frozen=True)
class TableUpdated:
    """The warm-up, a round or the observed passes are over; this is all that is known by now."""

    table: Table


Event = Step | LookPlanned | LessPlanned | CallsPlanned | ProcessesRenewed | TableUpdated
Listener = Callable[[Event], None]
