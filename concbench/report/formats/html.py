"""HTML: one page that needs no other file and no script, with figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from concbench.report.formats import declare

if TYPE_CHECKING:
    from concbench.report.document import Document


@declare(suffixes=(".html", ".htm"))
def html(document: Document) -> str:
    """One HTML page with figures, which needs nothing else."""
    from concbench.report.page.layout import page

    return page(document)
