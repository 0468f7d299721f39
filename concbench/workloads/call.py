"""A function and its items as source text, for those who want to paste it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from concbench.workloads.item_source import ItemSource, form_of
from concbench.workloads.loading import Place


def named(found: Place | Callable[..., Any]) -> tuple[list[str], str]:
    """The import line of a function, if it can be imported, and the expression that names it then."""
    if isinstance(found, Place):
        return [f"from {found.module} import {found.attribute.partition('.')[0]}"], found.attribute
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", type(found).__name__)
    if not module or module == "__main__" or "<" in name:
        return [], name.rpartition(".")[2] if "<lambda>" not in name else "function"
    return [f"from {module} import {name.partition('.')[0]}"], name


@dataclass(frozen=True)
class ItemsText:
    """Items as source text."""

    expression: str
    imports: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


def listed(source: ItemSource | None, tasks: int, *, called: bool) -> ItemsText:
    """The items of a source as text, or `items` where they were given."""
    if source is None:
        return ItemsText("items")
    text = _expression(source, tasks, called=called)
    if source.limit is None or not source.text:
        return text
    return replace(text, expression=f"list({text.expression})[:{source.limit}]")


def _expression(source: ItemSource, tasks: int, *, called: bool) -> ItemsText:
    if not source.text:
        return ItemsText(f"range({tasks})")
    bounds = source.bounds()
    if bounds is not None:
        return ItemsText(f"range({bounds[0]}, {bounds[1] + 1})")
    if source.text == "-":
        return _parsed("sys.stdin.read()", source.content or "", "", "import sys")
    path = Path(source.text)
    if path.exists():
        text = f'Path({str(path)!r}).read_text(encoding="utf-8")'.replace("'", '"')
        return _parsed(text, path.read_text(encoding="utf-8-sig"), path.suffix, "from pathlib import Path")
    imports, name = named(Place.read(source.text))
    return ItemsText(f"{name}()" if called else name, tuple(imports))


def _parsed(expression: str, content: str, ending: str, imported: str) -> ItemsText:
    before = (f"text = {expression}",)
    form = form_of(content, ending)
    if form == "array":
        return ItemsText("json.loads(text)", ("import json", imported), before)
    if form == "lines":
        whole = "[json.loads(line) for line in text.splitlines() if line.strip()]"
        return ItemsText(whole, ("import json", imported), before)
    return ItemsText("[line for line in text.splitlines() if line.strip()]", (imported,), before)
