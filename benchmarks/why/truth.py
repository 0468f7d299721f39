"""Are the shares of the workers' time true? Work with known shares, compared with the attributed shares.

    python benchmarks/why/truth.py [--repeat 3]

Every task waits by sleeping and computes until its thread has used so much CPU time, so what each part should be
follows from the numbers in this file, by hand or by a simulation without a clock. The aim: no part is more than 5
percentage points off, on a quiet machine.
"""

from __future__ import annotations

import argparse
import heapq
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from timeit import timeit
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from work import WAIT, Clumsy, locked, mixed, sized

from concbench import measure
from concbench.analysis.table_analysis import analyse
from concbench.analysis.time_shares import (
    CONTENTION,
    DISPATCH,
    PARTS,
    SHUT_DOWN,
    START_UP,
    TAIL,
    UNEXPLAINED,
    USEFUL,
    WAITING,
)
from concbench.machine import usable_cores
from concbench.results.records import Table

Shares = dict[str, float]
GOOD = 0.05
ROUNDS = 3
"""Timed rounds before the observed pass: the first has costs of its own."""


@dataclass(frozen=True)
class Case:
    """Work, a runner, and the true shares."""

    name: str
    function: Callable[[Any], Any]
    items: list[Any]
    runner: Any
    truth: Shares | Callable[[Table], Shares]
    """The true shares, or a function that derives them from the timed rounds, which are not the observed pass."""
    warm: bool = True


def cases() -> list[Case]:
    """All cases; those that need two cores only if there are two."""
    cores = usable_cores()
    hundredth = 0.01
    straggler = [(hundredth, 0.0)] * 11 + [(10 * hundredth, 0.0)]
    many = [
        *(
            Case(f"computes {share:.0%}, sequential", mixed, [((1 - share) * 0.03, share * 0.03)] * 20, "sequential",
                 {USEFUL: share, WAITING: 1 - share})
            for share in (0.1, 0.3, 0.7)
        ),
        Case("computes all, 2 threads, one GIL", mixed, [(0.0, 0.02)] * 60, "thread-pool:2",
             {USEFUL: 0.5, CONTENTION: 0.5}),
        Case("computes all, 4 threads, one GIL", mixed, [(0.0, 0.02)] * 80, "thread-pool:4",
             {USEFUL: 0.25, CONTENTION: 0.75}),
        *(
            Case(f"lock held {held / (held + free):.0%}, 4 threads", locked, [(free, held)] * 24, "thread-pool:4",
                 lock_truth(24, 4, free, held))
            for free, held in ((0.03, 0.003), (0.015, 0.005), (0.01, 0.01))
        ),
        Case("straggler last, 4 threads", mixed, straggler, "thread-pool:4", {WAITING: 0.21 / 0.48, TAIL: 0.27 / 0.48}),
        Case("start, hand out, stop slowly", mixed, [(hundredth, 0.0)] * 11, Clumsy(),
             {START_UP: 0.06 / 0.31, WAITING: 0.11 / 0.31, DISPATCH: 0.10 / 0.31, SHUT_DOWN: 0.04 / 0.31}, warm=False),
    ]  # fmt: skip
    many += [
        Case(f"pickles {size / 1e6:.0f} MB an item, 2 processes", sized, [bytes(size)] * 40, "process-pool:2",
             pickling_truth)
        for size in (1_000_000, 4_000_000)
    ]  # fmt: skip
    if cores >= 2:
        many.append(Case("computes half, 2 processes", mixed, [(0.02, 0.02)] * 20, "process-pool:2",
                         {USEFUL: 0.5, WAITING: 0.5}))  # fmt: skip
    many += [
        Case(f"{factor} processes a core", mixed, [(0.0, 0.03)] * (10 * factor * cores),
             f"process-pool:{factor * cores}", {USEFUL: 1 / factor, CONTENTION: 1 - 1 / factor})
        for factor in (2, 4)
    ]  # fmt: skip
    return many


def lock_truth(tasks: int, workers: int, free: float, held: float) -> Shares:
    """True shares of workers that wait freely and then for a lock, which goes to the one that asked first."""
    ready = [(0.0, lane) for lane in range(workers)]
    lock_free, queued, ends = 0.0, 0.0, dict.fromkeys(range(workers), 0.0)
    left = tasks
    asking: list[tuple[float, int]] = []
    while left or asking:
        while left and ready:
            now, lane = heapq.heappop(ready)
            heapq.heappush(asking, (now + free, lane))
            left -= 1
        asked, lane = heapq.heappop(asking)
        got = max(asked, lock_free)
        queued += got - asked
        lock_free = ends[lane] = got + held
        heapq.heappush(ready, (lock_free, lane))
    whole = workers * max(ends.values())
    return {
        WAITING: tasks * (free + held) / whole,
        CONTENTION: queued / whole,
        TAIL: sum(max(ends.values()) - end for end in ends.values()) / whole,
    }


def pickling_truth(table: Table) -> Shares:
    """Two workers wait as long as a sleep takes here, and for the next item the rest of a sample without a recorder."""
    naps = [timeit(lambda: time.sleep(WAIT), number=1) for _ in range(50)]
    waiting = (
        table.tasks
        * float(np.mean(naps))
        / (2 * float(np.median([sample.seconds for sample in table.cells[-1].samples])))
    )
    return {WAITING: waiting, DISPATCH: 1 - waiting}


def shares_of(case: Case, rounds: int) -> tuple[Shares, Shares]:
    """Median share of each part over `rounds` measurements: attributed and true."""
    seen: list[Shares] = []
    true: list[Shares] = []
    for _ in range(rounds):
        runners = ["sequential"] if case.runner == "sequential" else ["sequential", case.runner]
        (table,) = measure(
            case.function, items=case.items, runners=runners, rounds=ROUNDS, warm=case.warm, compare=False
        ).tables
        measured = analyse(table).cells[-1].shares
        assert measured is not None, table.cells[-1].outcome
        seen.append(dict(measured))
        true.append(case.truth if isinstance(case.truth, dict) else case.truth(table))
    return _medians(seen), _medians(true)


def _medians(many: list[Shares]) -> Shares:
    return {part: float(np.median([shares.get(part, 0.0) for shares in many])) for part in PARTS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    worst_of_all = 0.0
    print(f"{'work':<34}{'farthest off':<15}{'true':>6}{'said':>6}{'off by':>8}{'unexplained':>13}   all: true/said, %")
    for case in cases():
        said, truth = shares_of(case, arguments.repeat)
        off = {part: said[part] - truth[part] for part in PARTS if part != UNEXPLAINED}
        part = max(off, key=lambda name: abs(off[name]))
        worst_of_all = max(worst_of_all, abs(off[part]))
        parts = ", ".join(f"{name} {100 * true:.0f}/{100 * said[name]:.0f}" for name, true in truth.items() if true)
        print(
            f"{case.name:<34}{part:<15}{truth[part]:>6.0%}{said[part]:>6.0%}{100 * off[part]:>+8.1f}"
            f"{said[UNEXPLAINED]:>13.1%}   {parts}",
            flush=True,
        )
    print(f"\nfarthest off of all: {100 * worst_of_all:.1f} percentage points (aim: {100 * GOOD:.0f} at most)")


if __name__ == "__main__":
    main()
