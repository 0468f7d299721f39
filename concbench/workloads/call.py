"""A function and its items as source text, for those who want to paste it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from concbench.workloads.item_source import ItemSource
from concbench.workloads.item_text import ItemsText
from concbench.workloads.loading import Place


def named(found: Place | Callable[..., Any]) -> tuple[list[str], str]:
    """The import line of a function, if it can be imported, and the expression that names it then."""
    if isinstance(found, Place):
        return [f"from {found.module} import {found.attribute.partition('.')[0]}"], found.attribute
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", type(found).__name__)
    if not module or module == "__main__" or "<" in name:
        return [], name.rpartition(".")[2] if "<lambda>" not in name else "function"
    return [f"from {module} import {name.partition('.')[0]}"], name


def listed(source: ItemSource | None, *, called: bool) -> ItemsText:
    """The items of a source as text, or `items` where they were given."""
    if source is None:
        return ItemsText("items")
    text = source.written or _of_module(source, called=called)
    if source.limit is None or not source.text:
        return text
    return replace(text, expression=f"list({text.expression})[:{source.limit}]")


def _of_module(source: ItemSource, *, called: bool) -> ItemsText:
    place = source.place()
    assert place is not None, "items that are read from elsewhere say how"
    imports, name = named(place)
    return ItemsText(f"{name}()" if called else name, tuple(imports))
