"""Workers that exist before the work: a runner prepares them off the clock, once in each process."""

from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any, ClassVar

import pytest

from concbench import measure
from concbench.errors import Inapplicable
from concbench.host.cell import HostedCell
from concbench.runners.sequential import Sequential
from concbench.testing.laws import double
from concbench.traits import ELSEWHERE, Traits
from concbench.workloads.synthetic import Sleep

SECONDS = 0.05


@dataclass
class Standing(Sequential):
    """A runner with such workers, which records the calls of its hooks."""

    workers: int = 2  # type: ignore[misc] # of a cluster, it would say
    traits: ClassVar[Traits] = Traits(where=ELSEWHERE)
    figures: ClassVar[dict[str, float]] = {"cpu_seconds": 0.25}
    done: ClassVar[list[str]] = []
    lacks: bool = False

    def provide(self, function: Any, directory: Path | None) -> None:
        assert callable(function)
        assert directory is None or directory.is_dir()
        if self.lacks:
            raise Inapplicable("its workers lack something: give it to them")
        sleep(SECONDS)
        self.done.append("provided")

    def run(self, function: Any, items: Any) -> list[Any]:
        self.done.append("run")
        return super().run(function, items)

    def release(self) -> None:
        self.done.append("released")


@pytest.fixture(autouse=True)
def begin() -> None:
    Standing.done.clear()


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_they_are_provided_before_all_executions_and_released_after_them(warm: bool) -> None:
    """That time is not in any sample, but is recorded; the results have what the workers reported."""
    run = measure(double, items=range(9000), runners=["sequential", Standing()], rounds=2, isolate=False, warm=warm)
    cell = run.tables[0].cells[1]
    assert cell.outcome.kind == "ok", cell.outcome
    assert cell.interpreter["provided"] >= SECONDS
    assert all(sample.seconds < SECONDS for sample in cell.samples)
    assert cell.observed is not None
    assert cell.observed.figures == Standing.figures
    order = " ".join(Standing.done)
    assert order.startswith("provided run")
    assert order.endswith("run released")
    assert Standing.done.count("provided") == Standing.done.count("released")


def test_workers_that_cannot_do_the_work_are_a_row_with_a_sentence() -> None:
    run = measure(double, items=range(3), runners=["sequential", Standing(lacks=True)], rounds=1, isolate=False)
    outcome = run.tables[0].cells[1].outcome
    assert (outcome.kind, outcome.reason) == ("inapplicable", "its workers lack something: give it to them")


def test_what_is_at_work_elsewhere_is_not_recorded_in_a_file_that_is_only_here(tmp_path: Path) -> None:
    record = tmp_path / "record"
    HostedCell(Sleep(tasks=2, seconds=0.0), Standing()).sample(record=str(record))
    assert not record.exists()
    HostedCell(Sleep(tasks=2, seconds=0.0), Sequential()).sample(record=str(record))
    assert record.exists()
