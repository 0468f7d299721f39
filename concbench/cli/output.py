"""What a command prints, and the file that it writes."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from concbench.errors import BadOutput, ConcbenchError, UsageError
from concbench.report.visible import visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from concbench.campaign import Told
    from concbench.harness.events import Step
    from concbench.report.document import Document
    from concbench.results.records import RunRecord


def add_format(parser: argparse.ArgumentParser) -> None:
    """Declare the options that choose a format."""
    from concbench.registry import FORMATS

    parser.add_argument("--format", metavar="FORMAT", help=f"print it as {', '.join(FORMATS)}, or in a format of "
                        "another package (default: text)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="short for --format json")


def excluded_with(name: str, value: object) -> set[str]:
    """The options that exclude one of `--json` and `--format`, given its value."""
    from concbench.report.formats import format_of

    if name == "json":
        return {"format", "why"}
    if name != "format":
        return set()
    try:
        format_of(str(value)).require_place_for("--why")
    except UsageError:
        return {"json", "why"}
    return {"json"}


def chosen_format(arguments: argparse.Namespace, path: str | None = None) -> str:
    """The name of the format to print, or to write to this file: that which is given, else that of the file's name.

    Raises:
        UsageError: the format does not exist, two formats are given, or the format cannot show --why or --env.
    """
    from concbench.report.formats import format_of, format_of_file

    if arguments.json and arguments.format not in {None, "json"}:
        raise UsageError(f"--json is short for --format json; leave out one of --json and --format {arguments.format}")
    name = "json" if arguments.json else arguments.format
    chosen = format_of(name) if name else (path and format_of_file(path)) or format_of("text")
    chosen.require_place_for(*(f"--{option}" for option in ("why", "env") if getattr(arguments, option, False)))
    return chosen.name


def present(document: Document, name: str, color: str) -> None:
    """Print a document in a format; on a terminal, text has colours and the width of that."""
    if name == "text":
        from concbench.cli.console import console_of

        console = console_of(sys.stdout, color)
        if console.is_terminal:
            from concbench.report.terminal import render

            with printing():
                console.print(render(document, console), crop=False)
            return
    text = as_file(document, name)
    with printing():
        print(text, end="")


def as_file(document: Document, name: str) -> str:
    """A document in a format, as the text of a file."""
    from concbench.report.formats import format_of

    text = format_of(name)(document)
    return text if text.endswith("\n") else f"{text}\n"


@contextmanager
def printing() -> Iterator[None]:
    """Around what prints on standard output, which may be a full disk.

    Raises:
        BrokenPipeError: whoever reads it has gone.
        ConcbenchError: it cannot be written; says why.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
        if isinstance(error, BrokenPipeError):
            raise
        raise ConcbenchError(f"cannot write to standard output: {error.strerror or error}") from error


def say(what: str, shown: Iterable[str] = ()) -> None:
    """Tell on standard error what whoever waits should know; where that cannot be written, everything goes on.

    Args:
        what: one line.
        shown: lines above it, such as those of a traceback of the user's own module.
    """
    with telling():
        print(*map(visible, shown), f"concbench: {visible(what)}", sep="\n", file=sys.stderr, flush=True)


@contextmanager
def telling() -> Iterator[None]:
    """Around what writes on standard error: where that cannot be done, as on a closed terminal, nothing is told."""
    try:
        yield
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # for what is still to be flushed


def require_different(files: Mapping[str, str | None]) -> None:
    """Refuse two options that name the same file.

    Args:
        files: the path of each option, None where it was not given.

    Raises:
        UsageError: names both.
    """
    taken: dict[str, tuple[str, str]] = {}
    for option, path in files.items():
        if path is None:
            continue
        other, before = taken.setdefault(os.path.realpath(path), (option, path))
        if other != option:
            raise UsageError(f"{other} and {option} are both {before}; name two files")


class Output:
    """A file to write: checked before anything runs, written when there is news; the command goes on without it."""

    def __init__(self, path: str | None, *, force: bool, format: str = "json") -> None:  # noqa: A002 - as the option
        self.path = path or None
        self._force = force
        self._format = format
        self.error: BadOutput | None = None

    def require_writable(self) -> None:
        """Refuse what could not be written at the end, and what is not ours to write; a new file is ours from now on.

        Raises:
            BadOutput: it exists, is nothing that can be replaced, or its directory is missing or read-only; or its name
                says that something else is in it.
        """
        if self.path is None:
            return
        self._require_suffix(self.path)
        from concbench.results.files import replaceable, reserve

        target = replaceable(self.path)
        if not os.access(target.parent, os.W_OK):
            raise BadOutput(f"cannot write {self.path}: the directory {target.parent} is read-only")
        if not self._force:
            reserve(self.path)

    def announce(self, printed: str) -> None:
        """Say what is in the file, where its name might also say that it holds what is printed."""
        from concbench.report.formats import format_of

        if self.path is not None and printed != self._format and format_of(printed).has_suffix(self.path):
            say(f"{self.path} gets the raw results; {printed} is printed")

    def _require_suffix(self, path: str) -> None:
        """Refuse a name that says that another format is in the file."""
        from concbench.report.formats import format_of, format_of_file

        if format_of(self._format).has_suffix(path):
            return
        said, suffix = format_of_file(path), Path(path).suffix
        if said is None:
            return
        instead = f"'concbench show --format {said.name} -o {path}' writes {said.name}"
        raise BadOutput(f"{path} would hold {self._format}: choose a name that does not end in {suffix}; {instead}")

    def save(self, record: RunRecord) -> None:
        """Write the record; what goes wrong is said at the end."""
        if self.path is not None:
            from concbench.results.files import to_json

            self.write(to_json(record))

    def write(self, text: str) -> None:
        """Write a text; what goes wrong is said at the end."""
        if self.path is None:
            return
        from concbench.results.files import write

        self.error = None
        try:
            write(text, self.path)
        except BadOutput as error:
            self.error = error

    def listener(self, show: Callable[[Step], None]) -> Callable[[Told], None]:
        """What a measurement tells: calls are announced, a step is shown, what is known after a round is saved."""
        from concbench.cli.functions import announce
        from concbench.harness.events import Step
        from concbench.results.records import RunRecord

        def listen(event: Told) -> None:
            if isinstance(event, Step):
                show(event)
            elif isinstance(event, RunRecord):
                self.save(event)
            else:
                announce(event)

        return listen

    def complain(self) -> None:
        """Say what could not be written."""
        if self.error:
            say(str(self.error))
