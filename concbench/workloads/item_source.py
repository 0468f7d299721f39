"""Items as they are named on the command line: a file, standard input, a range, or an object of a module.

Standard library only: the process that looks at a function imports this.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from concbench.errors import BadInput
from concbench.task import one_line, short
from concbench.workloads.loading import Place

MOST = 10_000_000
"""Items that are read at most: an endless generator ends here, with advice."""
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
        return _iterated(found() if _is_function(found) else found, self.text)

    def _chosen(self, items: Iterable[Any]) -> list[Any]:
        chosen = read_items(items, self.text, self.limit)
        if self.sample is not None and self.sample < len(chosen):
            places = sorted(random.Random(self.seed).sample(range(len(chosen)), self.sample))
            chosen = [chosen[place] for place in places]
        return chosen


def read_items(items: Iterable[Any], name: str = "the items", limit: int | None = None) -> list[Any]:
    """All items of an iterable, or the first so many.

    Raises:
        BadInput: there are none, or far too many, or the iterable raised.
    """
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


def _iterated(found: Any, name: str) -> Iterable[Any]:
    if isinstance(found, (str, bytes)) or not isinstance(found, Iterable):
        raise BadInput(f"{name} is {short(found)}, which is not a list of items")
    return found
