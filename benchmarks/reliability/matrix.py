"""Every fault under every runner: how it ends, how long that takes, and what is left behind.

    python benchmarks/reliability/matrix.py [--faults os_exit memory] [--runners mp-pool:2] [--timeout 2] [--markdown]
    python benchmarks/reliability/matrix.py --python python3.13t            in the hosts of another interpreter

Each fault is one `concbench run` over six items, the third of which goes wrong. Every cell must end as ok, failed or
inapplicable, with a reason; the command must end within a bound; and no process, temporary directory or shared memory
of it may be left. The exit code is 1 if one of these does not hold. About ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))

import faults
from traces import traces

RUNNERS = (
    "sequential", "threads", "batched-threads:2", "thread-pool:2",
    *(f"{name}start_method={method}" for name in ("processes:", "process-pool:workers=2,")
      for method in ("fork", "spawn", "forkserver")),
    *(["dask:2"] if find_spec("distributed") else []),
)  # fmt: skip
BOUND = 60.0
"""Seconds that a command may take, beyond one timeout for each cell."""
HERE = Path(__file__).parent


def ending(outcomes: dict[str, Any]) -> str:
    """The number of cells by outcome."""
    kinds = Counter(f"{outcome['kind']} {outcome['cause']}".strip() for outcome in outcomes.values())
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "NO RESULTS"


def cells_of(output: Path) -> dict[str, Any]:
    """The outcome of each cell in a results file."""
    cells = json.loads(output.read_text())["tables"][0]["cells"] if output.exists() else []
    return {f"{cell['label']} {cell['variant']}".strip(): cell["outcome"] for cell in cells}


def run(
    fault: str, runners: Sequence[str], timeout: float, pythons: str = ""
) -> tuple[dict[str, Any], float, set[str]]:
    """The cells of the results file, the seconds, and what is left behind."""
    before = traces()
    cells = len(runners) * (pythons.count(",") + 1)
    with tempfile.TemporaryDirectory(prefix="matrix-") as directory:
        output = Path(directory) / "run.json"
        command = [
            sys.executable, "-m", "concbench", "run", f"{HERE / 'faults.py'}:{fault}", "--items", "1..6",
            "--rounds", "1", "--no-observe", "--timeout", f"{timeout}s", "--memory-limit", "400MB", "-o", str(output),
        ]  # fmt: skip
        for runner in runners:
            command += ["-r", runner]
        if pythons:
            command += ["--python", pythons]
        began = perf_counter()
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=BOUND + timeout * cells,
                check=False,
                env=os.environ,
            )
            text = done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            return {}, perf_counter() - began, {"the command itself"}
        seconds = perf_counter() - began
        assert "Traceback" not in text, text[-3000:]
        if not output.exists():
            print(text[-2000:])
        return cells_of(output), seconds, traces() - before


def main() -> int:
    names = [function.__name__ for function in faults.FAULTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", nargs="+", choices=names, default=names)
    parser.add_argument("--runners", nargs="+", default=RUNNERS)
    parser.add_argument("--python", default="", metavar="A,B", help="interpreters of the hosts, if not this one")
    parser.add_argument("--timeout", type=float, default=2.0)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    wrong, expected = 0, len(arguments.runners) * (arguments.python.count(",") + 1)
    row = "| {} | {} | {} | {} |" if arguments.markdown else "{:<24}{:<70}{:>8}  {}"
    print(row.format("fault", "how its cells end", "seconds", "left behind"))
    if arguments.markdown:
        print("|---|---|---|---|")
    for name in arguments.faults:
        outcomes, seconds, left = run(name, arguments.runners, arguments.timeout, arguments.python)
        untyped = [label for label, outcome in outcomes.items() if outcome["kind"] != "ok" and not outcome["reason"]]
        wrong += bool(left) or len(outcomes) != expected or bool(untyped)
        print(row.format(name, ending(outcomes), f"{seconds:.1f}", ", ".join(sorted(left)) or "nothing"), flush=True)
        if not arguments.markdown:
            for label, outcome in outcomes.items():
                if outcome["kind"] != "ok":
                    print(f"    {label:<48}  {outcome['reason'][:110]}")
    print(f"\n{'All typed, nothing left.' if not wrong else f'{wrong} faults are not handled.'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
