"""A process that examines a user's function and items, so that their module runs there and not in the parent.

It gets one request with the function, items and settings as written. It gives one answer: {"ok": facts} or {"failed":
sentence, "shown": the end of a traceback}. The items are pickled to a file.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from concbench.errors import BadOutput, ConcbenchError
from concbench.host.descendants import own_mark, set_inherited_mark
from concbench.host.name_clashes import require_no_name_clashes
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
from concbench.workloads.function.facts import FunctionFacts, pickle_items
from concbench.workloads.function.item_source import ItemSource
from concbench.workloads.function.lookup import ObjectPath


def examine(request: dict[str, Any]) -> dict[str, Any]:
    """Load everything that was named, and return facts about it.

    Raises:
        UsageError: something cannot be found, imported, read or called.
    """
    function_path = ObjectPath(**request["function"])
    form = CallForm.from_json(request["how"])
    source = ItemSource(**request["source"])
    named_objects = [found for found in form.named_objects.values() if isinstance(found, ObjectPath)]
    items_path = source.object_path()
    paths = [function_path, *named_objects, *([items_path] if items_path else [])]
    require_no_name_clashes({Path(path.directory) for path in paths})
    read_items = source.find() if items_path is None else None  # before a module may change the files
    function = function_path.load()
    for named_object in named_objects:
        require_function(named_object.load(), named_object.text)
    if form.initializer is not None:
        require_initializer(resolve(form.initializer), name_of(form.initializer))
    if read_items is not None and not _in_directory(source.directory):
        read_items = read_items.with_directory(source.directory)
    items = source.read() if read_items is None else [*read_items.items]
    require_callable(function, function_path.text, items, form)
    packed = pickle_items(items)
    if packed is not None:
        _save_items(packed, Path(request["items"]))
    told_workers = form.context is not None and takes_workers(resolve(form.context))
    facts = replace(FunctionFacts.of(function, items), items_called=source.is_function(), told_workers=told_workers)
    return {
        "facts": asdict(facts),
        "packed": packed is not None,
        "written": asdict(read_items.written) if read_items else None,
        "number_as_text": read_items.number_as_text if read_items else "",
    }


def _in_directory(directory: str) -> bool:
    """Whether this is still the current directory, which an import may have changed."""
    try:
        return Path.cwd() == Path(directory)
    except OSError:
        return False


def _save_items(packed: bytes, path: Path) -> None:
    try:
        path.write_bytes(packed)
    except OSError as error:
        directory = f"{path.parent.parent}, the directory for temporary files"
        raise BadOutput(f"the items cannot be written to {directory}: {error.strerror or error}") from error


def main() -> None:
    """Answer one request."""
    wire = take_over()
    set_inherited_mark(own_mark())
    answer: dict[str, Any]
    try:
        answer = {"ok": examine(wire.receive())}
    except ConcbenchError as error:
        answer = {"failed": str(error), "shown": "\n".join(getattr(error, "__notes__", []))}
    except BaseException as error:  # noqa: BLE001 - a module may raise anything, and there must be an answer
        answer = {"failed": f"{type(error).__name__}: {short(str(error), 200)}", "shown": ""}
    wire.send(answer)
