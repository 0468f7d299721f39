"""What measuring adds: a sample of a cell against an independent stand-alone script that does the same work.

For each workload and runner, samples of the measuring process (as `concbench` takes them) and runs of
`standalone/primes.py` or `standalone/download.py` (which share no line with concbench) are taken in pairs. Both are
long-lived processes with the same workers and start method, and download from the same server, each to a directory of
its own. The results of every run are compared. A process keeps what chance gave it at its start (addresses, hashes),
which can be worth some percent: so both are started afresh ten times, and the interval is over these launches.

    python benchmarks/overhead.py                                            about 15 minutes
    python benchmarks/overhead.py --pairs 20 --launches 5 --workloads primes --runners thread-pool process-pool:4
    python benchmarks/overhead.py --control                                  two processes of the script: ratio 1

Budget, for each line: the interval of ours / theirs contains 1.00 and ends below 1.05, with 40 pairs at least. Of so
many intervals at 95 %, one in twenty misses 1.00 by chance: repeat the line that does.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from multiprocessing import get_all_start_methods
from pathlib import Path
from time import perf_counter

from pairs import Columns, Measure, Pair, Ratio, ratio_of, take_pairs, typical

from concbench import Download, Primes, Workload
from concbench.harness.hosts import CellEnded, Host
from concbench.harness.plan import Options
from concbench.harness.process_hosts import ProcessHosts
from concbench.harness.runner_specs import PlannedCell, default_runners, parse
from concbench.runners.base import workers_for

SCRIPTS = Path(__file__).parent / "standalone"
MOST = 1.05
RUNNERS = [
    *(name for name in default_runners() if "process" not in name),
    *(f"{name}:start_method={method}" for name in ("processes", "process-pool") for method in get_all_start_methods()),
]
OPTIONS = Options(timeout=120.0)


class Script:
    """A stand-alone script: one run for each line that it is sent."""

    def __init__(self, process: subprocess.Popen[str], check: str) -> None:
        self._process = process
        self._check = check
        require(self._line() == "ready", "the script did not start")

    def seconds(self) -> float:
        """Run it once; its results must be those of the workload."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = json.loads(self._line())
        require(answer["check"] == self._check, "the results of the script differ from those of the workload")
        return float(answer["seconds"])

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main() -> None:
    """Measure the cells that were asked for, and print a line for each."""
    arguments = parse_arguments()
    require(not sys.dont_write_bytecode, "unset PYTHONDONTWRITEBYTECODE, or every worker compiles what it imports")
    order = random.Random(arguments.seed)
    print(f"{arguments.pairs} pairs a line in {arguments.launches} launches, seed {arguments.seed}\n")
    table = Columns(("cell", 49), ("ours", 9), ("theirs", 9), ("ours / theirs", 22), ("median", 7), ("budget", 6))
    started = perf_counter()
    met: list[bool] = []
    for name in arguments.workloads:
        with tempfile.TemporaryDirectory() as directory, workload(name).running(directory) as running:
            cells = cells_of(running, arguments.runners)
            met += [report(running, planned, Path(directory), arguments, order, table) for planned in cells]
    print(f"\n{sum(met)} of {len(met)} within the budget (contains 1.00, ends below {MOST}); ", end="")
    print(f"{perf_counter() - started:.0f} s")


def parse_arguments() -> argparse.Namespace:
    """What is measured, and for how long."""
    parser = argparse.ArgumentParser(description="A sample against a stand-alone script of the same work.")
    parser.add_argument("--workloads", nargs="+", choices=("primes", "download"), default=["primes", "download"])
    parser.add_argument("--runners", nargs="+", metavar="SPEC", default=RUNNERS)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--launches", type=int, default=10, help="of both processes; the pairs are spread over them")
    parser.add_argument("--control", action="store_true", help="measure the script against itself")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    return parser.parse_args()


def workload(name: str) -> Workload:
    """The quick sizes."""
    return Primes() if name == "primes" else Download(images=24, latency=0.020)


def cells_of(running: Workload, specs: list[str]) -> list[PlannedCell]:
    """The runners, without those that await where there is nothing to await."""
    cells = [parse(spec) for spec in specs]
    return [cell for cell in cells if running.coroutine or not getattr(cell.runner, "awaits", False)]


