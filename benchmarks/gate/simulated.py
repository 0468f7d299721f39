"""How often is a gate wrong? Whole sessions, played without a clock by the loop that real runs use.

    python benchmarks/gate/simulated.py [--sessions 1000] [--budget 10] [--noise quiet shared ...]

A requirement of 1.5 is judged where the true ratio is 1.2, 1.35, 1.5, 1.65 or 1.8: how often it passes, fails and is
undecided, after how many rounds and seconds. Wrong is a pass below 1.5, and a failure at 1.5 or above; the aim is
0.1 % at most. Beside it, on the same noise: `assert t_seq / t_par >= 1.5` from one timing each, and a comparison of two
runs of identical code by their means, which fails at 5 % (pytest-benchmark's --benchmark-compare-fail=mean:5%).
Seeds are fixed. With 1,000 sessions some ten minutes on two cores; rates of 0.1 % take more.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from concbench import Primes
from concbench.analysis.table_analysis import analyse
from concbench.gate.judging import judge
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import plan
from concbench.options import make_options
from concbench.requirements import FAILED, PASSED, Requirement
from concbench.testing import SimulatedHosts

sys.path.insert(0, str(Path(__file__).parents[1] / "honesty"))
from noise import MACHINES, Times, modelled, replayed, traces

REQUIRED = 1.5
TRUE = (1.2, 1.35, 1.5, 1.65, 1.8)
SECONDS = 0.2
"""Seconds that the baseline takes."""
POOL = "thread-pool:2"
MEANS_OF = 5
"""Number of timings in a mean: as many as pytest-benchmark takes of work of this length."""


def times(noise: str, ratio: float, seed: int) -> Times:
    """Times of a session in which the pool is `ratio` times as fast as the baseline."""
    known, means = traces(), {"sequential": SECONDS, POOL: SECONDS / ratio}
    return replayed(known[noise], means, seed) if noise in known else modelled(MACHINES[noise], means, seed)


def session(noise: str, ratio: float, budget: float, seed: int) -> tuple[bool, bool, float, float, bool]:
    """Whether it passed, whether it failed, its rounds and seconds; and whether a plain assertion would have passed."""
    hosts = SimulatedHosts(times(noise, ratio, seed))
    requirement = Requirement(POOL, "at_least", REQUIRED)
    options = make_options(observe=False, fresh=False, seed=seed, budget=budget, max_rounds=100)
    planned = plan(Primes(limits=[10]), ["sequential", POOL], options, [requirement])
    table, _ = measure_workload(planned, hosts, lambda _: None)
    decision = judge(planned.requirements[0], analyse(table)).decision
    one = times(noise, ratio, seed)
    plain = one("sequential", 0) / one(POOL, 0) >= REQUIRED
    return decision == PASSED, decision == FAILED, table.rounds, hosts.simulated, plain


def slower(noise: str, seed: int) -> bool:
    """Whether identical code is 5 % slower in the second of two runs, by the mean of each."""
    first, second = (
        np.mean([play("sequential", number) for number in range(MEANS_OF)])
        for play in (times(noise, 1.0, 2 * seed), times(noise, 1.0, 2 * seed + 1))
    )
    return bool(second > 1.05 * first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--budget", type=float, default=10.0)
    parser.add_argument("--noise", nargs="+", default=[*MACHINES, *traces()])
    arguments = parser.parse_args()
    sessions = range(arguments.sessions)
    print(f"required: {REQUIRED}; {len(sessions)} sessions each, budget {arguments.budget:g} s")
    print(f"{'noise':<11}{'true':>5}{'passed':>9}{'failed':>9}{'undecided':>11}{'wrong':>8}{'rounds':>8}{'seconds':>9}"
          f"{'plain assert wrong':>20}{'mean:5% wrong':>15}")  # fmt: skip
    wrong = 0
    with ProcessPoolExecutor() as pool:
        for noise in arguments.noise:
            compared = np.mean(list(pool.map(partial(slower, noise), sessions, chunksize=20)))
            for ratio in TRUE:
                play = partial(session, noise, ratio, arguments.budget)
                seen = np.array(list(pool.map(play, sessions, chunksize=20)))
                passed, failed, rounds, seconds, plain = np.mean(seen, axis=0)
                lies, plainly = (passed, plain) if ratio < REQUIRED else (failed, 1 - plain)
                wrong += round(lies * len(sessions))
                print(
                    f"{noise:<11}{ratio:>5g}{passed:>9.2%}{failed:>9.2%}{1 - passed - failed:>11.2%}{lies:>8.2%}"
                    f"{rounds:>8.1f}{seconds:>9.1f}{plainly:>20.1%}{compared:>15.1%}",
                    flush=True,
                )
    total = len(sessions) * len(TRUE) * len(arguments.noise)
    print(f"wrong: {wrong} of {total} ({wrong / total:.3%})")


if __name__ == "__main__":
    main()
