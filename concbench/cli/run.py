"""`concbench run`: measure workloads under runners."""

from __future__ import annotations

import argparse
import random
import sys
from typing import TYPE_CHECKING

from concbench.cli import functions
from concbench.cli.output import Output, printing, say
from concbench.cli.values import reading
from concbench.errors import UsageError
from concbench.values import COUNT, COUNTS, DURATION, LIMITS, NATURAL, SHARE, SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from concbench.analysis.table_analysis import TableAnalysis
    from concbench.harness.plan import Plan
    from concbench.results.records import RunRecord
    from concbench.workloads.base import Workload

SIZES = ("quick", "article", "full")
SERVER_OPTIONS = ("images", "latency", "jitter", "image_size")
DOWNLOAD_OPTIONS = (*SERVER_OPTIONS, "urls", "keep", "request_timeout", "size_limit", "retries")
PRIMES_OPTIONS = ("limits", "algorithm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("workloads", nargs="+", metavar="WORKLOAD", help="download, primes, or a function "
                        "of your own: module:function; see 'concbench list'")  # fmt: skip
    parser.add_argument("-r", "--runner", action="append", dest="runners", metavar="SPEC",
                        help="such as thread-pool, thread-pool:32, process-pool:workers=2,start_method=spawn; "
                        "repeatable (default: every runner)")  # fmt: skip
    parser.add_argument("-w", "--workers", type=reading(COUNTS), metavar="N,N", help="try these numbers of workers")
    parser.add_argument("--baseline", metavar="SPEC", help="compare with this runner (default: sequential)")
    parser.add_argument("--max-rounds", type=reading(COUNT), metavar="N", help="a runner stops at its verdict, or "
                        "undecided after N rounds (default: 30)")  # fmt: skip
    parser.add_argument("--budget", type=reading(DURATION), metavar="TIME", help="for each workload; three rounds "
                        "are taken in any case (default: 60s; 10s for 'concbench' alone)")  # fmt: skip
    parser.add_argument("--precision", type=reading(SHARE), metavar="PERCENT", help="go on until every interval is so narrow, "
                        "such as 5%%")  # fmt: skip
    parser.add_argument("--rounds", type=reading(COUNT), metavar="N", help="exactly N rounds of every runner instead; with 1 "
                        "that round is the warm-up too, and there are no verdicts")  # fmt: skip
    parser.add_argument("--warm", action="store_true", help="keep workers and connections from round to round, and "
                        "time the work alone")  # fmt: skip
    parser.add_argument("--fresh", action="store_true", help="take every sample in a new process, so that caches and "
                        "connections that the function keeps are cold")  # fmt: skip
    parser.add_argument("--size", choices=SIZES, help="how much work (default: quick)")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the raw results, after every round")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    parser.add_argument("--resume", metavar="FILE", help="go on with a run of this command that was interrupted, from "
                        "its results file, and write that again")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the raw results instead of the tables")
    parser.add_argument(
        "--seed", type=reading(NATURAL), metavar="N", help="of the order of the rounds (default: drawn, printed)"
    )
    parser.add_argument("--timeout", type=reading(DURATION), metavar="TIME",
                        help="for one execution of a runner (default: 20 times what the "
                        "baseline takes, 10s at least)")  # fmt: skip
    parser.add_argument("--memory-limit", type=reading(SIZE), metavar="SIZE", help="for all processes of a runner together "
                        "(default: 80%% of what is available)")  # fmt: skip
    parser.add_argument("--why", action="store_true", help="say for every runner where its workers' time went")
    parser.add_argument("--no-observe", action="store_true",
                        help="skip the pass that tells start-up, cores and memory")  # fmt: skip
    download = parser.add_argument_group("download")
    download.add_argument("--images", type=reading(COUNT), metavar="N", help="so many images, instead of a size")
    download.add_argument(
        "--latency", type=reading(DURATION), metavar="TIME", help="of the image server (default: 20ms)"
    )
    download.add_argument(
        "--jitter", type=reading(DURATION), metavar="TIME", help="added at random at most (default: 0)"
    )
    download.add_argument("--image-size", type=reading(SIZE), metavar="SIZE", help="of each image (default: 60kB)")
    download.add_argument("--urls", metavar="FILE", help="download these URLs, one a line, instead: one round, at most "
                          "10 connections to a host")  # fmt: skip
    download.add_argument("--keep", metavar="DIR", help="keep the images in this new or empty directory")
    download.add_argument(
        "--request-timeout", type=reading(DURATION), metavar="TIME", help="for one image (default: 60s)"
    )
    download.add_argument("--size-limit", type=reading(SIZE), metavar="SIZE", help="of one image (default: 100MB)")
    download.add_argument("--retries", type=reading(NATURAL), metavar="N", help="try a download that failed N times more, 10 "
                          "at most, if the reason may pass (default: 0: retries change what is measured)")  # fmt: skip
    primes = parser.add_argument_group("primes")
    primes.add_argument("--limits", type=reading(LIMITS), metavar="N,N", help="these limits, instead of a size")
    primes.add_argument("--algorithm", choices=("trial", "sieve"), help="trial division (default) or a sieve")
    functions.add_arguments(parser)


