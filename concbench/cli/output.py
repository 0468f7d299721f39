"""The results file of a command that measures."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from concbench.errors import BadOutput

if TYPE_CHECKING:
    from collections.abc import Callable

    from concbench.harness.events import Step
    from concbench.results.records import RunRecord


class Output:
    """The results file: checked before anything runs, written after every round; the run goes on without it."""

    def __init__(self, path: str | None, *, force: bool) -> None:
        self.path = Path(path) if path else None
        self._force = force
        self.error: BadOutput | None = None

    def require_writable(self) -> None:
        """Refuse what could not be written at the end.

        Raises:
            BadOutput: it exists, or its directory is missing or read-only.
        """
        path = self.path
        if path is None:
            return
        if path.is_dir():
            raise BadOutput(f"{path} is a directory; name a file in it")
        if path.exists() and not self._force:
            raise BadOutput(f"{path} exists; --force overwrites it")
        if not path.parent.is_dir():
            raise BadOutput(f"cannot write {path}: there is no directory {path.parent}")
        if not os.access(path.parent, os.W_OK):
            raise BadOutput(f"cannot write {path}: the directory {path.parent} is read-only")

    def save(self, record: RunRecord) -> None:
        """Write the record; what goes wrong is said at the end."""
        if self.path is None:
            return
        from concbench.results.files import save

        self.error = None
        try:
            save(record, self.path)
        except BadOutput as error:
            self.error = error

    def listener(self, show: Callable[[Step], None]) -> Callable[[Step | RunRecord], None]:
        """What a measurement tells: a step is shown, what is known after a round is saved."""
        from concbench.harness.events import Step

        def listen(event: Step | RunRecord) -> None:
            if isinstance(event, Step):
                show(event)
            else:
                self.save(event)

        return listen

    def complain(self) -> None:
        """Say what could not be written."""
        if self.error:
            print(f"concbench: {self.error}", file=sys.stderr)
