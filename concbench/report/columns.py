"""The columns of a table. To add one: write how it reads from a cell's evidence, and its line in COLUMNS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from concbench.advice import units
from concbench.advice.evidence import CellEvidence

NOTHING = "-"
"""What was not measured."""


@dataclass(frozen=True)
class Column:
    """One column."""

    header: str
    text: Callable[[CellEvidence], str]
    is_figure: bool = True
    """Figures stand to the right."""


def _optional(
    read: Callable[[CellEvidence], float | None], write: Callable[[float], str]
) -> Callable[[CellEvidence], str]:
    def text(seen: CellEvidence) -> str:
        value = read(seen)
        return NOTHING if value is None else write(value)

    return text


COLUMNS = (
    Column("runner", lambda seen: seen.name, is_figure=False),
    Column("workers", lambda seen: f"{seen.cell.workers:,}"),
    Column("time", _optional(lambda seen: seen.seconds, units.seconds)),
    Column("speed-up", _optional(lambda seen: seen.speedup, units.ratio)),
    Column("start-up", _optional(lambda seen: seen.start_up, units.seconds)),
    Column("cores", _optional(lambda seen: seen.cores, "{:.2f}".format)),
    Column("memory", _optional(lambda seen: seen.memory, units.memory)),
)
