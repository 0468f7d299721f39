"""The noise of a table, for the stop rules and for its analysis: both must see the same intervals."""

from __future__ import annotations

from collections.abc import Collection

from concbench.analysis.cell_analysis import by_round
from concbench.results.records import Cell, CellId
from concbench.stats.noise import Noise
from concbench.traits import CALLER, INTERPRETERS, LOOP, THREADS

_ONE_PROCESS = {CALLER, THREADS, LOOP, INTERPRETERS}
"""Places in the measuring process itself."""


def noise_of(cells: Collection[Cell]) -> Noise[CellId]:
    """Return the noise of a table; cells of one variant whose tasks run in one kind of place are a group.

    The places are: the measuring process, other processes of this machine, other machines, and unknown ones.

    Args:
        cells: all cells of the table, also those that ended early, with only the samples that can be compared.
    """
    return Noise(
        {cell.id: by_round(cell.samples) for cell in cells},
        {cell.id: (cell.variant, _place(cell.traits.where)) for cell in cells},
    )


def _place(where: str | None) -> str | None:
    return CALLER if where in _ONE_PROCESS else where
