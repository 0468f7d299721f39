"""The controls of the doctor, played without a clock: its findings follow from the samples, and claim no more."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from concbench.harness.machine.controls import Checkup, CheckupFinding, check_up
from concbench.testing import SimulatedHosts

FACTS = {
    "cores": 2, "cores_by_affinity": 2, "cores_by_quota": None, "cores_usable": 2, "gil": True,
    "timer_step": 5e-8, "governor": None,
}  # fmt: skip
SEQUENTIAL = 0.050
FINE = {"thread-pool:8": 7.9, "asyncio:8": 7.8, "process-pool": 1.8, "thread-pool:2": 1.0}
"""The speed-up of every control on a good machine with two cores and a GIL."""


class Machine(SimulatedHosts):
    """Runners with given speed-ups, noise for processes, and the load of other processes."""

    def __init__(
        self, speedups: Mapping[str, float | Exception], noise: float = 0.02, load: float | None = 0.0, seed: int = 7
    ) -> None:
        draw = random.Random(seed)

        def seconds(label: str, _: int) -> float | Exception:
            known = [value for name, value in {**FINE, **speedups}.items() if label.startswith(name)]
            speedup = known[0] if known else 1.0
            if isinstance(speedup, Exception):
                return speedup
            if "workers=1" in label:  # what the pool of two is compared with
                return SEQUENTIAL * draw.lognormvariate(0, 0.02)
            return SEQUENTIAL / speedup * draw.lognormvariate(0, noise if "process-pool" in label else 0.02)

        super().__init__(seconds)
        self.load = load

    def load_watch(self) -> Any:
        return self

    def cores(self) -> float | None:
        return self.load

    def rounds(self, label: str) -> int:
        """The number of samples, without the warm-up."""
        return max((number for name, number in self.order if name.startswith(label)), default=0)


def doctor(
    speedups: Mapping[str, float | Exception] | None = None, facts: dict[str, Any] | None = None, **machine: Any
) -> tuple[Checkup, Machine]:
    hosts = Machine(speedups or {}, **machine)
    return check_up(hosts, {**FACTS, **(facts or {})}), hosts


def about(checkup: Checkup, what: str) -> CheckupFinding:
    (finding,) = [finding for finding in checkup.findings if finding.about == what]
    return finding


def statuses(checkup: Checkup) -> dict[str, str]:
    return {finding.about: finding.status for finding in checkup.findings}


def test_a_good_machine_is_told_so_after_the_fewest_rounds() -> None:
    checkup, hosts = doctor()
    assert set(statuses(checkup).values()) == {"ok"}
    assert checkup.well
    assert checkup.conclusion == "This machine can show concurrency and parallelism."
    assert hosts.rounds("process-pool") == 3
    assert hosts.rounds("asyncio") == 3


def test_a_second_core_that_adds_little_is_a_second_core() -> None:
    """Two virtual cores of a busy host only have to add something to one."""
    checkup, hosts = doctor({"process-pool": 1.3}, noise=0.08)
    assert about(checkup, "parallelism").status == "ok"
    assert hosts.rounds("process-pool") > 3


def test_processes_that_surely_gain_nothing_are_bad_and_only_after_all_of_the_time() -> None:
    checkup, hosts = doctor({"process-pool": 1.0})
    finding = about(checkup, "parallelism")
    assert finding.status == "bad"
    assert "as fast as sequential; about 2x was expected" in finding.text
    assert finding.speedup is not None
    assert finding.speedup.high < 1.1
    assert not checkup.well
    assert checkup.conclusion.startswith("This machine can show concurrency but cannot show parallelism: 2 computing")
    assert finding.advice in checkup.conclusion
    assert hosts.rounds("process-pool") > 20, "that it cannot was said before the time was over"


def test_what_noise_hides_could_not_be_told_and_is_not_bad() -> None:
    """The interval decides, and not its middle."""
    checkup, _ = doctor({"process-pool": 1.05}, noise=0.5)
    finding = about(checkup, "parallelism")
    assert finding.status == "unknown"
    assert "could not be decided in the time allowed" in finding.text
    assert checkup.well
    assert checkup.conclusion.startswith("This machine can show concurrency; whether it can show parallelism could not")
    assert "run 'concbench doctor' again" in checkup.conclusion


def test_the_load_of_others_is_named_and_the_machine_is_not_blamed_for_it() -> None:
    checkup, _ = doctor({"process-pool": 1.0}, load=0.9)
    assert {one for one, status in statuses(checkup).items() if status == "bad"} == {"load"}
    assert about(checkup, "parallelism").status == "unknown"
    assert "but other processes used 0.90 cores" in about(checkup, "parallelism").text
    assert not checkup.well
    assert checkup.conclusion.startswith(
        "Measurements taken here now would not be reliable: load; other processes used"
    )
    assert "cannot" not in checkup.conclusion


def test_some_load_is_a_note() -> None:
    checkup, _ = doctor(load=0.25)
    assert about(checkup, "load").status == "note"
    assert checkup.well
    assert checkup.environment["load_of_others"] == 0.25


def test_a_load_that_cannot_be_read_is_a_note() -> None:
    checkup, _ = doctor(load=None)
    assert about(checkup, "load").status == "note"
    assert checkup.well


def test_one_usable_core_is_said_without_measuring() -> None:
    checkup, hosts = doctor(facts={"cores_usable": 1, "cores_by_affinity": 1})
    assert about(checkup, "parallelism").status == "bad"
    assert "threads" not in statuses(checkup)
    assert hosts.rounds("process-pool") == 0
    assert checkup.conclusion == (
        "This machine can show concurrency but cannot show parallelism: there is one usable core, so nothing can be "
        "computed in parallel; measure on a machine with at least two cores."
    )


def test_one_usable_core_beside_a_load_is_said_as_well() -> None:
    checkup, _ = doctor(facts={"cores_usable": 1}, load=0.9)
    assert "one usable core" in checkup.conclusion
    assert "not be reliable: load" in checkup.conclusion


def test_waiting_that_does_not_overlap_is_bad() -> None:
    checkup, _ = doctor({"thread-pool:8": 3.0})
    finding = about(checkup, "concurrency")
    assert finding.status == "bad"
    assert finding.text.startswith("8 waiting threads were 2.99x [")
    assert finding.text.endswith("as fast as sequential; about 8x was expected")
    assert about(checkup, "coroutines").status == "ok"
    assert checkup.conclusion.startswith("This machine can show parallelism but cannot show concurrency")


@pytest.mark.parametrize(("speedup", "status"), [(1.0, "ok"), (1.16, "ok"), (1.9, "note")])
def test_threads_that_gain_with_a_gil_are_a_note(speedup: float, status: str) -> None:
    """They are not a reason to distrust measurements of processes."""
    checkup, _ = doctor({"thread-pool:2": speedup})
    assert about(checkup, "threads").status == status
    assert "with a GIL" in about(checkup, "threads").text
    assert checkup.conclusion == "This machine can show concurrency and parallelism."


@pytest.mark.parametrize(("speedup", "status"), [(1.8, "ok"), (1.0, "bad")])
def test_threads_must_gain_without_a_gil(speedup: float, status: str) -> None:
    checkup, _ = doctor({"thread-pool:2": speedup}, facts={"gil": False})
    assert about(checkup, "threads").status == status
    assert checkup.well == (status == "ok")


def test_a_control_that_breaks_is_bad_and_says_why() -> None:
    checkup, _ = doctor({"process-pool": OSError("no semaphores here")})
    assert about(checkup, "parallelism").status == "bad"
    assert "no semaphores here" in about(checkup, "parallelism").text
    assert about(checkup, "threads").status == "note", "nobody knows, without processes to compare them with"
    assert about(checkup, "concurrency").status == "ok"


def test_no_more_than_eight_cores_are_tried_and_each_must_add_something() -> None:
    """64 cores with the speed-up of two have a fault."""
    facts = {"cores": 64, "cores_by_affinity": 64, "cores_usable": 64}
    for speedup, status in ((6.0, "ok"), (1.5, "bad")):
        checkup, hosts = doctor({"process-pool": speedup, "thread-pool:8": 7.9}, facts)
        assert about(checkup, "parallelism").status == status
        assert hosts.rounds("process-pool") >= 3


def test_starting_is_told_apart_from_the_verdicts() -> None:
    checkup, _ = doctor({"processes": 0.001})
    assert set(checkup.starting) == {"thread", "process", "interpreter"}
    assert checkup.starting["process"] == pytest.approx(SEQUENTIAL / 0.001, rel=0.1)
    assert checkup.well


def wrong_of(sessions: int, judged: Callable[[int], str], wrong: str) -> int:
    return sum(judged(seed) == wrong for seed in range(sessions))


def test_noise_alone_is_seldom_taken_for_a_fault_or_for_a_gain() -> None:
    """At most 1 in 40 runs calls a ratio just above the bound bad, or none at all a gain."""

    def parallelism(speedup: float) -> Callable[[int], str]:
        return lambda seed: about(doctor({"process-pool": speedup}, noise=0.3, seed=seed)[0], "parallelism").status

    assert wrong_of(40, parallelism(1.15), "bad") <= 1
    assert wrong_of(40, parallelism(1.0), "ok") <= 1


@pytest.mark.parametrize("load", [0.0, 0.9])
def test_bad_news_comes_with_what_to_do(load: float) -> None:
    everything = {"thread-pool": 1.0, "asyncio": 1.0, "process-pool": 1.0}
    slow = {"timer_step": 1e-4, "governor": "powersave", "cores": 8, "cores_by_affinity": 4, "cores_by_quota": 2.5}
    checkup, _ = doctor(everything, {**slow, "gil": False}, load=load)
    assert {"cores", "timer", "governor"} <= set(statuses(checkup))
    assert all(finding.advice for finding in checkup.findings if finding.status != "ok")
