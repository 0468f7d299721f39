"""Unpickling the workload and the runner of a cell in its measuring process."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from concbench.workloads.base import lacking

_OURS = "concbench.runners."


class _Unpacking(pickle.Unpickler):
    """Distinguishes a built-in runner whose package is missing from a function that cannot be imported."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except ModuleNotFoundError as error:
            if module.startswith(_OURS) and error.name:
                raise lacking("it", error.name) from None
            raise


def unpacked(path: Path) -> Any:
    """Return the workload and the runner of a cell.

    Raises:
        Lacking: the runner needs a package that this interpreter does not have; the message says how to install it.
    """
    with path.open("rb") as file:
        return _Unpacking(file).load()
