"""A user's work with numpy: arrays as items, and arrays as results. Imported like `objects.py`."""

import numpy as np
from numpy.typing import NDArray

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from typing import Any


def signals() -> list[NDArray[np.float64]]:
    """Items of `smooth`: two megabytes each."""
    return [np.linspace(first, first + 100, 262_144) for first in range(12)]


def smooth(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an array as large as that of the item."""
    waves = np.sin(signal)
    sums = np.cumsum(waves)
    return (np.roll(sums, -8) - sums) / 8


def send(sender: "Connection", function: "Callable[[Any], Any]", item: "Any") -> None:
    """Be a process for one item, in a program written by hand."""
    sender.send(function(item))
    sender.close()
