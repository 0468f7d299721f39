"""The file in which the last run is kept for `concbench show`."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from concbench.errors import BadOutput
from concbench.results.files import save
from concbench.results.records import RunRecord


def last_run() -> Path:
    """The file of the last run, in the user's cache directory.

    Raises:
        BadOutput: there is no home directory.
    """
    try:
        return _cache() / "concbench" / "last-run.json"
    except RuntimeError as homeless:  # raised by Path.home()
        raise BadOutput("there is no home directory to keep the last run in; name a file") from homeless


def _cache() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base)


def keep(record: RunRecord) -> None:
    """Keep a run as the last one; a cache that cannot be written is not an error."""
    with contextlib.suppress(OSError, BadOutput):
        path = last_run()
        path.parent.mkdir(parents=True, exist_ok=True)
        save(record, path)
