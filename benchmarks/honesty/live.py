"""How often is a table wrong on this very machine? Identical cells, measured for real, idle and beside a busy process.

    python benchmarks/honesty/live.py [--sessions 40] [--busy 0 1]

A session is a baseline and five copies of it (the same workload, the same runner). Every difference that is claimed
is false. The busy process is not a child of concbench: it keeps a share of a core busy outside the measured tree.
About 15 minutes with 40 sessions of each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import psutil

from concbench.analysis.table_analysis import TableAnalysis, analyse
from concbench.analysis.thresholds import FLAGGED
from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import Plan
from concbench.harness.planning.runner_specs import parse
from concbench.harness.stop_rules import VerdictRule
from concbench.options import decided, make_options
from concbench.workloads.base import Workload
from concbench.workloads.synthetic import Sleep, Spin

COPIES = 5
JOBS: dict[str, tuple[Workload, str]] = {
    "spin, sequential": (Spin(tasks=1, turns=300_000), "sequential"),
    "sleep, thread-pool:8": (Sleep(tasks=8, seconds=0.010), "thread-pool:8"),
}
_BUSY = """
import sys, time
share, end = float(sys.argv[1]), time.perf_counter() + 1800
while time.perf_counter() < end:
    began = time.perf_counter()
    while time.perf_counter() - began < 0.05 * share: pass
    time.sleep(0.05 * (1 - share))
"""


@contextmanager
def busy(share: float) -> Iterator[None]:
    """A foreign process that keeps this share of one core busy; started so that it is not a child of ours."""
    if share == 0:
        yield
        return
    launch = (
        "import subprocess, sys; "
        "print(subprocess.Popen([sys.executable, '-c', *sys.argv[1:]], "
        "stdout=subprocess.DEVNULL, start_new_session=True).pid)"
    )
    started = subprocess.run(
        [sys.executable, "-c", launch, _BUSY, str(share)], stdout=subprocess.PIPE, text=True, check=True
    )
    stranger = psutil.Process(int(started.stdout))
    try:
        yield
    finally:
        stranger.kill()


def session(workload: Workload, spec: str, seed: int, copies: int = COPIES) -> TableAnalysis:
    """One table of a baseline and its copies."""
    cells = tuple(replace(parse(spec), label=f"{spec.partition(':')[0]}:{number}") for number in range(1, copies + 2))
    options = make_options(observe=False, seed=seed)
    rule = VerdictRule(decided(options["max_rounds"]), options["budget"])
    table, _ = measure_workload(Plan(workload, cells, cells[0].id, rule, True, options), ProcessHosts(), lambda _: None)
    return analyse(table)


def report(name: str, share: float, seen: Sequence[TableAnalysis]) -> str:
    """One line for the sessions of a job."""
    candidates = [[cell for cell in one.cells if cell is not one.baseline] for one in seen]
    false = np.mean([any(cell.verdict in {"faster", "slower"} for cell in cells) for cells in candidates])
    excluded = np.mean([not all(cell.in_fastest_group for cell in one.cells) for one in seen])
    undecided = np.mean([cell.verdict == "undecided" for cells in candidates for cell in cells])
    rounds = np.mean([max(cell.rounds for cell in one.cells) for one in seen])
    others = np.array([one.other_load or 0.0 for one in seen])
    return (
        f"{name:<22}{share:>5g}{len(seen):>10}{false:>13.1%} {excluded:>17.1%} {undecided:>10.1%} {rounds:>7.1f}"
        f"{np.median(others):>12.2f}{np.mean(others > FLAGGED):>9.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--busy", type=float, nargs="+", default=[0.0, 1.0])
    arguments = parser.parse_args()
    print(
        f"{'job':<22}{'busy':>5}{'sessions':>10}{'false claims':>14}{'false exclusions':>18}{'undecided':>11}"
        f"{'rounds':>8}{'load seen':>12}{'flagged':>9}"
    )
    for share in arguments.busy:
        with busy(share):
            for name, (workload, spec) in JOBS.items():
                seen = [session(workload, spec, seed) for seed in range(arguments.sessions)]
                print(report(name, share, seen), flush=True)


if __name__ == "__main__":
    main()
