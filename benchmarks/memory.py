"""Memory that a runner keeps over a million tasks that do nothing, compared with the same calls written by hand.

Every figure is the peak memory of a fresh process that does nothing else: its imports, its items, its results, and
what it keeps for each task meanwhile. Worker processes are not counted. The calls by hand are those of `by_hand.py`.

    python benchmarks/memory.py                                              about 2 minutes
    python benchmarks/memory.py --cases batched-threads process-pool         about 40 minutes
    python benchmarks/memory.py --tasks 100000 --repetitions 1 --cases sequential thread-pool
    python benchmarks/memory.py --against OTHER_CHECKOUT                     about 2 minutes

Budget, for each line: ours / theirs is 1.05 at most, medians of 3 repetitions, a million tasks. If another version of
concbench takes the place of the calls by hand, the interval of the ratio must end below 1.05.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from pairs import Columns, Pair, checkout, found_first, ratio_of, typical, verdict

from concbench.stats.intervals import FEWEST

MOST = 1.05

OURS = """
from concbench import {runner}
from by_hand import {task}
items = list(range({tasks}))
with {runner}({settings}) as runner:
    results = runner.run({task}, items)
"""

THEIRS = """
{imports}
items = list(range({tasks}))
{call}
"""

END = """
assert results == items, "wrong results"
from by_hand import peak_bytes
print(peak_bytes())
"""

THREAD_POOL = """
with ThreadPoolExecutor(32) as executor:
    results = in_an_executor(executor, items)
"""

PROCESS_POOL = """
with ProcessPoolExecutor(2, mp_context=get_context("{start_method}")) as executor:
    results = in_an_executor(executor, items, {chunksize})
"""

PROCESS_IMPORTS = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from by_hand import in_an_executor
"""


class Case(NamedTuple):
    """A runner with its settings, and the imports and the call by hand."""

    runner: str
    settings: str
    imports: str
    call: str
    task: str = "same"


def main() -> None:
    """Measure the chosen cases, and print a line for each."""
    arguments = parse_arguments()
    print(f"{arguments.tasks:,} tasks, {arguments.repetitions} repetitions, medians; in MB\n")
    table = Columns(
        ("case", 20), ("ours", 9), ("theirs", 9), ("ours / theirs*", 14), ("more", 7), ("seconds", 8), ("budget", 6)
    )
    met = [report(name, arguments, table) for name in arguments.cases]
    print(f"\n{sum(met)} of {len(met)} within the budget ({MOST}); *: against another version, the end of its interval")


def parse_arguments() -> argparse.Namespace:
    """The cases, and how often they are measured."""
    parser = argparse.ArgumentParser(description="Peak memory over many tasks.")
    default = [name for name in CASES if name not in SLOW]
    left_out = " and ".join(SLOW)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=default, help=f"default: all but {left_out}")
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--against", type=checkout, metavar="CHECKOUT", help="another version of concbench")
    return parser.parse_args()


def report(name: str, arguments: argparse.Namespace, table: Columns) -> bool:
    """Measure a case and print its line; returns whether the budget is met."""
    here = Path(__file__).parents[1]
    ours, theirs = programs(CASES[name], arguments.tasks)
    if arguments.against:
        theirs = ours
    begin = perf_counter()
    pairs = [Pair(peak(ours, here), peak(theirs, arguments.against or here)) for _ in range(arguments.repetitions)]
    seconds = perf_counter() - begin
    of_ours, of_theirs = (typical([getattr(pair, side) for pair in pairs]) for side in ("ours", "theirs"))
    ratio = of_ours / of_theirs
    if arguments.against and len(pairs) >= FEWEST:
        ratio = ratio_of(pairs).high
    more = f"{of_ours - of_theirs:+.1f}"
    table.row(
        name,
        f"{of_ours:.1f}",
        f"{of_theirs:.1f}",
        f"{ratio:.3f}",
        more,
        f"{seconds:.0f}",
        verdict(met=ratio <= MOST),
    )
    return ratio <= MOST


def programs(case: Case, tasks: int) -> tuple[str, str]:
    """The two programs of a case."""
    ours = OURS.format(runner=case.runner, settings=case.settings, task=case.task, tasks=tasks)
    theirs = THEIRS.format(imports=case.imports, call=case.call, tasks=tasks)
    return ours + END, theirs + END


def peak(program: str, version: Path) -> float:
    """Run a program in a fresh process with a version of concbench; returns its peak in megabytes."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        cwd=Path(__file__).parent,
        env=found_first(version),
    )
    return int(done.stdout) / 1e6


def process_pool(chunksize: int) -> Case:
    """The case of a pool of processes."""
    from concbench.runners.start_method import DEFAULT

    call = PROCESS_POOL.format(start_method=DEFAULT, chunksize=chunksize)
    return Case("ProcessPool", f"2, chunksize={chunksize}", PROCESS_IMPORTS, call)


CASES = {
    "sequential": Case("Sequential", "", "from by_hand import in_a_loop", "results = in_a_loop(items)"),
    "batched-threads": Case(
        "BatchedThreads", "10", "from by_hand import in_threads", "results = in_threads(items, at_once=10)"
    ),
    "thread-pool": Case(
        "ThreadPool",
        "32",
        "from concurrent.futures import ThreadPoolExecutor; from by_hand import in_an_executor",
        THREAD_POOL,
    ),
    "process-pool": process_pool(1),
    "process-pool by 100": process_pool(100),
    "asyncio": Case(
        "Asyncio",
        "32",
        "import asyncio; from by_hand import in_coroutines",
        "results = asyncio.run(in_coroutines(items, 32))",
        task="same_awaited",
    ),
}

SLOW = ("batched-threads", "process-pool")
"""Cases in which a million tasks take minutes."""


if __name__ == "__main__":
    main()
