"""A function and items that are named, made a workload: a process of its own has looked at them first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from concbench.errors import BadFunction, HostFailure
from concbench.harness.awake import AWAKE
from concbench.harness.guarded_process import GuardedProcess
from concbench.harness.hosts import CellEnded
from concbench.harness.loading import Loading
from concbench.harness.private import private_directory
from concbench.options import IMPORT_SECONDS, IMPORT_SHARE
from concbench.results.records import Json
from concbench.variants import OWN, Variant
from concbench.workloads.facts import Facts
from concbench.workloads.how import How
from concbench.workloads.imported import Imported
from concbench.workloads.item_source import ItemSource
from concbench.workloads.item_text import ItemsText
from concbench.workloads.loading import Place

_MAIN = "concbench.host.probe"


def named_workload(
    function: Place,
    how: How,
    source: ItemSource,
    *,
    variant: Variant = OWN,
    limit: float | None = None,
    budget: float | None = None,
    tell: Callable[[str], None] | None = None,
) -> Imported:
    """The workload of a function that is named. Neither its module nor its items come into this process.

    Args:
        function: where it is found.
        how: how it is called.
        source: where its items are read.
        variant: the interpreter in which that is done.
        limit: seconds that importing it and reading the items may take; None: IMPORT_SECONDS.
        budget: seconds of everything together, of which that must not take too large a share; None: there is none.
        tell: told in words if that takes long, and if numbers among the items are texts.

    Raises:
        UsageError: something cannot be found, imported, read or called; the module's own traceback is a note.
        HostFailure: no process can be started.
    """
    with private_directory() as directory:
        items = directory / "items.pickle"
        request = {
            "function": asdict(function),
            "how": how.to_json(),
            "source": asdict(source),
            "items": str(items),
        }
        answer = _asked(request, function.module, directory, variant, *_limited(tell, limit or IMPORT_SECONDS, budget))
        packed = items.read_bytes() if answer["packed"] else None
    if tell is not None and answer["number_as_text"]:
        tell(
            f"numbers in {source.name} are passed as texts, such as {answer['number_as_text']!r}: for numbers, write "
            f"JSON (an array, or a .jsonl file), or call int() or float() in {function.text}"
        )
    written = ItemsText.from_json(answer["written"]) if answer["written"] else None
    source = replace(source, written=written, content=None)  # what it said is among the items
    return Imported(function, how, Facts(**answer["facts"]), source=source, packed=packed)


def _limited(tell: Callable[[str], None] | None, limit: float, budget: float | None) -> tuple[Loading, float]:
    """Who waits, knowing what allows more, and how long."""
    share = limit if budget is None else round(IMPORT_SHARE * budget, 3)
    return (Loading(tell, "--budget"), share) if share < limit else (Loading(tell), limit)


def _asked(request: Json, module: str, directory: Path, variant: Variant, loading: Loading, limit: float) -> Json:
    """What the process answers; it and all that it has started are ended then, whatever that is.

    Raises:
        BadFunction: the answer is that something is wrong, or there is none.
        HostFailure: the process cannot be started.
    """
    process = GuardedProcess(f"the process that imports {module}")
    began = AWAKE.now()
    try:
        log = directory / f"probe-{process.mark}.log"
        process.start(_MAIN, log, variant.variables(directory), variant.command(_MAIN))
    except OSError as error:
        raise HostFailure(f"no process can be started to import {module}: {error.strerror or error}") from error
    try:
        process.send(request)
        answer = loading.answer(process, f"importing {module} and reading the items", began, limit)
    except CellEnded as ended:
        raise _with_note(variant, ended.outcome.reason, ended.outcome.detail) from None
    finally:
        process.close(group_seconds=0)
    if "failed" in answer:
        raise _with_note(variant, answer["failed"], answer["shown"])
    facts: Json = answer["ok"]
    return facts


def _with_note(variant: Variant, reason: str, shown: str) -> BadFunction:
    failed = BadFunction(f"under {variant.label}, {reason}" if variant.python else reason)
    if shown:
        failed.add_note(shown)
    return failed
