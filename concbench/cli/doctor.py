"""`concbench doctor`: can this machine show concurrency and parallelism at all, and what decides?"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from concbench.cli.output import printing

if TYPE_CHECKING:
    from concbench.harness.controls import Checkup


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print it for machines")


def main(arguments: argparse.Namespace) -> int:
    """Try the controls; returns the exit code: 1 if this machine cannot show what it should."""
    from concbench.cli.main import FAILED, OK
    from concbench.harness.controls import check_up

    checkup = check_up()
    with printing():
        if arguments.json:
            print(json.dumps(checkup.as_json(), indent=1))
        else:
            _print(checkup)
    return OK if checkup.well else FAILED


def _print(checkup: Checkup) -> None:
    from rich.console import Console
    from rich.text import Text

    from concbench.report.rows import facts

    console = Console()
    for name, value in facts(checkup.environment):
        console.print(Text(f"  {name:<26}{value}"), soft_wrap=True)
    console.print()
    for finding in checkup.findings:
        mark = "ok  " if finding.well else "BAD " if finding.matters else "note"
        console.print(Text(f"{mark}  {finding.text}", style="" if finding.well else "bold yellow"), soft_wrap=True)
        if finding.advice:
            console.print(Text(f"      {finding.advice}"), soft_wrap=True)
    console.print()
    bad = [finding.about for finding in checkup.findings if finding.matters and not finding.well]
    console.print(
        Text(
            f"What was measured here now could not be relied on: {', '.join(bad)}."
            if bad
            else "This machine can show concurrency and parallelism.",
            style="bold",
        )
    )
