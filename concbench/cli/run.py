"""`concbench run`: measure workloads under runners."""

from __future__ import annotations

import argparse
import random
import sys
from typing import TYPE_CHECKING

from concbench.cli import functions, workloads
from concbench.cli.color import add_color
from concbench.cli.output import Output, add_format, chosen_format, present
from concbench.cli.values import reading
from concbench.errors import UsageError
from concbench.exit_codes import FAILED, INTERRUPTED, OK, worst
from concbench.values import COUNT, COUNTS, DURATION, NATURAL, SHARE, SIZE

if TYPE_CHECKING:
    from concbench.harness.plan import Plan
    from concbench.results.records import RunRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("workloads", nargs="+", metavar="WORKLOAD", help="a workload that "
                        "'concbench list' shows, with settings if you like (NAME:KEY=VALUE,KEY=VALUE), or a function "
                        "of your own: module:function")  # fmt: skip
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
    parser.add_argument("-o", "--output", metavar="FILE", help="write the raw results, after every round")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    parser.add_argument("--resume", metavar="FILE", help="go on with a run of this command that was interrupted, from "
                        "its results file, and write that again")  # fmt: skip
    add_format(parser)
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
    functions.add_arguments(parser)
    workloads.add_arguments(parser)
    add_color(parser)


def main(arguments: argparse.Namespace) -> int:
    """Measure, write, print; returns the exit code."""
    chosen = chosen_format(arguments)
    earlier = _earlier(arguments)
    output = Output(arguments.resume or arguments.output, force=arguments.force or earlier is not None)
    plans = _plans(arguments)
    output.require_writable()

    from concbench.campaign import measure_plans
    from concbench.cli.cache import keep
    from concbench.cli.progress import ProgressBar
    from concbench.harness.process_hosts import ProcessHosts

    with ProgressBar(arguments.color) as progress:
        listen = output.listener(progress.show)
        run = measure_plans(plans, ProcessHosts(), listen, earlier)
    output.save(run.record)
    keep(run.record)
    try:
        present(run.document(why=arguments.why), chosen, arguments.color)
    finally:
        output.complain()
    if run.record.interrupted and output.path is not None and not output.error:
        print(f"concbench: the same command with --resume {output.path} goes on", file=sys.stderr)
    return worst(INTERRUPTED if run.record.interrupted else OK, OK if run.ok and not output.error else FAILED)


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


def _plans(arguments: argparse.Namespace) -> list[Plan]:
    """Decide on everything; nothing has run and nothing is written when this refuses."""
    _require_together(arguments)
    from concbench.harness.plan import Options, plan
    from concbench.harness.runner_specs import default_runners, with_workers

    if arguments.seed is None:
        arguments.seed = random.randrange(2**32)
    measured = workloads.chosen(arguments)
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
    return [plan(workload, specs, options) for workload in measured]


def _require_together(arguments: argparse.Namespace) -> None:
    """Refuse options of which one would be ignored.

    Raises:
        UsageError: says which to leave out.
    """
    if arguments.why and arguments.no_observe:
        raise UsageError("--why needs the observed pass, which --no-observe skips")
