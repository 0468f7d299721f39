"""Figures as rows: flat, plain, one for each cell or sample, and equal to the figures elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_cells import COMPUTES, TURNS, of_seconds, of_tasks, table

from concbench import Run
from concbench.analysis.flat_rows import cell_rows, sample_rows
from concbench.analysis.table_analysis import analyse
from concbench.results.records import Outcome, RunRecord, Sample, Table
from concbench.traits import ELSEWHERE, Traits


def run_of(*tables: Table) -> Run:
    return Run(RunRecord("0.1.0", "2026-01-01T00:00:00+00:00", 1, False, {}, list(tables)))


FAILED = replace(of_seconds("threads", 1.0), samples=[], observed=None, outcome=Outcome("failed", "it burst"))
REMOTE = replace(of_seconds("thread-pool:4", 0.5), traits=Traits(where=ELSEWHERE))
RUN = run_of(
    table(COMPUTES, of_tasks("thread-pool:2", TURNS, workers=2), FAILED),
    table(of_seconds("sequential", 1.0), REMOTE, workload="other"),
)


def test_a_row_is_flat_and_plain_and_all_have_the_same_keys() -> None:
    """They are the rows of one table in any library, and can be written as JSON."""
    for rows in (RUN.rows(), RUN.rows("samples")):
        assert len({tuple(row) for row in rows}) == 1
        assert all(value is None or type(value) in {str, int, float, bool} for row in rows for value in row.values())
        assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_the_row_of_a_cell_has_its_figures() -> None:
    rows = {(row["workload"], row["runner"]): row for row in RUN.rows()}
    for analysis in RUN:
        for cell in analysis:
            row = rows[analysis.workload, cell.label]
            for name in ("variant", "workers", "seconds", "speedup", "low", "high", "verdict", "start_up", "cores",
                         "memory", "rounds", "in_fastest_group"):  # fmt: skip
                assert row[name] == getattr(cell, name)
            assert row["outcome"] == cell.outcome.kind
            assert row["reason"] == cell.outcome.reason
            shares = [value for name, value in row.items() if name.startswith("share_")]
            assert shares == (list(cell.shares.values()) if cell.shares else [None] * 9)
    assert rows["work", "thread-pool:2"]["share_contention"] == pytest.approx(0.5)
    assert rows["work", "threads"]["reason"] == "it burst"
    assert rows["other", "thread-pool:4"]["cores"] is None
    assert [row["table"] for row in RUN.rows()] == [0, 0, 0, 1, 1]


def test_there_is_a_row_for_every_sample_and_those_that_are_not_compared_say_so() -> None:
    """A task timed out in one of them and in no other."""
    baseline = of_seconds("sequential", 1.0, rounds=3)
    pool = of_seconds("thread-pool:2", 0.5, rounds=3)
    odd = replace(pool, samples=[*pool.samples[:2], Sample(0.1, 0.4, 0.5, 0.2, 2, 1, 2, {"timed out": 3}, 4)])
    rows: list[dict[str, Any]] = sample_rows([analyse(table(baseline, odd))])
    assert [(row["runner"], row["round"]) for row in rows] == [
        ("sequential", 0), ("sequential", 1), ("sequential", 2), ("thread-pool:2", 0), ("thread-pool:2", 1),
        ("thread-pool:2", 2),
    ]  # fmt: skip
    assert [row["compared"] for row in rows] == [True] * 5 + [False]
    assert rows[-1] == {
        "table": 0, "workload": "work", "runner": "thread-pool:2", "variant": "", "round": 2, "position": 1,
        "repeats": 2, "seconds": 0.5, "start": 0.1, "work": 0.4, "stop": 0.5, "cpu": 0.2, "failed": 3, "retries": 4,
        "compared": False,
    }  # fmt: skip
    assert [row["rounds"] for row in cell_rows([analyse(table(baseline, odd))])] == [3, 2]


def test_the_page_names_every_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "figures-in-code.md").read_text("utf-8")
    for rows in (RUN.rows(), RUN.rows("samples")):
        assert [name for name in rows[0] if f"`{name}`" not in page] == []


def test_what_is_typed_at_a_prompt_is_a_line() -> None:
    """It is not everything that was measured."""
    for shown in (repr(RUN), repr(RUN[0]), repr(RUN[0]["threads"]), repr(RUN[0]["thread-pool:2"])):
        assert len(shown) < 120
        assert "\n" not in shown


def test_a_share_by_another_name_is_answered_with_the_nearest() -> None:
    shares = RUN[0]["thread-pool:2"].shares
    assert shares is not None
    with pytest.raises(KeyError, match="did you mean 'start-up'"):
        shares["start_up"]


def test_a_cell_is_found_by_the_name_that_tables_show() -> None:
    cells = analyse(table(of_seconds("sequential", 1.0), of_seconds("thread-pool:2", 0.5)))
    assert cells["thread-pool(2)"] is cells["thread-pool:2"]
    assert (len(RUN), len(cells)) == (2, 2)
