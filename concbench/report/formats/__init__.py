"""Formats: a function from a document to a text, one file for each; their names are in `concbench.registry`.

`concbench list` loads them all, so ours import what takes long in their functions. What else there is to know of a
format is declared beside its function, ours and those of other packages alike:

    @declare(suffixes=(".csv",), explains=False)
    def cells(document): ...
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from concbench.errors import ConcbenchError, Unavailable, UsageError
from concbench.registry import format_function, format_names
from concbench.task import short

if TYPE_CHECKING:
    from concbench.report.document import Document
    from concbench.results.records import CellId

Layout = TypeVar("Layout", bound=Callable[..., str])
_DECLARED = "__concbench_format__"
Split = Callable[["Document", "CellId"], str]
"""What makes the file of one runner."""


@dataclass(frozen=True)
class Declared:
    """What a format says of itself. One that says nothing has these values."""

    suffixes: tuple[str, ...] = ()
    """How the names of files end that hold it, such as `.md`."""
    explains: bool = True
    """Whether it has a place for sentences, such as where the time went; if not, `--why` and `--env` are refused."""
    split: Split | None = None
    """What makes the file of one runner, for tools that compare files; if there is nothing, `--split` is refused."""


def declare(
    *, suffixes: tuple[str, ...] = (), explains: bool = True, split: Split | None = None
) -> Callable[[Layout], Layout]:
    """Declare what a format is, beside its function.

    Args:
        suffixes: how the names of files end that hold it, such as `.md`. The first format that has one is
            written where nobody says which.
        explains: whether it has a place for sentences; if not, `--why` and `--env` are refused.
        split: makes the file of one runner from a document and the identity of its cells, for tools that compare files;
            without it, `--split` is refused.
    """

    def declared(function: Layout) -> Layout:
        setattr(function, _DECLARED, Declared(suffixes, explains, split))
        return function

    return declared


@dataclass(frozen=True)
class Format:
    """A format under its name."""

    name: str
    function: Callable[[Document], Any]

    @property
    def declared(self) -> Declared:
        """What it says of itself."""
        said = getattr(self.function, _DECLARED, None)
        return said if isinstance(said, Declared) else Declared()

    def has_suffix(self, path: str) -> bool:
        """Whether the name of a file says that it holds this."""
        return Path(path).suffix.lower() in self.declared.suffixes

    def require_place_for(self, *wanted: str) -> None:
        """Refuse what it does not show.

        Args:
            wanted: what the document is to have beside its figures, as the caller wrote it, such as --why.

        Raises:
            UsageError: it holds figures alone.
        """
        if wanted and not self.declared.explains:
            raise UsageError(
                f"{wanted[0]} is printed as text or markdown, and {self.name} holds figures alone; leave out one"
            )

    def require_split(self) -> None:
        """Refuse one file for each runner where that is not what the format is.

        Raises:
            UsageError: it has all runners in one file.
        """
        if self.declared.split is None:
            raise UsageError(
                f"--split writes a file for each runner, and {self.name} has all of them in one; "
                "add --format pyperf, or use --output"
            )

    def __call__(self, document: Document) -> str:
        """The text of a document.

        Raises:
            ConcbenchError: the function failed, or made something else; names the format and the line.
        """
        return self._made(self.function, document)

    def of_each(self, document: Document) -> dict[CellId, str]:
        """The text of a file for each runner that has times; raises as the format itself."""
        self.require_split()
        ids = dict.fromkeys(cell.id for table in document.analyses for cell in table.measured)
        return {one: self._made(self.declared.split, document, one) for one in ids}

    def _made(self, function: Any, *arguments: Any) -> str:
        try:
            text = function(*arguments)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            raise ConcbenchError(
                f"the format {self.name!r} failed: {type(error).__name__}: {error} ({where})"
            ) from error
        if not isinstance(text, str):
            raise ConcbenchError(f"the format {self.name!r} must make a text, not {short(text)}")
        return text


def format_of(name: str) -> Format:
    """The format of this name.

    Raises:
        UsageError: nothing has this name, or it cannot be loaded.
    """
    return Format(name, format_function(name))


def format_of_file(path: str) -> Format | None:
    """The first format that the name of a file says is in it; None if it says nothing."""
    if not Path(path).suffix:
        return None
    for name in format_names():
        try:
            found = format_of(name)
        except Unavailable:
            continue
        if found.has_suffix(path):
            return found
    return None
