"""From how many items on a cluster pays: the number in the answer, against measurements of eight numbers of items.

The cluster is a scheduler and worker processes on the loopback interface. The tasks wait, so that more workers than
cores are useful, as they are on several machines. It is compared with `sequential` and with a pool of two processes.

    python benchmarks/dask_break_even.py                       about 3 minutes; needs concbench[dask]
    python benchmarks/dask_break_even.py --task 0.05 --workers 6
    python benchmarks/dask_break_even.py --many                100,000 tasks of 1 ms instead

Budget: the number in the answer is within a factor of 1.5 of that at which the measured lines cross.
"""

from __future__ import annotations

import argparse
import math
import random
from contextlib import closing
from functools import partial
from time import perf_counter

from by_hand import nap
from pairs import Columns, verdict

from concbench import measure
from concbench.analysis.clusters import clusters
from concbench.analysis.table_analysis import TableAnalysis
from concbench.runners.clusters.cluster_process import LocalCluster
from concbench.runners.dask import Dask

FACTOR = 1.5
HERE = ["sequential", "process-pool:2"]
MANY, MANY_SECONDS = 100_000, 0.001


def main() -> None:
    """Print a line for each number of items, and both break-evens."""
    parser = argparse.ArgumentParser(description="From how many items on a cluster pays.")
    parser.add_argument("--task", type=float, default=0.02, help="seconds of a task")
    parser.add_argument("--workers", type=int, default=6, help="of the cluster")
    parser.add_argument("--items", type=int, default=100, help="of the run whose answer is tried")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--numbers", type=int, nargs="+", default=[4, 6, 9, 14, 21, 32, 48, 72])
    parser.add_argument("--many", action="store_true", help=f"{MANY:,} tasks of {1000 * MANY_SECONDS:g} ms instead")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    with closing(LocalCluster(arguments.workers)) as cluster:
        if arguments.many:
            many(cluster.address, arguments.workers)
        else:
            compare(cluster.address, arguments)


def compare(address: str, arguments: argparse.Namespace) -> None:
    """Compare the answer of one run with eight others."""
    print(f"tasks of {1000 * arguments.task:g} ms, {arguments.workers} workers, seed {arguments.seed}\n")
    (told,) = clusters(measured(address, arguments.items, arguments))
    table = Columns(("items", 8), ("this machine", 14), ("cluster", 14), ("cluster / machine", 20))
    seen: list[tuple[int, float]] = []
    for items in arguments.numbers:
        found = measured(address, items, arguments)
        here = min(cell.seconds or math.inf for cell in found.cells[:-1])
        there = found.cells[-1].seconds or math.inf
        seen.append((items, there / here))
        table.row(f"{items:,}", f"{1000 * here:,.1f} ms", f"{1000 * there:,.1f} ms", f"{there / here:.2f}")
    crossing = crossing_of(seen)
    named = "none" if told.items is None else f"{told.items:.1f}"
    print(f"\nthe answer names {named} items; measured: {'none' if crossing is None else f'{crossing:.1f}'}")
    met = crossing is not None and told.items is not None and 1 / FACTOR <= told.items / crossing <= FACTOR
    print(f"{verdict(met=met)}: within a factor of {FACTOR}")


def measured(address: str, items: int, arguments: argparse.Namespace) -> TableAnalysis:
    """Measure `items` items under all runners."""
    run = measure(
        partial(nap, arguments.task),
        items=range(items),
        runners=[*HERE, f"dask:address={address}"],
        rounds=arguments.rounds,
        seed=arguments.seed,
    )
    return run[0]


def crossing_of(seen: list[tuple[int, float]]) -> float | None:
    """The number of items at which the ratio falls below 1 for good, interpolated in logarithms between two."""
    above = [place for place, (_, ratio) in enumerate(seen) if ratio > 1]
    if not above or above[-1] == len(seen) - 1:
        return None if above else float(seen[0][0])
    (few, slower), (more, faster) = seen[above[-1]], seen[above[-1] + 1]
    share = math.log(slower) / (math.log(slower) - math.log(faster))
    return few * (more / few) ** share


def many(address: str, workers: int) -> None:
    """Run very many short tasks, in chunks that the runner chooses."""
    with Dask(address=address) as runner:
        began = perf_counter()
        results = runner.run(partial(nap, MANY_SECONDS), range(MANY))
        seconds = perf_counter() - began
    assert results == list(range(MANY)), "wrong results"
    ideal = runner.figures["tasks_seconds"] / workers
    print(
        f"{MANY:,} tasks of {1000 * MANY_SECONDS:g} ms on {workers} workers: {seconds:.1f} s in "
        f"{runner.figures['chunks']:,.0f} chunks; the tasks alone, shared evenly: {ideal:.1f} s ({ideal / seconds:.0%})"
    )


if __name__ == "__main__":
    main()
