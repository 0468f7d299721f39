"""Detection of modules that re-enable the GIL in a free-threaded interpreter; CPython names each in a warning."""

from __future__ import annotations

import re
from typing import Any

from concbench.machine import gil_enabled

_WARNING = re.compile(r"\(GIL\) has been enabled to load module '([^']+)'")
UNNAMED_MODULE = "a module"
"""The name used for a module that was not named, since the warning was turned off."""


class GilWatch:
    """Notes such warnings from its creation on, if the GIL is disabled then; they are still shown."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._watches = not gil_enabled()
        if self._watches:
            import warnings

            self._show_warning, warnings.showwarning = warnings.showwarning, self._note_module

    def enabling_modules(self) -> list[str]:
        """Return the modules that have re-enabled the GIL since."""
        return self._names or [UNNAMED_MODULE] if self._watches and gil_enabled() else []

    def _note_module(self, message: Any, *where: Any, **more: Any) -> None:
        match = _WARNING.search(str(message))
        if match:
            self._names.append(match[1])
        self._show_warning(message, *where, **more)
