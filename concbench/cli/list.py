"""`concbench list`: workloads, runners and formats with one line each, and features that are missing here."""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from concbench.cli.color import add_color
from concbench.cli.output import printing
from concbench.exit_codes import OK


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_color(parser)


@printing()
def main(arguments: argparse.Namespace) -> int:
    """Print the lists; returns the exit code."""
    from rich.text import Text

    from concbench.cli.console import console_of
    from concbench.registry import (
        format_function,
        format_names,
        runner_class,
        runner_names,
        workload_class,
        workload_names,
    )

    console = console_of(sys.stdout, arguments.color)
    for title, names, load, settings in (
        ("Workloads", workload_names(), workload_class, _of_workload),
        ("Runners", runner_names(), runner_class, _of_runner),
        ("Formats", format_names(), format_function, _of_format),
    ):
        console.print(Text(title, style="bold"))
        width = max(15, *map(len, names)) + 2
        for name in names:
            console.print(Text(f"  {name:<{width}}{_line(name, load, settings)}"), soft_wrap=True)
        console.print()
    console.print(Text("Not available here", style="bold"))
    console.print(Text("\n".join(f"  {line}" for line in _missing()) or "  nothing is missing"), soft_wrap=True)
    return OK


def _line(name: str, load: Callable[[str], Any], settings: Callable[[Any], Mapping[str, str]]) -> str:
    from concbench.errors import Inapplicable

    try:
        loaded = load(name)
    except Inapplicable as reason:
        return f"not available: {reason}"
    purpose = (_source_docstring(loaded) or loaded.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    defaults = ", ".join(f"{key}={default}" if default else key for key, default in settings(loaded).items())
    return f"{purpose} [{defaults}]" if defaults else purpose


def _of_workload(workload: Any) -> dict[str, str]:
    from concbench.harness.planning.settings import settings_of

    return {key: setting.default_text for key, setting in settings_of(workload).items()}


def _of_runner(runner: Any) -> dict[str, str]:
    from concbench.harness.planning.runner_specs import defaults_of

    return {key: "" if default is None else str(default) for key, default in defaults_of(runner).items()}


def _of_format(layout: Any) -> dict[str, str]:
    del layout  # formats have no settings
    return {}


def _source_docstring(loaded: Any) -> str:
    """The docstring of a class or a function as written in the source, if available: `python -OO` drops it."""
    try:
        source = textwrap.dedent(inspect.getsource(loaded))
        # parse() of 3.14 drops docstrings under -OO
        tree: Any = compile(source, "", "exec", ast.PyCF_ONLY_AST, optimize=0)
        (definition,) = tree.body
    except (OSError, TypeError, SyntaxError):
        return ""
    return ast.get_docstring(definition) or "" if isinstance(definition, (ast.ClassDef, ast.FunctionDef)) else ""


def _missing() -> list[str]:
    """Features that other platforms or interpreters have and this one lacks."""
    import multiprocessing

    from concbench.errors import Inapplicable, Unavailable
    from concbench.machine import gil_enabled
    from concbench.registry import runner_class, runner_names
    from concbench.runners.base import require_python

    methods = multiprocessing.get_all_start_methods()
    lines = [
        f"start_method={method}: this platform cannot start processes this way"
        for method in ("fork", "forkserver", "spawn")
        if method not in methods
    ]
    for name in runner_names():
        try:
            require_python(runner_class(name))
        except Unavailable:  # its own line says why
            continue
        except Inapplicable as reason:
            lines.append(f"{name}: {reason}")
    if gil_enabled():
        lines.append("threads that compute at once: this interpreter has a GIL (a free-threaded build has none)")
    return lines
