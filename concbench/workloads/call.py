"""A function and its items as source text, for those who want to paste it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from concbench.program import UserName
from concbench.workloads.item_source import ItemSource, form_of
from concbench.workloads.loading import Place
from concbench.workloads.written import function_text


@dataclass(frozen=True)
class ItemsText:
    """Items as source text."""

    expression: str
    imports: tuple[str | UserName, ...] = ()
    before: tuple[str, ...] = ()


def listed(source: ItemSource, tasks: int, *, called: bool) -> ItemsText:
    """The items of a source as text."""
    text = _expression(source, tasks, called=called)
    if source.text and source.limit is not None:
        limited = f"list(islice({text.expression}, {source.limit}))"
        text = replace(text, expression=limited, imports=(*text.imports, "from itertools import islice"))
    if source.text and source.sample == tasks:  # else there were no more than that, and none was drawn
        text = _drawn(text, tasks, source.seed)
    return text


def _drawn(text: ItemsText, count: int, seed: int) -> ItemsText:
    """The same items as were drawn at random."""
    before = (
        *text.before,
        f"everything = list({text.expression})",
        f"places = sorted(random.Random({seed}).sample(range(len(everything)), {count}))",
    )
    return ItemsText("[everything[place] for place in places]", (*text.imports, "import random"), before)


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
    found = function_text(Place.read(source.text))
    return ItemsText(f"{found.expression}()" if called else found.expression, found.names)


def _parsed(expression: str, content: str, ending: str, imported: str) -> ItemsText:
    before = (f"text = {expression}",)
    form = form_of(content, ending)
    if form == "array":
        return ItemsText("json.loads(text)", ("import json", imported), before)
    if form == "lines":
        whole = "[json.loads(line) for line in text.splitlines() if line.strip()]"
        return ItemsText(whole, ("import json", imported), before)
    return ItemsText("[line for line in text.splitlines() if line.strip()]", (imported,), before)
