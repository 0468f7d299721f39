"""Where the last run is kept, so that `concbench show` can show it."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from concbench.errors import BadOutput
from concbench.results.files import save
from concbench.results.records import RunRecord


def last_run() -> Path:
    """The file of the last run, in the user's cache directory."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "concbench" / "last-run.json"


def keep(record: RunRecord) -> None:
    """Keep a run as the last one; a cache that cannot be written is no fault of the run."""
    path = last_run()
    with contextlib.suppress(OSError, BadOutput):
        path.parent.mkdir(parents=True, exist_ok=True)
        save(record, path)
