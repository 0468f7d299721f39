"""Each change that a measuring process makes to its surroundings: a plain process, against one with a single change.

`overhead.py` shows that all changes together do not affect the times; this shows it for each, since two changes might
hide each other. Both sides are `changed.py`, started afresh for each launch. Both collect garbage before each run;
whether that matters is tested with processes that run once. (In a second run without a collection, the collector goes
on where the first run left it, unlike in a program that does the work once.)

    python benchmarks/host_state.py                                          about 10 minutes
    python benchmarks/host_state.py --pairs 9 --launches 3 --jobs arrays --changes modules workload

Budget, for each line: the interval of changed / plain contains 1.00 and lies within 0.95 to 1.05. Of so many intervals
at 95 %, one in twenty misses 1.00 by chance: repeat the line that does.
"""

from __future__ import annotations

import argparse
import os
import pickle
import queue
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from jobs import CALLS, SCRIPTS, CallsJob
from pairs import (
    LEAST,
    MOST,
    Columns,
    Measure,
    Script,
    add_launches,
    equal,
    found_first,
    milliseconds,
    program,
    ratio_of,
    started,
    take_launches,
)

import concbench
from concbench import Sequential
from concbench.harness.hosts.memory_limit import POLL_SECONDS, available_bytes
from concbench.host.descendants import MARK
from concbench.results.passes import ReferencePass

HERE = Path(__file__).parent
JOBS = {
    "compute": CallsJob("objects", "count_primes", "limits"),
    **{name: job for name, job in CALLS.items() if isinstance(job.items, str)},
}
CHANGES = {
    "modules": "what a host imports, and has the garbage collector pass over",
    "workload": "function and items by way of a pickle",
    "collect": "garbage collected before the run",
    "usage": "CPU time read before and after each run",
    "streams": "standard input empty, output to a file",
    "descriptors": "both pipes duplicated",
    "command": "started by python -c, not from a file",
    "session": "in a session of its own",
    "first": "offered to be killed first when memory runs out",
    "mark": "the mark in the environment",
    "hashes": "PYTHONHASHSEED set",
    "watched": "a thread of the parent reads, and looks at the memory left",
}
ALL = "all of these"


def main() -> None:
    """Measure the chosen changes, and print a line for each change and job."""
    arguments = parse_arguments()
    order = random.Random(arguments.seed)
    print(f"{arguments.pairs} pairs a line in {arguments.launches} launches, seed {arguments.seed}\n")
    table = Columns(("change, job", 28), ("changed", 9), ("plain", 9), ("changed / plain", 22), ("budget", 6))
    began = perf_counter()
    met: list[bool] = []
    with tempfile.TemporaryDirectory() as name:
        for change in arguments.changes:
            print(CHANGES.get(change, f"all {len(CHANGES)} at once"))
            met += [report(change, job, Path(name), arguments, order, table) for job in arguments.jobs]
    print(f"\n{sum(met)} of {len(met)} within the budget (contains 1.00, within {LEAST} to {MOST}); ", end="")
    print(f"{perf_counter() - began:.0f} s")


def parse_arguments() -> argparse.Namespace:
    """The changes and jobs, and how long they are measured."""
    parser = argparse.ArgumentParser(description="A plain process against the same with one thing done to it.")
    names = [name for name in CHANGES if name != "first" or sys.platform == "linux"]
    parser.add_argument("--changes", nargs="+", choices=[*names, ALL], default=[*names, ALL])
    parser.add_argument(
        "--jobs", nargs="+", choices=JOBS, default=["compute", "small-objects", "large-results", "arrays"]
    )
    add_launches(parser, pairs=36, launches=6)
    return parser.parse_args()


def report(
    change: str, job: str, directory: Path, arguments: argparse.Namespace, order: random.Random, table: Columns
) -> bool:
    """Measure one change with one job and print its line; returns whether the budget is met."""
    names = set(CHANGES) - ({"first"} if sys.platform != "linux" else set()) if change == ALL else {change}
    base = set() if change == "collect" else {"collect"}
    kind = once if change == "collect" else side
    with JOBS[job].workload(directory).running(str(directory)) as running:
        workload = directory / "workload.pickle"
        known = running.knowing(ReferencePass(unchanged=True))  # as the first sequential pass finds
        workload.write_bytes(pickle.dumps((known, Sequential())))
        changed, plain = (partial(kind, JOBS[job], workload, which) for which in (names | base, base))
        pairs = take_launches(changed, plain, arguments, order)
    ratio = ratio_of(pairs)
    ours, theirs = [pair.ours for pair in pairs], [pair.theirs for pair in pairs]
    table.row(f"  {change}, {job}", milliseconds(ours), milliseconds(theirs), ratio, equal(ratio))
    return equal(ratio) == "met"


@contextmanager
def side(job: CallsJob, workload: Path, changes: set[str]) -> Iterator[Measure]:
    """A process with these changes."""
    command = program("changed", HERE) if "command" in changes else [sys.executable, str(HERE / "changed.py")]
    command += [",".join(sorted(changes)), f"{job.module}:{job.function}", str(job.items), str(workload)]
    environment = found_first(Path(concbench.__file__).absolute().parent.parent, SCRIPTS)
    environment.pop("PYTHONHASHSEED", None)
    if "mark" in changes:
        environment[MARK] = "0123456789abcdef"
    if "hashes" in changes:
        environment["PYTHONHASHSEED"] = "0"
    kind = Watched if "watched" in changes else Script
    with open(os.devnull if "streams" in changes else 2, "wb", closefd="streams" in changes) as log:
        options: dict[str, Any] = {"env": environment, "stderr": log, "start_new_session": "session" in changes}
        with started(command, kind, **options) as script:
            yield script.seconds


@contextmanager
def once(job: CallsJob, workload: Path, changes: set[str]) -> Iterator[Measure]:
    """A new process for each run."""

    def seconds() -> float:
        with side(job, workload, changes) as measure:
            return measure()

    yield seconds


class Watched(Script):
    """A script that is asked in the way in which concbench asks a host."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(process,), daemon=True).start()
        super().__init__(process)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.put(line.strip())
        self._lines.put("")

    def _line(self) -> str:
        while True:
            try:
                return self._lines.get(timeout=POLL_SECONDS)
            except queue.Empty:
                available_bytes()


if __name__ == "__main__":
    main()
