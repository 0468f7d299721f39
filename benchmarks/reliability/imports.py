"""Modules that misbehave when they are imported: the outcome, the time it takes, and what is left behind.

    python benchmarks/reliability/imports.py [--modules thread program] [--markdown]

Each module is one `concbench run` of a function that it defines, under three runners. The command must end within a
bound, without a traceback of ours, and no process, temporary directory or shared memory of it may be left. The exit
code is 1 if one of these does not hold. About three minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from matrix import cells_of, ending, traces  # makes what follows importable

from traces import WHERE, left  # isort: skip

MODULES = {
    "sleeps": "time.sleep(1000)",
    "deadlocks": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "sleeps_when_measured": "'concbench.host.host_process' in sys.modules and time.sleep(1000)",
    "reads_input": "print(sys.stdin.read(), open('/dev/stdin').read())",
    "asks": "input('Name? ')",
    "exits": "os._exit(3)",
    "kills_itself": "os.kill(os.getpid(), 9)",
    "thread": "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "executor": "pool = ThreadPoolExecutor(2); pool.submit(time.sleep, 1000)",
    "process_executor": "pool = ProcessPoolExecutor(2); pool.submit(time.sleep, 1000)",
    "program": "subprocess.Popen(['sleep', '1000'])",
    "escaped_program": "subprocess.Popen(['sleep', '1000'], start_new_session=True)",
    "atexit_hook": "atexit.register(time.sleep, 1000)",
    "forked_child": "os.fork() or time.sleep(1000)",
    "forked_child_returned": "os.fork()",
    "floods": "for _ in range(3000): print('x' * 100_000)",
    "stray_bytes": "for fd in range(3, 1100):\n    with suppress(OSError): os.write(fd, b'stray')",
    "closed_descriptors": "os.closerange(3, 256)",
}
HEAD = (
    "import atexit, os, subprocess, sys, threading, time\nfrom contextlib import suppress\n"
    "from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor\n"
)
TAIL = "\ndef work(item):\n    return item\n"
RUNNERS = ("sequential", "thread-pool:2", "process-pool:2")
LIMIT, BOUND = 3.0, 60.0
"""Seconds that an import may take, and the whole command."""


def run(name: str) -> tuple[str, float, set[str]]:
    """How it ended, the seconds, and what is left behind."""
    with tempfile.TemporaryDirectory(prefix="imports-") as directory:
        output = Path(directory, "run.json")
        Path(directory, "app.py").write_text(f"{HEAD}{MODULES[name]}{TAIL}")
        before = traces()
        command = [
            sys.executable, "-m", "concbench", "run", "app:work", "--items", "1..4", "--rounds", "1", "--no-observe",
            "--import-timeout", f"{LIMIT}s", "--timeout", f"{LIMIT}s", "-o", str(output),
        ]  # fmt: skip
        for runner in RUNNERS:
            command += ["-r", runner]
        began = perf_counter()
        try:
            done = subprocess.run(
                command, cwd=directory, capture_output=True, text=True, timeout=BOUND, check=False,
                env={**os.environ, WHERE: directory},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "NOT AT ALL", BOUND, left(Path(directory), 2.0) and {"processes"}
        seconds = perf_counter() - began
        assert "concbench/" not in done.stderr, done.stderr
        said = ending(cells_of(output)) if output.exists() else done.stderr.splitlines()[-1].removeprefix("concbench: ")
        processes = {f"process {pid}" for pid in left(Path(directory), 2.0)}
        return said, seconds, {one for one in traces() - before if not one.startswith("process ")} | processes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    row = "| `{}` | {} | {} | {} |" if arguments.markdown else "{:<24}{:<90}{:>8}  {}"
    print(row.format("module", "how it ends", "seconds", "left behind"))
    if arguments.markdown:
        print("|---|---|---|---|")
    wrong = 0
    for name in arguments.modules:
        said, seconds, behind = run(name)
        wrong += bool(behind) or said == "NOT AT ALL"
        print(row.format(name, said, f"{seconds:.1f}", ", ".join(sorted(behind)) or "nothing"), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
