"""Warm measurement: workers are kept, and every one of them has run something before the first sample."""

import os
import threading
import time
from pathlib import Path

import pytest

from concbench import Asyncio, Download, ProcessPool, Sequential, ThreadPool, measure
from concbench.errors import WorkerFailure
from concbench.host.cell import HostedCell
from concbench.workloads.base import Workload
from concbench.workloads.synthetic import Sleep


def who(item: object) -> tuple[int, int]:
    time.sleep(0.01)
    return os.getpid(), threading.get_native_id()


class Who(Workload):
    name = "who"
    kind = "io"
    function = staticmethod(who)
    items = tuple(range(9))

    def title(self) -> str:
        return "who runs this"


@pytest.mark.parametrize(
    "runner", [ThreadPool(workers=3), ProcessPool(workers=2), ProcessPool(workers=2, chunksize=3)], ids=repr
)
def test_the_same_workers_take_every_sample_and_all_of_them_are_awake(runner: object) -> None:
    """Pools start lazily: without a meeting, the first sample would pay for the last worker."""
    cell = HostedCell(Who(), runner, warm=True)  # type: ignore[arg-type]
    try:
        first, second = (set(cell.sample().results) for _ in range(2))
    finally:
        cell.close()
    assert first
    assert len(first | second) <= runner.workers  # type: ignore[attr-defined]
    began = {pid for pid, _ in first | second}
    assert (os.getpid() in began) is isinstance(runner, ThreadPool)


@pytest.mark.parametrize("runner", [Sequential(), ThreadPool(workers=4), Asyncio(workers=4)], ids=repr)
def test_start_and_stop_take_no_time_when_warm(runner: object) -> None:
    """Only the work is timed."""
    cell = HostedCell(Sleep(tasks=4, seconds=0.001), runner, warm=True)  # type: ignore[arg-type]
    try:
        figures = cell.sample().figures()
    finally:
        cell.close()
    assert figures["start"] == figures["stop"] == 0.0
    assert figures["work"] > 0


def test_a_worker_that_does_not_come_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait is bounded."""
    monkeypatch.setattr("concbench.observing.MEET_SECONDS", 0.05)

    class Lazy(ThreadPool):
        """Declares four workers, and has one."""

        def __enter__(self) -> "Lazy":
            from concurrent.futures import ThreadPoolExecutor

            self._executor = ThreadPoolExecutor(1)
            return self

    cell = HostedCell(Who(), Lazy(workers=4), warm=True)
    with pytest.raises(WorkerFailure, match="not all of the 4 workers"):
        cell.sample()


def test_warm_downloads_begin_without_the_files_of_the_last(tmp_path: Path) -> None:
    """A client that wrote nothing would otherwise pass with the files of the previous sample."""
    with Download(images=3, latency=0, image_size=4_000).running(str(tmp_path)) as workload:
        cell = HostedCell(workload, ThreadPool(workers=2), warm=True)
        cell.sample()
        cell.function = lambda image: 4_000
        collected = cell.sample(collect=True).collected
        cell.close()
    assert [length for _, length, _ in collected] == [0, 0, 0]


def test_a_warm_run_says_so() -> None:
    """The table and the record say it."""
    run = measure(Sleep(tasks=4, seconds=0.003), runners=["sequential", "thread-pool:4"], warm=True)
    assert run.tables[0].warm
    assert "(warm)" in str(run)
    assert [cell.outcome.kind for cell in run.tables[0].cells] == ["ok", "ok"]
