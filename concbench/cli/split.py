"""A directory of results files, one for each runner, for tools that compare files: `--split DIR`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from concbench.cli.output import Output, say
from concbench.errors import BadOutput

if TYPE_CHECKING:
    import argparse

    from concbench.report.document import Document
    from concbench.results.records import CellId

_LONGEST = 100
"""Length in characters to which the name of a file is cut, before its suffix."""


def add_split(parser: argparse.ArgumentParser) -> None:
    """Declare the option."""
    parser.add_argument("--split", metavar="DIR", help="write a file for each runner into this directory, in a format "
                        "for tools that compare files, such as pyperf")  # fmt: skip


class SplitFiles:
    """The files of the runners: checked before anything runs, written when there are results."""

    def __init__(self, directory: str | None, *, force: bool, format: str) -> None:  # noqa: A002 - as the option
        """Refuse a format that has all runners in one file.

        Raises:
            UsageError: the format has all runners in one file; names one that has not.
        """
        from concbench.report.formats import format_of

        self.directory = directory
        self._force = force
        self._format = format_of(format)
        self._files: dict[CellId, Output] = {}
        if directory is not None:
            self._format.require_split()

    def require_writable(self, cells: Iterable[CellId], beside: str | None = None) -> None:
        """Refuse a directory that cannot be written and files that exist; a missing directory is made at the end.

        Args:
            cells: the runners.
            beside: the results file.

        Raises:
            BadOutput: names the file or the directory.
        """
        if self.directory is None:
            return
        suffix = next(iter(self._format.declared.suffixes), "")
        names = file_names(dict.fromkeys(cells))
        self._files = {
            cell: Output(str(Path(self.directory) / f"{name}{suffix}"), force=self._force, format=self._format.name)
            for cell, name in names.items()
        }
        directory = Path(self.directory)
        for file in self._files.values():
            if beside is not None and os.path.realpath(str(file.path)) == os.path.realpath(beside):
                raise BadOutput(f"--output and --split would both write {beside}; name another file")
        if directory.is_dir():
            for file in self._files.values():
                file.require_writable()
        elif os.path.lexists(directory):
            raise BadOutput(f"{directory} is not a directory; name one, or a new one")
        elif not directory.parent.is_dir():
            raise BadOutput(f"cannot make {directory}: the directory {directory.parent} does not exist")
        elif not os.access(directory.parent, os.W_OK):
            raise BadOutput(f"cannot make {directory}: the directory {directory.parent} is read-only")

    def write(self, document: Document) -> bool:
        """Write a file for each runner that has times, and report it; returns whether all were written."""
        if self.directory is None:
            return True
        texts = self._format.of_each(document)
        try:
            Path(self.directory).mkdir(exist_ok=True)
            for cell, text in texts.items():
                file = self._files[cell]
                file.require_writable()
                file.write(text)
                if file.error:
                    raise file.error
        except (OSError, BadOutput) as error:
            say(str(error))
            return False
        say(f"wrote {len(texts)} {'file' if len(texts) == 1 else 'files'} into {self.directory}")
        return True


def file_names(cells: Iterable[CellId]) -> dict[CellId, str]:
    """A file name for each cell, of letters, digits and a few signs, such as thread-pool-2; unique without case."""
    names: dict[CellId, str] = {}
    used: set[str] = set()
    for cell in cells:
        plain = re.sub(r"[^A-Za-z0-9._]+", "-", str(cell)).strip("-.")[:_LONGEST] or "runner"
        number, name = 1, plain
        while name.casefold() in used:
            number += 1
            name = f"{plain}-{number}"
        used.add(name.casefold())
        names[cell] = name
    return names
