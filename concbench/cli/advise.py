"""`concbench advise`: recommend a runner and a number of workers for a function of the user's own."""

from __future__ import annotations

import argparse

from concbench.cli import configuration, functions, options
from concbench.cli.color import add_color
from concbench.cli.output import (
    Output,
    add_format,
    as_typed,
    chosen_format,
    excluded_with,
    present,
    require_different,
    say,
    shortened,
)
from concbench.cli.page import PageFile, add_page
from concbench.errors import UsageError
from concbench.exit_codes import FAILED, INTERRUPTED, OK, worst
from concbench.harness.clock import AWAKE
from concbench.harness.planning.workload_specs import is_function
from concbench.options import AdviseOptions, decided_by_race, declared_options, sentence_of_race


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("function", metavar="FUNCTION", help="module:function or path/to/file.py:function")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the raw results, after every round")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    add_format(parser)
    add_page(parser)
    add_color(parser)
    functions.add_arguments(parser, AdviseOptions)
    parser.add_argument("-r", "--runner", dest="runners", help=argparse.SUPPRESS)
    parser.add_argument("--resume", help=argparse.SUPPRESS)
    raced = {name: option for name, option in declared_options().items() if option.race}
    options.add(parser, raced, hidden=True)
    configuration.add_arguments(parser)


def main(arguments: argparse.Namespace) -> int:
    """Run the race, write and print; returns the exit code."""
    began = AWAKE.now()
    if not is_function(arguments.function):
        raise UsageError(
            f"{arguments.function!r} is not a function of your own; write module:function or file.py:function"
        )
    for name in decided_by_race():
        if getattr(arguments, name) is not None:
            raise UsageError(sentence_of_race(name, "advise", "'concbench run'", options.as_flag))
    configured = configuration.configure(arguments, functions.declarations(AdviseOptions), excludes=excluded_with)
    with configured.naming_the_file():
        form = chosen_format(arguments)
        chosen = functions.fill_in(arguments, AdviseOptions)
        output = Output(arguments.output, force=arguments.force)
        page = PageFile(arguments.html, force=arguments.force)
        require_different({"--output": output.path, "--html": page.path})
        output.require_writable()
        page.require_writable()
        workload = functions.workload(arguments.function, arguments, chosen, budget=chosen["budget"])

    from concbench.campaign import advise_workload
    from concbench.cli.cache import keep
    from concbench.cli.progress import progress
    from concbench.harness.hosts.import_wait import BUDGET_TIME_OPTIONS
    from concbench.harness.hosts.launcher import ProcessHosts

    with progress(arguments.color, shown=not arguments.quiet) as show:
        listen = configured.with_announcement(output.listener(show))
        hosts = ProcessHosts(say, BUDGET_TIME_OPTIONS)
        advice = advise_workload(workload, chosen, hosts, listen, configured.record, began, as_typed(arguments))
    output.save(advice.run.record)
    keep(advice.run.record)
    document = shortened(advice.document(details=arguments.details), arguments)
    try:
        present(document, form, arguments.color)
    finally:
        output.complain()
        paged = page.write_document(document)
    return worst(
        INTERRUPTED if advice.run.record.interrupted else OK,
        FAILED if output.error or not paged or advice.recommendation is None else OK,
    )
