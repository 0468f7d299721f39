"""Options of `module:function`, for every command that measures one, and messages before it is called."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from concbench.cli import options
from concbench.cli.output import say
from concbench.declarations import Option, relocate_object_path
from concbench.errors import UsageError
from concbench.harness.events import CallsPlanned, LookPlanned, ProcessesRenewed, RaceReduced
from concbench.harness.interruption import INTERRUPTION
from concbench.harness.planning.workload_specs import is_function, object_path_of
from concbench.options import MeasureOptions, decided, declared_options, filled, function_options
from concbench.values import COUNT, Kind, relocate_path

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from concbench.workloads.base import Workload


def _items_from(text: str, directory: str) -> str:
    """Resolve the place of items relative to a directory; standard input and a range stay as they are."""
    from concbench.workloads.function.item_source import ItemSource

    source = ItemSource(text, directory=directory)
    if text == "-" or source.bounds():
        return text
    return relocate_path(text, directory) if source.names_files() else relocate_object_path(text, directory)


class Items(TypedDict, total=False):
    """The items of a function as given on the command line: where to find them."""

    items: Annotated[
        str | None,
        Option(
            Kind("where the items are", str, (str,), "WHERE", relocate=_items_from),
            "the items: a file (one item per line, a JSON array, JSON lines, CSV; .gz of these), '*.png' in "
            "quotes for paths, - for standard input, 1..100, or module:name", of_function=True,
        ),
    ]  # fmt: skip
    limit: Annotated[int | None, Option(COUNT, "only the first N items", needs="items", of_function=True)]
    sample: Annotated[
        int | None, Option(COUNT, "only N items, drawn at random with the seed", needs="items", of_function=True)
    ]


def declarations(kind: Any = MeasureOptions) -> dict[str, Option]:
    """The declarations of every option of a command, including those of items."""
    return {**declared_options(Items), **declared_options(kind)}


def add_arguments(parser: argparse.ArgumentParser, kind: Any = MeasureOptions) -> None:
    """Add the options of measuring, and those of functions in a group of their own."""
    options.add(parser, {name: option for name, option in declarations(kind).items() if not option.of_function})
    group = parser.add_argument_group("your own function, module:function or path/to/file.py:function")
    options.add(group, {name: option for name, option in declarations(kind).items() if option.of_function})


def fill_in(arguments: argparse.Namespace, kind: Any = MeasureOptions) -> MeasureOptions:
    """All options of measuring, checked, with defaults for those that were not given.

    Raises:
        UsageError: a value or a combination is invalid.
    """
    return filled(options.given_options(arguments, Items, kind), options.as_flag, declared_options(Items))


def require_function(arguments: argparse.Namespace, exempt: Collection[str] = ()) -> None:
    """Refuse options of functions if no function is measured, except those in `exempt` of other workloads.

    Raises:
        UsageError: names the first.
    """
    for name in function_options(vars(arguments), declarations()):
        if name not in exempt:
            flag = options.as_flag(name, declarations()[name])
            raise UsageError(f"{flag} is for a function of your own, such as app:fetch")


def workload(
    name: str, arguments: argparse.Namespace, measure_options: MeasureOptions, *, budget: float | None = None
) -> Workload:
    """The workload of a named function; the budget includes everything, also the import.

    Raises:
        UsageError: something cannot be found, imported, read or called.
    """
    from concbench.arguments import call_form
    from concbench.harness.preparation.probe import named_workload
    from concbench.variants import variants_of
    from concbench.workloads.function.item_source import ItemSource

    source = ItemSource(
        text=arguments.items or "",
        content=_stream_content(arguments.items) if arguments.items else None,
        limit=arguments.limit,
        sample=arguments.sample,
        seed=decided(measure_options["seed"]),
        repeat=measure_options["repeat"] or 1,
    )
    how = call_form(measure_options, arguments=arguments.items is not None)
    limit = measure_options["import_timeout"]
    variant = variants_of(measure_options)[0]
    return named_workload(object_path_of(name), how, source, variant=variant, limit=limit, budget=budget, tell=say)


def announce(event: CallsPlanned | LookPlanned | RaceReduced | ProcessesRenewed) -> None:
    """Announce the calls of a function, what the budget does not allow, or why a workload has new processes."""
    if isinstance(event, ProcessesRenewed):
        say(event.why)
        return
    if not is_function(event.workload):
        return
    if isinstance(event, RaceReduced):
        say(f"{event.workload}: {event.what}")
        return
    if isinstance(event, LookPlanned):
        message = f"is first called up to {event.calls} times, one call at a time, to estimate how long it takes"
    else:
        message = (
            f"will be called at least {event.calls:,} times ({event.calls_per_execution:,} per execution), up to "
            f"{event.at_once:,} at once; limit it with --max-calls and --max-workers"
        )
    say(f"{event.workload} {message}")


def require_pattern_in_quotes(arguments: argparse.Namespace, unknown: Sequence[str]) -> None:
    """Refuse stray file names: a shell has expanded a pattern behind --items.

    Args:
        arguments: the command line, with items.
        unknown: the arguments that nothing takes.

    Raises:
        UsageError: shows how to write the pattern.
    """
    names = getattr(arguments, "workloads", None) or [arguments.function]
    files = [text for text in [*unknown, *names] if os.path.isfile(text)]  # noqa: PTH113
    if not os.path.isfile(arguments.items) or all(text.endswith(".py") and text in names for text in files):  # noqa: PTH113
        return
    directory, name = os.path.split(arguments.items)
    pattern = relocate_path(f"*{os.path.splitext(name)[1]}", directory)  # noqa: PTH122
    raise UsageError(
        f"--items takes one value, but {files[0]} is another: write a pattern of paths in quotes, so that the shell "
        f"does not expand it (--items '{pattern}')"
    )


def _stream_content(text: str) -> str | None:
    """The content of standard input or a pipe, which can be read only once and only here; None for anything else."""
    from concbench.workloads.function.item_text import STANDARD_INPUT, read_stream

    with INTERRUPTION.allowed():
        if text == "-":
            return read_stream(sys.stdin.buffer, STANDARD_INPUT)
        if not os.path.exists(text) or os.path.isfile(text) or os.path.isdir(text):  # noqa: PTH110, PTH112, PTH113
            return None
        with open(text, "rb") as stream:  # noqa: PTH123
            return read_stream(stream, text)
