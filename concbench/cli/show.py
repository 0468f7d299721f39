"""`concbench show`: show the results of an earlier run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from concbench.cli.color import add_color
from concbench.cli.output import Output, add_format, as_file, chosen_format, present, require_different, say, shortened
from concbench.cli.page import PageFile, add_page
from concbench.cli.split import SplitFiles, add_split
from concbench.errors import BadResults, UsageError
from concbench.exit_codes import FAILED, OK

if TYPE_CHECKING:
    from concbench.run import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a results file (default: the last run)")
    parser.add_argument("--env", action="store_true", help="print the machine and the interpreter of the run, too")
    parser.add_argument("--why", action="store_true", help="say for every runner where its workers' time went")
    add_format(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write it to this file instead of printing it")
    add_page(parser)
    parser.add_argument("--open", action="store_true", help="open the page in a browser; without --html it is kept "
                        "beside the last run")  # fmt: skip
    add_split(parser)
    parser.add_argument("--trace", metavar="FILE", help="write the observed passes for a trace viewer such as Perfetto")
    parser.add_argument("--force", action="store_true", help="overwrite the files that are written")
    add_color(parser)


def main(arguments: argparse.Namespace) -> int:
    """Load, print or write; returns the exit code."""
    chosen = chosen_format(arguments, arguments.output)
    written = Output(arguments.output, force=arguments.force, format=chosen)
    traced = Output(arguments.trace, force=arguments.force)
    split = SplitFiles(arguments.split, force=arguments.force, format=chosen)
    if written.path is not None and split.directory is not None:
        raise UsageError("--output writes one file, and --split one for each runner; leave out one of them")
    require_different({"--output": written.path, "--trace": traced.path, "--html": arguments.html})
    run = _loaded(arguments.file)
    page = PageFile(arguments.html, force=arguments.force, opened=arguments.open)
    for output in (written, traced, page):
        output.require_writable()
    split.require_writable(cell.id for table in run for cell in table)
    if traced.path is not None:
        _write_trace(run, traced)
    done = True
    try:
        document = run.document(why=arguments.why, environment=arguments.env, details=arguments.details)
        document = shortened(document, arguments)
        asked = arguments.format or arguments.json or arguments.details or arguments.quiet
        if page.path is not None:
            done = page.write_document(document)
        if split.directory is not None:
            done = split.write(document) and done
        elif written.path is None and (page.path is None or asked):
            present(document, chosen, arguments.color)
        elif written.path is not None:
            written.write(as_file(document, chosen))
            _announce(written)
    finally:
        for output in (written, traced):
            output.complain()
    return FAILED if written.error or traced.error or not done else OK


def _loaded(file: str | None) -> Run:
    from concbench.cli.cache import last_run
    from concbench.run import load

    try:
        return load(file or last_run())
    except BadResults as bad:
        if file is None and isinstance(bad.__cause__, FileNotFoundError):
            raise UsageError("nothing has been measured yet; 'concbench' alone measures both workloads") from None
        raise


def _write_trace(run: Run, output: Output) -> None:
    from concbench.report.trace import trace

    if not any(cell.record.observed for table in run for cell in table):
        raise UsageError("there is nothing to trace: no pass of this run was observed")
    output.write(trace(run))
    _announce(output, "; open it in a trace viewer such as Perfetto")


def _announce(output: Output, advice: str = "") -> None:
    if not output.error:
        say(f"wrote {output.path}{advice}")
