"""The page that a run is written as: `--html FILE`, and `show --open`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from concbench.cli.cache import last_run
from concbench.cli.output import Output, as_file, say
from concbench.errors import BadOutput

if TYPE_CHECKING:
    import argparse

    from concbench.report.document import Document

_FORMAT = "html"


def add_page(parser: argparse.ArgumentParser) -> None:
    """Declare the option."""
    parser.add_argument("--html", metavar="FILE", help="write a self-contained page with figures, to open "
                        "in a browser")  # fmt: skip


def _default_path() -> str:
    """The file of a page that is opened at once, beside the last run.

    Raises:
        BadOutput: there is no place for it.
    """
    try:
        path = last_run().with_name("shown.html")
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, BadOutput) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no home directory"
        raise BadOutput(f"there is no place for the page to open ({reason}); name a file with --html FILE") from error
    return str(path)


class PageFile(Output):
    """The file: checked before anything runs, written when there are results."""

    def __init__(self, path: str | None, *, force: bool, opened: bool = False) -> None:
        """Find the file.

        Args:
            path: where it goes; None: nowhere, or if it is to be opened, beside the last run.
            force: whether a file that exists is overwritten.
            opened: whether it is opened in a browser.
        """
        self._opened = opened
        if path is None and opened:
            path, force = _default_path(), True
        super().__init__(path, force=force, format=_FORMAT)

    def write_document(self, document: Document) -> bool:
        """Write it, say so, and open it where that was asked for; whether nothing went wrong."""
        if self.path is None:
            return True
        self.write(as_file(document, _FORMAT))
        self.complain()
        if self.error:
            return False
        say(f"wrote {self.path}")
        if self._opened:
            import webbrowser

            if not webbrowser.open(Path(self.path).absolute().as_uri()):
                say(f"no browser could be opened here; open {self.path} in one")
        return True
