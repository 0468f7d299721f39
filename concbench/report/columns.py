"""The columns of a table. To add one, write how it reads from a cell's figures, and add it to ANSWER or COST."""

from __future__ import annotations

from concbench import units
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.report.grid import UNKNOWN, Column, Reading, Value, figure


def _speedup(cell: CellAnalysis) -> Value:
    if cell.speedup is None:
        return UNKNOWN
    interval = f" [{units.span(cell.interval.low, cell.interval.high)}]" if cell.interval else ""
    return Value(units.ratio(cell.speedup) + interval, cell.speedup)


RUNNER = Reading(Column("runner"), lambda cell: Value(cell.name))
"""The first column of every grid."""
VERDICT = Reading(Column("verdict"), lambda cell: Value(cell.verdict) if cell.verdict else UNKNOWN)
ROUNDS = figure("rounds", lambda cell: cell.rounds, "{:.0f}".format)

ANSWER = (
    RUNNER,
    figure("time", lambda cell: cell.seconds, units.seconds),
    Reading(Column("speed-up"), _speedup),
    VERDICT,
    ROUNDS,
)
"""Columns of the answer: which runner, how much faster, how sure."""

COST = (
    RUNNER,
    figure("workers", lambda cell: cell.workers, "{:,}".format),
    figure("start-up", lambda cell: cell.start_up, units.seconds),
    figure("cores", lambda cell: cell.cores, "{:.2f}".format),
    figure("memory", lambda cell: cell.memory, units.memory),
)
"""Columns of the costs, from the observed pass."""
