"""A server that goes wrong, under every client: the reported failure, the time it takes, and what is left behind.

    python benchmarks/reliability/downloads.py [--faults reset silent] [--markdown]

Each fault is one `concbench run download --urls ... --tolerate` over six addresses of a server on 127.0.0.1, the third
of which goes wrong; one second for a download, 60 MB for a body. Every client must count the same, the other five must
arrive, the command must end within a bound, and nothing of it may be left. The exit code is 1 if one of these does not
hold. About a minute.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from matrix import traces  # before http_faults, which it makes importable

from http_faults import FAULTS, FaultyServer  # isort: skip

RUNNERS = ("sequential", "thread-pool:2", "process-pool:2", "asyncio:2")
TIMES = 2 * len(RUNNERS) + 2
"""Most executions, and so most seconds that timeouts may take."""
BOUND = 30.0
"""Seconds beyond these timeouts."""


def run(server: FaultyServer, fault: str) -> tuple[dict[str, str], float, set[str]]:
    """The counts by runner, the seconds, and what is left behind."""
    before = traces()
    with tempfile.TemporaryDirectory(prefix="downloads-") as directory:
        names = [f"{place}.png" if place != 2 else f"{fault}.png" for place in range(6)]
        urls, output = Path(directory) / "urls.txt", Path(directory) / "run.json"
        urls.write_text("".join(f"{server.url(name)}\n" for name in names))
        command = [
            sys.executable, "-m", "concbench", "run", "download", "--urls", str(urls), "--tolerate", "--rounds", "1",
            "--request-timeout", "1s", "--size-limit", "60MB", "--no-observe", "-o", str(output),
            *(part for runner in RUNNERS for part in ("-r", runner)),
            *(("--retries", "1") if fault == "unavailable_at_first" else ()),
        ]  # fmt: skip
        began = perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND + TIMES, check=False)
        seconds = perf_counter() - began
        assert "Traceback" not in done.stdout + done.stderr, done.stderr[-2000:]
        cells = json.loads(output.read_text())["tables"][0]["cells"] if output.exists() else []
    return {cell["label"]: counted(cell) for cell in cells}, seconds, traces() - before


def counted(cell: dict[str, Any]) -> str:
    """The counts of a row as text, or why it ended."""
    if cell["outcome"]["kind"] != "ok":
        return str(cell["outcome"]["reason"])
    sample = cell["samples"][0]
    failed = ", ".join(f"{count} {kind}" for kind, count in sample["failed"].items()) or "all arrived"
    return f"{failed}, {sample['retries']} retry" if sample["retries"] else failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    row = "| {} | {} | {} | {} |" if arguments.markdown else "{:<28}{:<44}{:>8}  {}"
    print(row.format("fault", f"counted under {', '.join(RUNNERS)}", "seconds", "left behind"))
    if arguments.markdown:
        print("|---|---|---|---|")
    wrong = 0
    with FaultyServer() as server:
        for fault in arguments.faults:
            seen, seconds, left = run(server, fault)
            wrong += bool(left) or set(seen) != set(RUNNERS) or not all(_right(fault, said) for said in seen.values())
            name = f"`{fault}`" if arguments.markdown else fault
            said = " / ".join(dict.fromkeys(seen.values())) or "NO RESULTS"
            print(row.format(name, said, f"{seconds:.1f}", ", ".join(sorted(left)) or "nothing"), flush=True)
    print(f"\n{'All counted by their names, nothing left.' if not wrong else f'{wrong} faults are not handled.'}")
    return 1 if wrong else 0


def _right(fault: str, said: str) -> bool:
    if fault == "unavailable_at_first":
        return said in {"all arrived", "all arrived, 1 retry"}
    expected = FAULTS[fault].expected
    return said in ({f"1 {name}" for name in expected.split(" or ")} if expected else {"all arrived"})


if __name__ == "__main__":
    sys.exit(main())
