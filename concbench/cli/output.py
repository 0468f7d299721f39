"""Printing of a command, and the file that it writes."""

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

    from concbench.campaign import ListenerEvent
    from concbench.report.document import Document
    from concbench.results.records import RunRecord


def add_format(parser: argparse.ArgumentParser) -> None:
    """Declare the options that choose a format."""
    from concbench.registry import FORMATS

    parser.add_argument("--format", metavar="FORMAT", help=f"print it as {', '.join(FORMATS)}, or in a format of "
                        "another package (default: text)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="short for --format json")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the answer alone, and no progress")
    parser.add_argument("--details", action="store_true", help="print everything: costs, how to read the figures, "
                        "and all reasons")  # fmt: skip


_LENGTHS = ("details", "quiet")
"""Options that choose how much of a document is printed."""
_EXCLUDED = {
    "json": {"format", "why", *_LENGTHS},
    "why": {"quiet"},
    "details": {"quiet"},
    "quiet": {"details", "why"},
}
"""For each option of printing those that it excludes, whatever its value."""


def excluded_with(name: str, value: object) -> set[str]:
    """The options that exclude an option of printing, given its value."""
    from concbench.report.formats import format_of

    if name != "format":
        return _EXCLUDED.get(name, set())
    try:
        declared = format_of(str(value)).declared
    except UsageError:  # it is refused later
        return {"json", "why", *_LENGTHS}
    return {"json"} | (set() if declared.explains else {"why"}) | (set() if declared.brief else {*_LENGTHS})


def chosen_format(arguments: argparse.Namespace, path: str | None = None) -> str:
    """The name of the format to print or to write to a file: the given one, or else that of the file's name.

    Raises:
        UsageError: the format does not exist, two formats are given, or the format cannot show --why, --env or a
            length; or --quiet would leave out what another option asks for.
    """
    from concbench.report.formats import format_of, format_of_file

    if arguments.json and arguments.format not in {None, "json"}:
        raise UsageError(f"--json is short for --format json; leave out one of --json and --format {arguments.format}")
    name = "json" if arguments.json else arguments.format
    chosen = format_of(name) if name else (path and format_of_file(path)) or format_of("text")
    # the option --env of run and advise has another meaning, and a value
    asked = [option for option in ("why", "env") if getattr(arguments, option, None) is True]
    lengths = [option for option in _LENGTHS if getattr(arguments, option)]
    chosen.require_place_for(*(f"--{option}" for option in asked))
    chosen.require_length_of(*(f"--{option}" for option in lengths))
    left_out = next((option for option in (*asked, *lengths) if option != "quiet"), "")
    if arguments.quiet and left_out:
        raise UsageError(f"--quiet prints the answer alone; leave out one of --quiet and --{left_out}")
    return chosen.name


def shortened(document: Document, arguments: argparse.Namespace) -> Document:
    """The document of which the answer alone is printed, if --quiet asked for that."""
    from dataclasses import replace

    from concbench.report.document import ANSWER

    return replace(document, length=ANSWER) if arguments.quiet else document


def present(document: Document, name: str, color: str) -> None:
    """Print a document in a format; on a terminal, text has colours and the width of the terminal."""
    if name == "text":
        from concbench.cli.console import console_of
        from concbench.report.terminal import plain, render

        console = console_of(sys.stdout, color)
        with printing():
            if console.is_terminal:
                console.print(render(document, console), crop=False)
            else:
                print(plain(document, encoding=console.encoding))
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
    """Flush standard output afterwards, and turn errors, such as a full disk, into a message.

    Raises:
        BrokenPipeError: the reader has closed the pipe.
        ConcbenchError: standard output cannot be written; says why.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # discards what is still to be flushed
        if isinstance(error, BrokenPipeError):
            raise
        raise ConcbenchError(f"cannot write to standard output: {error.strerror or error}") from error


def as_typed(arguments: argparse.Namespace) -> str:
    """The command line, for the results."""
    import shlex  # with what it loads, it would be a tenth of the time of --help

    return shlex.join(arguments.typed)


def say(what: str, shown: Iterable[str] = ()) -> None:
    """Print a message on standard error; if that cannot be written, the command goes on without it.

    Args:
        what: one line.
        shown: lines above it, such as those of a traceback of the user's own module.
    """
    with telling():
        print(*map(visible, shown), f"concbench: {visible(what)}", sep="\n", file=sys.stderr, flush=True)


@contextmanager
def telling() -> Iterator[None]:
    """Ignore errors of writing on standard error, such as on a closed terminal."""
    try:
        yield
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # discards what is still to be flushed


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
    """A file to write: checked before anything runs, written when there is news; the command goes on if that fails."""

    def __init__(self, path: str | None, *, force: bool, format: str = "json") -> None:  # noqa: A002 - as the option
        self.path = path or None
        self._force = force
        self._format = format
        self.error: BadOutput | None = None

    def require_writable(self) -> None:
        """Refuse a path that could not be written at the end or must not be overwritten; a new file is reserved.

        Raises:
            BadOutput: it exists, cannot be replaced, its directory is missing or read-only, or its suffix is that of
                another format.
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
        """Say what the file holds, if its name also suits the format that is printed."""
        from concbench.report.formats import format_of

        if self.path is not None and printed != self._format and format_of(printed).has_suffix(self.path):
            say(f"{self.path} gets the raw results; {printed} is printed")

    def _require_suffix(self, path: str) -> None:
        """Refuse a name with the suffix of another format."""
        from concbench.report.formats import format_of, format_of_file

        if format_of(self._format).has_suffix(path):
            return
        said, suffix = format_of_file(path), Path(path).suffix
        if said is None:
            return
        instead = f"'concbench show --format {said.name} -o {path}' writes {said.name}"
        raise BadOutput(f"{path} would hold {self._format}: choose a name that does not end in {suffix}; {instead}")

    def save(self, record: RunRecord) -> None:
        """Write the record; an error is reported at the end."""
        if self.path is not None:
            from concbench.results.files import to_json

            self.write(to_json(record))

    def write(self, text: str) -> None:
        """Write a text; an error is reported at the end."""
        if self.path is None:
            return
        from concbench.results.files import write

        self.error = None
        try:
            write(text, self.path)
        except BadOutput as error:
            self.error = error

    def listener(self, show: Callable[[ListenerEvent], None]) -> Callable[[ListenerEvent], None]:
        """A listener that announces calls, saves the record after every round, and then shows the event."""
        from concbench.cli.functions import announce
        from concbench.harness.events import Step
        from concbench.results.records import RunRecord

        def listen(event: ListenerEvent) -> None:
            if isinstance(event, RunRecord):
                self.save(event)
            elif not isinstance(event, Step):
                announce(event)
            show(event)

        return listen

    def complain(self) -> None:
        """Report what could not be written."""
        if self.error:
            say(str(self.error))
