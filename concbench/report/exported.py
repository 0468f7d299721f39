"""What the formats of other tools are made from: every runner that has times, under a name that no other has."""

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
"""Characters of a workload or a runner in a name. Bencher takes names of at most 1,024."""


@dataclass(frozen=True)
class Exported:
    """A runner that has times, in one table."""

    workload: str
    """That of the table; no other table of the run is called so here."""
    runner: str
    """As on the command line, with its variant; no other of the table is called so here."""
    table: TableAnalysis
    cell: CellAnalysis

    @property
    def name(self) -> str:
        """Such as primes[thread-pool:2]: a workload with its runner, as pytest writes a test with its parameter."""
        return f"{self.workload}[{self.runner}]"

    @property
    def seconds(self) -> list[float]:
        """Those of one execution, for each sample that is compared, in the order in which they were taken."""
        return [sample.seconds for sample in self.cell.record.samples]

    @property
    def repeats(self) -> int:
        """Executions of a sample; the fewest, where samples differ."""
        return min(sample.repeats for sample in self.cell.record.samples)

    @property
    def figures(self) -> dict[str, Any]:
        """The figures beside the times that are known, which other tools have no place of their own for."""
        cell = self.cell
        known = {
            "workers": cell.workers, "speedup": cell.speedup, "low": cell.low, "high": cell.high,
            "verdict": cell.verdict or None, "baseline": visible(str(self.table.record.baseline)),
            "start_up": cell.start_up, "cores": cell.cores, "memory": cell.memory,
        }  # fmt: skip
        return {"warm": self.table.record.warm} | {name: value for name, value in known.items() if value is not None}


def exported(document: Document) -> list[Exported]:
    """Those of every table, in their order. A runner without times is left out."""
    tables = zip(unique(table.workload for table in document.analyses), document.analyses, strict=True)
    return [
        Exported(workload, runner, table, cell)
        for workload, table in tables
        for runner, cell in zip(unique(str(cell.id) for cell in table), table, strict=True)
        if cell.seconds is not None
    ]


def unique(names: Iterable[str]) -> list[str]:
    """The names as one line of printable characters each, numbered where two would be the same; none is empty."""
    taken: dict[str, None] = {}
    for name in names:
        shown = visible(name).strip()[:_LONGEST].rstrip() or "unnamed"
        number, one = 1, shown
        while one in taken:
            number += 1
            one = f"{shown} ({number})"
        taken[one] = None
    return list(taken)


def as_json(content: Any) -> str:
    """The text of a file."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def text_of(values: Json, key: str) -> str:
    """A fact about the machine as one line of printable characters; empty if it is not known."""
    value = values.get(key)
    return visible(value).strip() if isinstance(value, str) else ""
