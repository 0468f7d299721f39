"""The start method of worker processes, always explicit and never the interpreter's default.

On every version of Python, the default is that of Python 3.14 for the platform: `forkserver`, and `spawn` on macOS and
Windows. docs/decisions/start-method.md gives the reasons.
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
    """Return the multiprocessing context of a start method."""
    import multiprocessing

    return multiprocessing.get_context(start_method)


def preload(function: Callable[..., Any], module: str = "concbench.task") -> None:
    """Have the fork servers of this process import the same modules as in an ordinary program, and a concbench module.

    This is for measuring processes only, since it replaces the list of preloaded modules. In an ordinary program, the
    main module imports the function's module, and a fork server imports the main module first, but only from Python
    3.13.8 and 3.14.1 on (python/cpython#126631). Before, each worker imports both again, and so must workers here.
    """
    import multiprocessing

    modules = [module]
    if _IMPORTS_MAIN:
        modules.append(getattr(function, "__module__", None) or "__main__")
    multiprocessing.set_forkserver_preload(modules)


def set_names(sockets: "Path", semaphores: str) -> None:
    """Set the place of the sockets and the names of the semaphores of multiprocessing, so that they can be removed.

    This is for a process that may be killed with every process that it has started, and would leave them behind.
    Workers inherit both settings. multiprocessing.util.get_temp_dir and SemLock read them, since Python 3.4.

    Args:
        sockets: a directory for this process alone; it is created.
        semaphores: the prefix of the names of semaphores.
    """
    import multiprocessing

    sockets.mkdir(mode=0o700, parents=True)
    config: dict[str, str] = multiprocessing.current_process()._config  # type: ignore[attr-defined] # noqa: SLF001
    config.update(tempdir=str(sockets), semprefix=semaphores)


def require_few(workers: int, name: str) -> None:
    """Reject more worker processes than a pool can wait for on this platform.

    Raises:
        BadSetting: there are too many; the message has the limit.
    """
    if sys.platform == "win32" and workers > 61:
        raise BadSetting(f"workers must be 61 or fewer for {name} on Windows, not {workers}")


def require_start_method(name: str) -> None:
    """Reject a start method that this platform does not have.

    Raises:
        BadSetting: it does not exist here; the message lists those that do.
    """
    import multiprocessing

    methods = multiprocessing.get_all_start_methods()
    if name not in methods:
        raise BadSetting(f"start_method must be one of {', '.join(sorted(methods))} on this platform, not {name!r}")
