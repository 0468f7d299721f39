"""Seconds to an answer, and which: concbench beside hyperfine and pytest-benchmark with their defaults, alternating.

    python benchmarks/honesty/time_to_verdict.py [--times 2]

All three measure the quick sizes of both jobs in the same ways: concbench as `concbench run JOB --budget 8s`,
hyperfine the stand-alone scripts as whole programs, pytest-benchmark the functions of those scripts in one warm
process. The order that each gives is printed beside its time. Needs `hyperfine` on PATH. About 6 minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from concbench import Download
from concbench.advice.answer import answer
from concbench.analysis.table_analysis import analyse
from concbench.results.files import from_json
from concbench.workloads.primes import QUICK_LIMITS

SCRIPTS = Path(__file__).parent.parent / "standalone"
WAYS = ["sequential", "threads", "batched-threads", "processes", "thread-pool", "process-pool"]
WORKERS = {"thread-pool": "32", "asyncio": "32", "process-pool": "2"}
LIMITS = ",".join(map(str, QUICK_LIMITS))

Answer = tuple[list[str], str]
"""The ways from the fastest on, and any other output of the tool."""


def run(command: list[str], **options: object) -> str:
    """Standard output of a command; if it fails, so does this."""
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout  # type: ignore[call-overload]


def with_concbench(job: str, urls: Path, directory: Path) -> Answer:
    del urls, directory  # it has its own
    text = run([sys.executable, "-m", "concbench", "run", job, "--budget", "8s", "--json"])
    table = from_json(text).tables[0]
    seen = analyse(table)
    order = sorted(seen.measured, key=lambda cell: -(cell.speedup or 0))
    return [cell.runner for cell in order], " ".join(answer(seen)[:2])


def script_arguments(job: str, way: str, urls: Path, directory: Path) -> list[str]:
    """The arguments of the stand-alone script of a job for one way."""
    what = [LIMITS] if job == "primes" else [str(urls), str(directory / way)]
    return [str(SCRIPTS / f"{job}.py"), way, *what, "--workers", WORKERS.get(way, "10")]


def ways(job: str) -> list[str]:
    """The ways in which a job can be done."""
    return WAYS if job == "primes" else [*WAYS, "asyncio"]


def with_hyperfine(job: str, urls: Path, directory: Path) -> Answer:
    commands = [f"echo | {sys.executable} {' '.join(script_arguments(job, way, urls, directory))}" for way in ways(job)]
    out = directory / "hyperfine.json"
    run(["hyperfine", "--style", "none", "--export-json", str(out), *commands])
    means = {way: result["mean"] for way, result in zip(ways(job), json.loads(out.read_text())["results"], strict=True)}
    return sorted(means, key=lambda way: means[way]), "names the first, no ties"


TEST = """
    import importlib.util, multiprocessing, sys
    import pytest

    def load(way):
        sys.argv = ["script", way]
        spec = importlib.util.spec_from_file_location("script_" + way.replace("-", "_"), {script!r})
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    multiprocessing.set_start_method("fork")

    @pytest.mark.parametrize("way", {ways!r})
    def test_way(benchmark, way):
        module = load(way)
        run = getattr(module, "run_" + way.replace("-", "_"))
        if {job!r} == "download":
            if way != "asyncio":
                module.connections = module.new_connections(32)
            module.empty({directory!r})
            arguments = (module.read_urls({urls!r}), {directory!r}, int({workers!r}.get(way, 10)))
        else:
            arguments = ({limits!r}, int({workers!r}.get(way, 10)))
        benchmark(run, *arguments)
"""


def with_pytest_benchmark(job: str, urls: Path, directory: Path) -> Answer:
    test, out = directory / "test_ways.py", directory / "pytest.json"
    test.write_text(
        textwrap.dedent(TEST).format(
            script=str(SCRIPTS / f"{job}.py"), ways=ways(job), job=job, urls=str(urls), directory=str(directory / "p"),
            workers=WORKERS, limits=list(QUICK_LIMITS),
        )
    )  # fmt: skip
    run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-c", "/dev/null", "--rootdir", str(directory),
         f"--benchmark-json={out}", str(test)],
        cwd=directory,
    )  # fmt: skip
    means = {one["params"]["way"]: one["stats"]["min"] for one in json.loads(out.read_text())["benchmarks"]}
    return sorted(means, key=lambda way: means[way]), "sorted by minimum, no ties"


TOOLS: dict[str, Callable[[str, Path, Path], Answer]] = {
    "concbench": with_concbench,
    "hyperfine": with_hyperfine,
    "pytest-benchmark": with_pytest_benchmark,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--jobs", nargs="+", default=["primes", "download"])
    arguments = parser.parse_args()
    tools = [name for name in TOOLS if name != "hyperfine" or shutil.which("hyperfine")]
    for job in arguments.jobs:
        with tempfile.TemporaryDirectory() as name, Download("quick").running(name) as served:
            urls = Path(name) / "urls.txt"
            urls.write_text("".join(f"{item.url}\n" for item in served.items))
            for time in range(arguments.times):
                for tool in random.sample(tools, len(tools)):
                    began = perf_counter()
                    order, says = TOOLS[tool](job, urls, Path(name))
                    print(f"{job:<9} {time + 1}  {tool:<17}{perf_counter() - began:>6.1f} s  {' < '.join(order)}")
                    print(f"{'':<12} {says}", flush=True)


if __name__ == "__main__":
    main()
