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

DEFAULT = "spawn" if sys.platform in {"win32", "darwin"} else "forkserver"


def context(start_method: str) -> "BaseContext":
    """The multiprocessing context of a start method."""
    import multiprocessing

    return multiprocessing.get_context(start_method)


def preload(start_method: str, function: Callable[..., Any]) -> None:
    """Have the fork server import the function's module once, so that its workers need not.

    It is what a program has without asking: a forked worker finds its parent's imports done, and from Python 3.14 on
    a fork server imports the main module first. A server that runs already stays as it is.
    """
    if start_method != "forkserver":
        return
    import multiprocessing

    module = getattr(function, "__module__", None) or "__main__"
    multiprocessing.set_forkserver_preload(["__main__", "concbench.task", module])


def require_start_method(name: str) -> None:
    """Refuse a start method that this platform does not have.

    Raises:
        BadSetting: lists those that it has.
    """
    import multiprocessing

    here = multiprocessing.get_all_start_methods()
    if name not in here:
        raise BadSetting(f"start_method must be one of {', '.join(sorted(here))} on this platform, not {name!r}")
