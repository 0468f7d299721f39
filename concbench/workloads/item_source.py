"""Items as they are named on the command line: a file, standard input, a range, or an object of a module.

Standard library only: the process that looks at a function imports this.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from concbench.errors import BadInput
from concbench.task import one_line, short
from concbench.workloads.loading import Place

MOST = 10_000_000
"""Items that are read at most: an endless generator ends here, with advice."""
_ITEMS = "the items"
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Not those of str.splitlines, among which are characters that a JSON text may hold as they are."""
_RANGE = re.compile(r"\s*(-?\d{1,18})\s*\.\.\s*(-?\d{1,18})\s*")


@dataclass(frozen=True)
class ItemSource:
    """Which items there are."""

    text: str = ""
    """FILE, `-`, `A..B` (both ends included), or module:name; empty: none, the function takes no arguments."""
    content: str | None = None
    """What standard input said, where the text is `-`."""
    limit: int | None = None
    """Only the first so many."""
    sample: int | None = None
    """Only so many, drawn at random; they keep their order."""
    seed: int = 0
    repeat: int = 1
    """Calls, where there are no items."""

    def read(self) -> list[Any]:
        """The items.

        Raises:
            BadInput: there are none, or they cannot be read; says what to do.
            BadFunction: the module that they come from cannot be imported.
        """
        if not self.text:
            return list(range(self.repeat))
        return self._chosen(self._all())

    def bounds(self) -> tuple[int, int] | None:
        """Of a range, both included; None if it is something else."""
        match = _RANGE.fullmatch(self.text)
        return (int(match[1]), int(match[2])) if match else None

    def place(self) -> Place | None:
        """The object of a module that the items are; None if they are something else."""
        if self.text in {"", "-"} or self.bounds() or Path(self.text).exists() or ":" not in self.text:
            return None
        return Place.read(self.text)

    def called(self) -> bool:
        """Whether the items are what a function of a module returns."""
        place = self.place()
        return place is not None and _is_function(place.load())

    def _all(self) -> Iterable[Any]:
        if self.text == "-":
            return parse(self.content or "", "standard input")
        if bounds := self.bounds():
            return range(bounds[0], bounds[1] + 1)
        path = Path(self.text)
        if path.exists() or ":" not in self.text:
            return parse(_text_of(path), str(path), path.suffix)
        found = Place.read(self.text).load()
        items: Iterable[Any] = found() if _is_function(found) else found
        return items

    def _chosen(self, items: Iterable[Any]) -> list[Any]:
        chosen = read_items(items, self.text, self.limit)
        if self.sample is not None and self.sample < len(chosen):
            from random import Random

            places = sorted(Random(self.seed).sample(range(len(chosen)), self.sample))
            chosen = [chosen[place] for place in places]
        return chosen


def read_items(items: Iterable[Any], name: str = _ITEMS, limit: int | None = None) -> list[Any]:
    """All items of an iterable, or the first so many.

    Raises:
        BadInput: there are none, or far too many, or the iterable raised; or it would give something else than items.
    """
    _require_items(items, name)
    chosen: list[Any] = []
    try:
        iterator = iter(items)
        chosen.extend(islice(iterator, MOST if limit is None else limit))
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{name} raised when item {len(chosen):,} was asked for: {one_line(error)}") from error
    if not chosen:
        raise BadInput(f"there are no items in {name}")
    if limit is None and len(chosen) == MOST:
        raise BadInput(f"{name} has {MOST:,} items or more; take the first N (--limit N)")
    return chosen


def parse(text: str, name: str, ending: str = "") -> list[Any]:
    """Items out of a text: a JSON array, JSON lines, or one string a line.

    Raises:
        BadInput: it is not what its ending says.
    """
    form = form_of(text, ending)
    if form == "array":
        return _array(text, name)
    lines = [(number, line) for number, line in enumerate(_LINE_END.split(text), start=1) if line.strip()]
    if form == "lines":
        return [_value(line, f"line {number} of {name}") for number, line in lines]
    return [line for _, line in lines]


