"""The end of a measurement with requirements: played without a clock, by the loop of real runs."""

import random
from typing import Any

import pytest

from concbench.errors import UsageError
from concbench.gate.judging import judge_run
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import plan
from concbench.options import make_options
from concbench.requirements import Requirement
from concbench.results.records import RunRecord, Table
from concbench.run import Run
from concbench.testing import SimulatedHosts
from concbench.workloads.primes import Primes

WORK = Primes(limits=[10, 20, 30])


def play(means: dict[str, float], *texts: str, noise: float = 0.02, **options: Any) -> tuple[Table, list[str]]:
    """Play a session; returns its table and the judgements of the requirements."""
    draw = random.Random(7)
    hosts = SimulatedHosts(lambda label, _: means[label] * draw.lognormvariate(0, noise))
    requirements = [Requirement.read(text) for text in texts]
    planned = plan(WORK, list(means), make_options(**{"seed": 3, "max_rounds": 100, **options}), requirements)
    table, _ = measure_workload(planned, hosts, lambda _: None)
    record = RunRecord("0", "2026-01-01T00:00:00+00:00", 3, interrupted=False, environment={}, tables=[table])
    return table, [one.decision for one in judge_run(Run(record), [planned.requirements])]


def rounds(table: Table) -> dict[str, int]:
    return {cell.label: len(cell.samples) for cell in table.cells}


def test_it_ends_as_soon_as_every_requirement_is_decided() -> None:
    """A clear one takes few rounds, a close one more; a runner without a requirement takes three."""
    means = {"sequential": 1.0, "threads": 0.2, "thread-pool:2": 0.6, "asyncio:2": 0.5}
    table, decisions = play(means, "threads >= 2x", "thread-pool:2 >= 1.5x")
    assert (table.stopped, decisions) == ("verdicts", ["passed", "passed"])
    taken = rounds(table)
    assert taken["asyncio:2"] == 3 < taken["threads"] < taken["thread-pool:2"] == taken["sequential"] < 30


def test_two_runners_are_compared_without_the_baseline() -> None:
    """The baseline rests once it is not needed."""
    means = {"sequential": 1.0, "threads": 0.5, "thread-pool:2": 0.5}
    table, decisions = play(means, "threads same as thread-pool:2 within 10%")
    assert (rounds(table)["sequential"], decisions) == (3, ["passed"])
    assert rounds(table)["threads"] == rounds(table)["thread-pool:2"] > 3


def test_what_noise_hides_ends_with_the_budget_or_the_rounds_and_is_undecided() -> None:
    """Running out of time does not lead to a claim."""
    means = {"sequential": 1.0, "threads": 1 / 1.5}
    table, decisions = play(means, "threads >= 1.5x", noise=0.3, max_rounds=12)
    assert (table.stopped, decisions, set(rounds(table).values())) == ("rounds", ["undecided"], {12})
    table, decisions = play(means, "threads >= 1.5x", noise=0.3, budget=20.0)
    assert (table.stopped, decisions) == ("budget", ["undecided"])


def test_rounds_that_are_asked_for_are_taken_and_judged() -> None:
    """This holds whatever is known."""
    table, decisions = play({"sequential": 1.0, "threads": 0.5}, "threads >= 1.5x", rounds=9, max_rounds=None)
    assert (set(rounds(table).values()), decisions) == ({9}, ["passed"])


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["thread-pool:3 >= 2x"], "the runner thread-pool:3 of the requirement 'thread-pool:3 >= 2x' is not among the"),
        (["threads same as asyncio"], "the runner asyncio of the requirement"),
        (["sequential >= 1x"], "compares sequential with itself"),
        (["threads same as threads"], "compares threads with itself"),
        (["threads >= 2x", "threads <= 1.5x"], "contradict each other"),
    ],
)
def test_what_cannot_be_required_of_these_runners_is_refused_before_anything_runs(texts: list[str], said: str) -> None:
    """The message says what to do."""
    with pytest.raises(UsageError, match=said):
        play({"sequential": 1.0, "threads": 0.5}, *texts)


def test_a_width_of_intervals_is_not_asked_for_beside_requirements() -> None:
    """Only one of the two can decide when the measurement ends."""
    with pytest.raises(UsageError, match="leave out precision"):
        play({"sequential": 1.0, "threads": 0.5}, "threads >= 2x", precision=0.05)


def test_a_runner_is_named_in_any_of_its_spellings() -> None:
    """The spellings are those of the command line."""
    assert play({"sequential": 1.0, "thread-pool:2": 0.5}, "thread-pool:workers=2 >= 1.5x")[1] == ["passed"]
