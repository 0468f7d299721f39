"""The noise of a table: which cells have it in common."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_cells import COROUTINES, IN_INTERPRETERS, REMOTE, SUBPROCESSES, UNDECLARED, UNKNOWN, of_rounds, plug_in, table

from concbench.analysis.noise import noise_of
from concbench.analysis.table_analysis import analyse
from concbench.results.records import Outcome

BASELINE = of_rounds("sequential", {0: 1.0, 1: 1.01, 2: 0.99})
THREADS = of_rounds("threads", {0: 0.5, 1: 0.52, 2: 0.51})
POOL = of_rounds("thread-pool:2", {0: 0.6, 1: 0.61, 2: 0.62})


def test_cells_are_grouped_by_where_their_tasks_run_and_by_their_variant() -> None:
    """Groups do not depend on times, or runs with other times would not be comparable."""
    places = {
        "coroutines": COROUTINES,
        "interpreters": IN_INTERPRETERS,
        "processes": SUBPROCESSES,
        "remote": REMOTE,
        "unknown": UNKNOWN,
        "undeclared": UNDECLARED,
    }
    cells = [BASELINE, THREADS, *(plug_in(POOL, name, traits) for name, traits in places.items())]
    groups = {cell.label: group for cell, group in noise_of(cells).groups.items()}
    here = groups["sequential"]
    assert [name for name, group in groups.items() if group == here] == [
        "sequential", "threads", "coroutines", "interpreters",
    ]  # fmt: skip
    assert len(set(groups.values())) == 5
    elsewhere = replace(THREADS, variant="3.14t")
    assert noise_of([THREADS, elsewhere]).groups[elsewhere.id] != noise_of([THREADS]).groups[THREADS.id]


def test_a_cell_that_ended_early_still_shows_what_noise_there_is() -> None:
    """Otherwise intervals would depend on which cells failed."""
    failed = replace(POOL, outcome=Outcome("failed", "burst"))
    one, other = noise_of([BASELINE, THREADS, POOL]), noise_of([BASELINE, THREADS, failed])
    assert one.prior(BASELINE.id, THREADS.id) == other.prior(BASELINE.id, THREADS.id)
    assert one.prior(BASELINE.id, THREADS.id).freedom == 1


def test_with_another_cell_like_it_three_rounds_of_a_cell_say_more() -> None:
    """The level is that of the same number of comparisons in both tables."""
    apart = plug_in(POOL, "remote", REMOTE)
    among, alone = (analyse(table(BASELINE, THREADS, other))["threads"].interval for other in (POOL, apart))
    assert among is not None
    assert alone is not None
    assert among.half_width < 0.6 * alone.half_width
    assert among.centre == pytest.approx(alone.centre)
