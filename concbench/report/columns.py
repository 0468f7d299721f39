"""The columns of a table. To add one: write how it reads from a cell's evidence, and its line in ANSWER or COST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from concbench import units
from concbench.advice.evidence import CellEvidence

NOTHING = "-"
"""What was not measured."""


@dataclass(frozen=True)
class Column:
    """One column."""

    header: str
    text: Callable[[CellEvidence], str]


def _optional(
    read: Callable[[CellEvidence], float | None], write: Callable[[float], str]
) -> Callable[[CellEvidence], str]:
    def text(seen: CellEvidence) -> str:
        value = read(seen)
        return NOTHING if value is None else write(value)

    return text


def _speedup(seen: CellEvidence) -> str:
    if seen.speedup is None:
        return NOTHING
    interval = f" [{units.span(seen.interval.low, seen.interval.high)}]" if seen.interval else ""
    return units.ratio(seen.speedup) + interval


RUNNER = Column("runner", lambda seen: f"{seen.name} *" if seen.in_fastest_group else seen.name)
"""The first column of both halves; a star marks the fastest group."""

ANSWER = (
    Column("time", _optional(lambda seen: seen.seconds, units.seconds)),
    Column("speed-up", _speedup),
    Column("verdict", lambda seen: seen.verdict or NOTHING),
    Column("rounds", lambda seen: str(len(seen.cell.samples))),
)
"""Which, how much faster, how sure."""

COST = (
    Column("workers", lambda seen: f"{seen.cell.workers:,}"),
    Column("start-up", _optional(lambda seen: seen.start_up, units.seconds)),
    Column("cores", _optional(lambda seen: seen.cores, "{:.2f}".format)),
    Column("memory", _optional(lambda seen: seen.memory, units.memory)),
)
"""What it takes, from the observed pass."""
