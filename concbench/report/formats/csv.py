"""Figures as comma-separated values: a row for each cell, or for each sample, below a row of names.

A text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from concbench.report.formats import declare
from concbench.report.visible import printable

if TYPE_CHECKING:
    from concbench.analysis.flat_rows import Row
    from concbench.report.document import Document

_FORMULAS = {"=", "+", "-", "@"}
"""First characters of texts that spreadsheets calculate, also after spaces and line breaks, and in full width."""


@declare(suffixes=(".csv",), explains=False)
def cells(document: Document) -> str:
    """Comma-separated values, a row for each cell."""
    from concbench.analysis.flat_rows import CELL_COLUMNS, cell_rows

    return _table(CELL_COLUMNS, cell_rows(document.analyses))


@declare(suffixes=(".csv",), explains=False)
def samples(document: Document) -> str:
    """Comma-separated values, a row for each sample."""
    from concbench.analysis.flat_rows import SAMPLE_COLUMNS, sample_rows

    return _table(SAMPLE_COLUMNS, sample_rows(document.analyses))


def _table(columns: Iterable[str], rows: Iterable[Row]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_field(value) for value in row.values()] for row in rows)
    return file.getvalue()


def _field(value: Any) -> Any:
    """Numbers unchanged; texts without anything on which a terminal or a spreadsheet would act."""
    if not isinstance(value, str):
        return value
    first = unicodedata.normalize("NFKC", value.lstrip()[:1])
    return printable(f"'{value}" if first in _FORMULAS or value.startswith(("\t", "\r")) else value)
