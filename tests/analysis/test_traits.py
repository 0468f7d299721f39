"""Every figure of a runner follows from its traits and not from its name; any other figure is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_cells import (
    COMPUTES,
    COROUTINES,
    IN_INTERPRETERS,
    OF_SEVERAL_THREADS,
    POOL,
    REMOTE,
    SUBPROCESSES,
    TASKS,
    TURNS,
    UNDECLARED,
    UNKNOWN,
    WAITS,
    Spans,
    of_tasks,
    plug_in,
    table,
)

from concbench.analysis.break_even import break_even, first_break_even
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import analyse
from concbench.results.records import Cell, Table
from concbench.traits import PLACES, Traits

OF_A_SERVER = replace(SUBPROCESSES, reaped=False)
UNREAPED = replace(SUBPROCESSES, reaped=None)
ALL = [
    POOL, SUBPROCESSES, OF_A_SERVER, UNREAPED, IN_INTERPRETERS, OF_SEVERAL_THREADS, COROUTINES, REMOTE, UNDECLARED,
    UNKNOWN,
]  # fmt: skip


def seen(
    traits: Traits,
    *,
    spans: Spans = TURNS,
    baseline: Cell = COMPUTES,
    workers: int = 2,
    warm: bool = False,
    cpu: float = 12.0,
    ticks: float | None = 11.0,
    gil: bool = True,
    shrink: float = 1.0,
) -> CellAnalysis:
    """The figures of a runner with these traits, whose pass of 8 s used this CPU time."""
    made = plug_in(of_tasks("thread-pool:2", spans, workers=workers, gil=gil), "waves:2", traits)
    assert made.observed is not None
    observed = replace(made.observed, cpu=cpu * shrink, tree_cpu=ticks if ticks is None else ticks * shrink,
                       work=made.observed.work * shrink, memory=10**8, page_faults=100)  # fmt: skip
    return analyse(table(baseline, replace(made, observed=observed), warm=warm))["waves:2"]


@pytest.mark.parametrize(
    ("traits", "warm", "account"),
    [
        (POOL, False, 12.0),
        (POOL, True, 12.0),
        (COROUTINES, False, 12.0),
        (IN_INTERPRETERS, True, 12.0),
        (SUBPROCESSES, False, 12.0),
        (SUBPROCESSES, True, 11.0),
        (OF_A_SERVER, False, 11.0),
        (OF_SEVERAL_THREADS, False, 12.0),
        (UNREAPED, False, 12.0),
        (UNDECLARED, False, 12.0),
        (REMOTE, False, None),
    ],
)
def test_cores_are_read_from_the_account_in_which_the_work_is(
    traits: Traits, warm: bool, account: float | None
) -> None:
    """It is in our account, or counted from outside; of unknown workers, the larger count; of remote ones, neither."""
    assert seen(traits, warm=warm).cores == (None if account is None else account / 8.0)


@pytest.mark.parametrize("traits", [UNREAPED, UNDECLARED, UNKNOWN])
def test_of_workers_that_may_not_be_ours_no_part_is_taken_for_the_whole(traits: Traits) -> None:
    """The count from outside is larger, cannot be read, or is too short for ticks."""
    assert seen(traits, cpu=1.0).cores == 11.0 / 8
    assert seen(traits, ticks=None).cores is None
    assert seen(traits, shrink=0.001).cores is None
    assert seen(POOL, shrink=0.001).cores == pytest.approx(1.5)


@pytest.mark.parametrize("traits", ALL)
def test_nothing_is_known_of_what_runs_where_nobody_can_look(traits: Traits) -> None:
    """Its clocks, its memory and its CPU time are not ours."""
    cell = seen(traits)
    for figure in (cell.start_up, cell.start_up_share, cell.cores, cell.memory, cell.cpu, cell.timeline):
        assert (figure is None) is (traits is REMOTE)
    assert cell.seconds is not None
    assert cell.speedup == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("traits", "gil", "cpu", "most"),
    [
        (POOL, True, 8.0, 1.0),
        (POOL, True, 12.0, 2.0),
        (POOL, False, 8.0, 2.0),
        (COROUTINES, True, 8.0, 1.0),
        (IN_INTERPRETERS, True, 8.0, 2.0),
        (SUBPROCESSES, True, 8.0, 2.0),
        (OF_SEVERAL_THREADS, True, 8.0, None),
        (replace(POOL, shares_interpreter=None), True, 8.0, None),
        (REMOTE, True, 8.0, None),
        (UNDECLARED, True, 8.0, None),
        (UNKNOWN, True, 8.0, None),
    ],
)
def test_one_core_is_the_limit_of_those_who_share_a_gil(
    traits: Traits, gil: bool, cpu: float, most: float | None
) -> None:
    """It is 1 if the GIL was not released, all with an interpreter for each task, and unknown without a declaration."""
    limits = seen(traits, gil=gil, cpu=cpu).limits
    assert (limits and limits.here) == most


def test_the_order_of_tasks_limits_those_that_take_them_in_order() -> None:
    """Batches wait for their longest task, pools do not; without a declaration, only the bound for any order holds."""
    lengths = [3.0, 1.0, 1.0, 3.0]
    starts = [0.0, 3.0, 4.0, 5.0]
    baseline = of_tasks("sequential", [(start, start + length, 0.0, 0) for start, length in zip(starts, lengths)])  # noqa: B905
    for changes, here, reordered in (
        ({}, 8 / 5, 2.0),
        ({"barriers": True, "worker_per_task": True}, 8 / 6, 2.0),
        ({"worker_per_task": True}, 2.0, 2.0),
        ({"worker_per_task": None}, 2.0, 2.0),
    ):
        limits = seen(replace(POOL, **changes), baseline=baseline).limits
        assert limits is not None
        assert (limits.here, limits.reordered) == (here, reordered)


def test_a_worker_for_each_task_is_started_and_a_pool_hands_out() -> None:
    """The same tasks with a gap before each: the time between them is starting or dispatch."""
    spans: Spans = [(float(place), place + 0.5, 0.5, place) for place in range(TASKS)]
    each = seen(replace(POOL, worker_per_task=True), spans=spans, workers=TASKS).shares
    batch = seen(replace(POOL, worker_per_task=True, barriers=True), spans=spans, workers=1).shares
    assert each is not None
    assert batch is not None
    assert each["start-up"] > 0.4 > each["dispatch"]
    assert batch["dispatch"] > 0.4 > batch["start-up"]


def test_workers_that_are_kept_are_not_started() -> None:
    """They are if the runner starts them as it goes."""
    late: Spans = [(start + 4.0, end + 4.0, cpu, worker) for start, end, cpu, worker in TURNS]
    pool, batches = (
        seen(traits, spans=late, warm=True).shares
        for traits in (POOL, replace(POOL, worker_per_task=True, barriers=True))
    )
    assert pool is not None
    assert batches is not None
    assert pool["start-up"] == 0 < pool["dispatch"]
    assert batches["start-up"] > 0 == batches["dispatch"]


@pytest.mark.parametrize(
    "traits", [UNDECLARED, UNKNOWN, REMOTE, replace(POOL, barriers=None), replace(POOL, worker_per_task=None)]
)
def test_where_it_is_not_said_when_workers_begin_there_are_no_shares(traits: Traits) -> None:
    """There is nothing at all if the baseline does not declare its traits."""
    assert seen(traits).shares is None
    assert seen(POOL).shares is not None
    vague = plug_in(COMPUTES, "waves", traits)
    assert traits.where in PLACES[:-1] or seen(POOL, baseline=vague).shares is None
    assert traits.where in PLACES[:-1] or seen(POOL, baseline=vague).limits is None


def rows(baseline: Cell, traits: Traits) -> Table:
    """A runner with these traits that took half as long again as sequential, because it was late."""
    spans: Spans = [(place // 2 + 8.0, place // 2 + 9.0, cpu, place % 2) for place, (_, _, cpu, _) in enumerate(TURNS)]
    return table(baseline, plug_in(of_tasks("thread-pool:2", spans, workers=2), "waves:2", traits), tasks=TASKS)


@pytest.mark.parametrize(("length", "able"), [(1.995, False), (1.5, True)])
def test_a_gain_that_may_be_noise_does_not_grow_with_the_tasks(length: float, able: bool) -> None:
    """Two threads that queue for one resource take as long as one, however long a task takes."""
    spans: Spans = [
        (place // 2 * length + 0.02, (place // 2 + 1) * length + 0.02, 0.0, place % 2) for place in range(TASKS)
    ]
    seen = analyse(table(WAITS, of_tasks("thread-pool:2", spans, workers=2), tasks=TASKS))
    assert (first_break_even(seen) is not None) is able


@pytest.mark.parametrize("traits", ALL)
def test_who_may_be_worth_it_for_longer_tasks_follows_from_the_traits(traits: Traits) -> None:
    """They have interpreters of their own if the work computes, and share one if it waits."""
    own = traits in (SUBPROCESSES, OF_A_SERVER, UNREAPED, IN_INTERPRETERS)
    shared = traits in (POOL, COROUTINES)
    for baseline, able in ((COMPUTES, own), (WAITS, shared)):
        assert (first_break_even(analyse(rows(baseline, traits))) is not None) is able
    analysis = analyse(rows(COMPUTES, traits))
    described = own or shared or traits is OF_SEVERAL_THREADS
    assert (break_even(analysis, analysis.cells[1]) is not None) is described


def test_page_faults_are_told_only_where_those_of_all_workers_are_counted() -> None:
    assert seen(POOL).page_faults == seen(SUBPROCESSES).page_faults == 100
    for traits in (OF_A_SERVER, UNREAPED, REMOTE, UNDECLARED):
        assert seen(traits).page_faults is None
    assert seen(SUBPROCESSES, warm=True).page_faults is None
