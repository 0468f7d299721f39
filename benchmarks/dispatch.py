"""Cost of a runner per task: tasks that do nothing, compared with the standard-library call that the runner replaces.

Both sides are entered once and keep their workers, so that starting them does not count (but `threads`,
`batched-threads` and `processes` start theirs for each task: that is their work). The calls are those of `by_hand.py`.
Each line is measured in a process of its own, whose workers import nothing but the task. A process has one fork server:
both sides share it, and ours starts it. With Dask, both sides are clients of one cluster (where it is installed).

    python benchmarks/dispatch.py                                            about 5 minutes
    python benchmarks/dispatch.py --pairs 15 --scale 0.1 --cases sequential asyncio
    python benchmarks/dispatch.py --against ../other-checkout                two versions of concbench; 10 minutes

Budget, for each line: ours / theirs is 1.05 at most, or ours takes at most 20 ns more for each task; 15 pairs or more.
With --against, theirs is the runner of the other version; each side has a process of its own, started afresh three
times, and the interval of the ratio must end below 1.05.
"""

from __future__ import annotations

import argparse
import atexit
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

from by_hand import (
    in_a_cluster,
    in_a_loop,
    in_a_pool,
    in_an_executor,
    in_coroutines,
    in_joblib,
    in_processes,
    in_threads,
    in_threads_of_a_loop,
    same,
    same_awaited,
)
from pairs import (
    MOST,
    Columns,
    Measure,
    Pair,
    Ratio,
    checkout,
    found_first,
    no_slower,
    program,
    ratio_of,
    serve,
    started,
    take_launches,
    take_pairs,
    typical,
    verdict,
)

import concbench
from concbench import (
    Asyncio,
    BatchedThreads,
    Executor,
    InterpreterPool,
    MpPool,
    Processes,
    ProcessPool,
    Runner,
    Sequential,
    ThreadPool,
    Threads,
    ToThread,
)
from concbench.runners.base import exists_in

try:
    from concbench.launch import python_command
except ImportError:  # another version
    from concbench.launch import python as python_command

HERE = Path(__file__).parent
MOST_SECONDS = 20e-9
POOL_WORKERS = 2

Work = Callable[[list[int]], Any]
ByHand = Callable[[], AbstractContextManager[Work]]


def main() -> None:
    """Print a line for each case; with --one-case, measure that case in this process."""
    arguments = parse_arguments()
    if arguments.one_case:
        print(json.dumps(measure(arguments.one_case, arguments)))
        return
    if arguments.one_side:
        serve_runner(arguments.one_side, arguments.scale)
        return
    print(f"{arguments.pairs} pairs a line after {arguments.warm_up} of warm-up, seed {arguments.seed}\n")
    table = Columns(("case", 20), ("tasks", 8), ("ours", 13), ("theirs", 13), ("ours / theirs", 22), ("budget", 6))
    met = [report(case, arguments, table) for case in arguments.cases]
    budget = f"ends below {MOST}" if arguments.against else f"{MOST}, or {MOST_SECONDS * 1e9:.0f} ns more for each task"
    print(f"\n{sum(met)} of {len(met)} within the budget ({budget})")


def parse_arguments() -> argparse.Namespace:
    """The cases, and how long they are measured."""
    parser = argparse.ArgumentParser(description="Cost of a task that does nothing.")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=[case for case in CASES if is_here(case)])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--warm-up", type=int, default=1, metavar="PAIRS")
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of tasks")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--against", type=checkout, metavar="DIR", help="measure against this concbench")
    parser.add_argument("--launches", type=int, default=3, help="of both sides, with --against; three at least")
    parser.add_argument("--one-case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--one-side", choices=CASES, help=argparse.SUPPRESS)
    return parser.parse_args()


def is_here(case: str) -> bool:
    """Whether this Python has what a case needs."""
    if "dask" in case:
        return find_spec("distributed") is not None
    return exists_in(CASES[case][1](), sys.version_info[:2])


def report(case: str, arguments: argparse.Namespace, table: Columns) -> bool:
    """Measure a case and print its line; returns whether the budget is met."""
    pairs = pairs_of_versions(case, arguments) if arguments.against else pairs_by_hand(case, arguments)
    tasks = tasks_of(case, arguments.scale)
    ratio = ratio_of(pairs)
    more = typical([pair.ours - pair.theirs for pair in pairs]) / tasks
    said = no_slower(ratio) if arguments.against else no_dearer(ratio, more)
    table.row(
        case,
        f"{tasks:,}",
        f"{typical([pair.ours for pair in pairs]) / tasks * 1e6:,.3f} us",
        f"{typical([pair.theirs for pair in pairs]) / tasks * 1e6:,.3f} us",
        ratio,
        said,
    )
    return said.startswith("met")


