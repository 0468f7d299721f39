"""How often is a difference claimed between two copies of one environment? Live, as `run --python` compares them.

    python benchmarks/variants.py [--tables 150] [--python python3.13t] [--seed 0]

A table takes the default rounds of `sequential` and `thread-pool:2` on work of 20 ms, under two virtual environments
of the same interpreter. It makes two comparisons, one for each runner. A claim is false if a runner is called faster or
slower under the second than under the first. (A difference between threads and `sequential` is not a false claim.) Each
table with a false claim is printed, and so is every tenth. The error level allows 5 % of the tables. About 15 seconds
for each table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from concbench import measure
from concbench.analysis.table_analysis import TableAnalysis
from concbench.interpreters import probe_interpreter
from concbench.stats.verdicts import FASTER, SLOWER
from concbench.workloads.synthetic import Spin

RUNNERS = ["sequential", "thread-pool:2"]
SECONDS, TASKS = 0.020, 2
MOST = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=150)
    parser.add_argument("--python", default=sys.executable, help="the interpreter of both environments")
    parser.add_argument("--seed", type=int, default=0, help="of the first table; the next has the next")
    arguments = parser.parse_args()
    wrong, wrong_tables, compared, flagged = 0, 0, 0, 0
    widths: list[float] = []
    with tempfile.TemporaryDirectory(prefix="variants-") as folder:
        copies = [environment(Path(folder) / name, arguments.python) for name in ("one", "two")]
        work = Spin(tasks=TASKS, turns=turns_in(copies[0], SECONDS / TASKS))
        for number in range(1, arguments.tables + 1):
            began = perf_counter()
            table = measure(work, runners=RUNNERS, python=copies, seed=arguments.seed + number - 1)[0]
            if any(cell.seconds is None for cell in table):
                sys.exit(f"a cell has no times: {[cell.outcome.reason for cell in table if cell.seconds is None]}")
            found = claims(table)
            compared += len(table.changes)
            wrong += len(found)
            wrong_tables += bool(found)
            flagged += (table.other_load or 0.0) > 0.1
            widths += [change.interval.half_width for change in table.changes if change.interval]
            if found or number % 10 == 0 or number == arguments.tables:
                print(
                    f"{number:>4} tables, {wrong} false claims in {compared} comparisons; the last: "
                    f"{perf_counter() - began:.0f} s, {max(cell.rounds for cell in table)} rounds, others used "
                    f"{table.other_load or 0.0:.2f} cores{': ' if found else ''}{'; '.join(found)}",
                    flush=True,
                )
    share = wrong_tables / arguments.tables
    print(
        f"{wrong} false claims in {compared} comparisons; {share:.1%} of the tables have one, where {MOST:.0%} are "
        f"allowed; {flagged} tables were measured beside other processes; half the width of an interval: "
        f"{median(widths):.1%} (median)"
    )
    return int(share > MOST)


def environment(folder: Path, interpreter: str) -> str:
    """Create a copy of the environment; returns its directory."""
    subprocess.run([probe_interpreter(interpreter).executable, "-m", "venv", "--without-pip", folder], check=True)
    return str(folder)


def turns_in(copy: str, seconds: float) -> int:
    """The number of turns of the loop that take `seconds` in a copy."""
    turns = 100_000
    run = measure(Spin(tasks=1, turns=turns), runners=["sequential"], python=[copy], rounds=10, observe=False)
    return max(1, round(turns * seconds / (run[0].baseline.seconds or seconds)))


def claims(table: TableAnalysis) -> list[str]:
    """The false claims of a table."""
    return [
        f"{one.cell.name} {one.verdict} [{one.interval.low:.3f}, {one.interval.high:.3f}]"
        for one in table.changes
        if one.interval and one.verdict in {FASTER, SLOWER}
    ]


if __name__ == "__main__":
    sys.exit(main())
