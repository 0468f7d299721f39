"""The jobs that measure the accuracy of advice: they must stay comparable with earlier measurements.

They are in benchmarks/advice/jobs.py.
"""

import importlib
import sys
from collections.abc import Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest

from concbench.harness.planning.runner_specs import plan_cells
from concbench.runners.base import workers_for

ADVICE = Path(__file__).parents[1] / "benchmarks" / "advice"
FIRST = {
    "wait", "wait for five", "wait, long tail", "compute", "compute, uneven", "digest", "compress", "mixed",
    "parse json", "tiny", "short", "big argument", "big result", "contended", "read file", "query", "run program",
}  # fmt: skip


@pytest.fixture
def accuracy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The benchmark as a module; another folder of benchmarks has a module `jobs` as well."""
    before = {*sys.modules}
    monkeypatch.syspath_prepend(str(ADVICE))
    yield importlib.import_module("accuracy")
    for name in {*sys.modules} - before:
        if name.partition(".")[0] in {"accuracy", "jobs", "pairs", "advised"}:
            del sys.modules[name]


def test_jobs_are_many_and_none_is_removed(accuracy: Any) -> None:
    assert len(accuracy.JOBS) >= 40
    assert {*accuracy.JOBS} >= FIRST


def test_a_job_has_the_same_result_each_time(accuracy: Any, tmp_path: Path) -> None:
    place = accuracy.Place(tmp_path, "")
    for name, job in accuracy.JOBS.items():
        function, items = job.called(), list(job.items(place))
        belongs_to_loop = iscoroutinefunction(function)
        asks_server = job.function.startswith("clients:")
        if not belongs_to_loop and not asks_server:
            assert function(items[-1]) == function(items[-1]), name


@pytest.mark.parametrize("job", ["compute", "large lists", "async compute"])
@pytest.mark.parametrize("tasks", [2, 24, 60, 20_000])
def test_cells_of_a_job_can_be_measured_together(accuracy: Any, job: str, tasks: int) -> None:
    planned = plan_cells(accuracy.cells(accuracy.JOBS[job], tasks))
    beside = [accuracy.parse(label) for cell in planned for label in accuracy.beside(cell.label, tasks)]
    assert planned[0].label == "sequential"
    assert all(workers_for(cell.runner, tasks) <= tasks for cell in [*planned, *beside])


def judged(accuracy: Any, runner: str | None, *interval: float) -> Any:
    answer = accuracy.Answer("this", 1, runner, "", 10.0)
    return accuracy.Judged(answer, runner or "sequential", "threads", 1.0, *interval, 20.0)


@pytest.mark.parametrize(
    ("runner", "interval", "score", "missed"),
    [
        ("thread-pool:2", (1.25, 1.06, 1.5), 0.8, True),
        ("thread-pool:2", (1.25, 1.04, 1.5), 0.8, False),
        ("thread-pool:2", (0.9, 0.8, 1.0), 1.0, False),
        ("thread-pool:2", (float("inf"),) * 3, 0.0, True),
        (None, (1.0, 0.9, 1.1), 1.0, True),
    ],
)
def test_an_advice_is_missed_where_its_interval_or_its_absence_says_so(
    accuracy: Any, runner: str | None, interval: tuple[float, ...], score: float, missed: bool
) -> None:
    one = judged(accuracy, runner, *interval)
    assert (one.score, one.missed) == (score, missed)
