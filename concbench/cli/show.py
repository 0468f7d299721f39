"""`concbench show`: show the results of an earlier run."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from concbench.cli.output import Output
from concbench.errors import UsageError

if TYPE_CHECKING:
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
    from concbench.cli.cache import last_run
    from concbench.cli.run import print_record
    from concbench.results.files import load

    path = arguments.file or last_run()
    if arguments.file is None and not path.exists():
        raise UsageError("nothing has been measured yet; 'concbench' alone measures both workloads")
    record = load(path)
    if arguments.env and not arguments.json:
        from concbench.report.rows import facts

        print("\n".join(f"{name:<26}{value}" for name, value in facts(record.environment)), end="\n\n")
    if arguments.trace:
        _write_trace(record, Output(arguments.trace, force=arguments.force))
    print_record(record, as_json=arguments.json, why=arguments.why)
    return 0


def _write_trace(record: RunRecord, output: Output) -> None:
    from concbench.report.trace import trace
    from concbench.results.files import write

    if not any(cell.observed for table in record.tables for cell in table.cells):
        raise UsageError("there is nothing to trace: no pass of this run was observed")
    output.require_writable()
    assert output.path is not None
    write(trace(record), output.path)
    print(f"concbench: wrote {output.path}; open it in a trace viewer such as Perfetto", file=sys.stderr)
