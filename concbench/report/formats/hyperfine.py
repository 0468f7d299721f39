"""The JSON of hyperfine, as its `--export-json` writes it, for its scripts and other readers.

The shape is that of src/benchmark/benchmark_result.rs, version 1.20. Seconds are those of one execution.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from concbench.report.exported import ExportedRow, as_json, exported
from concbench.report.formats import declare

if TYPE_CHECKING:
    from concbench.report.document import Document


@declare(suffixes=(".json",), explains=False)
def hyperfine(document: Document) -> str:
    """JSON of hyperfine: a result for each runner of each workload."""
    return as_json({"results": [_result(row) for row in exported(document)]})


def _result(row: ExportedRow) -> dict[str, Any]:
    samples, seconds = row.cell.record.samples, row.seconds
    cpu = [sample.cpu / sample.repeats for sample in samples if sample.cpu is not None]
    return {
        "command": row.name,
        "mean": statistics.mean(seconds),
        "stddev": statistics.stdev(seconds) if len(seconds) > 1 else None,
        "median": statistics.median(seconds),
        "user": statistics.mean(cpu) if cpu else 0.0,  # readers expect a number
        "system": 0.0,  # not distinguished from user time
        "min": min(seconds),
        "max": max(seconds),
        "times": seconds,
        "exit_codes": [int(bool(sample.failed)) for sample in samples],
        "parameters": {"workers": str(row.cell.workers)},  # scripts plot times over a single parameter
    }
