"""`concbench advise`: which runner and how many workers for a function of one's own."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from concbench.cli import configuration, functions, options
from concbench.cli.output import Output, printing
from concbench.errors import UsageError
from concbench.exit_codes import FAILED, INTERRUPTED, OK
from concbench.options import AdviseOptions, decided, decided_by_race, declared, sentence_of_race

if TYPE_CHECKING:
    from concbench.run import Advice


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("function", metavar="FUNCTION", help="module:function or path/to/file.py:function")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the raw results, after every round")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    parser.add_argument("--json", action="store_true", help="print the recommendation and the raw results as JSON")
    configuration.add_arguments(parser)
    functions.add_arguments(parser, AdviseOptions)
    parser.add_argument("-r", "--runner", dest="runners", help=argparse.SUPPRESS)
    parser.add_argument("--resume", help=argparse.SUPPRESS)
    raced = {name: option for name, option in declared().items() if option.race}
    options.add(parser, raced, hidden=True)


def main(arguments: argparse.Namespace) -> int:
    """Search, write, print; returns the exit code."""
    if not functions.is_named(arguments.function):
        raise UsageError(
            f"{arguments.function!r} is not a function of your own; write module:function or file.py:function"
        )
    for name in decided_by_race():
        if getattr(arguments, name) is not None:
            raise UsageError(sentence_of_race(name, "advise", "'concbench run'", options.as_flag))
    configured = configuration.configure(arguments, functions.known(AdviseOptions))
    with configured.to_blame():
        chosen = functions.fill_in(arguments, AdviseOptions)
        vars(arguments).update(chosen)
        output = Output(arguments.output, force=arguments.force)
        output.require_writable()
        workload = functions.workload(arguments.function, arguments, decided(chosen["seed"]))

    from concbench.campaign import advise_workload
    from concbench.cli.cache import keep
    from concbench.cli.progress import ProgressBar
    from concbench.harness.process_hosts import ProcessHosts

    with ProgressBar() as progress:
        listen = configured.announced(output.listener(progress.show))
        advice = advise_workload(workload, chosen, ProcessHosts(), listen, configured.record)
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
