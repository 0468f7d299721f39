"""What a command prints, and the file that it writes."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from concbench.errors import BadOutput, ConcbenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from concbench.campaign import Told
    from concbench.harness.events import Step
    from concbench.results.records import RunRecord


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


def say(text: str) -> None:
    """Print on standard error; where that cannot be written, nothing is said and everything goes on."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # for what is still to be flushed


class Output:
    """A file to write: checked before anything runs, written when there is news; the command goes on without it."""

    def __init__(self, path: str | None, *, force: bool) -> None:
        self.path = path
        self._force = force
        self.error: BadOutput | None = None

    def require_writable(self) -> None:
        """Refuse what could not be written at the end, and what is not ours to write; a new file is ours from now on.

        Raises:
            BadOutput: it exists, is nothing that can be replaced, or its directory is missing or read-only.
        """
        if self.path is None:
            return
        from concbench.results.files import replaceable, reserve

        target = replaceable(self.path)
        if not os.access(target.parent, os.W_OK):
            raise BadOutput(f"cannot write {self.path}: the directory {target.parent} is read-only")
        if not self._force:
            reserve(self.path)

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
            say(f"concbench: {self.error}")
