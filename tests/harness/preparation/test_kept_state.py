"""Whether a function keeps state is decided once, from `sequential`; then all runners are measured alike."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concbench import measure
from concbench.advice.answer import answer
from concbench.campaign import ListenerEvent, advise_workload
from concbench.errors import UsageError
from concbench.harness.events import Phase, ProcessesRenewed, Step
from concbench.harness.preparation.kept_state import CONFIRMING_EXECUTIONS, FIRST_USE_RATIO, FIRST_USE_SECONDS
from concbench.options import make_options
from concbench.report.section import section
from concbench.results.files import from_json, to_json
from concbench.results.records import RunRecord, Table
from concbench.run import Advice, Run
from concbench.testing import SimulatedHosts
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload
from concbench.workloads.synthetic import Sleep

WORK = Sleep(tasks=3)
RUNNERS = ["sequential", "threads", "process-pool:2"]
FILE = Path(__file__).parent / "keeping_module.py"
FIRST, LATER = 0.5, 0.1
"""Seconds of the first execution in a process, and of all others."""
FIRST_USE = 0.12
"""Seconds of the first execution of the functions in FILE."""


def keeps(label: str, number: int) -> float:
    """Workers that are processes are new each time, and pay for all of it."""
    return FIRST if number == 0 or label == "process-pool:2" else LATER


def keeps_nothing(label: str, number: int) -> float:
    del number
    return LATER * (1 + RUNNERS.index(label))


def simulated(hosts: SimulatedHosts, **options: Any) -> Table:
    return measure(WORK, hosts=hosts, **{"runners": RUNNERS, "rounds": 3, "seed": 1, **options}).tables[0]


def seconds_of(table: Table) -> dict[str, set[float]]:
    return {cell.label: {sample.seconds for sample in cell.samples} for cell in table.cells}


def test_state_is_cold_for_all_runners_or_for_none() -> None:
    """In kept processes it would be warm for all runners except the pool, whose workers are new each time."""
    table = simulated(SimulatedHosts(keeps))
    assert table.kept.kind == "state"
    assert table.fresh
    assert table.kept.first == [FIRST, FIRST]
    assert table.kept.later == [LATER]
    assert seconds_of(table) == {label: {FIRST} for label in RUNNERS}
    assert [[sample.round for sample in cell.samples] for cell in table.cells] == [[0, 1, 2]] * 3
    assert any("keeps state" in note and "--no-fresh" in note for note in table.notes)


def test_processes_are_kept_for_ordinary_work_and_nothing_is_executed_once_more() -> None:
    """The examined executions are made anyway: the first sample of sequential comes first in its round."""
    hosts = SimulatedHosts(keeps_nothing)
    table = simulated(hosts)
    assert (table.kept.kind, table.fresh) == ("nothing", False)
    assert table.kept.first == table.kept.later == [LATER]
    assert len(hosts.order) == len(RUNNERS) * (1 + 3 + 1)
    assert hosts.order[len(RUNNERS)] == ("sequential", 1)
    assert sorted(cell.samples[0].position for cell in table.cells) == [0, 1, 2]
    assert not any("fresh" in note for note in table.notes)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.001, 10.0), st.floats(0.001, 10.0))
def test_a_first_execution_shows_state_if_it_takes_half_as_long_again_and_five_milliseconds_more(
    first: float, later: float
) -> None:
    """Less than that is normal for any function: cold caches and memory allocation."""
    table = simulated(
        SimulatedHosts(lambda _, number: first if number == 0 else later), runners=["sequential"], observe=False
    )
    assert (table.kept.kind == "state") == (first > FIRST_USE_RATIO * later and first - later > FIRST_USE_SECONDS)


def test_one_slow_process_shows_nothing() -> None:
    """The machine may have been slow: another new process must show it as well."""
    taken: list[int] = []

    def disturbed(_: str, number: int) -> float:
        taken.append(number)
        return FIRST if len(taken) == 1 else LATER

    table = simulated(SimulatedHosts(disturbed), runners=["sequential"])
    assert table.kept.kind == "nothing"
    assert len(taken) == 1 + 3 + 1 + CONFIRMING_EXECUTIONS


def test_only_sequential_is_asked() -> None:
    """Under threads, a first execution can take longer for other reasons."""
    table = simulated(SimulatedHosts(keeps), runners=RUNNERS[1:])
    assert table.kept.kind == ""
    assert seconds_of(table)["threads"] == {LATER}
    slow_threads = SimulatedHosts(lambda label, number: FIRST if label == "threads" and number == 0 else LATER)
    assert simulated(slow_threads).kept.kind == "nothing"


@pytest.mark.parametrize(
    ("options", "kind", "fresh"),
    [
        ({"fresh": True}, "", True),
        ({"fresh": False}, "state", False),
        ({"warm": True}, "", False),
        ({"rounds": 1}, "", False),
    ],
)
def test_what_somebody_has_said_is_done(options: dict[str, Any], kind: str, fresh: bool) -> None:
    """With `--no-fresh` a note gives the consequence; with warm workers or a single round, nothing is to be decided."""
    table = simulated(SimulatedHosts(keeps), **options)
    assert (table.kept.kind, table.fresh) == (kind, fresh)
    assert seconds_of(table)["threads"] == {FIRST if fresh or "rounds" in options else LATER}
    assert any("(--no-fresh)" in note for note in table.notes) == (kind == "state")


def test_a_table_of_kept_processes_says_once_that_they_are_and_why_first_executions_are_longer() -> None:
    """Nothing in it is cold, and the note on state gives both times."""
    run = measure(WORK, runners=RUNNERS, rounds=3, hosts=SimulatedHosts(keeps), fresh=False)
    reading = section(run[0]).reading
    assert not any("(cold)" in line or "First executions" in line for line in reading)
    assert sum("keeps state" in line for line in reading) == 1


def test_it_is_said_before_the_rounds_and_not_again() -> None:
    """It is an event, after which every round is taken."""
    told: list[ListenerEvent] = []
    simulated(SimulatedHosts(keeps), listen=told.append)
    (place,) = [place for place, event in enumerate(told) if isinstance(event, ProcessesRenewed)]
    assert "keeps state in its process" in told[place].why  # type: ignore[union-attr]
    rounds = [event for event in told[place:] if isinstance(event, Step) and event.phase is Phase.ROUND]
    assert len(rounds) == 3 * len(RUNNERS)
    saved = [event for event in told[:place] if isinstance(event, RunRecord)]
    assert not any(cell.samples for record in saved for cell in record.tables[0].cells)


def test_resuming_does_not_decide_again() -> None:
    """This holds even if the machine now behaves differently; the file has the decision."""

    class Stopped(SimulatedHosts):
        def load_watch(self) -> None:
            rounds = sum(label == "threads" for label, _ in self.order)
            if rounds > 3:
                raise KeyboardInterrupt

    for seconds, later, kind in ((keeps, keeps_nothing, "state"), (keeps_nothing, keeps, "nothing")):
        stopped = measure(WORK, runners=RUNNERS, rounds=5, seed=1, hosts=Stopped(seconds))
        assert stopped.record.interrupted
        read = Run(from_json(to_json(stopped.record)))
        assert read.tables[0].kept.kind == kind
        resumed = measure(WORK, runners=RUNNERS, rounds=5, seed=1, hosts=SimulatedHosts(later), resume=read).tables[0]
        assert resumed.kept == stopped.tables[0].kept
        assert {len(cell.samples) for cell in resumed.cells} == {5}
        assert sum("keeps state" in note for note in resumed.notes) == (kind == "state")


def test_calls_that_are_not_allowed_are_not_made_to_find_out() -> None:
    """A finding that cannot be confirmed is not decided."""
    hosts = SimulatedHosts(keeps)
    most = WORK.tasks * (len(RUNNERS) * (1 + 1 + 3 + 1) + CONFIRMING_EXECUTIONS - 1)
    table = simulated(hosts, max_calls=most)
    assert table.kept.kind == ""
    assert any("may keep state in its process" in note and "--fresh" in note for note in table.notes)
    assert len(hosts.order) * WORK.tasks <= most


def test_the_answer_says_for_which_programs_it_holds() -> None:
    """The answer also says that the others were not measured, and which option measures them."""
    run = measure(WORK, runners=RUNNERS, rounds=3, hosts=SimulatedHosts(keeps))
    (said,) = [finding for finding in answer(run[0]) if finding.page == "pitfalls/first-use"]
    assert "once per process" in said.sentence
    assert "was not measured: use --no-fresh" in said.sentence
    assert said.figures == {"first_seconds": FIRST, "later_seconds": LATER}
    other = measure(WORK, runners=RUNNERS, rounds=3, hosts=SimulatedHosts(keeps), fresh=False)
    (said,) = [finding for finding in answer(other[0]) if finding.page == "pitfalls/first-use"]
    assert "with new workers each time" in said.sentence
    assert "was not measured: use --fresh" in said.sentence


def _work(tasks: int = 64) -> FunctionWorkload:
    return FunctionWorkload.of(abs, list(range(tasks)), CallForm())


def advised(seconds: Any, **options: Any) -> Advice:
    return advise_workload(_work(), make_options(seed=1, budget=600.0, **options), SimulatedHosts(seconds))


@pytest.mark.parametrize(("options", "once"), [({}, True), ({"fresh": True}, True), ({"fresh": False}, False)])
def test_advice_is_on_programs_that_call_it_once_unless_something_else_was_said(
    options: dict[str, Any], once: bool
) -> None:
    """A look finds out whether state is kept, and the race uses new processes from its beginning."""

    def seconds(label: str, number: int) -> float:
        if label.startswith("process"):
            return 1.0
        return 2.0 if number == 0 else 0.2

    advice = advised(seconds, **options)
    table = advice.run.tables[0]
    assert table.fresh is once
    assert {sample.seconds for sample in table.cell("sequential").samples} == {2.0 if once else 0.2}
    assert advice.recommendation is not None
    assert advice.recommendation.runner.startswith("process") is once
    assert any("per process" in sentence for sentence in advice.recommendation.valid_for) is (
        options != {"fresh": True}
    )


def real(name: str, runners: list[str], **options: Any) -> Table:
    given = {"rounds": 2, "observe": False, **options}
    return measure(f"{FILE}:{name}", items=range(4), runners=runners, **given).tables[0]


@pytest.mark.parametrize("name", ["lazy", "cached", "own"])
def test_state_is_found_however_it_is_kept(name: str) -> None:
    """State may be a model of the module, the results of each item, or a client for each thread."""
    table = real(name, ["sequential"])
    assert table.kept.kind == "state"
    assert min(sample.seconds for sample in table.cells[0].samples) > FIRST_USE


def test_an_ordinary_function_is_not_taken_for_one_that_keeps_state() -> None:
    """Finding that out costs nothing."""
    assert real("ordinary", ["sequential"]).kept.kind == "nothing"


@pytest.mark.parametrize("name", ["bound", "client"])
def test_what_is_bound_to_an_event_loop_is_measured_under_asyncio(name: str) -> None:
    """A program that runs one loop can have it; threads with a loop each cannot, and are marked separately."""
    table = real(name, ["sequential", "thread-pool:2", "asyncio:4"])
    assert table.kept.kind == "loop"
    assert table.fresh
    ended = {cell.label: cell.outcome.kind for cell in table.cells}
    assert ended == {"sequential": "ok", "thread-pool:2": "inapplicable", "asyncio:4": "ok"}
    assert len(table.cell("asyncio:4").samples) == 2
    assert "an event loop" in table.cell("thread-pool:2").outcome.reason
    (note,) = (note for note in table.notes if "only in the event loop of its first execution" in note)
    assert "0x" not in note
    assert name == "client" or "<asyncio.locks.Semaphore ...> is bound" in note


def test_a_single_round_and_its_observed_pass_are_in_new_processes_as_well() -> None:
    """The pass would be the second execution of its process."""
    table = real("client", ["asyncio:4"], rounds=1, observe=True)
    assert table.kept.kind == "loop"
    assert table.cell("asyncio:4").outcome.kind == "ok"
    assert table.cell("asyncio:4").observed is not None


def test_what_somebody_has_said_is_done_with_event_loops_as_well() -> None:
    """The row then fails, and the table says how to avoid that."""
    table = real("client", ["asyncio:4"], fresh=False)
    assert (table.kept.kind, table.fresh) == ("loop", False)
    assert table.cell("asyncio:4").outcome.kind == "failed"
    assert any("(--no-fresh)" in note for note in table.notes)


def test_a_coroutine_that_fails_from_the_beginning_is_not_excused() -> None:
    """Only a second execution can fail because of the loop of the first."""
    table = real("broken", ["asyncio:4"])
    assert table.kept.kind == ""
    assert table.cell("asyncio:4").outcome.kind == "failed"


def test_in_this_process_nothing_can_be_new_and_nothing_is_decided() -> None:
    """This holds for both options, and for neither."""
    for fresh in (None, False):
        naps = [0.005] * 3  # too long to be repeated within a sample
        table = measure(time.sleep, items=naps, runners=["sequential"], isolate=False, rounds=3, fresh=fresh).tables[0]
        assert table.kept.kind == ""
    with pytest.raises(UsageError, match="fresh needs processes"):
        measure(abs, items=range(4), isolate=False, fresh=True)
