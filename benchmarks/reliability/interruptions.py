"""Ctrl-C, SIGTERM and SIGHUP in every phase: how soon it is over, what is printed and written, and what is left behind.

    python benchmarks/reliability/interruptions.py [--phases round writing] [--times 30] [--seed 1] [--markdown]

Each phase is a command that surely is in it when the signal comes: a task or the disk says so by a file and sleeps,
or a pipe that nobody reads is full. Then the same at random moments of a run. SIGINT goes to the whole process group,
as from a terminal, the others to the command alone. Every command must end within five seconds, with the exit code of
its signal, without a traceback; it must print the table of what there is and leave a whole results file, and no
process, temporary directory or temporary file. The exit code is 1 if one of these does not hold. Some five minutes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))

from interrupted_commands import LONGEST, PHASES, RANDOM, SIGNALS, interrupt


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=list(PHASES))
    parser.add_argument("--times", type=int, default=30, help="random moments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    cases = [(name, PHASES[name], number, 0.0) for name in arguments.phases for number in SIGNALS]
    cases += [
        (f"after {pause:.2f} s", RANDOM, draw.choice(list(SIGNALS)), pause)
        for pause in sorted(draw.uniform(0, LONGEST) for _ in range(arguments.times))
    ]
    row = "| {} | {} | {} | {} | {} | {} | {} |" if arguments.markdown else "{:<31}{:<9}{:>9}{:>9}  {:<7}{:<13}{}"
    print(row.format("phase", "signal", "exit code", "seconds", "table", "results file", "left behind, or wrong"))
    if arguments.markdown:
        print("|---|---|---|---|---|---|---|")
    failed = 0
    for name, phase, number, pause in cases:
        with tempfile.TemporaryDirectory(prefix="interruptions-") as directory:
            ending = interrupt(phase, number, Path(directory), pause)
        wrong = ending.wrong(phase)
        failed += bool(wrong)
        print(
            row.format(
                name, number.name, ending.code, f"{ending.seconds:.2f}", "yes" if ending.printed else "-", ending.file,
                ", ".join(wrong) or "nothing",
            ), flush=True,
        )  # fmt: skip
        if wrong:
            print(ending.out[-1500:], ending.err[-3000:], sep="\n", file=sys.stderr)
    print(f"\n{len(cases)} interruptions: " + (f"{failed} are wrong." if failed else "all at once, nothing left."))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
