"""The overhead of measuring: samples of a cell against an independent stand-alone script that does the same work.

For each job and runner, samples of the measuring process (as `concbench` takes them) and runs of a script in
`standalone/` (which share no line with concbench) are taken in pairs. Both are long-lived processes with the same
workers and start method, and download from the same server, each to a directory of its own. Our results are compared as
concbench compares them; those of the script at the end of each launch, so that comparing cannot change its heap. Both
sides are started afresh ten times, and the interval is over these launches (`pairs.py`). The jobs are in `jobs.py`.

    python benchmarks/overhead.py                                            about 45 minutes
    python benchmarks/overhead.py --pairs 20 --launches 5 --jobs primes --runners thread-pool process-pool:4
    python benchmarks/overhead.py --control                                  two processes of the script: ratio 1
    python benchmarks/overhead.py --against ../other-checkout                two versions of concbench

Budget, for each line: the interval of ours / theirs contains 1.00 and lies within 0.95 to 1.05, with 40 pairs at least:
too quick is as wrong as too slow. Of so many intervals at 95 %, one in twenty misses 1.00 by chance: repeat the line
that does. With --against, theirs are the samples of the other version, and the interval must end below 1.05.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_all_start_methods
from pathlib import Path
from time import perf_counter

from driver import sampled
from jobs import JOBS, SCRIPTS
from pairs import (
    LEAST,
    MOST,
    Columns,
    Measure,
    Side,
    add_launches,
    checkout,
    equal,
    found_first,
    milliseconds,
    no_slower,
    program,
    ratio_of,
    require,
    started,
    take_launches,
)

import concbench
from concbench import Workload
from concbench.harness.hosts.base import CellEnded
from concbench.harness.planning.runner_specs import PlannedCell, default_runners, parse
from concbench.runners.base import workers_for

HERE = Path(__file__).parent
# Runners of Python 3.13, since no script by hand exists for interpreter-pool.
RUNNERS = [
    *(name for name in default_runners((3, 13)) if "process" not in name),
    "thread-pool:2",
    *(f"{name}:start_method={method}" for name in ("processes", "process-pool") for method in get_all_start_methods()),
]


def main() -> None:
    """Measure the chosen cells, and print a line for each."""
    arguments = parse_arguments()
    require(not sys.dont_write_bytecode, "unset PYTHONDONTWRITEBYTECODE, or every worker compiles what it imports")
    order = random.Random(arguments.seed)
    print(f"{arguments.pairs} pairs a line in {arguments.launches} launches, seed {arguments.seed}\n")
    table = Columns(("cell", 54), ("ours", 9), ("theirs", 9), ("ours / theirs", 22), ("median", 7), ("budget", 6))
    began = perf_counter()
    met: list[bool] = []
    for job in arguments.jobs:
        with tempfile.TemporaryDirectory() as name, JOBS[job].workload(Path(name)).running(name) as running:
            work = Work(job, running, Path(name))
            cells = cells_of(running, arguments.runners)
            met += [report(work, planned, arguments, order, table) for planned in cells]
    budget = f"ends below {MOST}" if arguments.against else f"contains 1.00, within {LEAST} to {MOST}"
    print(f"\n{sum(met)} of {len(met)} within the budget ({budget}); {perf_counter() - began:.0f} s")


def parse_arguments() -> argparse.Namespace:
    """The jobs and runners, and how long they are measured."""
    parser = argparse.ArgumentParser(description="A sample against a stand-alone script of the same work.")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--runners", nargs="+", metavar="SPEC", default=RUNNERS)
    add_launches(parser, pairs=60, launches=10)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--control", action="store_true", help="measure the script against itself")
    instead.add_argument(
        "--against", type=checkout, metavar="DIR", help="measure against the concbench of this checkout"
    )
    return parser.parse_args()


@dataclass(frozen=True)
class Work:
    """A job while it is being measured."""

    job: str
    running: Workload
    directory: Path

    @contextmanager
    def by_hand(self, planned: PlannedCell, own: str) -> Iterator[Measure]:
        """The script, with the same workers and start method; its results must be right in the end."""
        job = JOBS[self.job]
        directory = self.directory / own
        directory.mkdir(exist_ok=True)
        command = [*program(job.script, SCRIPTS), planned.name]
        command += job.arguments(self.running, self.directory, directory)
        command += ["--workers", str(getattr(planned.runner, "workers", None) or workers_for(planned.runner, 1))]
        if "start_method" in planned.settings:
            command += ["--start-method", planned.settings["start_method"]]
        with started(command, start_new_session=True) as script:
            yield script.seconds
            require(
                script.check() == job.check(self.running, self.directory), "the script has other results than it must"
            )

    @contextmanager
    def by(self, version: Path, planned: PlannedCell) -> Iterator[Measure]:
        """A measuring process of this version of concbench."""
        command = [*program("driver", version, HERE), self.job, planned.label]
        with started(command, start_new_session=True, env=found_first(version)) as script:
            yield script.seconds

    def sides(self, planned: PlannedCell, arguments: argparse.Namespace) -> tuple[Side, Side]:
        """The two sides that are compared."""
        if arguments.against:
            this = Path(concbench.__file__).absolute().parent.parent
            return partial(self.by, this, planned), partial(self.by, arguments.against, planned)
        theirs = partial(self.by_hand, planned, "by-hand")
        if arguments.control:
            return partial(self.by_hand, planned, "control"), theirs
        return partial(sampled, self.running, planned, self.directory), theirs


def cells_of(running: Workload, specs: list[str]) -> list[PlannedCell]:
    """The runners, except those that await if there is nothing to await."""
    cells = [parse(spec) for spec in specs]
    return [cell for cell in cells if running.awaitable or not getattr(cell.runner, "awaits", False)]


def report(
    work: Work, planned: PlannedCell, arguments: argparse.Namespace, order: random.Random, table: Columns
) -> bool:
    """Measure one cell and print its line; returns whether the budget is met."""
    cell = f"{work.job} {planned.label}"
    try:
        pairs = take_launches(*work.sides(planned, arguments), arguments, order)
    except CellEnded as ended:
        table.row(cell, "", "", "", "", f"FAILED: {ended}")
        return False
    ratio = ratio_of(pairs)
    said = no_slower(ratio) if arguments.against else equal(ratio)
    table.row(
        cell,
        milliseconds([pair.ours for pair in pairs]),
        milliseconds([pair.theirs for pair in pairs]),
        ratio,
        f"{ratio.median:.3f}",
        said,
    )
    return said == "met"


if __name__ == "__main__":
    main()
