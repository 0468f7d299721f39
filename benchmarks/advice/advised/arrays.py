"""Functions over numpy arrays."""

from __future__ import annotations

import numpy as np

_matrix = np.random.default_rng(1).random((450, 450))


def sort(item: int) -> float:
    """Releases the GIL: sorts many numbers."""
    return float(np.sort(np.random.default_rng(item).random(250_000))[1_000])


def multiply(item: int) -> float:
    """Matrices: the library has threads of its own for every core."""
    product = _matrix
    for _ in range(4):
        product = product @ _matrix / 225
    return round(float(product[item, item]), 6)
