"""Judgements of requirements by the figures of hand-made tables."""

from dataclasses import replace
from typing import Any

import pytest
from made_cells import COMPUTES, TASKS, TURNS, WAITS, Spans, of_seconds, of_tasks, table

from concbench.analysis.table_analysis import analyse
from concbench.gate.judging import Judgement, equal_results, judge, with_judgements
from concbench.requirements import Requirement
from concbench.results.records import Cell, ObservedPass, Outcome, RunRecord
from concbench.run import Run

BASE = of_seconds("sequential", 1.0, noise=0.001)


def pool(seconds: float, workers: int = 2, cores: int | None = 2, **changes: Any) -> Cell:
    """A pool that took `seconds`, on `cores` cores."""
    cell = of_seconds(f"thread-pool:{workers}", seconds, noise=0.001, workers=workers)
    known = {} if cores is None else {"cores": cores, "allowed": cores}
    return replace(cell, interpreter={"gil": False, **known, **changes})


def judged(text: str, cell: Cell, *others: Cell, base: Cell = BASE, **changes: Any) -> Judgement:
    here = {name: value for name, value in cell.interpreter.items() if name in {"gil", "cores", "allowed", "quota"}}
    made = table(replace(base, interpreter=here), cell, *others, **{"load": [0.0], **changes})
    return judge(Requirement.read(text), analyse(made))


def test_a_ratio_passes_fails_or_is_undecided() -> None:
    """The figure and the rows are given."""
    for seconds, decision in ((0.5, "passed"), (0.8, "failed"), (1 / 1.5, "undecided")):
        found = judged("thread-pool:2 >= 1.5x", pool(seconds))
        assert found.decision == decision
        assert str(found).startswith(f"thread-pool:2 >= 1.5x: {decision}, {1 / seconds:.2f}x [")
        assert [row.split()[0] for row in found.rows] == ["runner", "sequential", "thread-pool(2)"]
    assert judged("thread-pool:2 <= 1.5x", pool(0.5)).decision == "failed"
    assert judged("thread-pool:2 <= 1.5x", pool(0.8)).decision == "passed"


def test_a_runner_may_be_compared_with_another_than_the_baseline() -> None:
    """It must be as fast within a share."""
    text = "thread-pool:2 same as thread-pool:3 within 5%"
    assert judged(text, pool(0.5), pool(0.51, 3, cores=8)).decision == "passed"
    assert judged(text, pool(0.5), pool(0.6, 3, cores=8)).decision == "failed"
    assert judged(text, pool(0.5), pool(0.525, 3, cores=8)).decision == "undecided"


def test_a_runner_that_failed_fails_the_requirement_and_one_that_cannot_do_the_work_decides_nothing() -> None:
    """The reason is given; the same holds for the baseline."""
    failed = Outcome("failed", "ValueError: no")
    found = judged("thread-pool:2 >= 1.5x", replace(pool(0.5), outcome=failed))
    assert (found.decision, found.reason) == ("failed", "thread-pool(2) failed: ValueError: no.")
    found = judged("thread-pool:2 >= 1.5x", pool(0.5), base=replace(BASE, outcome=failed))
    assert (found.decision, found.reason) == ("failed", "sequential failed: ValueError: no.")
    none = replace(pool(0.5), outcome=Outcome("inapplicable", "it has no coroutine"), samples=[])
    found = judged("thread-pool:2 >= 1.5x", none)
    assert (found.decision, found.reason) == ("undecided", "thread-pool(2) was not measured: it has no coroutine.")


def test_below_three_rounds_nothing_is_decided() -> None:
    """The number of rounds is given."""
    few = [replace(cell, samples=cell.samples[:2]) for cell in (BASE, pool(0.5))]
    found = judged("thread-pool:2 >= 1.5x", few[1], base=few[0])
    assert (found.decision, found.reason[:41]) == ("undecided", "thread-pool(2) took part in 2 rounds, but")


DISTURBED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"cores": 1}, {}, "2 workers that compute had 1 core"),
    ({"quota": 1.5, "cores": 1}, {}, "2 workers that compute had 1.5 cores"),
    ({}, {"load": [0.5]}, "other processes used 0.50 cores meanwhile"),
]


