"""Texts that hold items: how a file becomes a text, and how a text becomes items.

Each way of reading comes with the source text that does the same in a program. Lines end with a line feed, a carriage
return, or both, and with nothing else: a form feed or U+2028 is a character like any other, as in a JSON text. A byte
order mark at the beginning is not part of the text. Standard library only: the process that examines a function imports
this.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, Self

from concbench.errors import BadInput
from concbench.task import short

ENCODING = "utf-8-sig"
"""UTF-8, without the byte order mark that some editors write in front of it."""
STANDARD_INPUT = "standard input"
_URL = re.compile(r"https?://", re.IGNORECASE)
_NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*")
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True)
class ItemsText:
    """Items as source text."""

    expression: str
    imports: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    """Lines that must precede the expression."""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read back what `asdict` and JSON made of it."""
        return cls(values["expression"], tuple(values["imports"]), tuple(values["before"]))


@dataclass(frozen=True)
class ItemForm:
    """A form in which a text holds items."""

    name: str
    read: Callable[[str, str], list[Any]]
    """Reads the items of a text; the second argument is its name in messages."""
    expression: str
    """An expression that makes the same items from a variable called `text`."""
    empty_advice: str
    """Advice on what to write if there are no items."""
    imports: tuple[str, ...] = ()
    plain: bool = False
    """Whether numbers are read as texts."""

    def source_text(self, text: ItemsText) -> ItemsText:
        """The source text of the items, given that which puts their text into a variable."""
        return ItemsText(self.expression, (*self.imports, *text.imports), text.before)

    def example_of_number(self, items: list[Any]) -> str:
        """One of the numbers that are read as texts, if all lines or all values of a column are numbers; else empty."""
        if not self.plain or not items:
            return ""
        columns = [[item[name] for item in items] for name in items[0]] if isinstance(items[0], dict) else [items]
        return next((column[0] for column in columns if all(map(_NUMBER.fullmatch, column))), "")


def lines_of(text: str) -> list[str]:
    """The lines of a text in which every line ends with a line feed."""
    return text.split("\n")


def read_file(path: Path, name: str, otherwise: str = "") -> tuple[str, str]:
    """The text of a file, decompressed if its name ends with .gz, and the ending that determines its form.

    Args:
        path: the path of the file.
        name: its name in messages.
        otherwise: further advice on a file that is not text.

    Raises:
        BadInput: it cannot be read, or is not UTF-8 text; says what to do.
    """
    import gzip
    import zlib

    try:
        if not _is_compressed(name):
            return path.read_text(encoding=ENCODING), path.suffix
        with gzip.open(path, "rt", encoding=ENCODING) as file:
            return file.read(), Path(path.stem).suffix
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not UTF-8 text: save it as UTF-8{otherwise}") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        what_to_do = "compress it again, or leave .gz out of its name if it is not compressed"
        raise BadInput(f"{name} cannot be decompressed by gzip ({error}): {what_to_do}") from error
    except OSError as error:
        raise BadInput(f"cannot read {name}: {error.strerror or error}") from error


def file_source_text(name: str) -> ItemsText:
    """Source text that puts the text of a file into a variable called `text`."""
    if _is_compressed(name):
        lines = (f'with gzip.open({quoted(name)}, "rt", encoding="{ENCODING}") as file:', "    text = file.read()")
        return ItemsText("text", ("import gzip",), lines)
    line = f'text = Path({quoted(name)}).read_text(encoding="{ENCODING}")'
    return ItemsText("text", ("from pathlib import Path",), (line,))


def read_stream(stream: BinaryIO, name: str) -> str:
    """The text of a stream, up to its end.

    Raises:
        BadInput: it cannot be read, or is not UTF-8 text.
    """
    reader = TextIOWrapper(stream, encoding=ENCODING)
    try:
        return reader.read()
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not UTF-8 text: convert it, for example with iconv -t UTF-8") from error
    except OSError as error:
        raise BadInput(f"cannot read {name}: {error.strerror or error}") from error
    finally:
        reader.detach()


STREAM_SOURCE_TEXT = ItemsText(
    "text", ("import io", "import sys"), (f'text = io.TextIOWrapper(sys.stdin.buffer, encoding="{ENCODING}").read()',)
)
"""Source text that puts the text of standard input into a variable called `text`."""


def quoted(text: str) -> str:
    """A text as source text, in double quotes unless it contains some."""
    literal = repr(text)
    return literal if '"' in text or literal.startswith('"') else f'"{literal[1:-1]}"'


def form_of(text: str, ending: str = "") -> ItemForm:
    """The form in which a text holds its items.

    The ending decides (.json, .jsonl, .ndjson, .csv, .tsv). Otherwise the text is examined: it may be a JSON array as a
    whole, or have lines that are all JSON objects or arrays, or URLs with comments between them. In every other case
    lines are strings, whatever they look like.
    """
    ending = ending.lower()
    return _table(text, ending) if ending in {".csv", ".tsv"} else _FORMS.get(ending) or _form_of_content(text)


