"""Data sent with a function is named as a cost where it is one, under the runners that send it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_cells import COMPUTES, SUBPROCESSES, TASKS, Spans, of_seconds, of_tasks, plug_in, table

from concbench.advice.answer import answer
from concbench.advice.losses import findings_of
from concbench.advice.recommendation import recommend
from concbench.analysis.table_analysis import analyse
from concbench.report.section import section
from concbench.results.records import Cell, Outcome
from concbench.runners.look import Look

FACTS: dict[str, Any] = {
    "pickling_seconds": 1e-6, "item_bytes": 5.0, "result_bytes": 5.0,
    "function_bytes": 4e7, "function_seconds": 0.2, "function_holds": "the Model that predict is bound to",
}  # fmt: skip
SEQUENTIAL = of_seconds("sequential", 1.0)
POOL = of_seconds("process-pool:2", 1.4, 1.9, workers=2)
CHUNKS = replace(POOL, label="process-pool:workers=2,chunksize=2", settings={**POOL.settings, "chunksize": 2})


def said(*cells: Cell, **facts: Any) -> tuple[str, str]:
    """The answer, and the notes below the table."""
    analysis = analyse(table(SEQUENTIAL, *cells, facts={**FACTS, **facts}))
    return " ".join(map(str, answer(analysis))), " ".join(section(analysis).reading)


def test_the_cost_is_named_with_its_size_its_runners_and_how_often() -> None:
    """It is sent once for every chunk."""
    answered, noted = said(POOL, CHUNKS)
    assert "is costly under process-pool(2, spawn) and process-pool(2, chunksize=2, spawn)" in answered
    assert "sending the Model that predict is bound to (40.0 MB) takes 200 ms with every task" in answered
    assert "and a task takes 2" in answered
    assert "worker processes are sent the Model that predict is bound to: 40.0 MB in 200 ms, with every task" in noted
    assert (
        "40.0 MB in 200 ms, with every task under process-pool(2, spawn); with every chunk of 2 tasks under " in noted
    )


def test_what_is_made_again_by_every_copy_is_named() -> None:
    """It is named if it is large enough to explain why a pool gains nothing."""
    answered, _ = said(POOL, CHUNKS, function_bytes=60.0, function_seconds=3e-6, function_grown=4.6e6)
    assert "The Model that predict is bound to grew by 4.60 MB in the first pass" in answered
    assert "a new object arrives with every task and with every chunk of 2 tasks" in answered
    assert "costly" not in answered
    assert "grew" not in said(of_seconds("process-pool:2", 0.5, 1.9, workers=2), function_grown=4.6e6)[0]
    assert "grew" not in said(POOL, function_grown=50.0)[0]


@pytest.mark.parametrize(
    ("cells", "facts"),
    [
        ([of_seconds("thread-pool:2", 1.0)], {}),
        ([plug_in(POOL, "waves:2", replace(SUBPROCESSES, sends=False))], {}),
        ([plug_in(POOL, "waves:2", replace(SUBPROCESSES, sends=None))], {}),
        ([POOL], {"function_bytes": 60.0, "function_seconds": 3e-6}),
    ],
)
def test_nothing_is_said_of_what_is_inherited_or_small_or_not_known(cells: list[Cell], facts: dict[str, Any]) -> None:
    """Threads share the data, and forked processes inherit it."""
    answered, noted = said(*cells, **facts)
    assert "costly" not in answered
    assert "are sent" not in noted


def test_what_is_large_and_worth_it_is_a_note_and_no_finding() -> None:
    """A task of 250 ms is worth 10 ms of sending."""
    answered, noted = said(POOL, function_seconds=0.01)
    assert "costly" not in answered
    assert "40.0 MB in 10.0 ms, with every task" in noted


@pytest.mark.parametrize(
    "ended",
    [
        {"outcome": Outcome("inapplicable", "given up"), "warmup": POOL.samples[0]},
        {"outcome": Outcome("failed", "timed out after 9 s", cause="timeout")},
    ],
    ids=["given up", "timed out"],
)
def test_a_pool_that_ended_for_it_is_told_why(ended: dict[str, Any]) -> None:
    """The advice says it as well."""
    gone = replace(POOL, samples=[], observed=None, **ended)
    advice = recommend(analyse(table(SEQUENTIAL, of_seconds("thread-pool:2", 1.0), gone, facts=FACTS)), 4)
    assert advice is not None
    assert any("costly under process-pool(2, spawn): sending the Model" in str(reason) for reason in advice.reasons)


def test_where_the_time_went_names_what_is_sent_between_tasks_and_at_the_start() -> None:
    """It is named if it is a good part of that time."""
    gaps: Spans = [(place * 3.0, place * 3.0 + 1.0, 1.0, 0) for place in range(TASKS)]
    pool = of_tasks("process-pool:1", gaps, workers=1)
    late: Spans = [(20.0 + place, 21.0 + place, 1.0, place) for place in range(TASKS)]
    each = of_tasks("processes", late, workers=TASKS)
    for cell in (pool, each):
        analysis = analyse(table(COMPUTES, cell, facts={**FACTS, "function_seconds": 1.5}))
        words = " ".join(map(str, findings_of(analysis.cells[1], analysis)))
        assert "sending the Model that predict is bound to (40.0 MB) with each task takes 1.50 s" in words


def test_a_race_tries_larger_chunks_and_fewer_processes_where_much_is_sent_with_each() -> None:
    """With a chunk for each worker, the data is sent least often."""
    look = Look(tasks=32, seconds=0.1, computes=True, waits=False, awaitable=False, cores=2)
    assert look.chunks(2) == [1]
    carrying = replace(look, carrying=0.2)
    assert carrying.chunks(2) == [1, 16]
    assert carrying.processes() == [2]
    assert look.processes() == [2, 4]


def test_tasks_that_are_shorter_than_their_pickling_are_not_sent_one_by_one() -> None:
    """The parent alone would take longer than the whole work."""
    look = Look(1_000, 0.000_001, computes=True, waits=False, awaitable=False, cores=2, pickling=0.000_003)
    assert look.chunks(2) == [125]
    assert replace(look, pickling=0.000_001).chunks(2) == [1, 125]
