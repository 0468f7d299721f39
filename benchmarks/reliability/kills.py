"""Killing concbench outright, again and again: is anything left, and is the results file whole?

    python benchmarks/reliability/kills.py [--times 50] [--seed 1]

Each time a run over three runners, processes among them, is killed (SIGKILL) at a random moment of its first seconds,
every second time together with its guardian: then the next one to measure must remove what is left. It must remove an
empty directory, too, of a run that was killed before its first measuring process, and so before there was a guardian.
The exit code is 1 if a process, a temporary directory or shared memory was left after two seconds, or if the results
file was damaged or another file lay beside it.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from concbench.errors import BadResults
from concbench.harness.hosts.private_directory import private_directory
from concbench.results.files import load

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))

from traces import traces

LONGEST = 4.0
"""Seconds after which it is killed at the latest."""
GRACE = 2.0
COMMAND = (
    sys.executable, "-m", "concbench", "run", "primes", "-r", "sequential", "-r", "thread-pool:4",
    "-r", "process-pool:2", "--rounds", "100", "--force", "-o",
)  # fmt: skip


def is_guardian(process: psutil.Process) -> bool:
    try:
        return "concbench.host.guardian_process" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    wrong, files, early, slowest = 0, 0, 0, 0.0
    with tempfile.TemporaryDirectory(prefix="kills-") as directory:
        for number in range(arguments.times):
            output = Path(directory) / "run.json"
            before = traces()
            run = subprocess.Popen(
                [*COMMAND, str(output)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
            )
            moment = draw.uniform(0, LONGEST)
            time.sleep(moment)
            guardians = (
                [child for child in psutil.Process(run.pid).children() if is_guardian(child)] if number % 2 else []
            )
            for guardian in guardians:
                guardian.suspend()  # so that both seem to die at the same moment
            run.kill()
            run.wait()
            for guardian in guardians:
                guardian.kill()
            if guardians:
                with private_directory():
                    pass
            began = time.monotonic()
            while (left := traces() - before) and time.monotonic() - began < GRACE:
                time.sleep(0.02)
            if left and not guardians and all(one.startswith("directory") for one in left):
                early += 1
                with private_directory():
                    pass
                left = traces() - before
            else:
                slowest = max(slowest, time.monotonic() - began)
            left |= {f"file {path.name}" for path in Path(directory).iterdir() if path != output}
            whole = True
            if output.exists():
                try:
                    load(output)
                    files += 1
                except BadResults as bad:
                    whole = False
                    print(bad)
            if left or not whole:
                wrong += 1
                print(f"killed after {moment:.2f} s: {', '.join(sorted(left)) or 'damaged file'}", flush=True)
    gone = f"all gone after {slowest:.2f} s at the latest, but for {early} directories that the next run removed"
    print(
        f"{arguments.times} kills: {wrong} with something left or damaged; a whole file after {files} of them; {gone}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