def no_dearer(ratio: Ratio, more: float) -> str:
    """A verdict on a runner's own cost: the ratio, and the additional seconds per task."""
    met = ratio.centre <= MOST or more <= MOST_SECONDS
    wide = "" if met or ratio.low > 1 else ", too wide: take more pairs"
    return f"{verdict(met=met)} ({more * 1e9:+,.0f} ns{wide})"


def pairs_by_hand(case: str, arguments: argparse.Namespace) -> list[Pair]:
    """Pairs with the standard-library call, both in one process that is started for them."""
    command = [*python_command("dispatch"), "--one-case", case, "--seed", str(arguments.seed)]
    command += ["--pairs", str(arguments.pairs), "--warm-up", str(arguments.warm_up), "--scale", str(arguments.scale)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return [Pair(*pair) for pair in json.loads(answer)]


def pairs_of_versions(case: str, arguments: argparse.Namespace) -> list[Pair]:
    """Pairs with the runner of the other version, each in a process of its own."""
    order = random.Random(f"{arguments.seed} {case}")
    this = Path(concbench.__file__).absolute().parent.parent
    ours, theirs = (partial(runner_of, version, case, arguments.scale) for version in (this, arguments.against))
    return take_launches(ours, theirs, arguments, order)


@contextmanager
def runner_of(version: Path, case: str, scale: float) -> Iterator[Measure]:
    """A process in which a runner of this version has been entered."""
    command = [*program("dispatch", version, HERE), "--one-side", case, "--scale", str(scale)]
    with started(command, env=found_first(version)) as script:
        yield script.seconds


def serve_runner(case: str, scale: float) -> None:
    """Serve as that process."""
    _, make, _ = CASES[case]
    with make() as runner:
        serve(ours_of(runner, list(range(tasks_of(case, scale)))))


def tasks_of(case: str, scale: float) -> int:
    """The number of tasks of a case."""
    return max(1, int(CASES[case][0] * scale))


def measure(case: str, arguments: argparse.Namespace) -> list[tuple[float, float]]:
    """Measure the pairs of a case."""
    _, make_ours, make_theirs = CASES[case]
    items = list(range(tasks_of(case, arguments.scale)))
    order = random.Random(f"{arguments.seed} {case}")
    with make_ours() as runner, make_theirs() as theirs:
        ours = ours_of(runner, items)
        ours()  # a process has one fork server, and whoever starts it chooses its preloads
        pairs = take_pairs(
            ours,
            timed(theirs, items),
            pairs=arguments.pairs,
            warm_up=arguments.warm_up,
            order=order,
        )
    return [(pair.ours, pair.theirs) for pair in pairs]


def ours_of(runner: Runner, items: list[int]) -> Measure:
    """A measure of a runner that has been entered."""
    task = same_awaited if getattr(runner, "awaits", False) else same
    return timed(lambda items: runner.run(task, items), items)


def timed(work: Work, items: list[int]) -> Measure:
    """A measure of `work`, which checks the results after the clock has stopped."""

    def seconds() -> float:
        begin = perf_counter()
        results = work(items)
        taken = perf_counter() - begin
        assert results == items, "wrong results"
        return taken

    return seconds


@contextmanager
def loop_by_hand() -> Iterator[Work]:
    yield in_a_loop


@contextmanager
def threads_by_hand() -> Iterator[Work]:
    yield lambda items: in_threads(items, at_once=len(items))


@contextmanager
def batches_by_hand() -> Iterator[Work]:
    yield lambda items: in_threads(items, at_once=BatchedThreads().workers)


@contextmanager
def processes_by_hand() -> Iterator[Work]:
    yield lambda items: in_processes(items, Processes().start_method)


@contextmanager
def thread_pool_by_hand() -> Iterator[Work]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(ThreadPool().workers) as executor:
        yield lambda items: in_an_executor(executor, items)


def process_pool_by_hand(chunksize: int) -> ByHand:
    @contextmanager
    def by_hand() -> Iterator[Work]:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        context = get_context(ProcessPool().start_method)
        with ProcessPoolExecutor(POOL_WORKERS, mp_context=context) as executor:
            yield lambda items: in_an_executor(executor, items, chunksize)

    return by_hand


@contextmanager
def interpreters_by_hand() -> Iterator[Work]:
    from concurrent.futures import InterpreterPoolExecutor  # type: ignore[attr-defined,unused-ignore] # from 3.14 on

    with InterpreterPoolExecutor(POOL_WORKERS) as executor:
        yield lambda items: in_an_executor(executor, items)


@contextmanager
def mp_pool_by_hand() -> Iterator[Work]:
    from multiprocessing import get_context

    with get_context(MpPool().start_method).Pool(POOL_WORKERS) as pool:
        yield lambda items: in_a_pool(pool, items)


@contextmanager
def coroutines_by_hand() -> Iterator[Work]:
    import asyncio

    with asyncio.Runner() as runner:
        yield lambda items: runner.run(in_coroutines(items, Asyncio().workers))


@cache
def dask_address() -> str:
    """The address of a cluster on this machine that both sides use, and that ends with this process."""
    try:
        from concbench.runners.clusters.cluster_process import LocalCluster
    except ImportError:  # another version
        from concbench.runners.clusters.local import LocalCluster

    cluster = LocalCluster(POOL_WORKERS)
    atexit.register(cluster.close)
    return cluster.address


def dask(chunksize: int) -> Runner:
    from concbench.runners.dask import Dask

    return Dask(address=dask_address(), chunksize=chunksize)


def dask_by_hand(chunksize: int) -> ByHand:
    @contextmanager
    def by_hand() -> Iterator[Work]:
        from distributed import Client

        with Client(dask_address(), set_as_default=False) as client:
            yield lambda items: in_a_cluster(client, items, chunksize)

    return by_hand


def joblib_of(batch_size: int | str) -> Callable[[], Runner]:
    def make() -> Runner:
        from concbench.runners.joblib import Joblib

        return Joblib(POOL_WORKERS, batch_size=batch_size)

    return make


def joblib_by_hand(batch_size: int | str) -> ByHand:
    @contextmanager
    def by_hand() -> Iterator[Work]:
        from joblib import Parallel

        with Parallel(POOL_WORKERS, batch_size=batch_size) as parallel:
            yield lambda items: in_joblib(parallel, items)

    return by_hand


@contextmanager
def threads_of_a_loop_by_hand() -> Iterator[Work]:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    with asyncio.Runner() as runner:
        workers = ToThread().workers
        runner.get_loop().set_default_executor(ThreadPoolExecutor(workers))
        yield lambda items: runner.run(in_threads_of_a_loop(items, workers))


CASES: dict[str, tuple[int, Callable[[], Runner], ByHand]] = {
    "sequential": (100_000, Sequential, loop_by_hand),
    "threads": (5_000, Threads, threads_by_hand),
    "batched-threads": (20_000, BatchedThreads, batches_by_hand),
    "processes": (100, Processes, processes_by_hand),
    "thread-pool": (100_000, ThreadPool, thread_pool_by_hand),
    "process-pool": (20_000, lambda: ProcessPool(POOL_WORKERS), process_pool_by_hand(1)),
    "process-pool by 100": (
        100_000,
        lambda: ProcessPool(POOL_WORKERS, chunksize=100),
        process_pool_by_hand(100),
    ),
    "interpreter-pool": (20_000, lambda: InterpreterPool(POOL_WORKERS), interpreters_by_hand),
    "mp-pool": (50_000, lambda: MpPool(POOL_WORKERS), mp_pool_by_hand),
    "joblib by 1": (10_000, joblib_of(1), joblib_by_hand(1)),
    "joblib": (100_000, joblib_of("auto"), joblib_by_hand("auto")),
    "executor": (
        100_000,
        lambda: Executor("concurrent.futures:ThreadPoolExecutor", workers=ThreadPool().workers),
        thread_pool_by_hand,
    ),
    "to-thread": (20_000, ToThread, threads_of_a_loop_by_hand),
    "asyncio": (100_000, Asyncio, coroutines_by_hand),
    "dask": (1_000, lambda: dask(1), dask_by_hand(1)),
    "dask by 100": (20_000, lambda: dask(100), dask_by_hand(100)),
}
"""For each case: the number of tasks, our runner, and the same by hand."""


if __name__ == "__main__":
    main()
