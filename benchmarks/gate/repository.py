"""A repository with a gate in CI: the fate of a change that breaks scaling, and of a harmless one.

    python benchmarks/gate/repository.py [--times 10]

Each time the commands of the workflow in docs/howto/guard-scaling-in-ci.md are run on the changed repository: the gate
must fail with the reason if a lock was put around everything, and pass if the change is harmless.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
APP = '''
import threading
import time

everything = threading.Lock()

def parse(number):
    """Wait for something, as for a file or another machine."""
    time.sleep(0.005)
    return number
'''
CHANGES = {
    "lock around everything": APP.replace("    time.sleep", "    with everything:\n        time.sleep"),
    "harmless": APP.replace("return number", "return number + 0"),
}
TEST = """
import app

def test_parse_scales(concbench):
    scaling = concbench(app.parse, items=range(16), runners=["sequential", "thread-pool:2"])
    scaling.require("thread-pool:2", at_least=1.4)
"""
PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "concbench.pytest_plugin", "--concbench-only"]
COMMAND = [
    "-m", "concbench", "run", "app:parse", "--items", "0..15", "-r", "sequential", "-r", "thread-pool:2",
    "--require", "thread-pool:2 >= 1.4x", "--strict", "--budget", "10s",
]  # fmt: skip


def outcome(arguments: list[str], folder: str) -> str:
    """The outcome of a command of the workflow: its exit code, and whether it names the lock."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    named = ", names a lock" if "a lock" in said else ""
    skipped = ", undecided" if "1 skipped" in said else ""
    return f"exit code {done.returncode}{skipped}{named}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10)
    arguments = parser.parse_args()
    for change, source in CHANGES.items():
        for name, command in (("pytest", PYTEST), ("concbench run", COMMAND)):
            began, seen = perf_counter(), Counter[str]()
            for _ in range(arguments.times):
                with tempfile.TemporaryDirectory() as folder:
                    Path(folder, "app.py").write_text(source, "utf-8")
                    Path(folder, "test_scaling.py").write_text(TEST, "utf-8")
                    seen[outcome(command, folder)] += 1
            each = (perf_counter() - began) / arguments.times
            print(f"{change:<24}{name:<15}{each:5.1f} s  {dict(seen)}", flush=True)


if __name__ == "__main__":
    main()
