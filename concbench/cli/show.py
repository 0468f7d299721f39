"""`concbench show`: show the results of an earlier run."""

from __future__ import annotations

import argparse

from concbench.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a results file (default: the last run)")
    parser.add_argument("--env", action="store_true", help="print the machine and the interpreter of the run, too")
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
    print_record(record, as_json=arguments.json)
    return 0
