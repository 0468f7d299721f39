"""`concbench list`: workloads and runners with one line each, and what is not available here."""

from __future__ import annotations

import argparse
import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from concbench.cli.output import printing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""
    del parser


@printing()
def main(arguments: argparse.Namespace) -> int:
    """Print the lists; returns the exit code."""
    del arguments
    from rich.console import Console
    from rich.text import Text

    from concbench.registry import runner_class, runner_names, workload_class, workload_names

    console = Console()
    for title, names, load in (
        ("Workloads", workload_names(), workload_class),
        ("Runners", runner_names(), runner_class),
    ):
        console.print(Text(title, style="bold"))
        for name in names:
            console.print(Text(f"  {name:<17}{_line(name, load)}"), soft_wrap=True)
        console.print()
    console.print(Text("Not available here", style="bold"))
    console.print(Text("\n".join(f"  {line}" for line in _missing()) or "  nothing is missing"), soft_wrap=True)
    return 0


def _line(name: str, load: Callable[[str], Any]) -> str:
    from concbench.errors import Inapplicable
    from concbench.harness.runner_specs import settings_of

    try:
        loaded = load(name)
    except Inapplicable as reason:
        return f"not available: {reason}"
    purpose = (_written(loaded) or loaded.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    settings = ", ".join(f"{key}={value}" for key, value in settings_of(loaded).items())
    return f"{purpose} [{settings}]" if settings else purpose


def _written(loaded: Any) -> str:
    """The docstring of a class as it stands in the source, where there is one: `python -OO` drops all others."""
    try:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(loaded))).body
    except (OSError, TypeError, SyntaxError):
        return ""
    return ast.get_docstring(definition) or "" if isinstance(definition, ast.ClassDef) else ""


def _missing() -> list[str]:
    """What other platforms and interpreters have and this one lacks."""
    import multiprocessing

    from concbench.machine import gil_enabled

    here = multiprocessing.get_all_start_methods()
    lines = [
        f"start_method={method}: this platform cannot start processes so"
        for method in ("fork", "forkserver", "spawn")
        if method not in here
    ]
    if gil_enabled():
        lines.append("threads that compute at once: this interpreter has a GIL (a free-threaded build has none)")
    return lines
