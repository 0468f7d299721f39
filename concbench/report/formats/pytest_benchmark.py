"""The JSON of pytest-benchmark, as its `--benchmark-json` writes it, for `pytest-benchmark compare` and other readers.

The shape is that of pytest_benchmark/plugin.py and stats.py, version 5.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from concbench.report.exported import ExportedRow, as_json, exported, text_of
from concbench.report.formats import declare
from concbench.report.visible import visible

if TYPE_CHECKING:
    from concbench.report.document import Document
    from concbench.results.records import Json

_VERSION = "5.3.1"
"""The version of pytest-benchmark whose file format is followed."""
_COMMIT = {"id": "unversioned", "time": None, "author_time": None, "dirty": False, "project": "", "branch": "(unknown)"}
"""As pytest-benchmark writes it outside a repository: a results file does not record the commit."""


@declare(suffixes=(".json",), explains=False)
def pytest_benchmark(document: Document) -> str:
    """JSON of pytest-benchmark: a group for each workload, a benchmark for each runner."""
    return as_json(
        {
            "machine_info": _machine(document.record.environment),
            "commit_info": _COMMIT,
            "benchmarks": [_benchmark(row) for row in exported(document)],
            "datetime": visible(document.record.created),
            "version": _VERSION,
        }
    )


def _machine(environment: Json) -> dict[str, Any]:
    """Facts about the machine that measured; its network name is not recorded."""
    python = text_of(environment, "python")
    return {
        "node": "",
        "processor": text_of(environment, "processor"),
        "machine": text_of(environment, "machine"),
        "python_compiler": text_of(environment, "compiler"),
        "python_implementation": text_of(environment, "implementation"),
        "python_implementation_version": python,
        "python_version": python,
        "python_build": ["", ""],
        "release": text_of(environment, "release"),
        "system": text_of(environment, "system"),
        "cpu": {"brand_raw": text_of(environment, "processor")},
    }


def _benchmark(row: ExportedRow) -> dict[str, Any]:
    return {
        "group": row.workload,
        "name": row.name,
        "fullname": row.name,
        "params": {"runner": row.runner},
        "param": row.runner,
        "extra_info": row.figures,
        "options": {"disable_gc": False, "timer": "perf_counter", "warmup": row.table.record.warmed_up},
        "stats": _stats(row.seconds, row.repeats),
    }


def _stats(seconds: list[float], iterations: int) -> dict[str, Any]:
    ordered = sorted(seconds)
    mean, deviation = statistics.mean(seconds), statistics.stdev(seconds) if len(seconds) > 1 else 0.0
    q1, q3 = _quartiles(ordered)
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    beyond_deviation = sum(not mean - deviation <= value <= mean + deviation for value in seconds)
    beyond_quartiles = sum(not low <= value <= high for value in seconds)
    return {
        "min": ordered[0],
        "max": ordered[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": len(seconds),
        "median": statistics.median(seconds),
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": beyond_quartiles,
        "stddev_outliers": beyond_deviation,
        "outliers": f"{beyond_deviation};{beyond_quartiles}",
        "ld15iqr": ordered[bisect_left(ordered, low)],
        "hd15iqr": ordered[bisect_right(ordered, high) - 1],
        "ops": 1 / mean,
        "total": sum(seconds),
        "data": seconds,
        "iterations": iterations,
    }


def _quartiles(ordered: list[float]) -> tuple[float, float]:
    """The medians of both halves; of an odd number, the mean of those with and without the middle value."""
    half, odd = divmod(len(ordered), 2)
    if not half:
        return ordered[0], ordered[0]
    if not odd:
        return statistics.median(ordered[:half]), statistics.median(ordered[half:])
    without = statistics.median(ordered[:half]), statistics.median(ordered[half + 1 :])
    within = statistics.median(ordered[: half + 1]), statistics.median(ordered[half:])
    return (without[0] + within[0]) / 2, (without[1] + within[1]) / 2
