"""Input of github-action-benchmark (`customBiggerIsBetter`): speed-ups to compare with those of other commits.

The shape is that of src/extract.ts; src/write.ts shows names in a table of Markdown, within backticks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from concbench import units
from concbench.report.exported import ExportedRow, as_json, exported
from concbench.report.formats import declare

if TYPE_CHECKING:
    from concbench.report.document import Document

_PLAIN = str.maketrans({"`": "'", "|": "/"})
"""Characters that would end a cell of the table that it writes, or the inline code in the cell."""


@declare(suffixes=(".json",), explains=False)
def github_action_benchmark(document: Document) -> str:
    """JSON of github-action-benchmark (customBiggerIsBetter): the speed-ups."""
    entries = [_entry(row) for row in exported(document) if row.cell.id != row.table.record.baseline]
    return as_json([entry for entry in entries if entry])


def _entry(row: ExportedRow) -> dict[str, Any] | None:
    """The entry of a runner; None without a speed-up. Without an interval, it has no range."""
    cell = row.cell
    if cell.speedup is None or cell.seconds is None:
        return None
    extra = [f"time: {units.seconds(cell.seconds)}", f"rounds: {cell.rounds}", f"workers: {cell.workers}"]
    if cell.verdict:
        extra.append(f"verdict: {cell.verdict}")
    interval = {"range": f"[{_short(cell.low)}, {_short(cell.high)}]"} if cell.interval else {}
    return {"name": row.name.translate(_PLAIN), "unit": "x", "value": float(_short(cell.speedup)), **interval,
            "extra": "\n".join(extra)}  # fmt: skip


def _short(ratio: float | None) -> str:
    return f"{ratio:.4g}"
