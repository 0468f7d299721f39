"""The options of `module:function`, for every command that measures one; and what is said before it is called."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from concbench.cli.output import say
from concbench.cli.values import reading
from concbench.errors import UsageError
from concbench.harness.events import CallsPlanned, LookPlanned
from concbench.harness.interruption import INTERRUPTION
from concbench.values import COUNT

if TYPE_CHECKING:
    from collections.abc import Collection

    from concbench.workloads.base import Workload

OPTIONS = ("items", "limit", "sample", "repeat", "star", "coroutine", "context", "check", "no_check", "tolerate")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group("your own function, module:function or path/to/file.py:function")
    group.add_argument("--items", metavar="WHERE", help="what it is called on: a file (one item a line, a JSON array, "
                       "JSON lines), - for standard input, 1..100, or module:name")  # fmt: skip
    group.add_argument("--limit", type=reading(COUNT), metavar="N", help="only the first N items")
    group.add_argument("--sample", type=reading(COUNT), metavar="N", help="only N items, drawn at random with the seed")
    group.add_argument(
        "--repeat", type=reading(COUNT), metavar="N", help="without items: N calls in an execution (default: 1)"
    )
    group.add_argument("--star", action="store_true", help="unpack each item into several arguments")
    group.add_argument("--coroutine", metavar="M:NAME", help="its twin as a coroutine function, for asyncio")
    group.add_argument("--context", metavar="M:NAME", help="makes a context manager that is entered around every "
                       "execution, off the clock")  # fmt: skip
    group.add_argument("--check", metavar="M:NAME", help="called with an expected and an actual result; says whether "
                       "that is right (default: equality)")  # fmt: skip
    group.add_argument("--no-check", action="store_true", help="do not compare results")
    group.add_argument("--tolerate", action="store_true", help="take exceptions for results; of downloads, "
                       "count those that fail and go on")  # fmt: skip
    group.add_argument("--max-workers", type=reading(COUNT), metavar="N", help="at most N calls at once")
    group.add_argument("--max-calls", type=reading(COUNT), metavar="N", help="at most N calls in all")


def is_named(name: str) -> bool:
    """Whether a workload is a function that is named, and no workload of ours."""
    return ":" in name


def require_function(arguments: argparse.Namespace, but: Collection[str] = ()) -> None:
    """Refuse options of functions where there is none, but those that another workload has, too.

    Raises:
        UsageError: names the first.
    """
    for option in (*OPTIONS, "max_workers"):
        if option not in but and getattr(arguments, option):
            raise UsageError(f"--{option.replace('_', '-')} is for a function of your own, such as app:fetch")


def workload(name: str, arguments: argparse.Namespace, seed: int) -> Workload:
    """The workload of a function that is named.

    Raises:
        UsageError: something cannot be found, imported, read or called.
    """
    from concbench.harness.probe import named_workload
    from concbench.workloads.how import How
    from concbench.workloads.item_source import ItemSource
    from concbench.workloads.loading import Place

    _require_together(arguments)
    places = {
        key: Place.read(getattr(arguments, key))
        for key in ("coroutine", "context", "check")
        if getattr(arguments, key) is not None
    }
    how = How(
        **places,
        compare=not arguments.no_check,
        star=arguments.star,
        arguments=arguments.items is not None,
        tolerate=arguments.tolerate,
        max_workers=arguments.max_workers,
    )
    source = ItemSource(
        text=arguments.items or "",
        content=_standard_input() if arguments.items == "-" else None,
        limit=arguments.limit,
        sample=arguments.sample,
        seed=seed,
        repeat=arguments.repeat or 1,
    )
    return named_workload(Place.read(name), how, source)


def announce(event: CallsPlanned | LookPlanned) -> None:
    """Say how often a function will be called, before the first call; nothing of workloads of ours."""
    if not is_named(event.workload):
        return
    if isinstance(event, LookPlanned):
        said = f"is called up to {event.calls} times first, one call at a time, to see how long it takes"
    else:
        said = (
            f"will be called some {event.calls:,} times or more ({event.calls_per_execution:,} an execution), up to "
            f"{event.at_once:,} at once; --max-calls and --max-workers limit that"
        )
    say(f"concbench: {event.workload} {said}")


def _require_together(arguments: argparse.Namespace) -> None:
    if arguments.items is None:
        for option in ("limit", "sample", "star"):
            if getattr(arguments, option):
                raise UsageError(f"--{option} is of items, and there are none; give them with --items")
    elif arguments.repeat is not None:
        raise UsageError("--repeat is for functions without items; leave out one of --items and --repeat")
    if arguments.check and arguments.no_check:
        raise UsageError("--check and --no-check exclude each other; leave out one of them")


def _standard_input() -> str:
    try:
        with INTERRUPTION.allowed():
            return sys.stdin.read()
    except UnicodeDecodeError:
        raise UsageError("the items on standard input are not text in UTF-8") from None