def _form_of_content(text: str) -> ItemForm:
    lines = [line for line in lines_of(text) if line.strip()]
    if text.lstrip().startswith("[") and text.rstrip().endswith("]") and _is_json(text, list):
        return ARRAY
    if lines and all(_is_json(line, (dict, list)) for line in lines):
        return JSON_LINES
    urls = [line for line in lines if is_url_line(line)]
    if urls and all(_URL.match(line.lstrip()) for line in urls) and [line.strip() for line in urls] != lines:
        return URLS
    return LINES


def is_url_line(line: str) -> bool:
    """Whether a line of a list of URLs holds one: it is neither blank nor a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _is_compressed(name: str) -> bool:
    return name.lower().endswith(".gz")


def _is_json(text: str, kind: type | tuple[type, ...]) -> bool:
    try:
        return isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False


def _parse_json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is not JSON: {error}") from error


def _array(text: str, name: str) -> list[Any]:
    value = _parse_json(text, name)
    if not isinstance(value, list):
        raise BadInput(f"{name} is JSON, but not an array: write [item, item, ...]")
    return value


def _json_lines(text: str, name: str) -> list[Any]:
    lines = enumerate(lines_of(text), start=1)
    return [_parse_json(line, f"line {number} of {name}") for number, line in lines if line.strip()]


def _lines(text: str, name: str) -> list[str]:
    del name
    return [line for line in lines_of(text) if line.strip()]


def _urls(text: str, name: str) -> list[str]:
    del name
    return [line.strip() for line in lines_of(text) if is_url_line(line)]


ARRAY = ItemForm("array", _array, "json.loads(text)", "write [item, item, ...]", ("import json",))
JSON_LINES = ItemForm(
    "JSON lines",
    _json_lines,
    r'[json.loads(line) for line in text.split("\n") if line.strip()]',
    "write one JSON value per line",
    ("import json",),
)
LINES = ItemForm(
    "lines", _lines, r'[line for line in text.split("\n") if line.strip()]', "write one per line", plain=True
)
URLS = ItemForm(
    "URLs",
    _urls,
    r'[line.strip() for line in text.split("\n") if line.strip() and line.strip()[0] != "#"]',
    "write one URL per line",
)
_FORMS = {".json": ARRAY, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES}


def _table(text: str, ending: str) -> ItemForm:
    """A table whose rows are read by their header; the header also shows the delimiter."""
    first = text.partition("\n")[0]
    delimiter = "\t" if ending == ".tsv" else next((mark for mark in _DELIMITERS if mark in first), ",")
    delimiter_argument = "" if delimiter == "," else f", delimiter={quoted(delimiter)}"
    return ItemForm(
        "table",
        lambda text, name: list(_rows(text, name, delimiter)),
        f"list(csv.DictReader(io.StringIO(text){delimiter_argument}))",
        "write rows below the names of the columns",
        ("import csv", "import io"),
        plain=True,
    )


def _rows(text: str, name: str, delimiter: str) -> Iterator[dict[str, str]]:
    rows = csv.reader(StringIO(text), delimiter=delimiter, strict=True)
    try:
        header = next(rows, [])
        _require_header(header, name)
        for row in filter(None, rows):
            if len(row) != len(header):
                counts = f"{_count_text(len(row), 'value')}, and the header has {_count_text(len(header), 'column')}"
                what_to_do = f"write one value for each column, in quotes if it contains {_DELIMITERS[delimiter]}"
                raise BadInput(f"the row that ends in line {rows.line_num} of {name} has {counts}: {what_to_do}")
            yield dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise BadInput(
            f"line {rows.line_num} of {name} is not CSV ({error}): correct it, or write the rows as JSON lines (.jsonl)"
        ) from error


def _require_header(header: list[str], name: str) -> None:
    """Refuse a header that would make wrong or equal keys.

    Raises:
        BadInput: says what the first line must be.
    """
    if not header:
        raise BadInput(f"the first line of {name} is empty: write the names of the columns into it, and rows below")
    if all(map(_NUMBER.fullmatch, header)):
        raise BadInput(f"the first line of {name} is a row of numbers: write the names of the columns above it")
    for number, column in enumerate(header, start=1):
        if not column.strip():
            raise BadInput(
                f"column {number} of {name} has no name: write one into the first line, or leave the column out "
                "(of an index, pandas does so with index=False)"
            )
    column, times = Counter(header).most_common(1)[0]
    if times > 1:
        raise BadInput(f"{name} has {times} columns called {short(column)}: give each its own name")


def _count_text(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
