"""The JSON of pyperf, format 1.0: all runners in one file, or a file for each, whose benchmarks share their names.

`pyperf compare_to` compares benchmarks of one name in several files. The shape is that of pyperf/_bench.py, version 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from concbench.report.exported import ExportedRow, as_json, exported, text_of
from concbench.report.formats import declare
from concbench.report.visible import visible

if TYPE_CHECKING:
    from concbench.report.document import Document
    from concbench.results.records import CellId, Sample


def _of_runner(document: Document, which: CellId) -> str:
    """The file of one runner: a benchmark for each workload, under the name of the workload."""
    return _suite(document, [(row.workload, row) for row in exported(document) if row.cell.id == which])


@declare(suffixes=(".json",), explains=False, split=_of_runner)
def pyperf(document: Document) -> str:
    """JSON of pyperf: a benchmark for each runner of each workload, or with --split a file for each runner."""
    return _suite(document, [(row.name, row) for row in exported(document)])


def _suite(document: Document, named_rows: Iterable[tuple[str, ExportedRow]]) -> str:
    environment = document.record.environment
    metadata: dict[str, Any] = {
        "unit": "second",
        "concbench_version": visible(document.record.concbench),
        "python_implementation": text_of(environment, "implementation"),
        "python_version": text_of(environment, "python"),
        "python_compiler": text_of(environment, "compiler"),
        "platform": " ".join(filter(None, (text_of(environment, key) for key in ("system", "release", "machine")))),
        "cpu_model_name": text_of(environment, "processor"),
    }
    cores = environment.get("cores")
    if type(cores) is int:
        metadata["cpu_count"] = cores
    benchmarks = [_benchmark(name, row) for name, row in named_rows]
    return as_json({"version": "1.0", "metadata": _accepted(metadata), "benchmarks": benchmarks})


def _benchmark(name: str, row: ExportedRow) -> dict[str, Any]:
    """A benchmark with one run per sample: pyperf takes the values of a run for those of one process."""
    metadata = {
        "name": name,
        "runner": row.runner,
        "python_version": text_of(row.cell.interpreter, "python"),
        **{f"concbench_{key}": value for key, value in row.figures.items()},
    }
    runs: list[dict[str, Any]] = [_run(sample) for sample in row.cell.record.samples]
    if (warmup := row.cell.record.warmup) is not None:
        runs[0]["warmups"] = [[warmup.repeats, warmup.seconds]]
    return {"metadata": _accepted(metadata), "runs": runs}


def _run(sample: Sample) -> dict[str, Any]:
    return {"metadata": {"loops": sample.repeats}, "values": [sample.seconds]}


def _accepted(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata without empty texts, which pyperf refuses, and with booleans as texts, which it shows unchanged."""
    texts = {key: str(value).lower() if isinstance(value, bool) else value for key, value in metadata.items()}
    return {key: value for key, value in texts.items() if value != "" and not str(value).isspace()}
