"""Detection of user files whose names clash with modules that Python itself imports in workers."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

from concbench.errors import BadFunction

_MACHINERY = (
    "asyncio", "concbench.host.host_process", "concurrent.futures.process", "concurrent.futures.thread", "mmap",
    "multiprocessing.forkserver", "multiprocessing.pool", "multiprocessing.popen_forkserver",
    "multiprocessing.popen_spawn_posix", "multiprocessing.resource_tracker", "multiprocessing.spawn",
)  # fmt: skip
"""Modules that measuring processes and workers import, if they exist on this platform."""


def require_no_name_clashes(directories: Iterable[Path]) -> None:
    """Reject directories with a file that some processes would import instead of Python's own module.

    A process that has imported Python's own `queue` does not import another. A worker that has not, such as one just
    started in the same directory, imports the user's file. This must be called before any of these directories is on
    the path.

    Args:
        directories: the directories of the function and of everything that comes with it; the current one is added.

    Raises:
        BadFunction: a name clashes; the message says which file to rename.
    """
    start_directory = [] if sys.flags.safe_path else [Path.cwd()]  # worker processes start with it on their path
    clashes = sorted(path for directory in {*directories, *start_directory} for path in _clashing_modules(directory))
    if not clashes:
        return
    for name in _MACHINERY:
        try:
            importlib.import_module(name)
        except ImportError:  # not on this platform
            continue
    for path in clashes:
        name = path.parent.name if path.name == "__init__.py" else path.stem
        loaded = getattr(sys.modules.get(name), "__file__", None)
        if name in sys.modules and not (loaded and Path(loaded).exists() and path.samefile(loaded)):
            raise BadFunction(
                f"rename {path}: Python has its own module {name!r}, which worker processes import, and a process "
                "can hold only one module of that name"
            )


def _clashing_modules(directory: Path) -> list[Path]:
    """Modules in a directory that have the name of a standard library module, or of concbench."""
    try:
        entries = {path.name: path for path in directory.iterdir()}
    except OSError:
        return []
    names = {*sys.stdlib_module_names, "concbench"}
    files = [path for name, path in entries.items() if name.endswith(".py") and name.removesuffix(".py") in names]
    packages = [path / "__init__.py" for name, path in entries.items() if name in names]
    return files + [path for path in packages if path.is_file()]
