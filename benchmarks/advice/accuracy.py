"""How good is the advice? What `advise` says of each job, beside an exhaustive measurement of it.

    python benchmarks/advice/accuracy.py [--jobs wait compute] [--budget 20] [--rounds 7]

The exhaustive measurement takes every runner with every sensible number of workers in interleaved rounds. The best is
chosen from one half of the rounds and timed in the other, so that luck does not make it better than it is. Regret is
the time of what was advised over the time of the best; at most 1.10 is the aim, for 90 % of the jobs. About 15 minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import jobs

from concbench import advise, measure
from concbench.analysis.table_analysis import analyse
from concbench.harness.runner_specs import default_runners
from concbench.results.records import Table

GOOD = 1.10


def cells(tasks: int, advised: str) -> list[str]:
    """Every runner, with every power of 2 of workers where it has workers; what was advised among them."""
    counts = [count for count in (2, 4, 8, 16, 32, 64, 128, 256) if count < 2 * tasks]
    chunked = [f"process-pool:workers=2,chunksize={chunk}" for chunk in (4, 16, 64, 256) if chunk * 2 <= tasks]
    specs = [
        "sequential",
        *(["threads"] if tasks <= 1_000 else []),
        *(["processes"] if tasks <= 100 else []),
        *(f"batched-threads:{count}" for count in (10,)),
        *(f"thread-pool:{min(count, tasks)}" for count in counts),
        *(f"process-pool:{count}" for count in (2, 4, 8) if count <= tasks),
        *chunked,
    ]
    assert default_runners()[0] == "sequential"
    return list(dict.fromkeys([*specs, advised]))


def half(table: Table, label: str, rounds: Sequence[int]) -> float:
    """Median seconds of a cell over some of the rounds."""
    return float(np.median([sample.seconds for sample in table.cell(label).samples if sample.round in rounds]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", nargs="+", choices=list(jobs.JOBS), default=list(jobs.JOBS))
    parser.add_argument("--budget", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{'job':<17}{'advised':<37}{'best':<37}{'regret':>7}{'in group':>9}{'advice':>8}{'all':>8}")
    regrets, grouped, advising, everything = [], [], 0.0, 0.0
    for name in arguments.jobs:
        function, items = jobs.JOBS[name]
        listed = list(items() if callable(items) else items)  # type: ignore[call-overload]
        called = getattr(jobs, function)
        began = perf_counter()
        advice = advise(called, items=listed, budget=arguments.budget, seed=arguments.seed).recommendation
        took = perf_counter() - began
        assert advice is not None
        began = perf_counter()
        table = measure(
            called, items=listed, runners=cells(len(listed), advice.runner), rounds=arguments.rounds, observe=False,
            seed=arguments.seed,
        ).tables[0]  # fmt: skip
        exhaustive = perf_counter() - began
        well = [cell.label for cell in table.cells if cell.outcome.kind == "ok" and cell.samples]
        choosing, timing = range(0, arguments.rounds, 2), range(1, arguments.rounds, 2)
        best = min(well, key=lambda label: half(table, label, choosing))
        regret = half(table, advice.runner, timing) / half(table, best, timing)
        group = [cell.label for cell in analyse(table).fastest_group]
        regrets.append(regret)
        grouped.append(advice.runner in group)
        advising += took
        everything += exhaustive
        print(
            f"{name:<17}{advice.runner:<37}{best:<37}{regret:>7.2f}{'yes' if grouped[-1] else 'no':>9}"
            f"{took:>6.0f} s{exhaustive:>6.0f} s",
            flush=True,
        )
    print(
        f"\nregret at most {GOOD}: {np.mean(np.array(regrets) <= GOOD):.0%}; "
        f"in the fastest group: {np.mean(grouped):.0%}; "
        f"seconds: {advising:.0f} for all advice, {everything:.0f} for all exhaustive measurements "
        f"({advising / everything:.2f})"
    )


if __name__ == "__main__":
    main()
