"""Whether a cluster pays, from how many items on, and what limits it: by known figures."""

from dataclasses import replace
from typing import Any

import pytest
from made_cells import REMOTE, of_seconds, plug_in, table

from concbench.advice.answer import answer
from concbench.advice.clusters import cluster_findings, ready_worker_notes
from concbench.analysis.clusters import clusters
from concbench.analysis.table_analysis import TableAnalysis, analyse
from concbench.results.records import Cell, ObservedPass, Sample

FIGURES = {
    "chunks": 100.0, "tasks_seconds": 20.0, "cpu_seconds": 20.0, "longest": 0.2, "sent": 1e4, "received": 1e4,
    "sending": 0.01, "first": 0.1,
}  # fmt: skip


def remote(seconds: float, *, around: float = 0.4, **figures: float) -> Cell:
    """A cluster of four workers that took `seconds`, of which connecting and leaving took `around`."""
    cell = plug_in(of_seconds("far:4", 1.0), "far:4", REMOTE)
    work = seconds - around
    samples = [Sample(around / 2, work, around / 2, None, number, number) for number in range(10)]
    observed = ObservedPass(around / 2, work, around / 2, None, [0.0], None, figures={**FIGURES, **figures})
    return replace(cell, samples=samples, observed=observed, interpreter={"provided": 1.25})


def with_initializer(far: Cell, seconds: float) -> Cell:
    assert far.observed is not None
    return replace(far, observed=replace(far.observed, initializer_calls=4, initializer_seconds=4 * seconds))


def analysed(far: Cell, here: float = 20.0, tasks: int = 100) -> TableAnalysis:
    return analyse(table(of_seconds("sequential", here, noise=0), far, tasks=tasks))


def test_where_two_lines_cross_it_begins_to_pay() -> None:
    """There are 1.1 s of fixed costs, and 0.055 s per item instead of 0.2."""
    (cluster,) = clusters(analysed(remote(6.6, around=1.0)))
    assert cluster.line.fixed == pytest.approx(1.1)
    assert cluster.line.per_item == pytest.approx(0.055)
    assert cluster.items == pytest.approx(1.1 / (0.2 - 0.055))
    assert cluster.times_as_fast == pytest.approx(20 / 6.6, rel=0.01)


def test_fewer_items_than_workers_take_as_long_as_one_task() -> None:
    """There are 0.5 s of fixed costs and a task takes 0.2 s, so three items are still too few."""
    (cluster,) = clusters(analysed(remote(6.0)))
    assert cluster.items == pytest.approx((0.5 + 0.2) / 0.2)


def test_it_must_beat_all_of_this_machine() -> None:
    """The best cell of this machine may be another one for few items than for many."""
    pool = of_seconds("thread-pool:2", 8.0, noise=0)
    found = analyse(table(of_seconds("sequential", 20.0, noise=0), pool, remote(6.0), tasks=100))
    (cluster,) = clusters(found)
    assert cluster.best.cell.name == "thread-pool(2)"
    assert cluster.items == pytest.approx(0.5 / (0.08 - 0.055))


PAYS = (
    "far(4) was 3.33x as fast as the best of this machine, sequential. By these figures it pays from about 4 items on: "
    "connecting and the first answer take 500 ms however many items there are, and an item takes 55.0 ms there and "
    "200 ms under sequential."
)
TOO_LITTLE = (
    "far(4) was 0.10x as fast as the best of this machine, sequential. The work was too short to say from how many "
    "items on it pays."
)
NEVER = (
    "far(4) was 0.67x as fast as the best of this machine, sequential. By these figures no number of items makes it "
)


@pytest.mark.parametrize(
    ("far", "here", "says"),
    [(remote(6.0), 20.0, PAYS), (remote(30.0), 20.0, NEVER), (remote(0.5), 0.05, TOO_LITTLE)],
    ids=["pays", "never", "too little"],
)
def test_the_answer_says_so(far: Cell, here: float, says: str) -> None:
    assert any(found.sentence.startswith(says) for found in answer(analysed(far, here)))


