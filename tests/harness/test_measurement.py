"""The loop of rounds, played without a clock."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from concbench import measure
from concbench.campaign import ListenerEvent
from concbench.errors import Inapplicable, UsageError
from concbench.harness.events import CallsPlanned, Phase, Step
from concbench.results.records import RunRecord
from concbench.run import Run
from concbench.runners.sequential import Sequential
from concbench.testing import SimulatedHosts
from concbench.workloads.primes import Primes
from concbench.workloads.synthetic import Sleep

WORK = Primes(limits=[10, 20, 30])
RUNNERS = ["sequential", "threads", "thread-pool:2"]


def _steady(label: str, number: int) -> float:
    return {"sequential": 1.0, "threads": 0.5, "thread-pool:2": 0.25}[label]


def test_every_cell_is_executed_once_a_round_and_twice_besides() -> None:
    """There are a warm-up before the rounds and an observed pass after them."""
    hosts = SimulatedHosts(_steady)
    run = measure(WORK, runners=RUNNERS, hosts=hosts, rounds=4)
    for start in range(0, 18, 3):
        assert sorted(label for label, _ in hosts.order[start : start + 3]) == sorted(RUNNERS)
    assert len(hosts.order) == 3 * (1 + 4 + 1)
    (table,) = run.tables
    for cell in table.cells:
        assert [sample.round for sample in cell.samples] == [0, 1, 2, 3]
        assert cell.warmup is not None
        assert cell.observed is not None


def test_samples_can_be_given_as_sequences() -> None:
    """They are in the order of the executions, the warm-up first."""
    hosts = SimulatedHosts({"sequential": [9.0, 1.0, 2.0, 3.0], "threads": [8.0, 0.5]})
    run = measure(WORK, runners=["sequential", "threads"], hosts=hosts, rounds=3, fresh=False, observe=False)
    seconds = {cell.label: [sample.seconds for sample in cell.samples] for cell in run.tables[0].cells}
    assert seconds == {"sequential": [1.0, 2.0, 3.0], "threads": [0.5, 8.0, 0.5]}


def test_the_warm_up_is_never_among_the_samples() -> None:
    """It includes first-run costs."""
    hosts = SimulatedHosts(lambda _, number: 100.0 if number == 0 else 1.0)
    run = measure(WORK, runners=["sequential"], hosts=hosts, fresh=False)
    cell = run.tables[0].cells[0]
    assert cell.warmup is not None
    assert cell.warmup.seconds == 100.0
    assert [sample.seconds for sample in cell.samples] == [1.0, 1.0, 1.0]


def test_the_order_is_fresh_in_every_round_and_that_of_the_seed() -> None:
    """The same seed gives the same order, which is recorded with the samples."""

    def order(seed: int) -> list[tuple[str, int]]:
        hosts = SimulatedHosts(_steady)
        measure(WORK, runners=RUNNERS, hosts=hosts, rounds=30, seed=seed)
        return hosts.order

    assert order(5) == order(5)
    assert order(5) != order(6)
    rounds = [tuple(label for label, _ in order(5)[start : start + 3]) for start in range(3, 93, 3)]
    assert len(set(rounds)) == 6


def test_positions_say_where_in_the_round_a_sample_was_taken() -> None:
    """Positions count from 0, each once."""
    run = measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(_steady), rounds=5)
    for number in range(5):
        positions = [cell.samples[number].position for cell in run.tables[0].cells]
        assert sorted(positions) == [0, 1, 2]


def test_a_cell_that_fails_ends_alone() -> None:
    """It may fail at any moment; the others go on to their end."""

    def seconds(label: str, number: int) -> float | Exception:
        if label == "threads" and number == 2:
            return RuntimeError("lightning")
        return Inapplicable("not here") if label == "thread-pool:2" else 1.0

    run = measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(seconds))
    outcomes = {cell.label: (cell.outcome.kind, cell.outcome.reason) for cell in run.tables[0].cells}
    assert outcomes == {
        "sequential": ("ok", ""),
        "threads": ("failed", "flaky: failed in 1 of 5 executions: lightning"),
        "thread-pool:2": ("inapplicable", "not here"),
    }
    assert len(run.tables[0].cell("sequential").samples) == 3
    assert not run.ok


def test_what_fails_now_and_then_says_how_often() -> None:
    """It is tried twice more, and its good samples are not a reason to trust it."""

    def seconds(label: str, number: int) -> float | Exception:
        return RuntimeError("lightning") if label == "threads" and number in {3, 5} else 1.0

    run = measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(seconds), rounds=6)
    reason = run.tables[0].cell("threads").outcome.reason
    assert reason == "flaky: failed in 2 of 6 executions: lightning"  # a warm-up, two rounds, and three more
    assert "lightning" in str(run)


def test_a_runner_that_is_inapplicable_is_no_failure() -> None:
    """The run is ok."""
    hosts = SimulatedHosts(lambda label, _: Inapplicable("no") if label == "threads" else 1.0)
    assert measure(WORK, runners=RUNNERS, hosts=hosts).ok


def test_without_its_baseline_a_table_has_times_and_no_ratios() -> None:
    """The table says why."""
    hosts = SimulatedHosts(lambda label, n: RuntimeError("lightning") if label == "sequential" and n else 1.0)
    text = str(measure(WORK, runners=RUNNERS, hosts=hosts))
    assert "lightning" in text
    assert "No answer" in text
    assert "1.00x" not in text


def test_what_is_known_is_told_after_every_round() -> None:
    """The record can then be saved."""
    seen: list[RunRecord] = []

    def listen(event: ListenerEvent) -> None:
        if isinstance(event, RunRecord):
            seen.append(event)

    measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(_steady), listen=listen)
    assert [len(record.tables[0].cells[0].samples) for record in seen] == [0, 1, 2, 3, 3]


def test_the_time_left_is_told_once_every_cell_has_run() -> None:
    """It is right if times are steady."""
    steps: list[Step] = []

    def listen(event: ListenerEvent) -> None:
        if isinstance(event, Step) and event.phase.executes:
            steps.append(event)

    measure(Sleep(tasks=3), runners=RUNNERS, hosts=SimulatedHosts(_steady), listen=listen)
    assert [step.seconds_left is None for step in steps] == [True] * 6 + [False] * 12
    assert steps[6].seconds_left == pytest.approx(4 * 1.75)
    assert [step.done for step in steps] == list(range(18))
    assert {step.total for step in steps} == {18}
    assert [step.phase for step in steps[:6]] == [Phase.CHECK] * 3 + [Phase.WARM_UP] * 3
    assert [step.label for step in steps[6:]] == [f"round {number}" for number in (1, 2, 3) for _ in RUNNERS] + [
        "observed pass"
    ] * 3


def test_known_results_of_tasks_that_are_independent_are_compared_last() -> None:
    """No execution precedes the warm-up, and until the observed pass nothing is said about results."""
    phases: list[Phase] = []
    checked: list[str] = []

    def listen(event: ListenerEvent) -> None:
        if isinstance(event, Step):
            phases.append(event.phase)
        if isinstance(event, RunRecord):
            checked.append(event.tables[0].checked)

    measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(_steady), listen=listen)
    assert not {Phase.REFERENCE, Phase.CHECK} & set(phases)
    assert phases.count(Phase.COMPARE) == len(RUNNERS)
    assert checked == ["pending"] * (len(checked) - 1) + ["known"]


class Reversing(Sequential):
    """Returns the results in the wrong order."""

    name = "reversing"

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return super().run(function, items)[::-1]


@pytest.mark.parametrize("options", [{"rounds": 3}, {"rounds": 3, "observe": False}, {"rounds": 1}])
def test_wherever_they_are_compared_a_wrong_runner_fails(options: dict[str, Any]) -> None:
    """In the observed pass, in a check if there is none, or in the only round."""
    table = measure(WORK, runners=["sequential", Reversing()], isolate=False, **options).tables[0]
    assert table.checked == "known"
    assert [(cell.outcome.kind, cell.outcome.cause) for cell in table.cells] == [("ok", ""), ("failed", "results")]


def test_an_interrupted_run_does_not_call_results_equal_that_were_not_compared() -> None:
    """The table says that they were not; once the run is resumed, they are."""

    def seconds(label: str, number: int) -> float:
        if number == 3:
            raise KeyboardInterrupt
        return 1.0

    run = measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(seconds), rounds=9)
    assert run.tables[0].checked == "pending"
    assert "Not all results were compared: the run was interrupted." in str(run)
    whole = measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(_steady), rounds=9, resume=run)
    assert whole.tables[0].checked == "known"
    assert "results were compared: the run" not in str(whole)


def test_results_are_not_called_equal_before_the_last_of_them_was_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is interrupted while it compares; once resumed, it repeats that observed pass."""
    compared = count(1)

    def compare(_: object) -> None:
        if next(compared) == len(RUNNERS):
            raise KeyboardInterrupt

    monkeypatch.setattr("concbench.testing.simulated._SimulatedHost.compare", compare)
    run = measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(_steady), rounds=3)
    assert run.tables[0].checked == "pending"
    whole = measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(_steady), rounds=3, resume=run)
    assert whole.tables[0].checked == "known"
    assert next(compared) == len(RUNNERS) + 2


