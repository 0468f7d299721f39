"""How often `concbench doctor` is wrong, in three situations with a known right answer.

    python benchmarks/doctor.py                             40 runs of each, about 10 minutes
    python benchmarks/doctor.py --runs 5 --only busy

    idle       nothing is bad; the exit code is 0
    busy       a process beside it keeps one core busy: the load is bad, nothing else is, and the exit code is 1
    one core   limited to one core (Linux): parallelism is bad because there is one usable core, nothing else is, and
               the exit code is 1

A check that could not be decided in the time allowed is counted, and is not wrong. Close other programs first: "idle"
is the machine as it is. Every wrong answer is printed with its findings.

Budget: wrong at most once in 40 runs of each situation.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any

from pairs import Columns, typical, verdict

ALLOWED = 1 / 40
TIMEOUT = 60.0
DOCTOR = [sys.executable, "-m", "concbench", "doctor", "--json"]
SPIN = [sys.executable, "-c", "while True: pass"]
BAD = {"idle": set(), "busy": {"load"}, "one core": {"parallelism"}}
"""The checks that must be bad in each situation, and no others."""


@dataclass(frozen=True)
class Answer:
    """One run of the doctor."""

    code: int
    seconds: float
    findings: list[dict[str, Any]]
    conclusion: str

    def about(self, status: str) -> set[str]:
        return {finding["about"] for finding in self.findings if finding["status"] == status}

    def right(self, situation: str) -> bool:
        """Whether it is right for the situation."""
        bad = BAD[situation]
        named = situation != "one core" or "one usable core" in self.conclusion
        return self.about("bad") == bad and self.code == bool(bad) and named

    def lines(self) -> list[str]:
        findings = [f"{finding['status']:<8} {finding['about']:<12} {finding['text']}" for finding in self.findings]
        return [*findings, f"exit code {self.code}: {self.conclusion}"]


def main() -> None:
    """Print the wrong answers, and a table."""
    parser = argparse.ArgumentParser(description="How often the doctor is wrong.")
    parser.add_argument("--runs", type=int, default=40, help="of each situation (40)")
    parser.add_argument("--only", choices=BAD, action="append", help="this situation; may be given more than once")
    arguments = parser.parse_args()
    situations = {
        name: [ask(name, number) for number in range(arguments.runs)] for name in arguments.only or available()
    }
    print()
    table = Columns(("situation", 10), ("runs", 5), ("wrong", 6), ("not told", 9), ("seconds", 8), ("most", 6), ("", 8))
    met = [row(table, name, answers) for name, answers in situations.items()]
    sys.exit(0 if all(met) else 1)


def available() -> list[str]:
    """The situations that are possible on this platform and machine."""
    several = hasattr(os, "sched_setaffinity")
    return [name for name in BAD if several or name != "one core"]


def row(table: Columns, name: str, answers: list[Answer]) -> bool:
    """Print the line of a situation; returns whether its budget is met."""
    wrong = sum(not answer.right(name) for answer in answers)
    untold = sum(bool(answer.about("unknown")) for answer in answers)
    seconds = [answer.seconds for answer in answers]
    met = wrong <= max(1, round(ALLOWED * len(answers)))
    table.row(
        name, len(answers), wrong, untold, f"{typical(seconds):.1f}", f"{max(seconds):.1f}", verdict(met=met)
    )  # fmt: skip
    return met


def ask(situation: str, number: int) -> Answer:
    """Run the doctor once in this situation, and print its answer if it is wrong."""
    with busy() if situation == "busy" else limited(situation == "one core"):
        began = perf_counter()
        done = subprocess.run(DOCTOR, capture_output=True, text=True, check=False, timeout=TIMEOUT)
        seconds = perf_counter() - began
    if not done.stdout:
        sys.exit(f"the doctor printed nothing: {done.stderr}")
    said = json.loads(done.stdout)
    answer = Answer(done.returncode, seconds, said["findings"], said["conclusion"])
    if not answer.right(situation):
        print(f"{situation}, run {number + 1}: WRONG", *answer.lines(), sep="\n    ", flush=True)
    return answer


@contextmanager
def busy() -> Iterator[None]:
    """Keep one core busy with a process that is not the doctor's."""
    spinning = subprocess.Popen(SPIN)
    try:
        sleep(0.2)
        yield
    finally:
        spinning.kill()
        spinning.wait()


@contextmanager
def limited(to_one_core: bool) -> Iterator[None]:
    """Limit this process, and thereby its children, to one core if `to_one_core`."""
    if not to_one_core:
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


if __name__ == "__main__":
    main()
