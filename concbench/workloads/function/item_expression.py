"""The items of a source as source text, for a program to paste."""

from __future__ import annotations

from dataclasses import replace

from concbench.workloads.function.item_source import ItemSource
from concbench.workloads.function.source_text import SourceText, function_text


def items_expression(source: ItemSource, tasks: int, *, called: bool) -> SourceText:
    """The items of a source as source text."""
    text = _all_items(source, called=called)
    if source.text and source.limit is not None:
        limited = f"list(islice({text.expression}, {source.limit}))"
        text = replace(text, expression=limited, names=(*text.names, "from itertools import islice"))
    if source.text and source.sample == tasks:  # else there were no more items, and none was drawn
        text = _sampled_items(text, tasks, source.seed)
    return text


def _all_items(source: ItemSource, *, called: bool) -> SourceText:
    if source.written:
        return SourceText(source.written.expression, source.written.imports, source.written.before)
    path = source.object_path()
    assert path is not None, "items that are not an object of a module must have the source text that reads them"
    text = function_text(path)
    return replace(text, expression=f"{text.expression}()") if called else text


def _sampled_items(text: SourceText, count: int, seed: int) -> SourceText:
    """The items that were drawn at random, as source text."""
    before = (
        *text.before,
        f"everything = list({text.expression})",
        f"places = sorted(random.Random({seed}).sample(range(len(everything)), {count}))",
    )
    return SourceText("[everything[place] for place in places]", (*text.names, "import random"), before)
