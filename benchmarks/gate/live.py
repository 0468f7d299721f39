"""How often is a gate wrong on this very machine? Real decisions, idle and beside a process that keeps a core busy.

    python benchmarks/gate/live.py [--decisions 300] [--busy 0 1] [--budget 10] [--job sleep compute]

A requirement of 1.5 is judged where the true ratio is known: 1.2, 1.35, 1.5, 1.65 and 1.8, in turn. `sleep` waits for a
time that is set; a pool of two gains what part of it two can share. `compute` is a loop that computes, in a pool of two
processes, and the ratio follows from how evenly the items are cut: on two free cores it is that which is written.
Wrong is a pass below 1.5, and a failure above; at 1.5 itself, which overheads move, neither is counted.

Beside it, once for each decision: `assert t_seq / t_par >= 1.5` from one timing each. And of identical code, twice by
the real pytest-benchmark: how often --benchmark-compare-fail=mean:5% fails (--compared N).
A line is printed for each job, load and ratio. 300 decisions of each take some hours; fewer tell less.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from concbench import measure
from concbench.analysis.table_analysis import analyse
from concbench.gate.judging import judge
from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import plan
from concbench.options import make_options
from concbench.requirements import FAILED, PASSED, Requirement
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

sys.path.insert(0, str(Path(__file__).parents[1] / "honesty"))
from gate_jobs import compute, parts, turns_a_second, wait
from live import busy

REQUIRED = 1.5
TRUE = (1.2, 1.35, 1.5, 1.65, 1.8)
POOLS = {"sleep": "thread-pool:2", "compute": "process-pool:2"}


def job(name: str, ratio: float, turns_a_second: float) -> FunctionWorkload:
    """The work with this true ratio."""
    if name == "sleep":
        return FunctionWorkload.of(wait, list(parts(ratio)), CallForm())
    return FunctionWorkload.of(compute, [round(length * turns_a_second) for length in parts(ratio)], CallForm())


def decision(workload: FunctionWorkload, pool: str, budget: float, seed: int) -> tuple[bool, bool, float, float]:
    """Whether it passed, whether it failed, its rounds, and its seconds in all."""
    began = perf_counter()
    options = make_options(seed=seed, budget=budget, max_rounds=100, fresh=False, warm=_is_kept(pool))
    planned = plan(workload, ["sequential", pool], options, [Requirement(pool, "at_least", REQUIRED)])
    table, _ = measure_workload(planned, ProcessHosts(), lambda _: None)
    found = judge(planned.requirements[0], analyse(table)).decision
    return found == PASSED, found == FAILED, table.rounds, perf_counter() - began


def _is_kept(pool: str) -> bool:
    """Whether workers are kept: starting processes would change the true ratio."""
    return pool.startswith("process")


def plain(workload: FunctionWorkload, pool: str, seed: int) -> bool:
    """Whether an assertion on one timing of each would have passed."""
    run = measure(
        workload, runners=["sequential", pool], rounds=1, observe=False, seed=seed, fresh=False, warm=_is_kept(pool)
    )
    speedup = run[0][pool].speedup
    return speedup is not None and speedup >= REQUIRED


IDENTICAL = """
from gate_jobs import compute

def test_identical(benchmark):
    benchmark(compute, 100_000)
"""


def compared(times: int) -> Iterator[bool]:
    """Whether identical code fails a comparison with an earlier run of itself, by the real pytest-benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_identical.py").write_text(IDENTICAL, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-storage", folder]
        environment = {"PYTHONPATH": ":".join([str(Path(__file__).parent), *sys.path[1:]]), "PATH": "/usr/bin:/bin"}

        def run(*options: str) -> int:
            done = subprocess.run(
                [*command, *options, folder], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode not in {0, 1}:
                raise SystemExit(done.stdout + done.stderr)
            return done.returncode

        run("--benchmark-autosave")
        for _ in range(times):
            yield run("--benchmark-autosave", "--benchmark-compare", "--benchmark-compare-fail=mean:5%") != 0


def report(name: str, share: float, ratio: float, seen: Sequence[tuple[bool, bool, float, float, bool]]) -> str:
    """One line for the decisions on a ratio."""
    passed, failed, rounds, seconds, plainly = np.mean(np.array(seen, dtype=float), axis=0)
    wrong = f"{passed if ratio < REQUIRED else failed:.1%}" if ratio != REQUIRED else "-"
    plain_wrong = f"{plainly if ratio < REQUIRED else 1 - plainly:.1%}" if ratio != REQUIRED else "-"
    return (
        f"{name:<9}{share:>5g}{ratio:>6g}{len(seen):>6}{passed:>9.1%}{failed:>9.1%}{1 - passed - failed:>11.1%}"
        f"{wrong:>8}{rounds:>8.1f}{seconds:>9.1f}{plain_wrong:>20}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=300, help="for each job and load, over all ratios together")
    parser.add_argument("--busy", type=float, nargs="+", default=[0.0, 1.0])
    parser.add_argument("--budget", type=float, default=10.0)
    parser.add_argument("--job", nargs="+", choices=POOLS, default=[*POOLS])
    parser.add_argument("--compared", type=int, default=20, help="comparisons of identical code")
    arguments = parser.parse_args()
    speed = turns_a_second()
    print(f"{'job':<9}{'busy':>5}{'true':>6}{'n':>6}{'passed':>9}{'failed':>9}{'undecided':>11}{'wrong':>8}{'rounds':>8}"
          f"{'seconds':>9}{'plain assert wrong':>20}")  # fmt: skip
    for share in arguments.busy:
        with busy(share):
            for name in arguments.job:
                seen: dict[float, list[tuple[bool, bool, float, float, bool]]] = {ratio: [] for ratio in TRUE}
                order = [TRUE[number % len(TRUE)] for number in range(arguments.decisions)]
                random.Random(1).shuffle(order)
                for seed, ratio in enumerate(order):
                    workload, pool = job(name, ratio, speed), POOLS[name]
                    found = decision(workload, pool, arguments.budget, seed)
                    seen[ratio].append((*found, plain(workload, pool, seed)))
                for ratio, decisions in seen.items():
                    if decisions:
                        print(report(name, share, ratio, decisions), flush=True)
            if arguments.compared:
                failed = list(compared(arguments.compared))
                print(
                    f"identical code, busy {share:g}: --benchmark-compare-fail=mean:5% failed "
                    f"{sum(failed)} of {len(failed)} times",
                    flush=True,
                )


if __name__ == "__main__":
    main()
