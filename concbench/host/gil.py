"""Which modules turned the GIL on again in a free-threaded interpreter: CPython names each in a warning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from concbench.machine import gil_enabled

_NAMED = re.compile(r"\(GIL\) has been enabled to load module '([^']+)'")
SOMETHING = "a module"
"""What is said of one that was not named, since the warning was turned off."""


@contextmanager
def watched() -> Iterator[list[str]]:
    """A list of the modules that turn the GIL on in the block; it is complete at the end of that."""
    names: list[str] = []
    if gil_enabled():
        yield names
        return
    import warnings

    shown = warnings.showwarning

    def show(message: Any, *where: Any, **more: Any) -> None:
        named = _NAMED.search(str(message))
        if named:
            names.append(named[1])
        shown(message, *where, **more)

    warnings.showwarning = show
    try:
        yield names
    finally:
        if warnings.showwarning is show:
            warnings.showwarning = shown
        if gil_enabled() and not names:
            names.append(SOMETHING)