def form_of(text: str, ending: str = "") -> str:
    """What a text is: `array`, `lines` (of JSON) or `text`.

    It is said by the ending (.json, .jsonl, .ndjson), else seen: a text that is a JSON array as a whole, or whose lines
    are all JSON objects or arrays. In every other case lines are strings, whatever they look like.
    """
    if ending.lower() == ".json":
        return "array"
    if ending.lower() in {".jsonl", ".ndjson"}:
        return "lines"
    lines = [line for line in _LINE_END.split(text) if line.strip()]
    try:
        if text.lstrip().startswith("[") and text.rstrip().endswith("]") and isinstance(json.loads(text), list):
            return "array"
    except (ValueError, RecursionError):
        pass
    try:
        if lines and all(isinstance(json.loads(line), (dict, list)) for line in lines):
            return "lines"
    except (ValueError, RecursionError):
        pass
    return "text"


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not text in UTF-8") from error
    except OSError as error:
        raise BadInput(f"cannot read the items from {path}: {error.strerror or error}") from error


def _array(text: str, name: str) -> list[Any]:
    value = _value(text, name)
    if not isinstance(value, list):
        raise BadInput(f"{name} is JSON, and no array: it must be [item, item, ...]")
    return value


def _value(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is not JSON: {error}") from error


def _is_function(found: Any) -> bool:
    return callable(found) and not isinstance(found, type)


def _require_items(items: Any, name: str) -> None:
    """Refuse what cannot be iterated over, and what would give letters, keys or names of columns.

    Raises:
        BadInput: says what to write instead.
    """
    for mistaken in _mistakes(items):
        raise BadInput(f"{name} {'are' if name == _ITEMS else 'is'} {mistaken}")


def _mistakes(items: Any) -> Iterator[str]:
    """What was given in place of items, and what to write; the first is the most telling."""
    kind = type(items)
    if isinstance(items, str):
        lines = "Path(file).read_text().splitlines() for the lines of a file"
        yield f"the text {short(items)}, and would be its letters: write [{short(items)}] for one item, or {lines}"
    if isinstance(items, (bytes, bytearray, memoryview)):
        yield f"{kind.__name__}, and would be their numbers: write [data] for one item"
    if isinstance(items, Mapping):
        yield f"a {kind.__name__}, and would be its keys: write list(d.items()) for pairs, or list(d) for the keys"
    if hasattr(items, "columns") and hasattr(items, "shape"):
        yield f"a {kind.__name__}, and would be its columns: write {_rows_of(items)}"
    if isinstance(items, os.PathLike):
        lines = "path.read_text().splitlines() for its lines"
        yield f"the path {short(str(items))}, which is not a list of items: write {lines}, or [path] for one item"
    if isinstance(items, int) and not isinstance(items, bool):
        number = short(items)
        yield f"{number}, which is not a list of items: write range({number}) for so many, or [{number}] for one item"
    if hasattr(items, "__aiter__"):
        yield f"an {kind.__name__}, which only a coroutine can read: write [item async for item in items] in one"
    iterable = hasattr(kind, "__iter__") or hasattr(kind, "__getitem__")
    if callable(items) and not iterable:
        yield f"{short(items)}, which was not called: write names() where it is called names"
    if not iterable:
        yield f"{short(items)}, which is not a list of items: write a list, a range or another iterable"


def _rows_of(table: Any) -> str:
    """How the rows of a table of data are written, by the methods that it has."""
    forms = {"to_pylist": "table.to_pylist()", "to_dicts": "df.to_dicts(), or df.rows() for tuples"}
    pandas = 'df.to_dict("records"), or list(df.itertuples(index=False)) for tuples'
    return next((form for method, form in forms.items() if hasattr(table, method)), pandas)
