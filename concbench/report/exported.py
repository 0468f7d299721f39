"""Runners with times under unique names, from which the formats of other tools are made."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from concbench.report.visible import visible

if TYPE_CHECKING:
    from concbench.analysis.cell_analysis import CellAnalysis
    from concbench.analysis.table_analysis import TableAnalysis
    from concbench.report.document import Document
    from concbench.results.records import Json

_LONGEST = 400
"""Length in characters to which a workload or a runner is cut in a name. Bencher takes names of at most 1,024."""


@dataclass(frozen=True)
class ExportedRow:
    """A runner that has times, in one table."""

    workload: str
    """The name of the workload, made unique among the tables of the run."""
    runner: str
    """The runner as on the command line with its variant, made unique in its table."""
    table: TableAnalysis
    cell: CellAnalysis

    @property
    def name(self) -> str:
        """A name such as primes[thread-pool:2]: pytest writes a test with its parameter in the same way."""
        return f"{self.workload}[{self.runner}]"

    @property
    def seconds(self) -> list[float]:
        """Seconds of one execution for each sample that is compared, in the order of measurement."""
        return [sample.seconds for sample in self.cell.record.samples]

    @property
    def repeats(self) -> int:
        """Executions in a sample; the fewest if samples differ."""
        return min(sample.repeats for sample in self.cell.record.samples)

    @property
    def figures(self) -> dict[str, Any]:
        """The known figures beside the times, for which other tools have no field of their own."""
        cell = self.cell
        figures = {
            "workers": cell.workers, "speedup": cell.speedup, "low": cell.low, "high": cell.high,
            "verdict": cell.verdict or None, "baseline": visible(str(self.table.record.baseline)),
            "start_up": cell.start_up, "cores": cell.cores, "memory": cell.memory,
        }  # fmt: skip
        return {"warm": self.table.record.warm} | {name: value for name, value in figures.items() if value is not None}


def exported(document: Document) -> list[ExportedRow]:
    """The runners with times of every table, in order."""
    tables = zip(unique(table.workload for table in document.analyses), document.analyses, strict=True)
    return [
        ExportedRow(workload, runner, table, cell)
        for workload, table in tables
        for runner, cell in zip(unique(str(cell.id) for cell in table), table, strict=True)
        if cell.seconds is not None
    ]


def unique(names: Iterable[str]) -> list[str]:
    """The names as single lines of printable characters, numbered if two would be equal; none is empty."""
    unique_names: dict[str, None] = {}
    for name in names:
        text = visible(name).strip()[:_LONGEST].rstrip() or "unnamed"
        number, candidate = 1, text
        while candidate in unique_names:
            number += 1
            candidate = f"{text} ({number})"
        unique_names[candidate] = None
    return list(unique_names)


def as_json(content: Any) -> str:
    """The content as the text of a JSON file."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def text_of(values: Json, key: str) -> str:
    """A fact about the machine as one line of printable characters; empty if it is not known."""
    value = values.get(key)
    return visible(value).strip() if isinstance(value, str) else ""
