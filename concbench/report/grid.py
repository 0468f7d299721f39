"""Grids: columns and rows of values. A format takes the text or the number of a value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concbench.analysis.cell_analysis import CellAnalysis


@dataclass(frozen=True)
class Column:
    """The header of a column; the first column of a grid is the runner."""

    header: str


@dataclass(frozen=True)
class Value:
    """One value: a text for people and a number for programs."""

    text: str
    number: float | None = None


NOTHING = "-"
UNKNOWN = Value(NOTHING)
"""A value that was not measured."""


@dataclass(frozen=True)
class Grid:
    """Columns that belong together, with a row of values for each runner."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]

    def without_empty(self) -> Grid:
        """The grid without columns that have no values, such as those of an observed pass that was left out."""
        return self._part(
            index
            for index in range(len(self.columns))
            if not self.rows or any(row[index] != UNKNOWN for row in self.rows)
        )

    def without(self, headers: Collection[str]) -> Grid:
        """The grid without the columns that have these headers."""
        return self._part(index for index, column in enumerate(self.columns) if column.header not in headers)

    def _part(self, indices: Iterable[int]) -> Grid:
        indices = list(indices)
        rows = (tuple(row[index] for index in indices) for row in self.rows)
        return Grid(tuple(self.columns[index] for index in indices), tuple(rows))

    def ordered(self, indices: Sequence[int]) -> Grid:
        """The grid with its rows in another order, given by their indices."""
        return Grid(self.columns, tuple(self.rows[index] for index in indices))

    def replaced(self, header: str, values: Sequence[Value]) -> Grid:
        """The grid with other values in the column of a header, one for each row."""
        rows = (
            tuple(new if column.header == header else old for column, old in zip(self.columns, row, strict=True))
            for row, new in zip(self.rows, values, strict=True)
        )
        return Grid(self.columns, tuple(rows))

    def beside(self, other: Grid) -> Grid:
        """Both grids as one; the other has the same runners, whose column is not repeated."""
        rows = (row + other_row[1:] for row, other_row in zip(self.rows, other.rows, strict=True))
        return Grid(self.columns + other.columns[1:], tuple(rows))


@dataclass(frozen=True)
class Reading:
    """How to read the value of a column from the figures of a cell."""

    column: Column
    value: Callable[[CellAnalysis], Value]


def figure(header: str, number: Callable[[CellAnalysis], float | None], text: Callable[[float], str]) -> Reading:
    """A column of one figure, which may be missing."""

    def value(cell: CellAnalysis) -> Value:
        amount = number(cell)
        return UNKNOWN if amount is None else Value(text(amount), amount)

    return Reading(Column(header), value)


def grid(cells: Iterable[CellAnalysis], readings: Iterable[Reading]) -> Grid:
    """Build a grid from cells and the readings of its columns."""
    readings = list(readings)
    return Grid(
        tuple(reading.column for reading in readings),
        tuple(tuple(reading.value(cell) for reading in readings) for cell in cells),
    )
