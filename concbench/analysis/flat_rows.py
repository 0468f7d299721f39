"""Figures as flat rows: one plain dict for each cell, or for each sample, as tables of other libraries take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.time_shares import PARTS
from concbench.results.records import Cell

Row = dict[str, Any]


def cell_rows(tables: Iterable[TableAnalysis]) -> list[Row]:
    """One for each cell, in the order of the tables."""
    return [_which(place, table, cell.record) | _figures(cell) for place, table in enumerate(tables) for cell in table]


def sample_rows(tables: Iterable[TableAnalysis]) -> list[Row]:
    """One for each sample that was taken, those that cannot be compared among them."""
    return [
        _which(place, table, whole) | row
        for place, table in enumerate(tables)
        for whole, cell in zip(table.record.cells, table, strict=True)
        for row in _samples(whole, cell)
    ]


def _which(place: int, table: TableAnalysis, cell: Cell) -> Row:
    return {"table": place, "workload": table.workload, "runner": cell.label, "variant": cell.variant}


def _figures(cell: CellAnalysis) -> Row:
    return {
        "workers": cell.workers,
        "outcome": cell.outcome.kind,
        "reason": cell.outcome.reason,
        "seconds": cell.seconds,
        "speedup": cell.speedup,
        "low": cell.low,
        "high": cell.high,
        "verdict": cell.verdict,
        "in_fastest_group": cell.in_fastest_group,
        "rounds": cell.rounds,
        "start_up": cell.start_up,
        "cores": cell.cores,
        "memory": cell.memory,
        **{_share_name(part): cell.shares[part] if cell.shares else None for part in PARTS},
    }


def _share_name(part: str) -> str:
    return f"share_{part.replace(' ', '_').replace('-', '_').lower()}"


def _samples(whole: Cell, cell: CellAnalysis) -> Iterator[Row]:
    kept = {sample.round for sample in cell.record.samples}
    for sample in whole.samples:
        yield {
            "round": sample.round,
            "position": sample.position,
            "repeats": sample.repeats,
            "seconds": sample.seconds,
            "start": sample.start,
            "work": sample.work,
            "stop": sample.stop,
            "cpu": sample.cpu,
            "failed": sum(sample.failed.values()),
            "retries": sample.retries,
            "compared": sample.round in kept,
        }
