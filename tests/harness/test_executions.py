"""The number of executions is computed in one place, and is what happens."""

from __future__ import annotations

import time
from typing import Any

import pytest

from concbench import measure
from concbench.campaign import ListenerEvent
from concbench.harness import executions
from concbench.harness.events import CallsPlanned, Step
from concbench.harness.executions import LOOK, Executions
from concbench.harness.planning.plan import plan
from concbench.harness.search.search import plan_look
from concbench.options import make_options
from concbench.testing import SimulatedHosts
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload
from concbench.workloads.primes import Primes

RUNNERS = ["sequential", "threads", "thread-pool:2"]
WAYS: list[dict[str, Any]] = [
    {"rounds": 1, "observe": False}, {"rounds": 1}, {"rounds": 5}, {"rounds": 4, "observe": False}, {"max_rounds": 3},
]  # fmt: skip


def steady(label: str, number: int) -> float:
    return 1.0


@pytest.mark.parametrize("options", WAYS, ids=str)
@pytest.mark.parametrize("compare", [True, False])
def test_as_many_calls_are_announced_before_the_first_as_are_made_at_least(
    options: dict[str, Any], compare: bool
) -> None:
    """If no more of them are allowed, they are enough, and all of them are made."""
    calls: list[int] = []
    announced: list[CallsPlanned] = []

    def counted(item: int) -> int:
        time.sleep(0.002)
        calls.append(item)
        return item

    def listen(event: ListenerEvent) -> None:
        if isinstance(event, CallsPlanned):
            assert not calls
            announced.append(event)

    work = FunctionWorkload.of(counted, list(range(4)), CallForm(compare=compare))
    fewest = plan(work, RUNNERS, make_options(**options)).fewest_calls
    run = measure(work, runners=RUNNERS, listen=listen, isolate=False, max_calls=fewest, **options)
    assert {cell.outcome.kind for cell in run.tables[0].cells} == {"ok"}
    (event,) = announced
    assert event.workload == work.name
    assert (event.calls, event.calls_per_execution, event.at_once) == (fewest, 4, 4)
    assert len(calls) == fewest


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_what_is_planned_is_what_is_told_as_the_total_and_what_was_made(options: dict[str, Any]) -> None:
    """The total is the same before the first step, with every step, and from the table."""
    work = Primes(limits=[10, 20, 30])
    steps: list[Step] = []

    def listen(event: ListenerEvent) -> None:
        if isinstance(event, Step):
            steps.append(event)

    run = measure(work, runners=RUNNERS, hosts=SimulatedHosts(steady), listen=listen, **options)
    planned = executions.fewest(plan(work, RUNNERS, make_options(**options)))
    assert {step.total for step in steps} == {planned.total}
    assert sum(step.phase.executes for step in steps) == planned.total
    made = executions.of_table(run.tables[0])
    assert (made.warm_up, made.rounds, made.observed) == (planned.warm_up, planned.rounds, planned.observed)


@pytest.mark.parametrize("compare", [True, False])
def test_a_look_is_a_plan_of_one_round(compare: bool) -> None:
    """`advise` announces of a look what its plan takes."""
    work = FunctionWorkload.of(abs, [1, 2], CallForm(compare=compare))
    assert executions.fewest(plan_look(work, make_options(rounds=1, observe=False))) == LOOK


def test_a_reference_that_checks_the_sequential_cell_is_counted_once() -> None:
    work = FunctionWorkload.of(abs, [1, 2], CallForm())
    with_it, without = (plan(work, runners, make_options(rounds=3)) for runners in (RUNNERS, RUNNERS[1:]))
    assert executions.fewest(with_it) == Executions(reference=1, check=2, warm_up=3, rounds=9, observed=3)
    assert executions.fewest(without) == Executions(reference=1, check=2, warm_up=2, rounds=6, observed=2)
    assert with_it.fewest_calls == 2 * 18
