"""Figures as flat rows: one plain dict for each cell or each sample, as data frame libraries take them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.time_shares import PARTS
from concbench.results.records import Cell, Sample

Row = dict[str, Any]


def _share(part: str) -> tuple[str, Callable[[CellAnalysis], float | None]]:
    name = f"share_{part.replace(' ', '_').replace('-', '_').lower()}"
    return name, lambda cell: cell.shares[part] if cell.shares else None


_CELL: Mapping[str, Callable[[CellAnalysis], Any]] = {
    "workers": lambda cell: cell.workers,
    "outcome": lambda cell: cell.outcome.kind,
    "reason": lambda cell: cell.outcome.reason,
    "seconds": lambda cell: cell.seconds,
    "speedup": lambda cell: cell.speedup,
    "low": lambda cell: cell.low,
    "high": lambda cell: cell.high,
    "verdict": lambda cell: cell.verdict,
    "in_fastest_group": lambda cell: cell.in_fastest_group,
    "rounds": lambda cell: cell.rounds,
    "start_up": lambda cell: cell.start_up,
    "cores": lambda cell: cell.cores,
    "memory": lambda cell: cell.memory,
    **dict(map(_share, PARTS)),
}
_SAMPLE: Mapping[str, Callable[[Sample], Any]] = {
    "round": lambda sample: sample.round,
    "position": lambda sample: sample.position,
    "repeats": lambda sample: sample.repeats,
    "seconds": lambda sample: sample.seconds,
    "start": lambda sample: sample.start,
    "work": lambda sample: sample.work,
    "stop": lambda sample: sample.stop,
    "cpu": lambda sample: sample.cpu,
    "failed": lambda sample: sum(sample.failed.values()),
    "retries": lambda sample: sample.retries,
}
_WHICH = ("table", "workload", "runner", "variant")
CELL_COLUMNS = (*_WHICH, *_CELL)
"""Keys of every row of `cell_rows`, also if there are no rows."""
SAMPLE_COLUMNS = (*_WHICH, *_SAMPLE, "compared")
"""Keys of every row of `sample_rows`."""


def cell_rows(tables: Iterable[TableAnalysis]) -> list[Row]:
    """One row for each cell, in the order of the tables."""
    return [
        _identity(index, table, cell.record) | {name: read(cell) for name, read in _CELL.items()}
        for index, table in enumerate(tables)
        for cell in table
    ]


def sample_rows(tables: Iterable[TableAnalysis]) -> list[Row]:
    """One row for each sample, including samples that cannot be compared."""
    return [
        _identity(index, table, whole) | row
        for index, table in enumerate(tables)
        for whole, cell in zip(table.record.cells, table, strict=True)
        for row in _samples(whole, cell)
    ]


def _identity(index: int, table: TableAnalysis, cell: Cell) -> Row:
    return dict(zip(_WHICH, (index, table.workload, cell.label, cell.variant), strict=True))


def _samples(whole: Cell, cell: CellAnalysis) -> Iterator[Row]:
    compared = {sample.round for sample in cell.record.samples}
    for sample in whole.samples:
        yield {name: read(sample) for name, read in _SAMPLE.items()} | {"compared": sample.round in compared}
