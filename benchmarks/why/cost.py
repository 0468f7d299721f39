"""The cost of recording every task: time per task, memory of the measuring process, size of the results file.

    python benchmarks/why/cost.py [--tasks 100000]

Memory is what an observed pass adds to the peak of the passes before it, its answer to the parent included; each figure
is that of a process of its own. The aim: 50 MB, and 2 MB in the file, for 100,000 tasks.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from work import nothing, nothing_awaited

from concbench import measure
from concbench.harness.planning.runner_specs import parse
from concbench.host.cell import HostedCell
from concbench.results.files import to_json
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

RUNNERS = ("sequential", "thread-pool:8", "process-pool:workers=2,chunksize=256", "asyncio:8")


def added(runner: str, tasks: int) -> int:
    """Bytes that an observed pass adds to the peak of this process."""
    workload = FunctionWorkload.of(nothing, range(tasks), CallForm(coroutine=nothing_awaited))
    cell = HostedCell(workload, parse(runner).runner)
    cell.sample()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures, _ = cell.observe()
    json.dumps(figures)
    return 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--added", metavar="RUNNER", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.added:
        print(added(arguments.added, arguments.tasks))
        return
    print(f"{'runner':<40}{'a task':>10}{'memory':>10}{'file':>10}")
    for runner in RUNNERS:
        again = [sys.executable, __file__, "--tasks", str(arguments.tasks), "--added", runner]
        memory = int(subprocess.run(again, capture_output=True, text=True, check=True).stdout)
        run = measure(nothing, items=range(arguments.tasks), runners=[runner], baseline=runner, rounds=1,
                      compare=False, coroutine=nothing_awaited)  # fmt: skip
        observed = run.tables[0].cells[0].observed
        assert observed is not None, run.tables[0].cells[0].outcome
        size = len(to_json(run.record)) / 1e6
        print(f"{runner:<40}{1e6 * observed.observing:>7.2f} us{memory / 1e6:>7.0f} MB{size:>7.2f} MB", flush=True)


if __name__ == "__main__":
    main()
