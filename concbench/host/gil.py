"""Detection of modules that re-enable the GIL in a free-threaded interpreter; CPython names each in a warning."""

from __future__ import annotations

import re
from typing import Any

from concbench.machine import gil_enabled

_NAMED = re.compile(r"\(GIL\) has been enabled to load module '([^']+)'")
SOMETHING = "a module"
"""The name used for a module that was not named, since the warning was turned off."""


class GilWatch:
    """Notes such warnings from its creation on, if the GIL is disabled then; they are still shown."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._watches = not gil_enabled()
        if self._watches:
            import warnings

            self._shown, warnings.showwarning = warnings.showwarning, self._show

    def turned_on_by(self) -> list[str]:
        """Return the modules that have re-enabled the GIL since."""
        return self._names or [SOMETHING] if self._watches and gil_enabled() else []

    def _show(self, message: Any, *where: Any, **more: Any) -> None:
        named = _NAMED.search(str(message))
        if named:
            self._names.append(named[1])
        self._shown(message, *where, **more)
