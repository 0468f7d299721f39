"""How worker processes are started: always named, never left to the interpreter's default.

The default is what Python 3.14 made the default of each platform, on every version: `forkserver`, and `spawn` on
macOS and Windows. Why: docs/decisions/start-method.md.
"""

import sys
from typing import TYPE_CHECKING

from concbench.errors import BadSetting

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

DEFAULT = "spawn" if sys.platform in {"win32", "darwin"} else "forkserver"


def context(start_method: str) -> "BaseContext":
    """The multiprocessing context of a start method."""
    import multiprocessing

    return multiprocessing.get_context(start_method)


def require_start_method(name: str) -> None:
    """Refuse a start method that this platform does not have.

    Raises:
        BadSetting: lists those that it has.
    """
    import multiprocessing

    here = multiprocessing.get_all_start_methods()
    if name not in here:
        raise BadSetting(f"start_method must be one of {', '.join(sorted(here))} on this platform, not {name!r}")
