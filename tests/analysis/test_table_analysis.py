"""Figures of a table: the pairs that are compared, and how figures are found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_cells import COMPUTES, TASKS, TURNS, Spans, of_rounds, of_seconds, of_tasks, table

from concbench.analysis.table_analysis import analyse
from concbench.analysis.time_shares import LOSSES, PARTS, time_shares, timeline_of
from concbench.results.records import Cell, CellId, Outcome

SEQUENTIAL = of_seconds("sequential", 1.0)


def test_a_cell_is_found_by_its_label_and_by_its_identity() -> None:
    """A variant is a part of the written name; an unknown label names the nearest."""
    pool = of_seconds("thread-pool:2", 0.5)
    other = replace(pool, variant="3.14t")
    analysis = analyse(table(SEQUENTIAL, pool, other))
    assert analysis["thread-pool:2"].record is pool
    assert analysis[CellId("thread-pool:2", "3.14t")] is analysis["thread-pool:2 (3.14t)"]
    assert analysis["thread-pool:2 (3.14t)"].variant == "3.14t"
    assert {cell.name for cell in analysis} == {"sequential", "thread-pool(2)", "thread-pool(2, 3.14t)"}
    assert "thread-pool:2" in analysis
    assert pool.id in analysis
    assert "threads" not in analysis
    with pytest.raises(KeyError, match="did you mean 'thread-pool:2'"):
        analysis["thread-pol:2"]


@pytest.mark.parametrize(("cpu", "expected"), [(0.0, 1.0), (0.5, 0.0)], ids=["it waits", "it computes"])
def test_an_initializer_is_no_part_of_what_the_work_is_like(cpu: float, expected: float) -> None:
    """It takes half a second of a second: waiting for a connection does not make the work wait."""
    cell = of_seconds("sequential", 1.0, cores=0.5)
    assert cell.observed is not None
    paid = replace(
        cell,
        samples=[replace(sample, initializer=0.5, initializer_cpu=cpu) for sample in cell.samples],
        observed=replace(cell.observed, initializer_calls=1, initializer_seconds=0.5),
    )
    seen = analyse(table(paid))
    assert seen.cores_of_the_work == pytest.approx(expected)
    assert seen.baseline.cores == 0.5


def test_the_baseline_is_as_fast_as_itself_and_nothing_is_claimed_of_it() -> None:
    analysis = analyse(table(SEQUENTIAL, of_seconds("thread-pool:2", 0.5)))
    baseline, pool = analysis
    assert baseline is analysis.baseline
    assert (baseline.speedup, baseline.low, baseline.high, baseline.verdict) == (1.0, None, None, "")
    assert pool.speedup == pytest.approx(2.0, rel=0.02)
    assert pool.speedup is not None
    assert pool.low is not None
    assert pool.high is not None
    assert pool.low < pool.speedup < pool.high
    assert pool.verdict == "faster"


def test_the_fastest_is_one_of_the_fastest_group() -> None:
    """It is the one with the least time; without intervals there is none."""
    pools = [of_seconds("thread-pool:2", 0.5005), of_seconds("thread-pool:4", 0.5), of_seconds("thread-pool:8", 0.7)]
    analysis = analyse(table(SEQUENTIAL, *pools))
    assert [cell.label for cell in analysis.fastest_group] == ["thread-pool:2", "thread-pool:4"]
    assert analysis.fastest is min(analysis.fastest_group, key=lambda cell: cell.seconds or 0.0)
    few = analyse(table(of_seconds("sequential", 1.0, rounds=2), of_seconds("threads", 0.5, rounds=2)))
    assert few.fastest is None
    assert few.fastest_group == []
    assert few["threads"].speedup == pytest.approx(2.0, rel=0.05)
    assert few["threads"].low is None


def test_what_is_proved_to_be_slower_is_not_the_fastest() -> None:
    """Its median is the least, but in rounds in which the baseline took no part."""
    baseline = of_rounds("sequential", dict.fromkeys(range(10), 1.0))
    slow = of_rounds("threads", {**dict.fromkeys(range(3), 1.3), **dict.fromkeys(range(20, 30), 0.1)})
    fast = of_rounds("thread-pool:4", {number: 0.8 + number / 1_000 for number in range(10)})
    analysis = analyse(table(baseline, slow, fast))
    assert analysis["threads"].verdict == "slower"
    assert analysis.fastest is analysis["thread-pool:4"]
    assert analysis.fastest_group == [analysis.fastest]


def test_cells_that_failed_after_a_round_still_count_as_comparisons() -> None:
    """A table that was announced with more cells has wider intervals, whatever became of the cells."""
    pool = of_seconds("process-pool:2", 0.5, 1.9)
    failed = [replace(of_seconds(f"thread-pool:{n}", 1.0), outcome=Outcome("failed", "burst")) for n in range(1, 10)]
    alone = analyse(table(SEQUENTIAL, pool)).cells[1].interval
    among = analyse(table(SEQUENTIAL, pool, *failed)).cells[1].interval
    assert alone is not None
    assert among is not None
    assert among.half_width > 1.2 * alone.half_width


def test_a_table_without_its_baseline_can_be_asked_for_the_others() -> None:
    """The run was interrupted before the baseline began."""
    pool = of_seconds("thread-pool:2", 0.5)
    analysis = analyse(replace(table(SEQUENTIAL, pool), cells=[pool]))
    assert analysis.baseline.label == "sequential"
    assert analysis.baseline.seconds is None
    assert [cell.label for cell in analysis] == ["thread-pool:2"]
    assert analysis["thread-pool:2"].speedup is None


@pytest.mark.parametrize(
    "other",
    [
        of_tasks("thread-pool:2", TURNS, workers=2),
        of_tasks("thread-pool:2", TURNS, workers=2, makespan=20.0),
        of_tasks("threads", [(float(place), place + 0.5, 0.1, place) for place in range(TASKS)], workers=8),
        COMPUTES,
    ],
)
def test_the_shares_add_up_to_one(other: Cell) -> None:
    """They are in the order in which they are shown, with unexplained among them."""
    own, base = timeline_of(other, warm=False), timeline_of(COMPUTES, warm=False)
    assert own is not None
    assert base is not None
    shares = time_shares(own, base)
    assert tuple(shares) == PARTS
    assert set(LOSSES) < set(PARTS)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["unexplained"] == pytest.approx(0.0, abs=1e-9)


def test_the_cost_of_recording_is_nobodys_loss() -> None:
    """It is taken off dispatch and stays unexplained; if it is more than the tasks, there are no shares."""
    spans: Spans = [(place * 1.5, place * 1.5 + 1.0, 1.0, 0) for place in range(TASKS)]
    slow = of_tasks("process-pool:1", spans, workers=1)
    assert slow.observed
    shares, hidden = (
        analyse(table(COMPUTES, replace(slow, observed=replace(slow.observed, observing=cost)))).cells[1].shares
        for cost in (0.5, 1.5)
    )
    assert shares is not None
    assert shares["dispatch"] == 0
    assert shares["unexplained"] == pytest.approx(7 * 0.5 / 11.5)
    assert hidden is None


def test_a_baseline_that_overlaps_tasks_explains_nothing() -> None:
    """Its waiting is not the waiting of the work."""
    threads = of_tasks("thread-pool:2", TURNS, workers=2)
    cell = analyse(table(threads, of_tasks("process-pool:2", TURNS, workers=2))).cells[1]
    assert cell.shares is None
    assert cell.limits is None
