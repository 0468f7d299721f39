"""Unpickling the workload and the runner of a cell in its measuring process."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from concbench.workloads.base import missing_package

_RUNNER_PACKAGE = "concbench.runners."


class _CellUnpickler(pickle.Unpickler):
    """Distinguishes a built-in runner whose package is missing from a function that cannot be imported."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except ModuleNotFoundError as error:
            if module.startswith(_RUNNER_PACKAGE) and error.name:
                raise missing_package("it", error.name) from None
            raise


def unpickle_cell(path: Path) -> Any:
    """Return the workload and the runner of a cell.

    Raises:
        Lacking: the runner needs a package that this interpreter does not have; the message says how to install it.
    """
    with path.open("rb") as file:
        return _CellUnpickler(file).load()
