"""`concbench doctor`: can this machine show concurrency and parallelism at all, and what limits it?"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from concbench.cli.color import add_color
from concbench.cli.output import printing
from concbench.cli.values import reading
from concbench.declarations import PYTHONS
from concbench.exit_codes import FAILED, OK

if TYPE_CHECKING:
    from concbench.harness.machine.controls import Checkup

_MARKS = {"ok": "ok  ", "bad": "BAD ", "unknown": "?   ", "note": "note"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.add_argument("--python", type=reading(PYTHONS), metavar=PYTHONS.metavar, help="check whether each of "
                        "these interpreters can be used for measuring, instead of checking this machine")  # fmt: skip
    add_color(parser)


def main(arguments: argparse.Namespace) -> int:
    """Run the controls; returns the exit code: 1 if something is surely bad."""
    if arguments.python:
        return _interpreters(arguments)
    from concbench.harness.machine.controls import check_up

    checkup = check_up()
    with printing():
        if arguments.json:
            print(json.dumps(checkup.as_json(), indent=1))
        else:
            _print(checkup, arguments.color)
    return OK if checkup.well else FAILED


def _interpreters(arguments: argparse.Namespace) -> int:
    """Check each named interpreter; returns 1 if one of them cannot be used for measuring."""
    from rich.text import Text

    from concbench.cli.console import console_of
    from concbench.harness.machine.readiness import readiness

    results = []
    console = console_of(sys.stdout, arguments.color)
    with printing():
        for name in arguments.python:
            result = readiness(name)
            results.append(result)
            if not arguments.json:
                status, style = ("ok", "") if result.well else ("bad", "bold yellow")
                console.print(Text(f"{_MARKS[status]}  {result.text}", style=style), soft_wrap=True)
                if result.advice:
                    console.print(Text(f"      {result.advice}"), soft_wrap=True)
        if arguments.json:
            print(json.dumps({"interpreters": [result.as_json() for result in results]}, indent=1))
    return OK if all(result.well for result in results) else FAILED


def _print(checkup: Checkup, color: str) -> None:
    from rich.text import Text

    from concbench.cli.console import console_of
    from concbench.report.facts import facts
    from concbench.report.visible import visible
    from concbench.units import seconds

    console = console_of(sys.stdout, color)
    starting = [(f"starting: {name}", seconds(took)) for name, took in checkup.starting.items()]
    for name, value in [*facts(checkup.environment), *starting]:
        console.print(Text(visible(f"  {name:<26}{value}")), soft_wrap=True)
    console.print()
    for finding in checkup.findings:
        style = "" if finding.status == "ok" else "bold yellow"
        console.print(Text(f"{_MARKS[finding.status]}  {finding.text}", style=style), soft_wrap=True)
        if finding.advice:
            console.print(Text(f"      {finding.advice}"), soft_wrap=True)
    console.print()
    console.print(Text(checkup.conclusion, style="bold"), soft_wrap=True)
