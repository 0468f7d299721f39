"""Workers times inner threads: the advice of `advise()` on two jobs, beside an exhaustive measurement of the same jobs.

A fit of scikit-learn computes on threads of OpenMP, and a system of equations in numpy on those of its BLAS. First,
advice is requested. Then `sequential`, and pools of threads and of processes with 2 workers up to twice the cores, are
measured with each number of inner threads up to the cores, all in one table. The advised cell and the three fastest are
measured again in rounds of their own, interleaved: so the best is not chosen from the rounds by which it is judged.

    python benchmarks/inner_threads.py                             about 8 minutes; needs scikit-learn and threadpoolctl
    python benchmarks/inner_threads.py --scikit-learn DIRECTORY    where pip install --target has put it
    python benchmarks/inner_threads.py --jobs solve --budget 120

Budget: the advised cell is not shown to take more than 1.05 times as long as the best.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

STANDALONE = Path(__file__).absolute().parent / "standalone"
VARIABLE = "OMP_NUM_THREADS"
"""OpenBLAS reads it as well, unless its own variable is set."""
JOBS = {"fit": ("fitting.py:fit", [*range(8, 32)]), "solve": ("solving.py:solve", [*range(24)])}
GOOD = 1.05
NEAR = 3
"""Number of cells that are measured again, beside the advised one."""


@dataclass(frozen=True)
class Choice:
    """A runner and a number of inner threads."""

    runner: str
    inner: int

    def __str__(self) -> str:
        return f"{self.runner}@{VARIABLE}={self.inner}"


def main() -> None:
    """Print a line for every cell, and how good the advice is."""
    arguments = parsed()
    print(f"seed {arguments.seed}, budget {arguments.budget:g} s, {arguments.rounds} and {arguments.more} rounds\n")
    for name in arguments.jobs:
        judge(name, arguments)


def parsed() -> argparse.Namespace:
    """Read the command line, and make scikit-learn importable."""
    parser = argparse.ArgumentParser(description="Workers times inner threads: the advice beside all of them.")
    parser.add_argument("--jobs", nargs="+", choices=[*JOBS], default=[*JOBS])
    parser.add_argument("--scikit-learn", type=Path, metavar="DIRECTORY", help="where pip has put it")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of an advice")
    parser.add_argument("--rounds", type=int, default=4, help="of all cells")
    parser.add_argument("--more", type=int, default=12, help="of the best and of what was advised")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    if arguments.scikit_learn:
        sys.path.insert(1, str(arguments.scikit_learn))
    for module in ("sklearn",) * ("fit" in arguments.jobs) + ("numpy",):
        if find_spec(module) is None:
            sys.exit(f"inner_threads: there is no {module}: pip install --target DIRECTORY scikit-learn threadpoolctl")
    return arguments


def judge(name: str, arguments: argparse.Namespace) -> None:
    """Judge the advice on one job."""
    from pairs import Columns, verdict

    from concbench import advise, measure
    from concbench.machine import POOL_VARIABLES, usable_cores
    from concbench.variants import ONE_INNER_THREAD

    for variable in POOL_VARIABLES:  # if one is set, inner threads are not raced
        os.environ.pop(variable, None)
    file, items = JOBS[name]
    function, cores = f"{STANDALONE / file}", usable_cores()
    began = perf_counter()
    advice = advise(function, items=items, budget=arguments.budget, seed=arguments.seed)
    best = advice.recommendation
    print(f"{name}: {best.headline if best else 'no answer'} ({perf_counter() - began:.0f} s)\n")
    runner = best.runner if best else "sequential"
    advised = Choice(runner, 1 if best and best.variant == ONE_INNER_THREAD.label else cores)
    inner = sorted({2**power for power in range(cores.bit_length()) if 2**power <= cores} | {cores})
    workers = sorted({2 ** (power + 1) for power in range(cores.bit_length())})
    runners = ["sequential", *(f"{pool}:{count}" for pool in ("thread-pool", "process-pool") for count in workers)]
    asked = {"items": items, "seed": arguments.seed, "budget": None, "observe": False, "timeout": 600.0}

    table = measure(
        function, runners=runners, env={VARIABLE: [str(count) for count in inner]},
        rounds=arguments.rounds, **asked,
    )[0]  # fmt: skip
    shown = Columns(("workers", 30), *((f"{count} inner", 10) for count in inner))
    took: dict[Choice, float] = {}
    for one in runners:
        cells = [table[f"{one} ({VARIABLE}={count})"] if len(inner) > 1 else table[one] for count in inner]
        for count, cell in zip(inner, cells, strict=True):
            if cell.seconds is not None:
                took[Choice(one, count)] = cell.seconds
        shown.row(one, *("-" if cell.seconds is None else f"{1000 * cell.seconds:.0f} ms" for cell in cells))
    if not took:
        sys.exit(f"inner_threads: nothing of {name} has times: {table.baseline.outcome.reason}")

    nearest = sorted(took, key=lambda choice: took[choice])[:NEAR]
    again = measure(
        function, runners=[*dict.fromkeys(choice.runner for choice in [advised, *nearest])],
        env={VARIABLE: [*dict.fromkeys(str(choice.inner) for choice in [advised, *nearest])]},
        rounds=arguments.more, baseline=str(advised), **asked,
    )[0]  # fmt: skip
    rivals = [cell for cell in again.measured if cell is not again.baseline and cell.speedup is not None]
    first = max(rivals, key=lambda cell: cell.speedup or 0.0, default=None)
    print(f"\nadvised: {advised}")
    if again.baseline.seconds is None:
        print(f"it has no times: {again.baseline.outcome.reason}; {verdict(met=False)}\n")
    elif first is None or first.interval is None or (first.speedup or 0.0) <= 1:
        print(f"nothing was faster: {verdict(met=True)}\n")
    else:
        low, high = first.interval.low, first.interval.high
        print(
            f"best of the others: {first.name}, {first.speedup:.3f}x [{low:.3f}, {high:.3f}] as fast as advised: ",
            end="",
        )
        print(f"{verdict(met=low <= GOOD)}\n")


if __name__ == "__main__":
    main()