def test_an_interrupted_run_returns_what_there_is() -> None:
    """It has the finished rounds, marked as interrupted."""

    def seconds(label: str, number: int) -> float:
        if number == 3:
            raise KeyboardInterrupt
        return 1.0

    run = measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(seconds), rounds=9)
    assert run.record.interrupted
    assert [len(cell.samples) for cell in run.tables[0].cells] == [2, 2, 2]
    assert "Interrupted" in str(run)


class Halting(Primes):
    """Is interrupted while it is prepared, or while it is cleaned up."""

    def __init__(self, *, before: bool) -> None:
        super().__init__(limits=[10, 20, 30])
        self._before = before

    @contextmanager
    def running(self, directory: str) -> Iterator["Halting"]:
        if self._before:
            raise KeyboardInterrupt
        yield self
        raise KeyboardInterrupt


def test_an_interruption_before_the_second_workload_keeps_the_first() -> None:
    """The first table is complete, with all its rounds."""
    run = measure(WORK, Halting(before=True), runners=RUNNERS, hosts=SimulatedHosts(_steady), rounds=3)
    assert run.record.interrupted
    assert [[len(cell.samples) for cell in table.cells] for table in run.tables] == [[3, 3, 3]]


def test_an_interruption_after_the_rounds_keeps_them() -> None:
    """Later steps are not measured."""
    run = measure(Halting(before=False), WORK, runners=RUNNERS, hosts=SimulatedHosts(_steady), rounds=3)
    assert run.record.interrupted
    assert [[len(cell.samples) for cell in table.cells] for table in run.tables] == [[3, 3, 3]]


