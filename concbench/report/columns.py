"""The columns of a table. To add one: write how it reads from a cell's figures, and its line in ANSWER or COST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from concbench import units
from concbench.analysis.cell_analysis import CellAnalysis

NOTHING = "-"
"""What was not measured."""


@dataclass(frozen=True)
class Column:
    """One column."""

    header: str
    text: Callable[[CellAnalysis], str]


def _optional(
    read: Callable[[CellAnalysis], float | None], write: Callable[[float], str]
) -> Callable[[CellAnalysis], str]:
    def text(cell: CellAnalysis) -> str:
        value = read(cell)
        return NOTHING if value is None else write(value)

    return text


def _speedup(cell: CellAnalysis) -> str:
    if cell.speedup is None:
        return NOTHING
    interval = f" [{units.span(cell.interval.low, cell.interval.high)}]" if cell.interval else ""
    return units.ratio(cell.speedup) + interval


RUNNER = Column("runner", lambda cell: f"{cell.name} *" if cell.in_fastest_group else cell.name)
"""The first column of both halves; a star marks the fastest group."""

ANSWER = (
    Column("time", _optional(lambda cell: cell.seconds, units.seconds)),
    Column("speed-up", _speedup),
    Column("verdict", lambda cell: cell.verdict or NOTHING),
    Column("rounds", lambda cell: str(cell.rounds)),
)
"""Which, how much faster, how sure."""

COST = (
    Column("workers", lambda cell: f"{cell.workers:,}"),
    Column("start-up", _optional(lambda cell: cell.start_up, units.seconds)),
    Column("cores", _optional(lambda cell: cell.cores, "{:.2f}".format)),
    Column("memory", _optional(lambda cell: cell.memory, units.memory)),
)
"""What it takes, from the observed pass."""
