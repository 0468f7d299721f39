"""Pairs of cells: which of them are far behind."""

from __future__ import annotations

import numpy as np

from concbench.analysis.pairs import far_behind
from concbench.results.records import CellId
from concbench.stats.noise import Noise

LEADER, CELL = CellId("threads"), CellId("processes")
NOISE = Noise[CellId]()
FALLING = [float(one) for one in np.geomspace(8.0, 3.0, 10)]
"""Seconds that fall from round to round, as they do under a compiler that warms up."""


def by_round(*seconds: float) -> dict[int, float]:
    return dict(enumerate(seconds))


def steady(mean: float, rounds: int = 5) -> dict[int, float]:
    return by_round(*(mean * (1 + 0.01 * (-1) ** number) for number in range(rounds)))


def test_a_cell_is_far_behind_once_it_is_proved_to_take_twice_as_long() -> None:
    """Neither the leader nor a cell that took less than twice as long is."""
    seconds = {LEADER: by_round(1.0, 1.01, 0.99, 1.0, 1.0), CELL: steady(2.4), CellId("threads:2"): steady(1.9)}
    assert far_behind(seconds, 0.01, NOISE) == {CELL}


def test_a_wide_interval_proves_nothing() -> None:
    """The medians differ by a factor of three, but the times of the cell by more."""
    assert far_behind({LEADER: steady(1.0), CELL: by_round(0.9, 3.0, 9.0)}, 0.01, NOISE) == set()
    assert far_behind({LEADER: steady(1.0), CELL: by_round(3.0, 3.0)}, 0.01, NOISE) == set()
    assert far_behind({}, 0.01, NOISE) == set()


def test_cells_are_far_behind_the_fastest_of_their_own_variant() -> None:
    """The fastest under each interpreter is asked for."""
    elsewhere = CellId("processes", "3.14t")
    seconds = {LEADER: steady(1.0), CELL: steady(4.0), elsewhere: steady(4.2)}
    assert far_behind(seconds, 0.01, NOISE) == {CELL}
    assert far_behind({**seconds, CellId("threads", "3.14t"): steady(0.5)}, 0.01, NOISE) == {CELL, elsewhere}


def test_what_still_trends_is_not_far_behind() -> None:
    """The same times in another order are."""
    leader = by_round(*(1 + 0.001 * (-1) ** number for number in range(10)))
    mixed = [FALLING[place] for place in (0, 9, 1, 8, 2, 7, 3, 6, 4, 5)]
    assert far_behind({LEADER: leader, CELL: by_round(*mixed)}, 0.05, NOISE) == {CELL}
    assert far_behind({LEADER: leader, CELL: by_round(*FALLING)}, 0.05, NOISE) == set()
