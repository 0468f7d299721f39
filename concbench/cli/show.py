"""`concbench show`: show the results of an earlier run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from concbench.cli.output import Output, printing, say
from concbench.errors import BadResults, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from concbench.analysis.table_analysis import TableAnalysis
    from concbench.results.records import RunRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a results file (default: the last run)")
    parser.add_argument("--env", action="store_true", help="print the machine and the interpreter of the run, too")
    parser.add_argument("--why", action="store_true", help="say for every runner where its workers' time went")
    parser.add_argument("--trace", metavar="FILE", help="write the observed passes for a trace viewer such as Perfetto")
    parser.add_argument("--force", action="store_true", help="overwrite the trace")
    parser.add_argument("--json", action="store_true", help="print the raw results instead of the tables")


def main(arguments: argparse.Namespace) -> int:
    """Load, print; returns the exit code."""
    from concbench.analysis.table_analysis import analyse
    from concbench.cli.main import FAILED, OK
    from concbench.cli.run import print_record

    for option in ("why", "env"):
        if arguments.json and getattr(arguments, option):
            raise UsageError(f"--{option} is printed as text, and --json prints the raw results; leave out one of them")
    record = _loaded(arguments.file)
    output = Output(arguments.trace, force=arguments.force)
    tables = [analyse(table) for table in record.tables]
    if arguments.trace:
        _write_trace(tables, output)
    try:
        if arguments.env:
            _print_environment(record)
        print_record(record, tables, as_json=arguments.json, why=arguments.why)
    finally:
        output.complain()
    return FAILED if output.error else OK


def _loaded(file: str | None) -> RunRecord:
    from concbench.cli.cache import last_run
    from concbench.results.files import load

    try:
        return load(file or last_run())
    except BadResults as bad:
        if file is None and isinstance(bad.__cause__, FileNotFoundError):
            raise UsageError("nothing has been measured yet; 'concbench' alone measures both workloads") from None
        raise


@printing()
def _print_environment(record: RunRecord) -> None:
    from concbench.report.rows import facts

    print("\n".join(f"{name:<26}{value}" for name, value in facts(record.environment)), end="\n\n")


def _write_trace(tables: Sequence[TableAnalysis], output: Output) -> None:
    from concbench.report.trace import trace

    if not any(cell.record.observed for table in tables for cell in table):
        raise UsageError("there is nothing to trace: no pass of this run was observed")
    output.require_writable()
    output.write(trace(tables))
    if not output.error:
        say(f"concbench: wrote {output.path}; open it in a trace viewer such as Perfetto")
