"""How worker processes are started: always named, never left to the interpreter's default.

The default is what Python 3.14 made the default of each platform, on every version: `forkserver`, and `spawn` on
macOS and Windows. Why: docs/decisions/start-method.md.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from concbench.errors import BadSetting

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext
    from pathlib import Path

_IMPORTS_MAIN = sys.version_info >= (3, 14, 1) or (3, 13, 8) <= sys.version_info < (3, 14)

DEFAULT = "spawn" if sys.platform in {"win32", "darwin"} else "forkserver"


def context(start_method: str) -> "BaseContext":
    """The multiprocessing context of a start method."""
    import multiprocessing

    return multiprocessing.get_context(start_method)


def preload(function: Callable[..., Any], ours: str = "concbench.task") -> None:
    """Have the fork servers of this process import what that of a program by hand would have, and our own part.

    For a process that is ours alone: it replaces what was to be preloaded. A program's main module imports the
    function's module, and a fork server imports the main module first, but only from Python 3.13.8 and 3.14.1 on
    (python/cpython#126631); before, each worker imports both again, and so must ours.
    """
    import multiprocessing

    modules = [ours]
    if _IMPORTS_MAIN:
        modules.append(getattr(function, "__module__", None) or "__main__")
    multiprocessing.set_forkserver_preload(modules)


def keep_names(sockets: "Path", semaphores: str) -> None:
    """Have multiprocessing put its sockets, and name its semaphores, where somebody else finds and removes them.

    For a process that may be killed, with all that it has started: it would leave a directory and semaphores behind.
    Workers inherit both. They are what multiprocessing.util.get_temp_dir and SemLock look at, since Python 3.4.

    Args:
        sockets: a directory for this process alone; it is made.
        semaphores: what their names begin with.
    """
    import multiprocessing

    sockets.mkdir(mode=0o700, parents=True)
    own: dict[str, str] = multiprocessing.current_process()._config  # type: ignore[attr-defined] # noqa: SLF001
    own.update(tempdir=str(sockets), semprefix=semaphores)


def require_few(workers: int, name: str) -> None:
    """Refuse more worker processes than a pool can wait for.

    Raises:
        BadSetting: says how many that are.
    """
    if sys.platform == "win32" and workers > 61:
        raise BadSetting(f"workers must be 61 or fewer for {name} on Windows, not {workers}")


def require_start_method(name: str) -> None:
    """Refuse a start method that this platform does not have.

    Raises:
        BadSetting: lists those that it has.
    """
    import multiprocessing

    here = multiprocessing.get_all_start_methods()
    if name not in here:
        raise BadSetting(f"start_method must be one of {', '.join(sorted(here))} on this platform, not {name!r}")
