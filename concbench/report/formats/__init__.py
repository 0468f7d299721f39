"""Formats: a function from a document to a text, one file for each; their names are in `concbench.registry`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from concbench.errors import Inapplicable, UsageError
from concbench.registry import FIGURES_ALONE, format_function

if TYPE_CHECKING:
    from concbench.report.document import Document

Layout = Callable[["Document"], str]


def layout(name: str, *wanted: str) -> Layout:
    """The function of a format.

    Args:
        name: that of the format.
        wanted: what the document is to have beside its figures, as the caller wrote it, such as --why.

    Raises:
        UsageError: nothing has this name; what it needs is not installed; or it has no place for what is wanted.
    """
    if wanted and name in FIGURES_ALONE:
        raise UsageError(f"{wanted[0]} is printed as text or markdown, and {name} holds figures alone; leave out one")
    try:
        function: Layout = format_function(name)
    except Inapplicable as missing:
        raise UsageError(str(missing)) from missing
    return function
