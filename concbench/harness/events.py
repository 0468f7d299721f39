"""What the loop tells whoever listens, always between two executions and never during one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from concbench.results.records import Table


@dataclass(frozen=True)
class Step:
    """The next execution is about to begin; nothing may be drawn after this until the next event."""

    workload: str
    phase: str
    """reference, check, preparing, warm-up, round N, observed pass or comparing."""
    cell: str
    done: int
    """Executions that are over."""
    total: int
    """Executions that are planned, as far as is known."""
    seconds_left: float | None
    """Estimated from what the cells took so far; None before anything is known."""


@dataclass(frozen=True)
class RoundEnded:
    """A round, the warm-up or the observed passes are over; this is all that is known by now."""

    table: Table


Listener = Callable[[Step | RoundEnded], None]
