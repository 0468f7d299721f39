"""The table of a workload as text shows it: the fastest first, with bars, and without what all rows have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.report.columns import ROUNDS, RUNNER, VERDICT
from concbench.report.grid import UNKNOWN, Column, Grid, Value
from concbench.report.section import Section
from concbench.report.whiskers import Signs, Whisker, axis_of, draw_whisker, scale
from concbench.traits import PROCESSES

_BASELINE = Value("baseline")


@dataclass(frozen=True)
class TextTable:
    """The rows of a table, the fastest group first, and then by time."""

    answer: Grid
    """Runner, time, speed-up and verdict, which for the baseline is the word `baseline`."""
    costs: Grid
    """The other figures of the same rows."""
    fastest: tuple[bool, ...]
    """For each row, whether it is in the fastest group."""
    whiskers: tuple[Whisker, ...]
    """The speed-up of each row; empty if nothing is compared."""
    common: str
    """A sentence on what the names leave out, since all rows have it; empty if they leave out nothing."""

    def with_bars(self, width: int, signs: Signs) -> Grid:
        """The answer, with a drawing of each speed-up before its verdict.

        Args:
            width: columns of text for a drawing.
            signs: its characters.
        """
        axis = axis_of(self.whiskers, width)
        bars = Grid(
            (RUNNER.column, Column(scale(axis))),
            tuple((UNKNOWN, Value(draw_whisker(one, axis, signs))) for one in self.whiskers),
        )
        verdict = {VERDICT.column.header}
        others = {column.header for column in self.answer.columns[1:]} - verdict
        return self.answer.without(verdict).beside(bars).beside(self.answer.without(others))


def text_table(section: Section, table: TableAnalysis) -> TextTable:
    """The table of a section.

    Args:
        section: the section.
        table: the figures from which it was built.
    """
    cells = table.measured
    order = sorted(range(len(cells)), key=lambda index: (not section.fastest[index], cells[index].seconds or 0.0))
    names, common = _names(cells)
    answer = section.times.without({ROUNDS.column.header})
    answered = {column.header for column in answer.columns[1:]}
    costs = section.times.without(answered).beside(section.costs)
    runners = [Value(name) for name in names]
    verdicts = [_BASELINE if cell is table.baseline else VERDICT.value(cell) for cell in cells]
    answer = answer.replaced(RUNNER.column.header, runners).replaced(VERDICT.column.header, verdicts)
    has_speedups = any(cell.speedup is not None for cell in cells if cell is not table.baseline)
    return TextTable(
        answer=answer.ordered(order),
        costs=costs.replaced(RUNNER.column.header, runners).ordered(order),
        fastest=tuple(section.fastest[index] for index in order),
        whiskers=tuple(_whisker(cells[index]) for index in order) if has_speedups else (),
        common=common,
    )


def _whisker(cell: CellAnalysis) -> Whisker:
    return Whisker(cell.speedup, cell.low, cell.high)


def _names(cells: Sequence[CellAnalysis]) -> tuple[list[str], str]:
    """The names of the rows, and a sentence on the start method if they leave it out: all processes have the same.

    It stays where a process may have been started in another way, and where two rows would get the same name.
    """
    whole, short = [cell.name for cell in cells], [cell.record.shown_without_method for cell in cells]
    methods = {cell.record.start_method for cell in cells if cell.record.start_method or cell.traits.where == PROCESSES}
    if len(methods) != 1 or methods == {""} or len({*short}) < len({*whole}):
        return whole, ""
    return short, f"Processes are started by {methods.pop()}."