def main(arguments: argparse.Namespace) -> int:
    """Measure, write, print; returns the exit code."""
    earlier = _earlier(arguments)
    output = Output(arguments.resume or arguments.output, force=arguments.force or earlier is not None)
    plans = _plans(arguments)
    output.require_writable()

    from concbench.campaign import measure_plans
    from concbench.cli.cache import keep
    from concbench.cli.main import FAILED, INTERRUPTED, OK
    from concbench.cli.progress import ProgressBar
    from concbench.harness.process_hosts import ProcessHosts

    with ProgressBar() as progress:
        listen = output.listener(progress.show)
        run = measure_plans(plans, ProcessHosts(), listen, earlier)
    output.save(run.record)
    keep(run.record)
    try:
        print_record(run.record, run.analyses, as_json=arguments.json, why=arguments.why)
    finally:
        output.complain()
    if run.record.interrupted and output.path is not None and not output.error:
        say(f"concbench: the same command with --resume {output.path} goes on")
    if run.record.interrupted:
        return INTERRUPTED
    return OK if run.ok and not output.error else FAILED


def _earlier(arguments: argparse.Namespace) -> RunRecord | None:
    """The run that is gone on with; its seed is that of the whole."""
    if arguments.resume is None:
        return None
    if arguments.output not in {None, arguments.resume}:
        raise UsageError("--resume writes the file that it goes on with; leave out --output")
    from concbench.results.files import load

    record = load(arguments.resume)
    if arguments.seed is None:
        arguments.seed = record.seed
    return record


@printing()
def print_record(record: RunRecord, tables: Sequence[TableAnalysis], *, as_json: bool, why: bool = False) -> None:
    """Print the tables and the answers, or the results file, on standard output."""
    if as_json:
        from concbench.results.files import to_json

        print(to_json(record), end="")
        return
    from concbench.report.terminal import plain, render

    if not sys.stdout.isatty():
        print(plain(record, tables, why=why))
        return
    from rich.console import Console

    console = Console()
    console.print(render(record, tables, console, why=why))


def _plans(arguments: argparse.Namespace) -> list[Plan]:
    """Decide on everything; nothing has run and nothing is written when this refuses."""
    _require_together(arguments)
    from concbench.harness.plan import Options, plan
    from concbench.harness.runner_specs import default_runners, with_workers

    if arguments.seed is None:
        arguments.seed = random.randrange(2**32)
    workloads = [_workload(name, arguments) for name in dict.fromkeys(arguments.workloads)]
    if not any(map(functions.is_named, arguments.workloads)):
        functions.require_function(arguments, but=("tolerate",) if "download" in arguments.workloads else ())
    specs = arguments.runners or default_runners()
    if arguments.workers:
        tried = with_workers(specs, arguments.workers)
        if tried == specs:
            raise UsageError(f"--workers has nothing to try: {', '.join(specs)} have no workers, or theirs are written")
        specs = tried
    options = Options(
        baseline=arguments.baseline,
        max_rounds=arguments.max_rounds,
        budget=arguments.budget,
        precision=arguments.precision,
        rounds=arguments.rounds,
        warm=arguments.warm,
        fresh=arguments.fresh,
        observe=not arguments.no_observe,
        seed=arguments.seed,
        timeout=arguments.timeout,
        memory_limit=arguments.memory_limit,
        max_calls=arguments.max_calls,
    )
    return [plan(workload, specs, options) for workload in workloads]


def _workload(name: str, arguments: argparse.Namespace) -> Workload:
    from concbench.registry import workload_class

    if functions.is_named(name):
        return functions.workload(name, arguments, arguments.seed)
    make = workload_class(name)
    own = {"download": DOWNLOAD_OPTIONS, "primes": PRIMES_OPTIONS}
    for owner, options in own.items():
        if owner not in arguments.workloads:
            _refuse(owner, options, arguments)
    given = {key: getattr(arguments, key) for key in own.get(name, ()) if getattr(arguments, key) is not None}
    if given.get("urls") is not None:
        from concbench.workloads.url_file import read_urls

        _refuse_with_urls(arguments)
        given["urls"] = read_urls(given["urls"])
    if name == "download":
        given["tolerate"] = arguments.tolerate
    if name not in own:
        made: Workload = make()
    else:
        made = make(arguments.size or "quick", **given)
    return made


def _require_together(arguments: argparse.Namespace) -> None:
    """Refuse options of which one would be ignored.

    Raises:
        UsageError: says which to leave out.
    """
    if arguments.why and arguments.no_observe:
        raise UsageError("--why needs the observed pass, which --no-observe skips")
    if arguments.why and arguments.json:
        raise UsageError("--why is printed as text, and --json prints the raw results; leave out one of them")
    instead = {"download": ("urls", "images"), "primes": ("limits",)}
    sized = [name for name in instead if name in arguments.workloads]
    taken = [name for name in sized if all(getattr(arguments, option) is None for option in instead[name])]
    if arguments.size and not taken:
        given = [f"--{option}" for name in sized for option in instead[name] if getattr(arguments, option) is not None]
        why = f"{given[0]} stands instead of a size" if given else f"{arguments.workloads[0]} has no sizes"
        raise UsageError(f"--size would have no effect: {why}; leave out --size")


def _refuse(owner: str, options: tuple[str, ...], arguments: argparse.Namespace) -> None:
    for option in options:
        if getattr(arguments, option) is not None:
            raise UsageError(f"--{option.replace('_', '-')} is an option of {owner}, which is not being run")


def _refuse_with_urls(arguments: argparse.Namespace) -> None:
    for option in SERVER_OPTIONS:
        if getattr(arguments, option) is not None:
            raise UsageError(f"--{option.replace('_', '-')} is of our own image server; leave it out with --urls")
