"""What travels with the function to other processes, each time that it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from concbench.analysis.time_shares import chunk_of
from concbench.results.records import Cell, Json, number


@dataclass(frozen=True)
class Carried:
    """What is sent once with every chunk of tasks that is handed over."""

    size: float
    """Bytes."""
    seconds: float
    """To send it: pickled, through a pipe, and unpickled."""
    chunk: int
    """Tasks in a chunk."""

    @property
    def seconds_each(self) -> float:
        """Seconds for each task."""
        return self.seconds / self.chunk


def carried(cell: Cell, facts: Json) -> Carried | None:
    """What a cell sends with its function; None where that is not known, or nothing is sent."""
    size, seconds = number(facts, "function_bytes"), number(facts, "function_seconds")
    if size is None or seconds is None or cell.traits.sends is not True:
        return None
    return Carried(size, seconds, max(1, chunk_of(cell)))
