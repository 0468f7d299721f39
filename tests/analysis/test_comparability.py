"""Failed tasks: only the same work is compared, and failures are always reported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench import advise, measure
from concbench.advice.answer import answer
from concbench.analysis.comparability import UNEVEN, comparable_cells
from concbench.analysis.table_analysis import analyse
from concbench.harness.hosts.base import Host
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.options import MeasureOptions
from concbench.report.section import Section, section
from concbench.results.records import Cell, CellId, Sample, Table
from concbench.testing import SimulatedHosts
from concbench.workloads.base import Workload
from concbench.workloads.synthetic import Sleep

TASKS, ROUNDS = 100, 10
Failed = dict[str, int]


def cell(label: str, seconds: float, *failed: Failed, retries: int = 0) -> Cell:
    """A cell of ten rounds, in which these failures repeat from the first round on."""
    samples = [
        Sample(0.0, seconds * (1 + number % 3 / 1000), 0.0, None, number, failed=dict(failed[number % len(failed)]),
               retries=retries)
        for number in range(ROUNDS)
    ]  # fmt: skip
    return Cell(label, label.partition(":")[0], {}, 1 if label == "sequential" else 4, samples=samples)


def looked_at(*cells: Cell) -> tuple[Section, list[str]]:
    """The section on these cells, and the answer."""
    analysis = analyse(
        Table(
            workload="work", kind="io", size="", title="some work", settings={}, tasks=TASKS,
            baseline=CellId("sequential"),
            options={"max_rounds": 30}, stopped="verdicts",
            warmed_up=True, checked="sequential", facts={}, cells=list(cells), rounds=ROUNDS,
        )
    )  # fmt: skip
    return section(analysis), list(map(str, answer(analysis)))


def test_samples_of_more_executions_have_more_that_failed_and_are_compared() -> None:
    """Failures are counted per execution: a slow runner has fewer executions in its samples."""
    failed = {"timed out": 2, "ValueError": 5}
    slow = cell("sequential", 1.0, failed)
    quick = cell("threads", 0.1, {kind: 10 * count for kind, count in failed.items()})
    quick = replace(quick, samples=[replace(sample, work=10 * sample.work, repeats=10) for sample in quick.samples])
    assert comparable_cells([slow, quick], TASKS) == [slow, quick]
    odd = replace(quick, samples=[replace(sample, failed=failed) for sample in quick.samples])
    assert [len(one.samples) for one in comparable_cells([slow, odd], TASKS)] == [0, ROUNDS]


NONE: Failed = {}
FAILURES = st.dictionaries(st.sampled_from(["timed out", "answered 429", "ValueError"]), st.integers(0, 5))


@given(st.lists(st.tuples(FAILURES, FAILURES, FAILURES), min_size=1, max_size=4))
def test_what_is_compared_is_the_same_work(rounds: list[tuple[Failed, Failed, Failed]]) -> None:
    """This holds within a round; the best sample always stays, and one is enough."""
    cells = [
        Cell(f"runner:{place}", "runner", {}, 1, samples=[
            Sample(0.0, 1.0, 0.0, None, number, failed=failed[place]) for number, failed in enumerate(rounds)
        ])
        for place in range(3)
    ]  # fmt: skip
    kept = comparable_cells(cells, TASKS)
    assert comparable_cells(kept, TASKS) == kept
    for number in range(len(rounds)):
        samples = [sample for one in kept for sample in one.samples if sample.round == number]
        assert samples
        assert len({sample.failed.get("timed out", 0) for sample in samples}) == 1
        others = [sum(sample.failed.values()) - sample.failed.get("timed out", 0) for sample in samples]
        assert max(others) - min(others) <= 2 * UNEVEN * TASKS


def test_where_nothing_failed_everything_is_compared() -> None:
    """This is the usual case."""
    cells = [cell("sequential", 1.0, NONE), cell("thread-pool:4", 0.3, NONE)]
    assert comparable_cells(cells, TASKS) == cells


@pytest.mark.parametrize(
    ("baseline", "other"),
    [
        (NONE, {"answered 429": 90}),
        ({"timed out": 10}, {"answered 429": 10}),
        ({"timed out": 2}, {"timed out": 3}),
        ({"answered 404": 20}, {"answered 429": 20}),
    ],
)
def test_a_runner_under_which_more_failed_is_not_compared(baseline: Failed, other: Failed) -> None:
    """A runner that skips work is fast."""
    seen, said = looked_at(
        cell("sequential", 1.0, baseline), cell("thread-pool:4", 0.1, other), cell("threads", 0.5, baseline)
    )
    told = [
        line
        for line in (*(one.reason for one in seen.missing), *said)
        if "not the ones that failed under the other runners" in line
    ]
    assert told
    assert not any("10.0x" in line for line in said)
    assert any("tasks succeeded" in line for line in told)


def test_a_baseline_under_which_more_failed_is_what_is_named() -> None:
    """One download in a hundred timed out sequentially, and none under threads: they are not 30 times as fast."""
    seen, said = looked_at(cell("sequential", 3.0, {"timed out": 1}), cell("thread-pool:8", 0.1, NONE))
    assert said[0].startswith(
        "No answer: sequential has no times to compare with (990 of 1,000 tasks succeeded; 10 timed out; the tasks "
        "that failed were not the ones"
    )
    assert "thread-pool(8)" not in [one.name for one in seen.missing]


def test_rounds_in_which_chance_struck_are_left_out_and_the_others_decide() -> None:
    """The number of rounds is given."""
    seen, said = looked_at(cell("sequential", 1.0, NONE), cell("thread-pool:4", 0.5, {"timed out": 1}, NONE))
    assert said[0].startswith("thread-pool(4) was fastest: 2.00x")
    assert "thread-pool(4): 995 of 1,000 tasks succeeded; 5 timed out." in seen.reading
    assert (
        "Rounds left out because the tasks that failed were not the ones that failed under the other runners: "
        "thread-pool(4) 5."
    ) in seen.reading
    assert any("the times include that" in line for line in said)


def test_failures_of_all_change_no_verdict_and_are_told() -> None:
    """All runners did the same work."""
    gone = {"answered 404": 2}
    seen, said = looked_at(cell("sequential", 1.0, gone, retries=1), cell("thread-pool:4", 0.5, gone, retries=1))
    told = "sequential and thread-pool(4): 980 of 1,000 tasks succeeded; 20 answered 404; 10 retries."
    assert told in seen.reading
    assert said[0].startswith("thread-pool(4) was fastest")
    assert any("the times include that" in line for line in said)


class FailingFast(SimulatedHosts):
    """With more than two workers, nearly everything fails at once."""

    def __init__(self) -> None:
        super().__init__(lambda label, _: 1.0 if label == "sequential" else 0.5 if label.endswith(":2") else 0.01)

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        with super().host(workload, cell, directory, options) as host:
            if cell.label != "sequential" and not cell.label.endswith(":2"):
                sample = host.sample
                host.sample = lambda **how: replace(sample(**how), failed={"Refused": 20})  # type: ignore[method-assign]
            yield host


def test_a_race_is_not_decided_by_those_that_fail_fast() -> None:
    """They drive out no other cell, and are not advised."""
    advice = advise(Sleep(tasks=24), hosts=FailingFast(), seed=1)
    assert advice.recommendation is not None
    assert advice.recommendation.runner.endswith(":2")
    failing = {cell.label: cell for cell in advice.run.tables[0].cells if cell.samples and cell.samples[0].failed}
    assert failing
    assert all(cell.outcome.kind == "ok" and len(cell.samples) <= 3 for cell in failing.values())


def test_rounds_go_on_with_those_that_do_the_work() -> None:
    """A runner that never does the work gets three chances."""
    options: dict[str, Any] = {"hosts": FailingFast(), "seed": 1}
    run = measure(Sleep(tasks=24), runners=["sequential", "thread-pool:2", "thread-pool:4"], **options)
    (table,) = run.tables
    assert table.stopped == "verdicts"
    assert len(table.cell("thread-pool:4").samples) == 3
    assert "thread-pool(2) was fastest: 2.00x" in str(run)


class FailingNow(SimulatedHosts):
    """In some rounds, something fails under one runner and not under the others."""

    def __init__(self, failing: dict[str, set[int]]) -> None:
        super().__init__(lambda label, _: 1.0 if label == "sequential" else 0.5)
        self.failing = failing

    @contextmanager
    def host(self, workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        rounds = iter(range(-1 if options["rounds"] != 1 else 0, 1_000))  # the warm-up first, if there is one

        def sample(**how: Any) -> Sample:
            taken = take(**how)
            return (
                replace(taken, failed={"timed out": 1}) if next(rounds) in self.failing.get(cell.label, ()) else taken
            )

        with super().host(workload, cell, directory, options) as host:
            take, host.sample = host.sample, sample  # type: ignore[method-assign]
            yield host


@pytest.mark.parametrize("rounds", [1, 3, 5])
def test_failures_never_add_rounds(rounds: int) -> None:
    """A requested number of rounds is exact, whichever cells failed in them."""
    everywhere = {"sequential": {0, 2}, "thread-pool:2": {1}, "thread-pool:4": {0, 1, 2}}
    runners = ["sequential", "thread-pool:2", "thread-pool:4"]
    run = measure(Sleep(tasks=24), runners=runners, hosts=FailingNow(everywhere), rounds=rounds, seed=1)
    (table,) = run.tables
    assert table.rounds == rounds
    assert table.stopped == "rounds"
    assert max(sample.round for cell in table.cells for sample in cell.samples) == rounds - 1


def test_there_is_no_advice_where_the_baseline_is_what_failed() -> None:
    """The advice does not say that there is nothing to gain."""
    advice = advise(Sleep(tasks=24), hosts=FailingNow({"sequential": set(range(100))}), seed=1)
    assert advice.recommendation is None
    assert "No answer: sequential has no times to compare with" in str(advice)


def test_advice_says_that_tasks_failed() -> None:
    """The advice is still given, for the same work."""
    advice = advise(Sleep(tasks=24), hosts=FailingFast(), seed=1)
    assert advice.recommendation is not None
    assert any("tasks failed or were retried" in sentence for sentence in advice.recommendation.valid_for)
