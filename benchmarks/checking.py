"""Whether comparing results changes the times: whole runs with the defaults, and with `--no-check`.

`python -m concbench run FILE:FUNCTION --items ...` is run in pairs, once with the defaults and once with `--no-check`,
in an order drawn anew for each pair. For each runner the ratio is that of the medians of its samples in the two runs.

    python benchmarks/checking.py                                            about 15 minutes
    python benchmarks/checking.py --pairs 4 --rounds 5 --jobs arrays --runners sequential thread-pool:2

Budget, for each line: the interval of default / no check contains 1.00 and lies within 0.95 to 1.05.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

from jobs import CALLS
from pairs import LEAST, MOST, Columns, Pair, equal, found_first, milliseconds, ratio_of, require, typical

import concbench
from concbench.results.files import load
from concbench.results.records import Cell


def main() -> None:
    """Run the chosen jobs, and print a line for each of their runners."""
    arguments = parse_arguments()
    order = random.Random(arguments.seed)
    print(f"{arguments.pairs} pairs of runs a line, {arguments.rounds} rounds a run, seed {arguments.seed}\n")
    table = Columns(("cell", 32), ("default", 9), ("no check", 9), ("default / no check", 22), ("budget", 6))
    began = perf_counter()
    met: list[bool] = []
    for job in arguments.jobs:
        with tempfile.TemporaryDirectory() as name:
            pairs = [pair_of_runs(job, Path(name), arguments, order) for _ in range(arguments.pairs)]
        met += [report(f"{job} {runner}", [pair[runner] for pair in pairs], table) for runner in pairs[0]]
    print(f"\n{sum(met)} of {len(met)} within the budget (contains 1.00, within {LEAST} to {MOST}); ", end="")
    print(f"{perf_counter() - began:.0f} s")


def parse_arguments() -> argparse.Namespace:
    """The jobs, and how often they are run."""
    parser = argparse.ArgumentParser(description="Whole runs with and without comparing results.")
    parser.add_argument("--jobs", nargs="+", choices=CALLS, default=list(CALLS))
    parser.add_argument("--runners", nargs="+", metavar="SPEC", default=["sequential", "thread-pool:2"])
    parser.add_argument("--pairs", type=int, default=12, help="of runs; three at least")
    parser.add_argument("--rounds", type=int, default=12, help="of each run")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    return parser.parse_args()


def report(cell: str, pairs: list[Pair], table: Columns) -> bool:
    """Print a line; returns whether its budget is met."""
    ratio = ratio_of(pairs)
    said = equal(ratio)
    ours, theirs = [pair.ours for pair in pairs], [pair.theirs for pair in pairs]
    table.row(cell, milliseconds(ours), milliseconds(theirs), ratio, said)
    return said == "met"


def pair_of_runs(job: str, directory: Path, arguments: argparse.Namespace, order: random.Random) -> dict[str, Pair]:
    """Run both; returns the medians of each runner in both."""
    run = partial(medians, job, directory, arguments)
    if order.random() < 0.5:
        ours, theirs = run(), run("--no-check")
    else:
        theirs, ours = run("--no-check"), run()
    return {runner: Pair(ours[runner], theirs[runner]) for runner in ours}


def medians(job: str, directory: Path, arguments: argparse.Namespace, *options: str) -> dict[str, float]:
    """Run concbench as a user does; returns the median of the samples of each runner."""
    calls, results = CALLS[job], directory / "results.json"
    command = [sys.executable, "-m", "concbench", "run", calls.place(), "--items", calls.where(directory)]
    command += ["--rounds", str(arguments.rounds), "--output", str(results), "--force", *options]
    command += [word for runner in arguments.runners for word in ("--runner", runner)]
    environment = found_first(Path(concbench.__file__).absolute().parent.parent)
    environment |= {"XDG_CACHE_HOME": str(directory)}  # the user's last run stays the last
    done = subprocess.run(command, capture_output=True, env=environment, text=True, check=False)
    require(done.returncode in {0, 1}, done.stderr)
    return {cell.label: median(cell) for cell in load(str(results)).tables[0].cells}


def median(cell: Cell) -> float:
    """The median of the samples of a runner."""
    require(cell.outcome.kind == "ok", f"{cell.label} failed: {cell.outcome.reason}")
    return typical([sample.seconds for sample in cell.samples])


if __name__ == "__main__":
    main()
