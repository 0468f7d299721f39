"""A quota that held workers back, and memory that holds no more of them, are reported if they are the limit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made_cells import COMPUTES, TURNS, of_seconds, of_tasks, table

from concbench import load, measure
from concbench.advice.answer import answer
from concbench.advice.losses import limit_reached
from concbench.advice.recommendation import recommend
from concbench.analysis.costs import usable_cores
from concbench.analysis.table_analysis import analyse
from concbench.report.breakdown import breakdown
from concbench.report.section import section
from concbench.results.records import Cell, Outcome, Table
from concbench.testing import SimulatedHosts
from concbench.workloads.primes import Primes

MB = 1_000_000
SEQUENTIAL = of_seconds("sequential", 1.0)


def words(made: Table) -> str:
    return " ".join(map(str, answer(analyse(made))))


def held(cell: Cell, *seconds: float | None, quota: float | None = 1.5) -> Cell:
    """The same cell with a quota that kept its first samples from running for these seconds."""
    samples = [replace(one, throttled=took) for one, took in zip(cell.samples, seconds, strict=False)]
    interpreter = {**cell.interpreter, "quota": quota, "allowed": 2}
    return replace(cell, samples=samples + cell.samples[len(samples) :], interpreter=interpreter)


def test_a_quota_that_held_workers_back_flags_the_table_and_is_in_the_answer_and_in_the_advice() -> None:
    """The number of rounds is given; the little that a quota takes from a sample now and then is not mentioned."""
    pool = held(of_seconds("process-pool:2", 0.7, 1.4, workers=2), 0.3, 0.3, 0.3, 0.001)
    analysis = analyse(table(SEQUENTIAL, pool))
    says = "The quota of 1.5 cores held back process-pool(2, spawn) in 3 of 10 rounds"
    assert says in words(table(SEQUENTIAL, pool))
    assert "The quota of 1.5 cores held back process-pool(2, spawn)." in section(analysis).brief
    advice = recommend(analysis, 4)
    assert advice is not None
    assert any(says in str(reason) for reason in advice.reasons)
    assert analysis["process-pool:2"].throttled_rounds == 3


@pytest.mark.parametrize("seconds", [None, 0.0, 0.001])
def test_a_quota_that_held_nobody_back_is_not_mentioned(seconds: float | None) -> None:
    """An unknown quota is not mentioned either."""
    made = table(SEQUENTIAL, held(of_seconds("process-pool:2", 0.7, workers=2), *[seconds] * 10))
    assert "quota" not in words(made)
    assert not section(analyse(made)).loaded


def test_why_names_the_quota_and_counts_its_cores() -> None:
    """A quota of 1.5 cores allows a speed-up of 1.5, whatever it is rounded to."""
    pool = held(of_tasks("process-pool:2", TURNS, workers=2, cores=1), 1.0, 1.0, 0.0)
    analysis = analyse(table(replace(COMPUTES, interpreter={"cores": 1, "quota": 1.5, "allowed": 2}), pool))
    (bar,) = [bar for bar in breakdown(analysis).bars if bar.name.startswith("process-pool")]
    findings = " ".join(map(str, bar.findings))
    assert "The quota of 1.5 cores held it back in 2 of 3 rounds." in findings
    assert "took turns on 1.5 cores (a quota, in 2 of 3 rounds), so that at most 75 % of their time" in findings
    assert str(limit_reached(analysis.cells[1])) == "1.00x of the 1.50x that 1.5 cores allow."


@pytest.mark.parametrize(
    ("interpreter", "cores"),
    [
        ({"cores": 1, "quota": 1.5, "allowed": 4}, 1.5),
        ({"cores": 2, "quota": 2.5, "allowed": 2}, 2),
        ({"cores": 1, "quota": 1.9, "allowed": 1}, 1),
        ({"cores": 2, "quota": 3.0, "allowed": 2}, 2),
        ({"cores": 1, "quota": 0.5, "allowed": 4}, 0.5),
        ({"cores": 4, "quota": None, "allowed": 4}, 4),
        ({"cores": 2, "quota": 2.5}, 2),
        ({"cores": 2}, 2),
        ({}, None),
    ],
)
def test_a_quota_counts_no_more_than_the_cores_that_are_allowed(
    interpreter: dict[str, float | None], cores: float | None
) -> None:
    """The cores do not count for more than the quota."""
    assert usable_cores(replace(COMPUTES, interpreter=interpreter)) == cores


class _Held(SimulatedHosts):
    """Hosts with a quota that keeps every second sample from running for half a second."""

    def __init__(self) -> None:
        super().__init__(lambda label, number: 1.0)
        self.asked = 0

    def throttled_seconds(self) -> float:
        """A clock that never goes back, read before and after each sample."""
        self.asked += 1
        return 0.5 * (self.asked // 4)


def test_what_a_quota_took_is_kept_with_each_sample(tmp_path: Path) -> None:
    """The results file has it as well."""
    run = measure(Primes(limits=[10, 20]), runners=["sequential", "threads"], hosts=_Held(), rounds=4, seed=1)
    taken = [sample.throttled for cell in run.tables[0].cells for sample in cell.samples]
    assert sorted(took or 0.0 for took in taken) == [0.0] * 4 + [0.5] * 4
    run.save(tmp_path / "run.json")
    again = load(tmp_path / "run.json")
    assert [sample.throttled for cell in again.tables[0].cells for sample in cell.samples] == taken
    quiet = measure(Primes(limits=[10]), runners=["sequential"], hosts=SimulatedHosts(lambda *_: 1.0), rounds=1)
    assert quiet.tables[0].cells[0].samples[0].throttled is None


def using(cell: Cell, memory: float, allowed: float | None, processes: int | None = None) -> Cell:
    """The same cell, whose pass used `memory` of the allowed memory."""
    assert cell.observed
    may_use = None if allowed is None else int(allowed)
    observed = replace(cell.observed, memory=int(memory), memory_allowed=may_use, processes=processes)
    return replace(cell, observed=observed)


BASE = using(SEQUENTIAL, 100 * MB, 2000 * MB)


def test_how_many_processes_fit_is_said_where_twice_as_many_do_not() -> None:
    """The memory of a worker decides; otherwise a large worker's memory is named alone, and a small one's is not."""
    pool = of_seconds("process-pool:2", 0.5, 1.9, workers=2)
    limit = "memory is the limit: about 3 of them fit"
    large = using(pool, 1100 * MB, 1600 * MB)
    assert f"adds 500 MB of memory, 1,100 MB in all; {limit}." in words(table(BASE, large, tasks=100))
    assert "memory is the limit" not in words(table(BASE, large, tasks=3)), "there are no more tasks"
    assert "adds 500 MB of memory" in words(table(BASE, using(pool, 1100 * MB, 9000 * MB), tasks=100))
    assert "memory" not in words(table(BASE, using(pool, 120 * MB, 9000 * MB), tasks=100))
    assert "about 3 of them fit" in words(table(BASE, using(pool, 120 * MB, 31 * MB), tasks=100))
    assert "limit: fewer than were measured fit" in words(table(BASE, using(pool, 120 * MB, 5 * MB), tasks=100))
    assert "memory is the limit" not in words(table(BASE, using(pool, 1100 * MB, None), tasks=100))
    few = using(replace(pool, workers=100), 1100 * MB, 9000 * MB, processes=3)
    assert "adds 500 MB of memory" in words(table(BASE, few, tasks=100)), "not so many were ever alive"


def test_what_tasks_make_is_not_taken_for_what_the_process_has_that_executes_none() -> None:
    """The baseline holds a model of 200 MB as each worker does; the process that hands out tasks has 20 MB."""
    baseline = using(SEQUENTIAL, 220 * MB, 2000 * MB)
    pool = using(of_seconds("process-pool:2", 0.5, 1.9, workers=2), 420 * MB, 2000 * MB)
    assert pool.observed
    pool = replace(pool, observed=replace(pool.observed, memory_track=[[0.0, 20.0 * MB], [0.4, 420.0 * MB]]))
    assert "adds 200 MB of memory, 420 MB in all" in words(table(baseline, pool, tasks=100))


def test_a_pool_that_was_ended_for_its_memory_is_answered_with_how_many_processes_fit() -> None:
    """The number follows from what a worker of another pool added, or from the memory of the sequential process."""
    ended = replace(
        of_seconds("process-pool:8", 1.0, workers=8), samples=[], observed=None,
        outcome=Outcome("failed", "used 4.0 GB of memory", cause="memory"),
    )  # fmt: skip
    two = using(of_seconds("process-pool:2", 0.5, 1.9, workers=2), 1100 * MB, 2000 * MB)
    says = "Memory limits process-pool(8, spawn): a worker takes about"
    assert f"{says} 500 MB, so that about 4 of them fit" in words(table(BASE, two, ended))
    assert f"{says} 400 MB, so that about 5 of them fit" in words(table(BASE, ended, facts={"process_bytes": 4e8}))
    small = replace(ended, workers=3)
    assert "about 2 of them fit" in words(table(BASE, two, small)), "three did not"
    assert "Memory" not in words(table(BASE, ended))
    assert "Memory" not in words(table(BASE, two, replace(ended, outcome=Outcome("failed", "it burst"))))
