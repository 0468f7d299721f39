"""The results of measure() and advise(). It is fast to import, since analysis and presentation are imported on demand.

The module of the measured function often imports `measure` as well, and then every measuring process does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from concbench.advice.recommendation import Recommendation
    from concbench.analysis.flat_rows import Row
    from concbench.analysis.table_analysis import TableAnalysis
    from concbench.report.document import Document
    from concbench.results.records import RunRecord, Table


@dataclass(frozen=True, repr=False)
class Run:
    """The result of a measurement; printing it shows the tables and the answers in words, in brief.

    `run["download"]["thread-pool:32"].speedup` is one figure; iterating over a run gives the analysis of each table.
    """

    record: RunRecord

    def __str__(self) -> str:
        return self.to("text")

    def __repr__(self) -> str:
        return f"<Run: {', '.join(table.workload for table in self.tables)}>"

    def __len__(self) -> int:
        return len(self.tables)

    def why(self) -> str:
        """Return the time shares of every cell as text, which add up to 100 %, with the largest loss."""
        from concbench.report import terminal

        return terminal.plain_breakdowns(self.document(why=True))

    def to(self, format: str, *, why: bool = False, details: bool = False) -> str:  # noqa: A002 - as the option
        """Lay out the run in a format, such as "text", "markdown", "html", "csv", "csv-samples" or "json".

        Args:
            format: the name of a format of concbench, of another tool, or of another package.
            why: whether to include the time shares of every cell.
            details: whether text has everything: costs, how to read the figures, and all reasons. The other formats
                always have it.

        Raises:
            UsageError: there is no such format, it cannot be loaded, or it cannot show the time shares or details.
            ConcbenchError: the format of another package failed.
        """
        return _lay_out(self, format, why=why, details=details)

    def document(self, *, why: bool = False, environment: bool = False, details: bool = False) -> Document:
        """Return the document that every format lays out: tables, sentences and answers, not yet formatted.

        Args:
            why: whether to include the time shares of every cell.
            environment: whether to include the facts about the machine and the interpreter.
            details: whether text, laid out from it, has everything.
        """
        from concbench.report.document import build

        return build(self.record, self.analyses, why=why, environment=environment, details=details)

    def __iter__(self) -> Iterator[TableAnalysis]:
        return iter(self.analyses)

    def __getitem__(self, workload: str | int) -> TableAnalysis:
        """Return the analysis of a workload, by its name with or without settings, or by its index.

        Raises:
            KeyError: no table or several tables have that name; the message shows the possible keys.
            IndexError: there is no table with that index.
        """
        if isinstance(workload, int):
            return self.analyses[workload]
        indexes = self._indexes(workload)
        if len(indexes) > 1:
            names = [self.tables[index].workload for index in indexes]
            keys = " or ".join(f"run[{key!r}]" for key in (names if len({*names}) == len(names) else indexes))
            raise KeyError(f"this run has {len(indexes)} tables of {workload!r}: use {keys}")
        if not indexes:
            names = list(dict.fromkeys(table.workload for table in self.tables))
            from concbench.errors import nearest

            raise KeyError(f"this run has no workload {workload!r}; {nearest(str(workload), names)}")
        return self.analyses[indexes[0]]

    def _indexes(self, workload: object) -> list[int]:
        """Indexes of the tables with this name or, if there are none, with this name before their settings."""
        from concbench.harness.planning.workload_specs import kind_of

        names = [table.workload for table in self.tables]
        return [index for index, name in enumerate(names) if name == workload] or [
            index for index, name in enumerate(names) if kind_of(name) == workload
        ]

    def __contains__(self, workload: object) -> bool:
        """Whether a workload of this name was measured, with any settings."""
        return bool(self._indexes(workload))

    def rows(self, of: Literal["cells", "samples"] = "cells") -> list[Row]:
        """Return the figures as a list of flat dicts: `pandas.DataFrame(run.rows())` is a table of cells.

        Args:
            of: "cells": one row for each cell, with its times, speed-up, costs and time shares;
                "samples": one row for each sample, with its times.

        Raises:
            UsageError: `of` is something else.
        """
        from concbench.analysis.flat_rows import cell_rows, sample_rows
        from concbench.errors import UsageError
        from concbench.task import short

        if of == "cells":
            return cell_rows(self.analyses)
        if of == "samples":
            return sample_rows(self.analyses)
        raise UsageError(f"of must be 'cells' or 'samples', not {short(of)}")

    @cached_property
    def analyses(self) -> list[TableAnalysis]:
        """The analysis of each table, in the order of `tables`."""
        from concbench.analysis.table_analysis import analyse

        return [analyse(table) for table in self.tables]

    @property
    def tables(self) -> list[Table]:
        """One table for each workload, with its cells, their samples and outcomes."""
        return self.record.tables

    @property
    def ok(self) -> bool:
        """Whether no cell failed; an inapplicable cell does not count as failed."""
        return all(cell.outcome.kind != "failed" for table in self.tables for cell in table.cells)

    def save(self, path: str | Path) -> None:
        """Write the run to a results file.

        Raises:
            BadOutput: the file cannot be written.
        """
        from concbench.results import files

        files.save(self.record, path)

    def _repr_html_(self) -> str:
        """Show the answer, the speed-ups as a figure, and their table in a notebook."""
        from concbench.report.page.layout import short

        return short(self.document())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the tables in a terminal of IPython."""
        del cycle
        printer.text(str(self))


@dataclass(frozen=True)
class Advice:
    """A recommendation, with the race that it is based on; printing it shows the table and the recommendation."""

    run: Run
    recommendation: Recommendation | None
    """The recommendation; None if nothing could be compared: the race was interrupted too early, `sequential` failed,
    or different tasks failed under it than under the runners. The printed text has the reason."""

    def __str__(self) -> str:
        return self.to("text")

    def to(self, format: str, *, why: bool = False, details: bool = False) -> str:  # noqa: A002 - as the option
        """Format the advice like `Run.to`; "csv" and "csv-samples" have the figures of the race."""
        return _lay_out(self, format, why=why, details=details)

    def document(self, *, why: bool = False, details: bool = False) -> Document:
        """Return the document that every format lays out, like `Run.document`."""
        from concbench.report.document import RaceOutcome, build

        outcome = RaceOutcome(self.recommendation)
        return build(self.run.record, self.run.analyses, outcome, why=why, details=details)

    def _repr_html_(self) -> str:
        """Show the advice, the speed-ups as a figure, and their table in a notebook."""
        from concbench.report.page.layout import short

        return short(self.document())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the table and the recommendation in a terminal of IPython."""
        del cycle
        printer.text(str(self))


def _lay_out(result: Run | Advice, name: str, *, why: bool, details: bool) -> str:
    from concbench.report.formats import format_of

    layout = format_of(name)
    layout.require_place_for(*(["why"] if why else []))
    layout.require_length_of(*(["details"] if details else []))
    return layout(result.document(why=why, details=details))


def load(path: str | Path) -> Run:
    """Read a results file.

    Raises:
        BadResults: it is missing, damaged, not a results file, or of a newer version.
    """
    from concbench.results import files

    return Run(files.load(path))
