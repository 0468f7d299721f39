"""A file to which a short report is appended as Markdown, such as the summary of a CI job: `--summary FILE`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from concbench.cli.output import say
from concbench.errors import BadOutput, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from concbench.report.document import Document

GITHUB = "github"
VARIABLE = "GITHUB_STEP_SUMMARY"
"""The variable that names the file which GitHub Actions shows as the summary of a step."""


def add_summary(parser: argparse.ArgumentParser) -> None:
    """Declare the option."""
    parser.add_argument("--summary", metavar="FILE", help="append a short report to this file, as Markdown; "
                        f"'{GITHUB}': to the summary of the step, in GitHub Actions")  # fmt: skip


class SummaryFile:
    """The summary file: checked before anything runs, appended to when there are results."""

    def __init__(self, path: str | None) -> None:
        """Find the file.

        Raises:
            UsageError: the summary of GitHub Actions is requested, and this does not run there.
        """
        self.path = path
        if path == GITHUB:
            self.path = os.environ.get(VARIABLE)
            if not self.path:
                raise UsageError(
                    f"--summary {GITHUB} is for GitHub Actions, and {VARIABLE} is not set: name a file, or leave it out"
                )

    def require_writable(self) -> None:
        """Refuse a file to which nothing could be appended; no file is made.

        Raises:
            BadOutput: says why.
        """
        if self.path is None:
            return
        file = Path(self.path)
        try:
            if file.is_dir():
                raise BadOutput(f"{self.path} is a directory; name a file in it")
            if not file.exists() and not file.parent.is_dir():
                raise BadOutput(f"cannot write {self.path}: the directory {file.parent} does not exist")
            mode = file.stat().st_mode if file.exists() else 0o222
        except (OSError, ValueError) as error:
            raise BadOutput(f"cannot write {self.path}: {error}") from error
        if not mode & 0o222 or not os.access(file if file.exists() else file.parent, os.W_OK):
            raise BadOutput(f"cannot write {self.path}: it is read-only; make it writable, or name another")

    def append(self, document: Document, required: Sequence[str] = ()) -> bool:
        """Append the report, or report why that failed; returns whether it was appended.

        Args:
            document: the document of the run.
            required: a sentence on each requirement.
        """
        if self.path is None:
            return True
        from concbench.report.formats.markdown import summary

        try:
            with Path(self.path).open("a", encoding="utf-8") as file:
                if file.seekable() and file.tell():
                    file.write("\n")
                file.write(summary(document, required))
        except OSError as error:
            say(f"cannot write {self.path}: {error.strerror or error}")
            return False
        return True
