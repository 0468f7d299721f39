"""The table of a measurement that still runs: few columns, and no more rows than fit on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table as RichTable

from concbench import units
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import analyse
from concbench.report.grid import NOTHING
from concbench.report.styled import styled
from concbench.report.visible import encodable
from concbench.results.records import CellId, Table

HEADERS = ("results so far", "time", "speed-up", "verdict", "rounds")
"""The headers of the columns, the most important first; the first column has the names of the runners."""
_OTHER_LINES = 4
"""Lines of a terminal that are not for runners: the line above the table, the header, the count of further runners, and
one for the cursor when the table is erased."""


@dataclass(frozen=True)
class LiveRow:
    """One runner in the table."""

    texts: tuple[str, ...]
    """One text for each of HEADERS."""
    running: bool
    """Whether it took part in the last round."""


def running_cells(table: Table) -> set[CellId]:
    """The cells that took part in the last whole round and have not failed since."""
    sampled = [cell for cell in table.cells if cell.outcome.kind == "ok" and cell.samples]
    return {cell.id for cell in sampled if cell.samples[-1].round >= table.rounds - 1}


def live_rows(table: Table) -> list[LiveRow]:
    """Rows of the runners that have times, the fastest first, then of those that failed.

    There are none as long as there is nothing to compare.

    Observed passes are not analysed: no column needs them, and they may have very many tasks.
    """
    if sum(bool(cell.samples) for cell in table.cells) < 2:
        return []
    analysis = analyse(replace(table, cells=[replace(cell, observed=None) for cell in table.cells]))
    running = running_cells(table)
    fastest_first = sorted(analysis.measured, key=lambda cell: cell.seconds or 0.0)
    failed = [cell for cell in analysis if cell.outcome.kind == "failed"]
    return [LiveRow(_texts(cell), cell.id in running) for cell in [*fastest_first, *failed]]


def live_table(rows: Sequence[LiveRow], console: Console, width: int) -> RenderableType | None:
    """Lay out rows with as many columns as fit.

    Args:
        rows: the rows, of which the first ones are shown and the others counted.
        console: the console on which the table is drawn, whose height limits the number of rows.
        width: columns of the terminal that may be used.

    Returns:
        None if there are no rows, or the terminal is too narrow for names and times.
    """
    most = console.height - _OTHER_LINES
    if not rows or most < 1:
        return None
    further = len(rows) - most
    for columns in range(len(HEADERS), 1, -1):
        table = _table(rows[:most], columns, console.encoding)
        if Measurement.get(console, console.options.update(max_width=10_000), table).maximum <= width:
            return Group(table, styled(f"and {further} more", "dim")) if further > 0 else table
    return None


def _texts(cell: CellAnalysis) -> tuple[str, ...]:
    speedup = NOTHING if cell.speedup is None else units.ratio(cell.speedup)
    interval = f" [{units.span(cell.interval.low, cell.interval.high)}]" if cell.interval else ""
    time = NOTHING if cell.seconds is None else units.seconds(cell.seconds)
    verdict = "failed" if cell.outcome.kind == "failed" else cell.verdict or NOTHING
    return cell.name, time, f"{speedup}{interval}", verdict, f"{cell.rounds}"


def _table(rows: Sequence[LiveRow], columns: int, encoding: str) -> RichTable:
    """A table of the first columns, without lines; runners that took no part in the last round are dim."""
    table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, header in enumerate(HEADERS[:columns]):
        table.add_column(header, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        texts = (encodable(text, encoding) for text in row.texts[:columns])
        table.add_row(*map(styled, texts), style="" if row.running else "dim")
    return table
