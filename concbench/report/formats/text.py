"""Plain text of 80 columns, as a terminal shows it without colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from concbench.report.formats import declare

if TYPE_CHECKING:
    from concbench.report.document import Document


@declare(suffixes=(".txt",), brief=True)
def text(document: Document) -> str:
    """Plain text of 80 columns."""
    from concbench.report import terminal

    return terminal.plain(document)
