"""A process that examines a user's function and items, so that their module runs there and not in the parent.

It gets one request with the function, items and settings as written. It gives one answer: {"ok": facts} or {"failed":
sentence, "shown": the end of a traceback}. The items are pickled to a file.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from concbench.errors import BadOutput, ConcbenchError
from concbench.host.descendants import own_mark, wear
from concbench.host.name_clashes import require_names_of_their_own
from concbench.task import short
from concbench.wire import take_over
from concbench.workloads.function.calling import (
    CallForm,
    name_of,
    require_callable,
    require_function,
    require_initializer,
    resolve,
    takes_workers,
)
from concbench.workloads.function.facts import FunctionFacts, pickled
from concbench.workloads.function.item_source import ItemSource
from concbench.workloads.function.lookup import ObjectPath


def look(request: dict[str, Any]) -> dict[str, Any]:
    """Load everything that was named, and return facts about it.

    Raises:
        UsageError: something cannot be found, imported, read or called.
    """
    place = ObjectPath(**request["function"])
    how = CallForm.from_json(request["how"])
    source = ItemSource(**request["source"])
    others = [one for one in how.named.values() if isinstance(one, ObjectPath)]
    made_by = source.place()
    require_names_of_their_own({Path(one.directory) for one in (place, *others, *([made_by] if made_by else []))})
    found = source.find() if made_by is None else None  # before a module may change the files
    function = place.load()
    for other in others:
        require_function(other.load(), other.text)
    if how.initializer is not None:
        require_initializer(resolve(how.initializer), name_of(how.initializer))
    if found is not None and not _in_directory(source.directory):
        found = found.anywhere(source.directory)
    items = source.read() if found is None else [*found.items]
    require_callable(function, place.text, items, how)
    packed = pickled(items)
    if packed is not None:
        _keep(packed, Path(request["items"]))
    told_workers = how.context is not None and takes_workers(resolve(how.context))
    facts = replace(FunctionFacts.of(function, items), items_called=source.called(), told_workers=told_workers)
    return {
        "facts": asdict(facts),
        "packed": packed is not None,
        "written": asdict(found.written) if found else None,
        "number_as_text": found.number_as_text if found else "",
    }


def _in_directory(directory: str) -> bool:
    """Whether this is still the current directory, which an import may have changed."""
    try:
        return Path.cwd() == Path(directory)
    except OSError:
        return False


def _keep(packed: bytes, path: Path) -> None:
    try:
        path.write_bytes(packed)
    except OSError as error:
        place = f"{path.parent.parent}, the directory for temporary files"
        raise BadOutput(f"the items cannot be written to {place}: {error.strerror or error}") from error


def main() -> None:
    """Answer one request."""
    wire = take_over()
    wear(own_mark())
    answer: dict[str, Any]
    try:
        answer = {"ok": look(wire.receive())}
    except ConcbenchError as error:
        answer = {"failed": str(error), "shown": "\n".join(getattr(error, "__notes__", []))}
    except BaseException as error:  # noqa: BLE001 - a module may raise anything, and there must be an answer
        answer = {"failed": f"{type(error).__name__}: {short(str(error), 200)}", "shown": ""}
    wire.send(answer)