@pytest.mark.parametrize(("interpreter", "changes", "said"), DISTURBED)
def test_where_cores_are_missing_what_is_slow_proves_nothing_and_what_is_fast_stands(
    interpreter: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    """With too few cores, a quota or other programs: fast passes at_least and fails at_most, slow is undecided."""
    fast, slow = pool(0.5, **{"allowed": 2, **interpreter}), pool(0.8, **{"allowed": 2, **interpreter})
    if interpreter.get("cores") == 1 and "quota" not in interpreter:
        fast, slow = (replace(one, interpreter={**one.interpreter, "allowed": 1}) for one in (fast, slow))
    assert judged("thread-pool:2 >= 1.5x", fast, **changes).decision == "passed"
    found = judged("thread-pool:2 >= 1.5x", slow, **changes)
    assert found.decision == "undecided"
    assert found.reason == f"The figures alone say failed, but {said}."
    assert judged("thread-pool:2 <= 1.5x", fast, **changes).decision == "failed"
    assert judged("thread-pool:2 <= 1.5x", slow, **changes).decision == "undecided"


def test_a_quota_that_held_workers_back_disturbs_and_free_cores_do_not() -> None:
    """Twenty cores have room for other programs; waiting takes no cores at all."""
    slow = pool(0.8)
    throttled = replace(slow, samples=[replace(sample, throttled=0.1) for sample in slow.samples])
    assert "a quota held thread-pool(2) back in 10 of 10" in judged("thread-pool:2 >= 1.5x", throttled).reason
    assert judged("thread-pool:2 >= 1.5x", pool(0.8, cores=20), load=[2.0]).decision == "failed"
    waits = of_seconds("sequential", 1.0, 0.01, noise=0.001)
    assert judged("thread-pool:8 >= 9x", pool(0.5, 8), base=waits).decision == "failed"
    assert judged("thread-pool:8 >= 9x", pool(0.5, 8)).decision == "undecided"


def test_a_gil_that_is_on_again_fails_threads_and_names_the_module() -> None:
    """This holds however fast they are; processes are not affected."""
    found = judged("thread-pool:2 >= 1.5x", pool(0.5, gil_turned_on=["old.ext"]))
    assert found.decision == "failed"
    assert "re-enabled by old.ext" in found.reason
    processes = replace(of_seconds("process-pool:2", 0.5, noise=0.001), interpreter={"gil_turned_on": ["old.ext"]})
    assert judged("process-pool:2 >= 1.5x", processes).decision == "passed"
    loop = replace(of_seconds("asyncio:2", 0.5, noise=0.001), interpreter={"gil_turned_on": ["old.ext"]})
    assert judged("asyncio:2 >= 1.5x", loop).decision == "passed"
    both = "process-pool:2 same as thread-pool:2 within 5%"
    assert judged(both, processes, pool(0.5, gil_turned_on=["old.ext"])).decision == "failed"


def test_memory_is_what_the_observed_pass_saw() -> None:
    """Without an observed pass, it is not known."""
    cell = pool(0.5)
    seen = replace(cell, observed=ObservedPass(0, 0.5, 0, 0.5, [0.0], None, memory=40_000_000, memory_kind="pss"))
    assert str(judged("memory thread-pool:2 <= 50MB", seen)) == "memory thread-pool:2 <= 50MB: passed, 40.0 MB"
    assert judged("memory thread-pool:2 <= 30MB", seen).decision == "failed"
    assert "is not known" in judged("memory thread-pool:2 <= 30MB", cell).reason


def test_a_failure_says_what_the_time_was_lost_to() -> None:
    """It gives the largest loss, and how much was possible."""
    found = judged("thread-pool:2 >= 1.5x", of_tasks("thread-pool:2", TURNS, workers=2), base=COMPUTES, tasks=TASKS)
    assert found.decision == "failed"
    assert "only one thread at a time can hold the GIL" in found.reason
    idle: Spans = [(start, end, 0.01, worker) for start, end, _, worker in TURNS]
    found = judged("thread-pool:2 >= 1.5x", of_tasks("thread-pool:2", idle, workers=2), base=WAITS, tasks=TASKS)
    assert "a lock" in found.reason


def test_results_that_differ_are_no_equal_results_and_those_that_were_not_compared_decide_nothing() -> None:
    """The runner that is to blame is named."""
    assert equal_results(analyse(table(BASE, pool(0.5)))).decision == "passed"
    wrong = replace(pool(0.5), outcome=Outcome("failed", "result 3 is 4, not 5", cause="results"))
    found = equal_results(analyse(table(BASE, wrong, checked="sequential")))
    assert found.decision == "failed"
    assert "thread-pool(2) failed: result 3 is 4, not 5. The function is not safe to run concurrently" in found.reason
    assert equal_results(analyse(table(BASE, pool(0.5), checked="off"))).decision == "undecided"


def test_a_report_says_below_the_table_what_became_of_the_requirements() -> None:
    """Only requirements of that table are listed."""
    tables = [table(BASE, pool(0.5)), table(BASE, pool(0.5), workload="other")]
    run = Run(RunRecord("0", "2026-01-01T00:00:00+00:00", 1, interrupted=False, environment={}, tables=tables))
    shown = with_judgements(run, [judge(Requirement.read("thread-pool:2 >= 1.5x"), run[1])])
    assert [len(one.notes) for one in shown.tables] == [0, 1]
    assert shown.tables[1].notes[0].startswith("Required: thread-pool:2 >= 1.5x: passed, 2.00x")
