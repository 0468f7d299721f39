"""A workload made of a named function and its items, after a separate process has examined them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from concbench.errors import BadFunction, HostFailure
from concbench.harness.clock import AWAKE
from concbench.harness.hosts.base import CellEnded
from concbench.harness.hosts.child import GuardedProcess
from concbench.harness.hosts.import_wait import ImportWait
from concbench.harness.hosts.private_directory import private_directory
from concbench.options import IMPORT_SECONDS, IMPORT_SHARE
from concbench.results.records import Json
from concbench.variants import DEFAULT_VARIANT, Variant
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.facts import FunctionFacts
from concbench.workloads.function.item_source import ItemSource
from concbench.workloads.function.item_text import ItemsText
from concbench.workloads.function.lookup import ObjectPath
from concbench.workloads.function.workload import FunctionWorkload

_MAIN = "concbench.host.probe_process"


def named_workload(
    function: ObjectPath,
    how: CallForm,
    source: ItemSource,
    *,
    variant: Variant = DEFAULT_VARIANT,
    limit: float | None = None,
    budget: float | None = None,
    tell: Callable[[str], None] | None = None,
) -> FunctionWorkload:
    """Make the workload of a named function, without loading its module or its items into this process.

    Args:
        function: the place of the function.
        how: how it is called.
        source: the source of its items.
        variant: the interpreter of the examining process.
        limit: seconds that importing the function and reading the items may take; None: IMPORT_SECONDS.
        budget: total seconds, of which that may take only a share; None: there is no budget.
        tell: called with a message if that takes long, and if numbers among the items are texts.

    Raises:
        UsageError: something cannot be found, imported, read or called; a note has the traceback of the module.
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
        wait, seconds = _import_wait(tell, limit or IMPORT_SECONDS, budget)
        answer = _probe_answer(request, function.module, directory, variant, wait, seconds)
        packed = items.read_bytes() if answer["packed"] else None
    if tell is not None and answer["number_as_text"]:
        tell(
            f"numbers in {source.name} are passed as strings, such as {answer['number_as_text']!r}: for numbers, write "
            f"JSON (an array, or a .jsonl file), or call int() or float() in {function.text}"
        )
    items_text = ItemsText.from_json(answer["written"]) if answer["written"] else None
    source = replace(source, written=items_text, content=None)  # the items have its content
    return FunctionWorkload(function, how, FunctionFacts(**answer["facts"]), source=source, packed=packed)


def _import_wait(tell: Callable[[str], None] | None, limit: float, budget: float | None) -> tuple[ImportWait, float]:
    """The object that waits, with the options that allow more time, and the seconds to wait."""
    share = limit if budget is None else round(IMPORT_SHARE * budget, 3)
    return (ImportWait(tell, "--budget"), share) if share < limit else (ImportWait(tell), limit)


def _probe_answer(
    request: Json, module: str, directory: Path, variant: Variant, wait: ImportWait, limit: float
) -> Json:
    """The answer of the process; it and every process that it started are ended in any case.

    Raises:
        BadFunction: the answer reports an error, or there is no answer.
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
        answer = wait.answer(process, f"importing {module} and reading the items", began, limit)
    except CellEnded as ended:
        raise _with_note(variant, ended.outcome.reason, ended.outcome.detail) from None
    finally:
        process.close(group_seconds=0)
    if "failed" in answer:
        raise _with_note(variant, answer["failed"], answer["shown"])
    facts: Json = answer["ok"]
    return facts


def _with_note(variant: Variant, reason: str, note: str) -> BadFunction:
    error = BadFunction(f"under {variant.label}, {reason}" if variant.python else reason)
    if note:
        error.add_note(note)
    return error
