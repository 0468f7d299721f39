"""How long the initializer of the workers took, under each runner."""

from __future__ import annotations

from concbench.analysis.table_analysis import TableAnalysis
from concbench.units import seconds

_OFTEN = {1: "once", 2: "twice"}


def initializers(table: TableAnalysis) -> list[str]:
    """The note of a table on its initializer: how often it was called, and how long a call took."""
    name = table.record.settings.get("initializer")
    if not name:
        return []
    took = [
        f"{cell.name} {_OFTEN.get(observed.initializer_calls, f'{observed.initializer_calls:,} times')} "
        f"({seconds(observed.initializer_seconds / observed.initializer_calls)})"
        for cell in table.measured
        if (observed := cell.record.observed) is not None and observed.initializer_calls
    ]
    each = f"; in the observed pass: {', '.join(took)}" if took else ""
    counts = "off the clock where workers are kept" if table.record.warm else "and the times include it"
    return [f"The initializer {name} is called in each worker before its first task, {counts}{each}."]
