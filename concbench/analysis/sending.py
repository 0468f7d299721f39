"""Data that is sent to other processes with the function, each time that it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from concbench.analysis.time_shares import chunk_of
from concbench.results.records import Cell, Json, number

_REFERENCE = 1_000
"""Bytes below which a pickled function is a reference: the names of a module and of a function in it."""


@dataclass(frozen=True)
class Cargo:
    """Data that is sent once with every chunk of tasks."""

    size: float
    """Size in bytes."""
    seconds: float
    """Seconds to send it: to pickle it, pass it through a pipe, and unpickle it."""
    chunk: int
    """Tasks in a chunk."""

    @property
    def seconds_each(self) -> float:
        """Seconds for each task."""
        return self.seconds / self.chunk


def holds_data(facts: Json) -> bool:
    """Whether a pickled function holds more than a reference."""
    return (number(facts, "function_bytes") or 0.0) >= _REFERENCE


def cargo_of(cell: Cell, facts: Json) -> Cargo | None:
    """The data that a cell sends with its function; None if that is not known or nothing is sent."""
    size, seconds = number(facts, "function_bytes"), number(facts, "function_seconds")
    if size is None or seconds is None or cell.traits.sends is not True:
        return None
    return Cargo(size, seconds, max(1, chunk_of(cell)))
