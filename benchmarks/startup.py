"""Cost of starting: `import concbench` against a bare interpreter, and two help texts; or two versions of concbench.

Fresh processes, one right after the other, in an order drawn anew for each round; medians, and for the import the
median of the differences within a round.

    python benchmarks/startup.py                                             about 10 seconds
    python benchmarks/startup.py --rounds 5
    python benchmarks/startup.py --against OTHER_CHECKOUT                    about 30 seconds

Budget: the import 10 ms and no third-party package; each help 150 ms. Against another version: the interval of the
ratio ends below 1.05.
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

from pairs import Columns, Pair, checkout, found_first, no_slower, ratio_of, take_pairs, typical, verdict

MOST_IMPORT = 0.010
MOST_HELP = 0.150

BARE = [sys.executable, "-I", "-c", "pass"]
IMPORT = [sys.executable, "-I", "-c", "import concbench"]
HOST = """
try: import concbench.host.host_process
except ImportError: import concbench.host.main  # another version, whose modules are not in rooms
"""
STARTED = {
    "import concbench": [sys.executable, "-c", "import concbench"],
    "concbench --help": [sys.executable, "-m", "concbench", "--help"],
    "concbench run --help": [sys.executable, "-m", "concbench", "run", "--help"],
    "concbench list": [sys.executable, "-m", "concbench", "list"],
    "a measuring process, its imports": [sys.executable, "-c", HOST],
    "a worker that is spawned, its imports": [sys.executable, "-c", "import concbench.task"],
}
"""The commands by which two versions are compared."""
MODULES = (
    "import sys, json; before = set(sys.modules); {statement}; print(json.dumps(sorted({{*sys.modules}} - before)))"
)


def main() -> None:
    """Print four lines."""
    parser = argparse.ArgumentParser(description="Cost of starting.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--against", type=checkout, metavar="CHECKOUT", help="another version of concbench")
    arguments = parser.parse_args()
    order = random.Random(arguments.seed)
    print(f"{arguments.rounds} rounds, seed {arguments.seed}\n")
    if arguments.against:
        compare(arguments.against, arguments.rounds, order)
        return
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
    for helped in (["--help"], ["run", "--help"]):
        helping = pairs_of([*command(), *helped], arguments.rounds, order)
        seconds = typical([pair.ours for pair in helping])
        table.row(
            f"concbench {' '.join(helped)}",
            milliseconds(seconds),
            milliseconds(typical([pair.theirs for pair in helping])),
            f"{verdict(met=seconds <= MOST_HELP)} ({milliseconds(MOST_HELP)})",
        )


def compare(other: Path, rounds: int, order: random.Random) -> None:
    """Print a line for each command, with the present version against another."""
    here = Path(__file__).parents[1]
    table = Columns(("what", 40), ("ours", 10), ("theirs", 10), ("ours / theirs", 22), ("budget", 6))
    for what, command in STARTED.items():
        pairs = take_pairs(
            lambda command=command: run(command, of_version(here)),  # type: ignore[misc]
            lambda command=command: run(command, of_version(other)),  # type: ignore[misc]
            pairs=rounds,
            warm_up=2,
            order=order,
        )
        ratio = ratio_of(pairs)
        ours, theirs = ([getattr(pair, side) for pair in pairs] for side in ("ours", "theirs"))
        table.row(what, milliseconds(typical(ours)), milliseconds(typical(theirs)), str(ratio), no_slower(ratio))


def of_version(checkout: Path) -> dict[str, str]:
    """The environment in which this version is imported, even if the current directory holds another."""
    return {**found_first(checkout), "PYTHONSAFEPATH": "1"}


def pairs_of(command: list[str], rounds: int, order: random.Random) -> list[Pair]:
    """Pairs of a command and the bare interpreter."""
    return take_pairs(lambda: run(command), lambda: run(BARE), pairs=rounds, warm_up=2, order=order)


def run(command: list[str], environment: dict[str, str] | None = None) -> float:
    """Seconds that a process took from its start to its end."""
    begin = perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, env=environment)
    return perf_counter() - begin


def third_party() -> list[str]:
    """The packages that importing concbench loads beyond itself and the standard library."""
    program = MODULES.format(statement="import concbench")
    answer = subprocess.run([sys.executable, "-I", "-c", program], stdout=subprocess.PIPE, check=True).stdout
    packages = {module.partition(".")[0] for module in json.loads(answer)}
    return sorted(packages - set(sys.stdlib_module_names) - {"concbench"})


def command() -> list[str]:
    """The installed command, or the module if there is none."""
    installed = Path(sysconfig.get_path("scripts")) / "concbench"
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "concbench"]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


if __name__ == "__main__":
    main()
