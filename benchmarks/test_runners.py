"""Times of both workloads under every runner, through the public API: a suite for pytest-benchmark.

Every round is cold: the runner is entered, runs all tasks and is left. A fresh pool of connections or an empty
directory is prepared before, if needed. Results are compared once, outside the timed part. The session of the
coroutines belongs to their event loop, so opening and closing it (about 1 ms) is timed with them.

    python -m pytest benchmarks -o addopts=                                  about 30 seconds
    python -m pytest benchmarks -o addopts= --benchmark-autosave             then --benchmark-compare

The project's own options turn pytest-benchmark off, for the sake of the tests; `-o addopts=` leaves them out. There is
no budget: these figures are for comparing one version or machine with another.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Any

import pytest

from concbench import (
    Asyncio,
    BatchedThreads,
    Download,
    InterpreterPool,
    Primes,
    Processes,
    ProcessPool,
    Runner,
    Sequential,
    ThreadPool,
    Threads,
    Workload,
)
from concbench.runners.base import exists_in

ROUNDS = 5
IMAGES = 24
ORDINARY = [
    make
    for make in (Sequential, Threads, BatchedThreads, Processes, ThreadPool, ProcessPool, InterpreterPool)
    if exists_in(make, sys.version_info[:2])
]


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workload]:
    """The download workload with its server."""
    with Download(images=IMAGES).running(str(tmp_path_factory.mktemp("download"))) as running:
        yield running


@pytest.fixture(scope="module")
def primes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workload]:
    """The primes workload with its expected results."""
    with Primes().running(str(tmp_path_factory.mktemp("primes"))) as running:
        yield running


@pytest.mark.benchmark(group="primes")
@pytest.mark.parametrize("make", ORDINARY, ids=lambda make: make.__name__)
def test_primes(benchmark: Any, primes: Workload, make: Callable[[], Runner]) -> None:
    time_ordinary(benchmark, primes, make())


@pytest.mark.benchmark(group="download")
@pytest.mark.parametrize("make", ORDINARY, ids=lambda make: make.__name__)
def test_download(benchmark: Any, download: Workload, make: Callable[[], Runner]) -> None:
    time_ordinary(benchmark, download, make())


@pytest.mark.benchmark(group="download")
def test_download_by_coroutines(benchmark: Any, download: Workload) -> None:
    runner = Asyncio()
    function, items = download.coroutine, download.items
    assert function is not None

    def run() -> list[Any]:
        with runner:
            context = download.coroutine_context(workers_of(runner, download))
            runner.run(enter, [context])
            try:
                return runner.run(function, items)
            finally:
                runner.run(leave, [context])

    require_right(download, benchmark.pedantic(run, setup=download.reset, rounds=ROUNDS, warmup_rounds=1))


def time_ordinary(benchmark: Any, workload: Workload, runner: Runner) -> None:
    """Time the whole `with` block, each time in a fresh context of the workload."""
    function, items = workload.function, workload.items
    workers = workers_of(runner, workload)

    def run() -> list[Any]:
        with runner:
            return runner.run(function, items)

    with ExitStack() as contexts:

        def make_ready() -> None:
            contexts.close()
            workload.reset()
            contexts.enter_context(workload.context(workers))

        results = benchmark.pedantic(run, setup=make_ready, rounds=ROUNDS, warmup_rounds=1)
        require_right(workload, results)


def workers_of(runner: Runner, workload: Workload) -> int:
    """The most tasks that the runner has in progress at once."""
    tasks = len(workload.items)
    workers: int | None = getattr(runner, "workers", 1)
    return tasks if workers is None else min(workers, tasks)


def require_right(workload: Workload, results: list[Any]) -> None:
    """Check the results of the last round, and the files that it left."""
    assert workload.collect(results) == workload.expected


async def enter(context: AbstractAsyncContextManager[Any]) -> None:
    """Open the session, in the event loop."""
    await context.__aenter__()


async def leave(context: AbstractAsyncContextManager[Any]) -> None:
    """Close the session."""
    await context.__aexit__(None, None, None)
