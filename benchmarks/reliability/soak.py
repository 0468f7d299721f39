"""Hundreds of rounds, or of whole runs: does anything grow?

    python benchmarks/reliability/soak.py [--rounds 500]
    python benchmarks/reliability/soak.py --runs 200      each is a measure() of its own, in one program

Four images under four runners, real measuring processes. After every round the memory, the open descriptors, the
threads and the processes of concbench itself, of every measuring process with all that it started, and of the image
server are read, and how much lies in the temporary directory. Memory is what is no part of a file (Linux: Anonymous in
smaps_rollup), since libraries are shared with programs that come and go. What is kept here is allocated beforehand.

Flat means, from round 50 on: of descriptors, threads, processes and files, the most of the last fifth is no more than
the most of the first fifth; memory rises by no more than 1 MB in 500 rounds (Theil-Sen slope), in concbench itself,
which keeps a sample of every cell, by no more than 1 kB a sample. The exit code is 1 if something grows, or if a
process, a temporary directory or shared memory is left at the end.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import re
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
from matrix import traces

from concbench import measure
from concbench.harness.events import Event, TableUpdated
from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import plan
from concbench.harness.stop_rules import EveryRound
from concbench.options import make_options
from concbench.results.records import Table
from concbench.workloads.download.workload import Download

RUNNERS = ("sequential", "thread-pool:2", "process-pool:2", "asyncio")
SETTLED = 50
"""Rounds after which all one-time allocations have been made."""
MEASURING_MEMORY = 1e6 / 500
"""Bytes by which a measuring process may grow per round."""
SAMPLE_MEMORY = 1e3
"""Bytes that concbench may keep for each sample."""
MEMORY, DESCRIPTORS, THREADS, PROCESSES = range(4)
NAMES = ("memory", "descriptors", "threads", "processes")
OWN = "concbench"
GRACE = 2.0


class Watch:
    """Reads all figures after each round."""

    def __init__(self, rounds: int, directory: Path) -> None:
        self._directory = directory
        self._rounds = rounds
        self._own = psutil.Process()
        self._groups: dict[str, psutil.Process] = {}
        self.seen: dict[str, np.ndarray] = {}
        """Figures by round for each group of processes: shape (rounds, 4)."""
        self.files = np.zeros((rounds, 2))
        """Number and bytes of the files in the temporary directory, by round."""
        self.count = 0

    def __call__(self, event: Event) -> None:
        if not isinstance(event, TableUpdated):
            return
        taken = max((len(cell.samples) for cell in event.table.cells), default=0)
        if taken == 0:
            self.name([cell.label for cell in event.table.cells])
        elif taken > self.count:
            self.read()

    def name(self, labels: list[str]) -> None:
        """Name every child process: a measuring process, the image server, or the guardian."""
        children = sorted(self._own.children(), key=lambda child: child.create_time())
        hosts = [child for child in children if module_of(child) == "concbench.host.host_process"]
        self._groups = dict(zip(labels, hosts, strict=True))
        self._groups |= {module_of(child): child for child in children if child not in hosts}
        self.seen = {name: np.zeros((self._rounds, 4)) for name in (OWN, *self._groups)}

    def read(self) -> None:
        """Read the figures after one more round."""
        number, self.count = self.count, self.count + 1
        if self.count % 50 == 0:
            print(f"round {self.count}", flush=True)
        self.seen[OWN][number] = figures([self._own])
        for name, process in self._groups.items():
            self.seen[name][number] = figures([process, *process.children(recursive=True)])
        self.seen[OWN][number, PROCESSES] = 1 + len(self._own.children())
        sizes = [path.stat().st_size for path in self._directory.rglob("*") if path.is_file()]
        self.files[number] = len(sizes), sum(sizes)


def module_of(process: psutil.Process) -> str:
    """The module of concbench that a process runs."""
    found = re.search(r"import (concbench[\w.]+)", " ".join(process.cmdline()))
    return found[1] if found else f"process {process.pid}"


def figures(processes: list[psutil.Process]) -> tuple[float, float, float, float]:
    """Memory, descriptors, threads and processes, summed; a process that ends meanwhile is left out."""
    memory = descriptors = threads = alive = 0
    for process in processes:
        try:
            pages = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            open_files, running = process.num_fds(), process.num_threads()
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
        memory += 1024 * int(re.findall(r"Anonymous: +(\d+)", pages)[0])
        descriptors, threads, alive = descriptors + open_files, threads + running, alive + 1
    return memory, descriptors, threads, alive


def slope(values: np.ndarray) -> float:
    """The increase from one value to the next: the median over all pairs (Theil-Sen)."""
    first, second = np.triu_indices(values.size, 1)
    return float(np.median((values[second] - values[first]) / (second - first)))


def rises(values: np.ndarray) -> bool:
    """Whether the maximum of the last fifth is above that of the first fifth."""
    fifth = max(1, values.size // 5)
    return bool(values[-fifth:].max() > values[:fifth].max())


def judged(watch: Watch) -> int:
    """Print every figure with its verdict; returns how many grow."""
    first = min(SETTLED, watch.count // 2)
    growing = 0
    heads = f"{f'round {first}':>12}{f'round {watch.count}':>12}{'per 100 rounds':>16}"
    print(f"\n{'what':<60}{heads}  verdict, largest step")

    def tell(what: str, values: np.ndarray, *, grows: bool, unit: str = "") -> None:
        nonlocal growing
        growing += grows
        scale = 1e6 if unit == "MB" else 1
        digits = 2 if unit == "MB" else 0
        at, end = values[0] / scale, values[-1] / scale
        rate = 100 * slope(values) / scale
        steps = np.diff(values) / scale
        step = f"; {steps.max():+,.{digits}f} in round {first + 1 + int(steps.argmax())}" if steps.max() > 0 else ""
        print(f"{f'{what} {unit}':<60}{at:>12,.{digits}f}{end:>12,.{digits}f}{rate:>+16.3f}  "
              f"{'GROWING' if grows else 'flat'}{step}")  # fmt: skip

    for name, table in watch.seen.items():
        kept = table[first - 1 : watch.count]
        allowed = SAMPLE_MEMORY * len(RUNNERS) if name == OWN else MEASURING_MEMORY
        tell(f"{name}: memory", kept[:, MEMORY], grows=slope(kept[:, MEMORY]) > allowed, unit="MB")
        for column in (DESCRIPTORS, THREADS, PROCESSES):
            tell(f"{name}: {NAMES[column]}", kept[:, column], grows=rises(kept[:, column]))
    for column, what in enumerate(("files", "bytes")):
        kept = watch.files[first - 1 : watch.count, column]
        tell(f"temporary directory: {what}", kept, grows=rises(kept))
    own = slope(watch.seen[OWN][first - 1 : watch.count, MEMORY])
    print(f"\nconcbench itself keeps {own:,.0f} bytes a round of {len(RUNNERS)} samples")
    return growing


def one_run(rounds: int, watch: Watch) -> list[str]:
    """Measure in one run, watched after each round; returns what was not measured."""
    planned = plan(Download(images=4, latency=0.001), RUNNERS, make_options(seed=1))
    planned = replace(planned, stop_rule=EveryRound(rounds))
    table, interrupted = measure_workload(planned, ProcessHosts(), watch)
    short = [cell.label for cell in table.cells if len(cell.samples) != rounds]
    return ill(table) + short + ["interrupted"] * interrupted


def many_runs(runs: int, watch: Watch) -> list[str]:
    """Measure again and again, watched after each run; returns what was not measured."""
    watch.name([])
    missing: list[str] = []
    for _ in range(runs):
        run = measure("download:images=4,latency=1ms", runners=list(RUNNERS), rounds=1)
        missing += ill(run[0].record)
        del run
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # memory that is free and kept by the C library is not in use
        watch.read()
    return missing


def ill(table: Table) -> list[str]:
    """The cells that did not end well."""
    return [f"{cell.label}: {cell.outcome.reason}" for cell in table.cells if cell.outcome.kind != "ok"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--runs", type=int, help="whole runs instead, each of one round")
    arguments = parser.parse_args()
    before = traces()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name
        count = arguments.runs or arguments.rounds
        watch = Watch(count, Path(name))
        began = time.monotonic()
        missing = many_runs(count, watch) if arguments.runs else one_run(count, watch)
        took = time.monotonic() - began
        kept = sorted(path.name for path in Path(name).iterdir())
        tempfile.tempdir = None
        del os.environ["TMPDIR"]
    growing = judged(watch)
    deadline = time.monotonic() + GRACE
    while (left := traces() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    left |= {f"file {one}" for one in kept}
    behind = ", ".join(sorted(left)) or "nothing"
    what = "runs" if arguments.runs else "rounds"
    print(f"{watch.count} {what} in {took:.0f} s: {growing} figures grow; left behind: {behind}")
    if missing:
        print(f"not all was measured: {', '.join(missing)}")
    return 1 if growing or left or missing else 0


if __name__ == "__main__":
    sys.exit(main())
