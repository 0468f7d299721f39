"""Plain text of 80 columns, as a terminal shows it without colours."""

from __future__ import annotations

from concbench.report import terminal
from concbench.report.document import Document
from concbench.report.formats import declare


@declare(suffixes=(".txt",))
def text(document: Document) -> str:
    """Plain text of 80 columns."""
    return terminal.plain(document)
