"""Sources of items on the command line: a file, a pattern, standard input, a range, or an object of a module.

A source reads its items and writes the source text that reads the same ones. All but objects of modules can be read
before any module is imported. Standard library only: the process that examines a function imports this.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from glob import glob, has_magic
from itertools import islice
from pathlib import Path
from typing import Any, Self

from concbench.errors import BadInput
from concbench.task import one_line, short
from concbench.workloads.function.item_text import (
    STANDARD_INPUT,
    STREAM_SOURCE_TEXT,
    ItemForm,
    ItemsText,
    file_source_text,
    form_of,
    quoted,
    read_file,
)
from concbench.workloads.function.lookup import ObjectPath

MAX_ITEMS = 10_000_000
"""Most items that are read: an endless generator ends here, with advice."""
_ITEMS = "the items"
_RANGE = re.compile(r"\s*(-?\d{1,18})\s*\.\.\s*(-?\d{1,18})\s*")


@dataclass(frozen=True)
class ReadItems:
    """Items that were read, and how a program reads them."""

    items: Iterable[Any]
    write: Callable[[str], ItemsText]
    """Writes the source text that reads them, given the name of their file or their pattern."""
    name: str = ""
    form: ItemForm | None = None
    """The form in which a text holds them, if it does."""
    paths: bool = False

    @property
    def written(self) -> ItemsText:
        """The source text that reads the items."""
        return self.write(self.name)

    @property
    def number_as_text(self) -> str:
        """One of the numbers that were read as texts, from lines or values of a table; empty if there are none."""
        return self.form.example_of_number([*self.items]) if self.form else ""

    def with_directory(self, directory: str) -> Self:
        """The same for processes in other directories than the one in which relative paths begin."""
        items = [_join(directory, item) for item in self.items] if self.paths else self.items
        return replace(self, items=items, name=_join(directory, self.name))


@dataclass(frozen=True)
class ItemSource:
    """The source of items, and which of them are used."""

    text: str = ""
    """FILE, PATTERN, `-`, `A..B` (both ends included), or module:name; empty if the function takes no arguments."""
    content: str | None = None
    """The content of standard input or of a pipe."""
    limit: int | None = None
    """Number of items to use, from the first on."""
    sample: int | None = None
    """Number of items to draw at random; they keep their order."""
    seed: int = 0
    repeat: int = 1
    """Number of calls, if there are no items."""
    directory: str = field(default_factory=os.getcwd)
    """The directory in which relative paths begin, whatever the current directory is later."""
    written: ItemsText | None = None
    """The source text that reads all items; known once they were read, unless they are an object of a module."""

    def read(self) -> list[Any]:
        """Read the items.

        Raises:
            BadInput: there are none, or they cannot be read; says what to do.
            BadFunction: the module that they come from cannot be imported.
        """
        path = self.object_path()
        if path is None:
            return [*self.find().items]
        target = path.load()
        return self._select(target() if _is_function(target) else target)

    def find(self) -> ReadItems:
        """Read items that do not come from a module.

        Raises:
            BadInput: there are none, or they cannot be read; says what to do.
        """
        if not self.text:
            return ReadItems(range(self.repeat), lambda _: ItemsText(f"range({self.repeat})"))
        all_items = self._read_all()
        return replace(all_items, items=self._select(all_items.items))

    def bounds(self) -> tuple[int, int] | None:
        """The ends of a range, both included; None for anything else."""
        match = _RANGE.fullmatch(self.text)
        return (int(match[1]), int(match[2])) if match else None

    def object_path(self) -> ObjectPath | None:
        """The place of the items if they are an object of a module; None for anything else."""
        if self.written or self.content is not None or self.text == "-" or self.bounds() or self.names_files():
            return None
        return ObjectPath.read(self.text, self.directory)

    def names_files(self) -> bool:
        """Whether it is a file, or can only be a file or a pattern of paths.

        Raises:
            BadInput: it is a URL.
        """
        if os.path.exists(self._path) or ":" not in self.text:  # noqa: PTH110 - false of what cannot be a path
            return True
        if "://" in self.text:
            raise BadInput(f"{self.text} is a URL: write it into a file, one URL per line, and name that")
        return has_magic(self.text)

    def is_function(self) -> bool:
        """Whether the items are returned by a function of a module."""
        path = self.object_path()
        return path is not None and _is_function(path.load())

    @property
    def name(self) -> str:
        """The name in messages."""
        return STANDARD_INPUT if self.text == "-" else self.text

    @property
    def _path(self) -> str:
        return _join(self.directory, self.text)

    def _read_all(self) -> ReadItems:
        if self.content is not None or self.text == "-":
            return _items_of_text(self.content or "", self.name, "", lambda _: STREAM_SOURCE_TEXT)
        if bounds := self.bounds():
            return ReadItems(
                range(bounds[0], bounds[1] + 1), lambda _: ItemsText(f"range({bounds[0]}, {bounds[1] + 1})")
            )
        path = Path(self._path)
        if has_magic(self.text) and not path.exists():
            return _matching_paths(self.text, self.directory)
        if path.is_dir():
            pattern = f"'{self.text.rstrip('/')}/*'"
            raise BadInput(f"{self.text} is a directory: write {pattern} (in quotes) for the paths of its files")
        pattern = f"'*{path.suffix}'"
        content, ending = read_file(path, self.text, f", or write {pattern} (in quotes) for paths of files")
        return _items_of_text(content, self.text, ending, file_source_text)

    def _select(self, items: Iterable[Any]) -> list[Any]:
        chosen = read_items(items, self.name, self.limit)
        if self.sample is not None and self.sample < len(chosen):
            from random import Random

            indexes = sorted(Random(self.seed).sample(range(len(chosen)), self.sample))
            chosen = [chosen[index] for index in indexes]
        return chosen


def _items_of_text(text: str, name: str, ending: str, write: Callable[[str], ItemsText]) -> ReadItems:
    """The items that a text holds; `write` makes the source text that puts the text into a variable."""
    form = form_of(text, ending)
    items = form.read(text, name)
    if not items:
        raise BadInput(f"there are no items in {name}: {form.empty_advice}")
    return ReadItems(items, lambda path: form.source_text(write(path)), name, form)


def _matching_paths(pattern: str, directory: str) -> ReadItems:
    """The paths that match a pattern; they are relative if the pattern is."""
    directories = pattern.endswith("/")
    matches = glob(pattern, root_dir=directory, recursive=True)  # noqa: PTH207 - as a shell: no hidden files
    paths = sorted(path for path in matches if directories or os.path.isfile(_join(directory, path)))  # noqa: PTH113
    if not paths:
        noun = "directory" if directories else "file"
        raise BadInput(f"no {noun} in {directory} matches the pattern {pattern}: {_pattern_advice(pattern, directory)}")
    return ReadItems(paths, partial(_paths_source_text, directories=directories), pattern, paths=True)


def _pattern_advice(pattern: str, directory: str) -> str:
    """Advice on a pattern that matches nothing."""
    literal = pattern.replace("[", "[[]")
    if literal == pattern or not glob(literal, root_dir=directory, recursive=True):  # noqa: PTH207 - as above
        return "correct it"
    return f"[...] stands for one of the characters in it; write {quoted(literal)} for the brackets themselves"


def _paths_source_text(pattern: str, *, directories: bool) -> ItemsText:
    recursive = ", recursive=True" if "**" in pattern else ""
    expression = f"glob({quoted(pattern)}{recursive})"
    if directories:
        return ItemsText(f"sorted({expression})", ("from glob import glob",))
    files = f"sorted(path for path in {expression} if isfile(path))"
    return ItemsText(files, ("from glob import glob", "from os.path import isfile"))


def _join(directory: str, path: str) -> str:
    return os.path.join(directory, path)  # noqa: PTH118 - a Path would leave out what ends a pattern of directories


def read_items(items: Iterable[Any], name: str = _ITEMS, limit: int | None = None) -> list[Any]:
    """All items of an iterable, or the first `limit`.

    Raises:
        BadInput: there are none or far too many, the iterable raised, or it would not give items.
    """
    _require_items(items, name)
    chosen: list[Any] = []
    try:
        iterator = iter(items)
        chosen.extend(islice(iterator, MAX_ITEMS if limit is None else limit))
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{name} raised at item {len(chosen):,}: {one_line(error)}") from error
    if not chosen:
        raise BadInput(f"there are no items in {name}")
    if limit is None and len(chosen) == MAX_ITEMS:
        raise BadInput(f"{name} has {MAX_ITEMS:,} items or more; take the first N (--limit N)")
    return chosen


def _is_function(target: Any) -> bool:
    return callable(target) and not isinstance(target, type)


def _require_items(items: Any, name: str) -> None:
    """Refuse objects that are not iterable, or would give letters, keys or names of columns.

    Raises:
        BadInput: says what to write instead.
    """
    for mistake in _mistakes(items):
        raise BadInput(f"{name} {'are' if name == _ITEMS else 'is'} {mistake}")


def _mistakes(items: Any) -> Iterator[str]:
    """What was given instead of items, and what to write; the most telling first."""
    kind = type(items)
    if isinstance(items, str):
        lines = "Path(file).read_text().splitlines() for the lines of a file"
        single = f"[{short(items)}] for one item"
        yield f"a string, {short(items)}, so each character would be an item: write {single}, or {lines}"
    if isinstance(items, (bytes, bytearray, memoryview)):
        yield f"{kind.__name__}, so each byte would be an item: write [data] for one item"
    if isinstance(items, Mapping):
        pairs = "list(d.items()) for pairs, or list(d) for the keys"
        yield f"a {kind.__name__}, so each key would be an item: write {pairs}"
    if hasattr(items, "columns") and hasattr(items, "shape"):
        yield f"a {kind.__name__}, so each column would be an item: write {_rows_of(items)}"
    if isinstance(items, os.PathLike):
        lines = "path.read_text().splitlines() for its lines"
        yield f"the path {short(str(items))}, which is not a list of items: write {lines}, or [path] for one item"
    if isinstance(items, int) and not isinstance(items, bool):
        number = short(items)
        yield f"{number}, which is not a list of items: write range({number}) for so many, or [{number}] for one item"
    if hasattr(items, "__aiter__"):
        yield f"an {kind.__name__}, which only a coroutine can read: write [item async for item in items] in it"
    iterable = hasattr(kind, "__iter__") or hasattr(kind, "__getitem__")
    if callable(items) and not iterable:
        yield f"{short(items)}, a function that was not called: write names() instead of names"
    if not iterable:
        yield f"{short(items)}, which is not a list of items: write a list, a range or another iterable"


def _rows_of(table: Any) -> str:
    """How to write the rows of a table of data, by the methods that it has."""
    forms = {"to_pylist": "table.to_pylist()", "to_dicts": "df.to_dicts(), or df.rows() for tuples"}
    pandas = 'df.to_dict("records"), or list(df.itertuples(index=False)) for tuples'
    return next((form for method, form in forms.items() if hasattr(table, method)), pandas)
