"""What a measurement and an advice return. Importing it takes little: what shows and analyses them comes later.

A module that holds the function to be measured often imports `measure` as well, and then every measuring process does.
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
    """What a measurement saw. Printing it gives the tables and the answers in words.

    `run["download"]["thread-pool:32"].speedup` is a figure; iterating over a run gives the figures of each table.
    """

    record: RunRecord

    def __str__(self) -> str:
        return self.to("text")

    def __repr__(self) -> str:
        return f"<Run: {', '.join(table.workload for table in self.tables)}>"

    def __len__(self) -> int:
        return len(self.tables)

    def why(self) -> str:
        """Where the workers' time went, as text: for every cell its parts of 100 %, and what was lost most."""
        from concbench.report import terminal

        return terminal.plain_breakdowns(self.document(why=True))

    def to(self, format: str, *, why: bool = False) -> str:  # noqa: A002 - as on the command line
        """Lay out the run in a format, such as "text", "markdown", "html", "csv", "csv-samples" or "json".

        Args:
            format: the name of a format of ours, of another tool, or of another package.
            why: with where the workers' time went, for every cell.

        Raises:
            UsageError: there is no such format, it cannot be loaded, or why is true and it cannot show that.
            ConcbenchError: the format of another package failed.
        """
        return _laid_out(self, format, why=why)

    def document(self, *, why: bool = False, environment: bool = False) -> Document:
        """What every format lays out: tables, sentences, answers; none of it is formatted yet.

        Args:
            why: with where the workers' time went.
            environment: with the facts of the machine and the interpreter.
        """
        from concbench.report.document import build

        return build(self.record, self.analyses, why=why, environment=environment)

    def __iter__(self) -> Iterator[TableAnalysis]:
        return iter(self.analyses)

    def __getitem__(self, workload: str | int) -> TableAnalysis:
        """The figures of a workload, by its name, without its settings too, or by its place where several have one.

        Raises:
            KeyError: there is none of that name, or there are several; says which there are.
            IndexError: there are not so many.
        """
        if isinstance(workload, int):
            return self.analyses[workload]
        places = self._places(workload)
        if len(places) > 1:
            names = [self.tables[place].workload for place in places]
            ways = " or ".join(f"run[{key!r}]" for key in (names if len({*names}) == len(names) else places))
            raise KeyError(f"{len(places)} tables of this run are of {workload!r}: take {ways}")
        if not places:
            names = list(dict.fromkeys(table.workload for table in self.tables))
            from concbench.errors import nearest

            raise KeyError(f"this run has no workload {workload!r}; {nearest(str(workload), names)}")
        return self.analyses[places[0]]

    def _places(self, workload: object) -> list[int]:
        """Those of the tables of this name, or if there are none, of those that have it before their settings."""
        from concbench.harness.workload_specs import kind_of

        names = [table.workload for table in self.tables]
        return [place for place, name in enumerate(names) if name == workload] or [
            place for place, name in enumerate(names) if kind_of(name) == workload
        ]

    def __contains__(self, workload: object) -> bool:
        """Whether a workload of this name was measured, with whatever settings."""
        return bool(self._places(workload))

    def rows(self, of: Literal["cells", "samples"] = "cells") -> list[Row]:
        """The figures as a list of flat dicts: `pandas.DataFrame(run.rows())` is a table of cells.

        Args:
            of: cells: one row for each, with its times, its speed-up, what it cost and the shares of its workers' time;
                samples: one for each, as it was timed.

        Raises:
            UsageError: rows of something else.
        """
        from concbench.analysis.flat_rows import cell_rows, sample_rows
        from concbench.errors import UsageError
        from concbench.task import short

        if of == "cells":
            return cell_rows(self.analyses)
        if of == "samples":
            return sample_rows(self.analyses)
        raise UsageError(f"rows must be of 'cells' or 'samples', not of {short(of)}")

    @cached_property
    def analyses(self) -> list[TableAnalysis]:
        """The figures of each table, in the order of `tables`."""
        from concbench.analysis.table_analysis import analyse

        return [analyse(table) for table in self.tables]

    @property
    def tables(self) -> list[Table]:
        """One for each workload: cells, their samples and outcomes."""
        return self.record.tables

    @property
    def ok(self) -> bool:
        """Whether no cell failed. A cell that is inapplicable does not count as failed."""
        return all(cell.outcome.kind != "failed" for table in self.tables for cell in table.cells)

    def save(self, path: str | Path) -> None:
        """Write the results file.

        Raises:
            BadOutput: it cannot be written.
        """
        from concbench.results import files

        files.save(self.record, path)

    def _repr_html_(self) -> str:
        """In a notebook, the answer with the speed-ups drawn and their table."""
        from concbench.report.page.layout import short

        return short(self.document())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a terminal of IPython, the tables."""
        del cycle
        printer.text(str(self))


@dataclass(frozen=True)
class Advice:
    """What to do, and the race that says so. Printing it gives the table and the recommendation."""

    run: Run
    recommendation: Recommendation | None
    """None if there is nothing to compare with: the race was interrupted before that, or `sequential` failed, or other
    tasks failed under it than under the runners. What is printed says which."""

    def __str__(self) -> str:
        return self.to("text")

    def to(self, format: str, *, why: bool = False) -> str:  # noqa: A002 - as on the command line
        """The advice in a format, as `Run.to`; as "csv" and "csv-samples" it is the figures of the race."""
        return _laid_out(self, format, why=why)

    def document(self, *, why: bool = False) -> Document:
        """What every format lays out, as `Run.document`."""
        from concbench.report.document import Advised, build

        return build(self.run.record, self.run.analyses, Advised(self.recommendation), why=why)

    def _repr_html_(self) -> str:
        """In a notebook, the advice with the speed-ups drawn and their table."""
        from concbench.report.page.layout import short

        return short(self.document())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a terminal of IPython, the same as printing it."""
        del cycle
        printer.text(str(self))


def _laid_out(shown: Run | Advice, name: str, *, why: bool) -> str:
    from concbench.report.formats import format_of

    chosen = format_of(name)
    chosen.require_place_for(*(["why"] if why else []))
    return chosen(shown.document(why=why))


def load(path: str | Path) -> Run:
    """Read a results file.

    Raises:
        BadResults: it is missing, damaged, not ours, or newer than this version.
    """
    from concbench.results import files

    return Run(files.load(path))
