"""`concbench advise`: which runner and how many workers for a function of one's own."""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from concbench.cli import functions
from concbench.cli.output import Output, printing
from concbench.cli.values import reading
from concbench.errors import UsageError
from concbench.values import COUNT, DURATION, NATURAL, SIZE

if TYPE_CHECKING:
    from concbench.run import Advice


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("function", metavar="FUNCTION", help="module:function or path/to/file.py:function")
    functions.add_arguments(parser)
    parser.add_argument("--budget", type=reading(DURATION), metavar="TIME", help="of everything together; three "
                        "rounds are taken in any case (default: 60s)")  # fmt: skip
    parser.add_argument("--max-rounds", type=reading(COUNT), metavar="N", help="at most N rounds (default: 30)")
    parser.add_argument("--timeout", type=reading(DURATION), metavar="TIME",
                        help="for one execution of a runner (default: 20 times what the "
                        "baseline takes, 10s at least)")  # fmt: skip
    parser.add_argument("--memory-limit", type=reading(SIZE), metavar="SIZE", help="for all processes of a runner together "
                        "(default: 80%% of what is available)")  # fmt: skip
    parser.add_argument("--fresh", action="store_true", help="take every sample in a new process, so that caches and "
                        "connections that the function keeps are cold")  # fmt: skip
    parser.add_argument(
        "--seed", type=reading(NATURAL), metavar="N", help="of every random choice (default: drawn, printed)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the raw results, after every round")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    parser.add_argument("--json", action="store_true", help="print the recommendation and the raw results as JSON")


def main(arguments: argparse.Namespace) -> int:
    """Search, write, print; returns the exit code."""
    if not functions.is_named(arguments.function):
        raise UsageError(
            f"{arguments.function!r} is not a function of your own; write module:function or file.py:function"
        )
    output = Output(arguments.output, force=arguments.force)
    output.require_writable()
    seed = random.randrange(2**32) if arguments.seed is None else arguments.seed
    workload = functions.workload(arguments.function, arguments, seed)

    from concbench.campaign import advise_workload
    from concbench.cli.cache import keep
    from concbench.cli.main import FAILED, INTERRUPTED, OK
    from concbench.cli.progress import ProgressBar
    from concbench.harness.plan import Options
    from concbench.harness.process_hosts import ProcessHosts

    options = Options(
        budget=arguments.budget,
        max_rounds=arguments.max_rounds,
        timeout=arguments.timeout,
        import_timeout=arguments.import_timeout,
        memory_limit=arguments.memory_limit,
        seed=seed,
        max_calls=arguments.max_calls,
        fresh=arguments.fresh,
    )
    with ProgressBar() as progress:
        advice = advise_workload(workload, options, ProcessHosts(functions.say), output.listener(progress.show))
    output.save(advice.run.record)
    keep(advice.run.record)
    try:
        _print(advice, as_json=arguments.json)
    finally:
        output.complain()
    if advice.run.record.interrupted:
        return INTERRUPTED
    return FAILED if output.error or advice.recommendation is None else OK


@printing()
def _print(advice: Advice, *, as_json: bool) -> None:
    if as_json:
        from concbench.results.files import to_json

        recommended = asdict(advice.recommendation) if advice.recommendation else None
        print(json.dumps({"recommendation": recommended, "run": json.loads(to_json(advice.run.record))}, indent=1))
        return
    if not sys.stdout.isatty():
        print(advice)
        return
    from rich.console import Console

    from concbench.report.terminal import render

    console = Console()
    console.print(render(advice.run.record, advice.run.analyses, console, advice.recommendation), crop=False)