def report(
    running: Workload,
    planned: PlannedCell,
    directory: Path,
    arguments: argparse.Namespace,
    order: random.Random,
    table: Columns,
) -> bool:
    """Measure one cell and print its line; returns whether the budget is met."""
    cell = f"{running.name} {planned.label}"
    try:
        pairs = measure(running, planned, directory, arguments, order)
    except CellEnded as ended:
        table.row(cell, "", "", "", "", f"FAILED: {ended}")
        return False
    ratio = ratio_of(pairs)
    table.row(
        cell,
        f"{typical([pair.ours for pair in pairs]) * 1000:.1f} ms",
        f"{typical([pair.theirs for pair in pairs]) * 1000:.1f} ms",
        ratio,
        f"{ratio.median:.3f}",
        judge(ratio),
    )
    return judge(ratio) == "met"


def measure(
    running: Workload, planned: PlannedCell, directory: Path, arguments: argparse.Namespace, order: random.Random
) -> list[Pair]:
    """Take the pairs of one cell, in several launches of both processes; returns one pair for each launch."""
    each = -(-arguments.pairs // arguments.launches)
    return [launch(running, planned, directory, arguments, order, each) for _ in range(arguments.launches)]


def launch(
    running: Workload,
    planned: PlannedCell,
    directory: Path,
    arguments: argparse.Namespace,
    order: random.Random,
    pairs: int,
) -> Pair:
    """Start both processes, take their pairs after one of warm-up, and return the middle of each side's logs."""
    with ExitStack() as stack:
        theirs = stack.enter_context(script(running, planned, directory / "by-hand"))
        ours: Measure = (
            stack.enter_context(script(running, planned, directory / "control")).seconds
            if arguments.control
            else sampler(stack.enter_context(ProcessHosts().host(running, planned, directory, OPTIONS)))
        )
        taken = take_pairs(ours, theirs.seconds, pairs=pairs, warm_up=1, order=order)
    middle = ratio_of(taken).centre
    seconds = typical([pair.theirs for pair in taken])
    return Pair(ours=seconds * middle, theirs=seconds)


def judge(ratio: Ratio) -> str:
    """What the interval says of the budget."""
    if ratio.high < 1:
        return "MISSED: ours is faster, so the work differs"
    if ratio.low > 1:
        return "MISSED: ours is slower"
    return "met" if ratio.high < MOST else "MISSED: too wide, more pairs would tell"


def sampler(host: Host) -> Measure:
    """The measuring process of a cell; it compares the results of every sample itself."""
    host.prepare()
    return lambda: host.sample(compare=False).seconds


@contextmanager
def script(running: Workload, planned: PlannedCell, directory: Path) -> Iterator[Script]:
    """The stand-alone script of the same work, with the same workers and start method."""
    program = f"import sys; sys.path[0] = {str(SCRIPTS)!r}; import {running.name}; {running.name}.main()"
    command = [sys.executable, "-c", program, planned.name, *work(running, directory)]
    command += ["--workers", str(getattr(planned.runner, "workers", None) or workers_for(planned.runner, 1))]
    if "start_method" in planned.settings:
        command += ["--start-method", planned.settings["start_method"]]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield Script(process, check_of(running))


def work(running: Workload, directory: Path) -> list[str]:
    """What the script is told to do."""
    if isinstance(running, Primes):
        return [",".join(map(str, running.limits))]
    directory.mkdir(exist_ok=True)
    addresses = directory.with_suffix(".urls")
    addresses.write_text("".join(f"{image.url}\n" for image in running.items), encoding="utf-8")
    return [str(addresses), str(directory)]


def check_of(running: Workload) -> str:
    """The checksum that the script prints where its results are those of the workload."""
    check = sha256()
    if isinstance(running, Primes):
        assert running.expected is not None
        check.update(",".join(f"{product:x}" for product in running.expected).encode())
        return check.hexdigest()
    from concbench.workloads.images import image

    assert isinstance(running, Download)
    for name, index in sorted((name, index) for index, name in enumerate(running.names)):
        check.update(name.encode())
        check.update(image(index, running.image_size))
    return check.hexdigest()


def require(fact: bool, otherwise: str) -> None:
    """End with a message unless this is so."""
    if not fact:
        sys.exit(f"overhead: {otherwise}")


if __name__ == "__main__":
    main()
