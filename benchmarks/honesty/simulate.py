"""How often is a table wrong? Thousands of whole sessions, played without a clock by the loop that real runs use.

    python benchmarks/honesty/simulate.py [--sessions 1000]

Two questions: with k cells that are identical to the baseline, how many tables claim any difference (aim: 5 % at
most); and with cells of known ratios from 0.1 to 10, in how many tables do all intervals hold the truth (aim: 95 % at
least). Seeds are fixed. About 15 minutes with 1,000 sessions on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from concbench import Primes, ThreadPool
from concbench.analysis.table_analysis import TableAnalysis, analyse
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import plan
from concbench.options import make_options
from concbench.testing import SimulatedHosts

if __package__:
    from .noise import MACHINES, modelled, replayed, traces
else:
    from noise import MACHINES, modelled, replayed, traces

RATIOS = (0.1, 0.5, 0.9, 1.05, 1.2, 2.0, 10.0)
"""True speed-ups of the cells of the second question."""


def cells(ratios: tuple[float, ...]) -> dict[str, float]:
    """Mean seconds of a baseline and of cells of these speed-ups, by label."""
    return {"sequential": 0.2, **{f"thread-pool:{number}": 0.2 / ratio for number, ratio in enumerate(ratios, 1)}}


def session(noise: str, ratios: tuple[float, ...], seed: int) -> TableAnalysis:
    """One whole session."""
    means = cells(ratios)
    known = traces()
    times = replayed(known[noise], means, seed) if noise in known else modelled(MACHINES[noise], means, seed)
    runners = ["sequential", *(ThreadPool(workers=number) for number in range(1, len(ratios) + 1))]
    planned = plan(Primes(limits=[10]), runners, make_options(observe=False, seed=seed, budget=1e9))
    table, _ = measure_workload(planned, SimulatedHosts(times), lambda _: None)
    return analyse(table)


def identical(noise: str, k: int, seed: int) -> tuple[bool, bool, float, float]:
    """Of a table of identical cells: any false claim, any false exclusion from the fastest group, undecided, rounds."""
    seen = session(noise, (1.0,) * k, seed)
    candidates = [cell for cell in seen.cells if cell is not seen.baseline]
    claims = any(cell.verdict in {"faster", "slower"} for cell in candidates)
    excluded = not all(cell.in_fastest_group for cell in seen.cells)
    undecided = np.mean([cell.verdict == "undecided" for cell in candidates])
    return claims, excluded, float(undecided), seen.baseline.rounds


def different(noise: str, seed: int) -> tuple[bool, bool, float]:
    """Of a table of known ratios: whether all intervals hold the truth, any verdict of the wrong sign, rounds."""
    seen = session(noise, RATIOS, seed)
    held, wrong = [], []
    for cell, truth in zip(seen.cells[1:], RATIOS, strict=True):
        assert cell.interval is not None
        held.append(cell.interval.low <= truth <= cell.interval.high)
        wrong.append((cell.verdict == "faster" and truth < 1) or (cell.verdict == "slower" and truth > 1))
    return all(held), any(wrong), seen.baseline.rounds


def shares(play: Callable[[int], tuple[float, ...]], sessions: int, pool: ProcessPoolExecutor) -> np.ndarray:
    """Means of the values that the sessions give."""
    return np.mean(list(pool.map(play, range(sessions), chunksize=10)), axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--cells", type=int, nargs="+", default=[1, 5, 11])
    parser.add_argument("--noise", nargs="+", default=[*MACHINES, *traces()])
    arguments = parser.parse_args()
    noises = arguments.noise
    with ProcessPoolExecutor() as pool:
        print(f"{arguments.sessions} sessions each; identical cells")
        print(f"{'noise':<12}{'k':>4}{'false claims':>14}{'false exclusions':>18}{'undecided':>11}{'rounds':>8}")
        for noise in noises:
            for k in arguments.cells:
                claims, excluded, undecided, rounds = shares(partial(identical, noise, k), arguments.sessions, pool)
                print(
                    f"{noise:<12}{k:>4}{claims:>13.1%} {excluded:>17.1%} {undecided:>10.1%} {rounds:>7.1f}", flush=True
                )
        print(f"\ncells of true ratios {', '.join(map(str, RATIOS))}")
        print(f"{'noise':<12}{'all intervals hold':>20}{'wrong sign':>12}{'rounds':>8}")
        for noise in noises:
            held, wrong, rounds = shares(partial(different, noise), arguments.sessions, pool)
            print(f"{noise:<12}{held:>19.1%} {wrong:>11.1%} {rounds:>7.1f}", flush=True)


if __name__ == "__main__":
    main()
