"""The workers' time is divided as drawn by hand, and none of it is lost."""

import random
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concbench.results.records import TaskSummary
from concbench.stats.timeline import Spans, Timeline, tasks_in_flight, timeline

AREAS = ("busy", "start_up", "dispatch", "tail", "shut_down")


def areas(line: Timeline) -> dict[str, object]:
    return {name: pytest.approx(getattr(line, name)) for name in AREAS}


def test_two_lanes_as_drawn() -> None:
    """ssTTTdTTTTT..x over sTTTTTTTTddddTTx, in seconds: the last task of all begins at 11 in the second lane."""
    spans = Spans([2, 6, 1, 11], [5, 11, 8, 13], [1, 1, 1, 1], [0, 0, 1, 1])
    line = timeline(spans, workers=2, makespan=14)
    assert areas(line) == {"busy": 3 + 5 + 7 + 2, "start_up": 2 + 1, "dispatch": 1 + 3, "tail": 2, "shut_down": 2}
    assert (line.cpu, line.total, line.peak, line.longest) == (4, 28, 2, 2)
    assert line.in_flight == pytest.approx(17 / 12)


def test_a_worker_that_never_got_a_task_was_being_started_until_the_last_was_handed_out() -> None:
    """It had nothing left to do after that."""
    line = timeline(Spans([1, 4], [4, 6], [0, 0], [7, 7]), workers=2, makespan=6)
    assert areas(line) == {"busy": 5, "start_up": 1 + 4, "dispatch": 0, "tail": 2, "shut_down": 0}


def test_workers_that_replace_one_another_share_a_lane() -> None:
    """There are two batches of two threads each in two lanes: the second waits for the slowest of the first."""
    spans = Spans([0, 0, 5, 5], [1, 5, 6, 6], [0] * 4, [0, 1, 2, 3])
    assert areas(timeline(spans, workers=2, makespan=6)) == {
        "busy": 8, "start_up": 0, "dispatch": 4, "tail": 0, "shut_down": 0,
    }  # fmt: skip


def test_with_a_worker_for_each_task_there_are_as_many_lanes_as_were_at_work_at_once() -> None:
    """Ten threads, one every second, run two seconds each: two lanes, which only wait for the next thread."""
    spans = Spans(list(range(10)), [begin + 1.5 for begin in range(10)], [0] * 10, list(range(10)))
    line = timeline(spans, workers=10, makespan=10.5, one_task_each=True)
    assert (line.workers, line.peak, line.dispatch) == (2, 2, 0)
    assert line.start_up == pytest.approx(21 - 15 - line.tail)


def test_kept_workers_are_not_started() -> None:
    """The time before their first tasks is dispatch."""
    line = timeline(Spans([1], [2], [0], [0]), workers=1, makespan=2, workers_kept=True)
    assert (line.start_up, line.dispatch) == (0, 1)


def test_queueing_counts_from_the_beginning_of_the_work() -> None:
    """The work may begin later than the pass."""
    line = timeline(Spans([2, 3, 4], [3, 4, 9], [0] * 3, [0] * 3), workers=1, makespan=9, submitted=2)
    assert line.queueing[0] == 1
    assert line.queueing[-1] == 2
    assert line.service[-1] == 5


def test_tasks_in_flight_are_counted_at_every_change() -> None:
    """If an end and a start coincide, the end comes first."""
    moments, counts = tasks_in_flight([0, 1, 2], [2, 3, 4])
    assert list(zip(moments.tolist(), counts.tolist(), strict=True)) == [
        (0, 1), (1, 2), (2, 1), (2, 2), (3, 1), (4, 0),
    ]  # fmt: skip


def test_nothing_has_no_timeline() -> None:
    with pytest.raises(ValueError, match="one task"):
        timeline(Spans([], [], [], []), workers=1, makespan=1)


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 6), st.integers(1, 40), st.randoms(use_true_random=False), st.booleans(), st.booleans())
def test_the_parts_are_the_whole(lanes: int, tasks: int, draw: random.Random, own: bool, kept: bool) -> None:
    """This holds for any schedule in which no lane has two tasks at once, whether or not workers are replaced."""
    free = [draw.random() for _ in range(lanes)]
    started, finished, worker = [], [], []
    for number in range(tasks):
        lane = min(range(lanes), key=free.__getitem__)
        begin = free[lane] + draw.random()
        end = begin + draw.random() * draw.choice([0.1, 10])
        free[lane] = end
        started.append(begin)
        finished.append(end)
        worker.append(lane if own else number)
    line = timeline(
        Spans(started, finished, [0.0] * tasks, worker), workers=lanes, makespan=max(finished) + 0.5, workers_kept=kept
    )
    assert sum(getattr(line, name) for name in AREAS) == pytest.approx(line.total)
    assert all(getattr(line, name) >= 0 for name in AREAS)
    assert 1 <= line.peak <= lanes


def test_what_is_kept_of_very_many_tasks_has_every_field() -> None:
    """The record in the results file and the computed summary agree."""
    assert [field.name for field in fields(TaskSummary)] == [field.name for field in fields(Timeline)]
