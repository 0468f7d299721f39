"""What starting costs: `import concbench` against a bare interpreter, and `concbench --help`.

Fresh processes, one right after the other, in an order drawn anew for each round; medians, and for the import the
median of the differences within a round.

    python benchmarks/startup.py                                             about 10 seconds
    python benchmarks/startup.py --rounds 5

Budget: the import 10 ms and no third-party package; the help 150 ms.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import sysconfig
from pathlib import Path
from time import perf_counter

from pairs import Columns, Pair, take_pairs, typical, verdict

MOST_IMPORT = 0.010
MOST_HELP = 0.150

BARE = [sys.executable, "-I", "-c", "pass"]
IMPORT = [sys.executable, "-I", "-c", "import concbench"]
MODULES = (
    "import sys, json; before = set(sys.modules); {statement}; print(json.dumps(sorted({{*sys.modules}} - before)))"
)


def main() -> None:
    """Print three lines."""
    parser = argparse.ArgumentParser(description="Cost of starting.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    order = random.Random(arguments.seed)
    print(f"{arguments.rounds} rounds, seed {arguments.seed}\n")
    table = Columns(("what", 34), ("figure", 12), ("bare", 10), ("budget", 6))
    importing = pairs_of(IMPORT, arguments.rounds, order)
    more = typical([pair.ours - pair.theirs for pair in importing])
    table.row(
        "import concbench, over bare",
        milliseconds(more),
        milliseconds(typical([pair.theirs for pair in importing])),
        f"{verdict(met=more <= MOST_IMPORT)} ({milliseconds(MOST_IMPORT)})",
    )
    foreign = third_party()
    table.row("third-party packages after import", len(foreign), 0, f"{verdict(met=not foreign)} {' '.join(foreign)}")
    helping = pairs_of(help_command(), arguments.rounds, order)
    seconds = typical([pair.ours for pair in helping])
    table.row(
        "concbench --help",
        milliseconds(seconds),
        milliseconds(typical([pair.theirs for pair in helping])),
        f"{verdict(met=seconds <= MOST_HELP)} ({milliseconds(MOST_HELP)})",
    )


def pairs_of(command: list[str], rounds: int, order: random.Random) -> list[Pair]:
    """A command against the bare interpreter."""
    return take_pairs(lambda: run(command), lambda: run(BARE), pairs=rounds, warm_up=2, order=order)


def run(command: list[str]) -> float:
    """Seconds that a process took from its start to its end."""
    begin = perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return perf_counter() - begin


def third_party() -> list[str]:
    """The packages that importing concbench brings in beyond itself and the standard library."""
    program = MODULES.format(statement="import concbench")
    answer = subprocess.run([sys.executable, "-I", "-c", program], stdout=subprocess.PIPE, check=True).stdout
    packages = {module.partition(".")[0] for module in json.loads(answer)}
    return sorted(packages - set(sys.stdlib_module_names) - {"concbench"})


def help_command() -> list[str]:
    """The installed command, or the module where there is none."""
    installed = Path(sysconfig.get_path("scripts")) / "concbench"
    return [str(installed), "--help"] if installed.exists() else [sys.executable, "-m", "concbench", "--help"]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


if __name__ == "__main__":
    main()
