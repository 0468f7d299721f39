"""Bencher Metric Format: speed-ups with their intervals, times and memory; see https://bencher.dev/bmf.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from concbench.report.exported import ExportedRow, as_json, exported
from concbench.report.formats import declare

if TYPE_CHECKING:
    from concbench.report.document import Document

_NANOSECONDS = 1e9
"""Nanoseconds in a second: the unit of Bencher's own measure `latency`."""


@declare(suffixes=(".json",), explains=False)
def bencher(document: Document) -> str:
    """Bencher Metric Format (BMF): speed-ups with their intervals, times and memory."""
    return as_json({row.name: _measures(row) for row in exported(document)})


def _measures(row: ExportedRow) -> dict[str, Any]:
    """The known measures: the baseline has no speed-up, and there are no bounds without an interval."""
    cell = row.cell
    measures: dict[str, Any] = {"latency": {"value": (cell.seconds or 0.0) * _NANOSECONDS}}
    if cell.speedup is not None and cell.id != row.table.record.baseline:
        bounds = {"lower_value": cell.low, "upper_value": cell.high} if cell.interval else {}
        measures["speed-up"] = {"value": cell.speedup, **bounds}
    if cell.memory is not None:
        measures["memory"] = {"value": cell.memory}
    return measures