def test_an_interruption_before_there_is_anything_is_the_callers() -> None:
    """An empty table would not be an answer."""
    with pytest.raises(KeyboardInterrupt):
        measure(Halting(before=True), runners=RUNNERS, hosts=SimulatedHosts(_steady))


def test_one_round_alone_has_no_warm_up() -> None:
    """That round is also the warm-up and the comparison; the table says so."""
    hosts = SimulatedHosts(_steady)
    text = str(measure(WORK, runners=RUNNERS, hosts=hosts, rounds=1, observe=False))
    assert len(hosts.order) == 3
    assert "no warm-up" in text


def test_unknown_options_and_no_workload_are_refused() -> None:
    """The message lists the options."""
    with pytest.raises(UsageError, match="rounds"):
        measure(WORK, runners=RUNNERS, hosts=SimulatedHosts(_steady), runds=3)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="no workload"):
        measure(runners=RUNNERS)


def test_calls_of_all_workloads_are_announced_before_anything_is_done() -> None:
    """Calls may have a cost; a resumed run does not repeat finished work, and does not announce it."""
    told: list[ListenerEvent] = []
    other = Primes(limits=[10, 20])
    options: dict[str, Any] = {"runners": RUNNERS, "seed": 7, "rounds": 3, "listen": told.append}
    run = measure(WORK, other, hosts=SimulatedHosts(_steady), **options)
    assert [type(event) is CallsPlanned for event in told[:3]] == [True, True, False]
    assert sum(isinstance(event, CallsPlanned) for event in told) == 2
    told.clear()
    half = Run(replace(run.record, tables=run.tables[:1]))
    measure(WORK, other, hosts=SimulatedHosts(_steady), resume=half, **options)
    assert [event.calls for event in told if isinstance(event, CallsPlanned)] == [2 * 3 * (1 + 3 + 1)]
