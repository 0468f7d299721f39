"""How often is a difference claimed between two copies of one environment? Live, as `run --python` compares them.

    python benchmarks/variants.py [--comparisons 300] [--python python3.13t] [--seed 0]

A comparison is one table with the default rounds: `sequential` and `thread-pool:2`, on work of 20 ms, under two virtual
environments of the same interpreter. A claim is false if a runner is called faster or slower under the second than
under the first, or if `sequential` of the second is called faster or slower than the baseline. (A difference between
threads and `sequential` is not a false claim.) Each comparison with a false claim has a line, and so has every tenth.
The error level allows 5 % of the tables. About 4 seconds each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from concbench import measure
from concbench.analysis.table_analysis import TableAnalysis
from concbench.interpreters import probed
from concbench.stats.verdicts import FASTER, SLOWER
from concbench.workloads.synthetic import Spin

RUNNERS = ["sequential", "thread-pool:2"]
SECONDS, TASKS = 0.020, 2
MOST = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=300)
    parser.add_argument("--python", default=sys.executable, help="the interpreter of both environments")
    parser.add_argument("--seed", type=int, default=0, help="of the first comparison; the next has the next")
    arguments = parser.parse_args()
    wrong, flagged = 0, 0
    with tempfile.TemporaryDirectory(prefix="variants-") as folder:
        copies = [environment(Path(folder) / name, arguments.python) for name in ("one", "two")]
        work = Spin(tasks=TASKS, turns=turns_in(copies[0], SECONDS / TASKS))
        for number in range(1, arguments.comparisons + 1):
            began = perf_counter()
            table = measure(work, runners=RUNNERS, python=copies, seed=arguments.seed + number - 1)[0]
            if any(cell.seconds is None for cell in table):
                sys.exit(f"a cell has no times: {[cell.outcome.reason for cell in table if cell.seconds is None]}")
            found = claims(table)
            wrong += bool(found)
            flagged += (table.others or 0.0) > 0.1
            if found or number % 10 == 0 or number == arguments.comparisons:
                print(
                    f"{number:>4} comparisons, {wrong} with a false claim; the last: {perf_counter() - began:.0f} s, "
                    f"{max(cell.rounds for cell in table)} rounds, others used {table.others or 0.0:.2f} cores"
                    f"{': ' if found else ''}{'; '.join(found)}",
                    flush=True,
                )
    share = wrong / arguments.comparisons
    print(f"{share:.1%} with a false claim, where {MOST:.0%} are allowed; {flagged} of them beside other processes")
    return int(share > MOST)


def environment(folder: Path, interpreter: str) -> str:
    """A copy: its directory."""
    subprocess.run([probed(interpreter).executable, "-m", "venv", "--without-pip", folder], check=True)
    return str(folder)


def turns_in(copy: str, seconds: float) -> int:
    """How many turns of the loop take so long there."""
    turns = 100_000
    run = measure(Spin(tasks=1, turns=turns), runners=["sequential"], python=[copy], rounds=10, observe=False)
    return max(1, round(turns * seconds / (run[0].baseline.seconds or seconds)))


def claims(table: TableAnalysis) -> list[str]:
    """The false ones."""
    twin = next(cell for cell in table if cell.label == table.baseline.label and cell is not table.baseline)
    found = [(twin.name, twin.verdict, twin.interval)] if twin.interval else []
    found += [(f"{one.cell.name} against {one.before.name}", one.verdict, one.interval) for one in table.changes]
    return [
        f"{name} {verdict} [{interval.low:.3f}, {interval.high:.3f}]"
        for name, verdict, interval in dict.fromkeys(found)
        if verdict in {FASTER, SLOWER}
    ]


if __name__ == "__main__":
    sys.exit(main())
