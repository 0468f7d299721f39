"""Files of a user that have the name of a module which Python itself imports where work is done: only one can be it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

from concbench.errors import BadFunction

_MACHINERY = (
    "asyncio", "concbench.host.main", "concurrent.futures.process", "concurrent.futures.thread", "mmap",
    "multiprocessing.forkserver", "multiprocessing.pool", "multiprocessing.popen_forkserver",
    "multiprocessing.popen_spawn_posix", "multiprocessing.resource_tracker", "multiprocessing.spawn",
)  # fmt: skip
"""What measuring processes and workers import, as far as there is such a module on this platform."""


def require_names_of_their_own(directories: Iterable[Path]) -> None:
    """Refuse directories of which a file would be imported by some processes, and not by others.

    A process that has imported Python's own `queue` finds no other, and a worker that has not, such as one that was
    just started in the same directory, finds the user's first. To be asked before any of these directories is on the
    path.

    Args:
        directories: where the function and all that comes with it are found; the current one is looked at, too.

    Raises:
        BadFunction: says which file to rename.
    """
    started_in = [] if sys.flags.safe_path else [Path.cwd()]  # worker processes have it on their path when they start
    found = sorted(path for directory in {*directories, *started_in} for path in _alike(directory))
    if not found:
        return
    for name in _MACHINERY:
        try:
            importlib.import_module(name)
        except ImportError:  # there is none here
            continue
    for path in found:
        name = path.parent.name if path.name == "__init__.py" else path.stem
        taken = getattr(sys.modules.get(name), "__file__", None)
        if name in sys.modules and not (taken and Path(taken).exists() and path.samefile(taken)):
            raise BadFunction(
                f"rename {path}: Python has a module {name!r} of its own, which worker processes import, and in each "
                "process only one of the two can have the name"
            )


def _alike(directory: Path) -> list[Path]:
    """Modules in a directory that are called like one of Python's, or like our package."""
    try:
        there = {path.name: path for path in directory.iterdir()}
    except OSError:
        return []
    names = {*sys.stdlib_module_names, "concbench"}
    files = [path for name, path in there.items() if name.endswith(".py") and name.removesuffix(".py") in names]
    packages = [path / "__init__.py" for name, path in there.items() if name in names]
    return files + [path for path in packages if path.is_file()]