def test_what_is_paid_before_is_named() -> None:
    """The initializer is named if there is one; with kept workers and connections, only the first answer is."""
    both = of_seconds("sequential", 20.0, noise=0), remote(6.0)
    (pays, _) = cluster_findings(analyse(table(*both, tasks=100, settings={"initializer": "app:load"})))
    assert "connecting, the initializer and the first answer take 500 ms" in pays.sentence
    kept = analyse(table(*both, tasks=100, warm=True))
    assert ": the first answer takes" in cluster_findings(kept)[0].sentence
    assert "connecting" not in ready_worker_notes(kept)[0]


def test_the_costs_are_those_of_the_one_that_is_overtaken_last() -> None:
    """It need not be the fastest for the measured number of items."""
    slow_to_start = of_seconds("process-pool:2", 6.5, noise=0)
    samples = [replace(sample, start=5.0, work=sample.work - 5.0) for sample in slow_to_start.samples]
    quick = of_seconds("thread-pool:2", 6.2, noise=0)
    found = analyse(table(quick, replace(slow_to_start, samples=samples), remote(6.0), tasks=100))
    (pays, _) = cluster_findings(found)
    assert "the best of this machine, thread-pool(2)." in pays.sentence
    assert "no number of items makes it pay" in pays.sentence
    assert "55.0 ms there and 15.0 ms under process-pool(2, " in pays.sentence


@pytest.mark.parametrize(
    ("far", "says"),
    [
        (remote(6.0), "its workers ran tasks for 83 % of the time, so more workers would help"),
        (remote(9.0, around=8.0, tasks_seconds=1.0), "connecting and leaving took 8.00 s of 9.00 s"),
        (
            with_initializer(remote(6.0, tasks_seconds=4.0), 4.0),
            "the initializer took 4.00 s of 6.00 s in each worker; with more",
        ),
        (remote(6.0, longest=5.0, tasks_seconds=6.0), "the longest task took 5.00 s of 6.00 s"),
        (remote(6.0, tasks_seconds=1.0, sent=5e8), "500 MB were transferred; send the names"),
        (
            remote(6.0, tasks_seconds=0.4, chunks=3000.0),
            "a chunk of tasks took 133 us, and handing it over 1.80 ms; make",
        ),
        (
            remote(6.0, tasks_seconds=4.0, longest=0.1),
            "handing over 100 chunks took the scheduler 4.60 s in addition to their tasks",
        ),
    ],
    ids=["workers", "connecting", "initializer", "longest", "bytes", "short", "rate"],
)
def test_what_takes_most_of_the_time_limits_it(far: Cell, says: str) -> None:
    (_, limited) = cluster_findings(analysed(far))
    assert limited.sentence.startswith(f"What limits far(4): {says}")


def test_of_a_cell_that_was_not_observed_the_limit_is_not_known() -> None:
    """The costs of the first answer are not known either; the rest is."""
    far = replace(remote(6.0), observed=None)
    (only,) = cluster_findings(analysed(far))
    assert only.figures["fixed_seconds"] == pytest.approx(0.4)


def test_that_workers_were_there_before_is_said_below_the_table() -> None:
    (line,) = ready_worker_notes(analysed(remote(6.0)))
    assert line.startswith("far(4): its workers were ready before the clock started (made ready in 1.25 s);")


def test_workers_of_others_are_not_new_for_each_execution() -> None:
    """The table says so of everything else that was measured with --fresh."""
    both = of_seconds("sequential", 20.0, noise=0), remote(6.0)
    assert ready_worker_notes(analyse(table(*both, fresh=True)))[0].endswith(" were paid before.")


@pytest.mark.parametrize("changes", [{"interpreter": {}}, {"samples": []}])
def test_without_workers_from_before_or_without_times_nothing_is_said(changes: dict[str, Any]) -> None:
    assert cluster_findings(analysed(replace(remote(6.0), **changes))) == []


def test_cores_are_what_workers_elsewhere_tell() -> None:
    """The cores are blank if the workers report nothing."""
    assert analysed(remote(10.0)).cells[1].cores == pytest.approx(2.0)
    silent = replace(remote(10.0), observed=ObservedPass(0.0, 10.0, 0.0, 1.0, [0.0], None))
    assert analysed(silent).cells[1].cores is None
