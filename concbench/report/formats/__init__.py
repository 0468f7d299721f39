"""Formats: functions that turn a document into text, one file each; their names are in `concbench.registry`.

`concbench list` loads them all, so slow imports belong inside the functions. Other properties of a format are declared
beside its function, in this package and in others:

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
"""Makes the text of the file of one runner."""


@dataclass(frozen=True)
class DeclaredFormat:
    """The declared properties of a format; the defaults hold for a format that declares none."""

    suffixes: tuple[str, ...] = ()
    """Suffixes of files that hold it, such as `.md`."""
    explains: bool = True
    """Whether it has a place for sentences, such as where the time went; if not, `--why` and `--env` are refused."""
    split: Split | None = None
    """Makes the text of the file of one runner, for tools that compare files; if None, `--split` is refused."""
    brief: bool = False
    """Whether it follows the length of the document; if not, `--details` and `--quiet` are refused."""


def declare(
    *, suffixes: tuple[str, ...] = (), explains: bool = True, split: Split | None = None, brief: bool = False
) -> Callable[[Layout], Layout]:
    """Declare the properties of a format, beside its function.

    Args:
        suffixes: suffixes of files that hold it, such as `.md`. The first format with a suffix is written if no format
            is named.
        explains: whether it has a place for sentences; if not, `--why` and `--env` are refused.
        split: makes the file of one runner from a document and the identity of its cells, for tools that compare files;
            without it, `--split` is refused.
        brief: whether it follows the length of the document; if not, it is the same for every length, and `--details`
            and `--quiet` are refused.
    """

    def declared(function: Layout) -> Layout:
        setattr(function, _DECLARED, DeclaredFormat(suffixes, explains, split, brief))
        return function

    return declared


@dataclass(frozen=True)
class Format:
    """A format under its name."""

    name: str
    function: Callable[[Document], Any]

    @property
    def declared(self) -> DeclaredFormat:
        """Its declared properties."""
        declaration = getattr(self.function, _DECLARED, None)
        return declaration if isinstance(declaration, DeclaredFormat) else DeclaredFormat()

    def has_suffix(self, path: str) -> bool:
        """Whether a file name has a suffix of this format."""
        return Path(path).suffix.lower() in self.declared.suffixes

    def require_place_for(self, *options: str) -> None:
        """Refuse content that the format cannot show.

        Args:
            options: options that ask for content beside the figures, as the caller wrote them, such as --why.

        Raises:
            UsageError: the format holds only figures.
        """
        if options and not self.declared.explains:
            raise UsageError(
                f"{options[0]} needs text, markdown or html, and {self.name} holds only figures; leave out one"
            )

    def require_length_of(self, *options: str) -> None:
        """Refuse a length if the format has the same for all.

        Args:
            options: options that ask for a length, as the caller wrote them, such as --details.

        Raises:
            UsageError: the format has one length.
        """
        if options and not self.declared.brief:
            raise UsageError(f"{options[0]} needs text, and {self.name} is always complete; leave out one")

    def require_split(self) -> None:
        """Refuse one file for each runner if the format cannot be split.

        Raises:
            UsageError: the format has all runners in one file.
        """
        if self.declared.split is None:
            raise UsageError(
                f"--split writes a file for each runner, and {self.name} has all of them in one; "
                "add --format pyperf, or use --output"
            )

    def __call__(self, document: Document) -> str:
        """The text of a document in this format.

        Raises:
            ConcbenchError: the function failed or did not return text; names the format and the line.
        """
        return self._text_from(self.function, document)

    def of_each(self, document: Document) -> dict[CellId, str]:
        """The text of a file for each runner that has times; raises the errors of the format itself."""
        self.require_split()
        cells = dict.fromkeys(cell.id for table in document.analyses for cell in table.measured)
        return {cell: self._text_from(self.declared.split, document, cell) for cell in cells}

    def _text_from(self, function: Any, *arguments: Any) -> str:
        try:
            text = function(*arguments)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            raise ConcbenchError(
                f"the format {self.name!r} failed: {type(error).__name__}: {error} ({where})"
            ) from error
        if not isinstance(text, str):
            raise ConcbenchError(f"the format {self.name!r} must return a string, not {short(text)}")
        return text


def format_of(name: str) -> Format:
    """The format of a name.

    Raises:
        UsageError: no format has this name, or it cannot be loaded.
    """
    return Format(name, format_function(name))


def format_of_file(path: str) -> Format | None:
    """The first format that has the suffix of a file name; None if there is none."""
    if not Path(path).suffix:
        return None
    for name in format_names():
        try:
            candidate = format_of(name)
        except Unavailable:
            continue
        if candidate.has_suffix(path):
            return candidate
    return None
