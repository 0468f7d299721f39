"""Sources of items: every source reads them, and writes how a program reads the same ones."""

import codecs
import gzip
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concbench.advice.snippet import snippet
from concbench.errors import BadInput
from concbench.harness.planning.runner_specs import parse
from concbench.workloads.download.urls import read_urls
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.facts import FunctionFacts
from concbench.workloads.function.item_source import MAX_ITEMS, ItemSource, read_items
from concbench.workloads.function.item_text import form_of
from concbench.workloads.function.lookup import ObjectPath
from concbench.workloads.function.workload import FunctionWorkload

FILE = Path(__file__).parent / "user_module.py"
ODD = "\ufeffa\r\nb\x0cb\n\n  c\u2028c\x85\x1c\rd\t\n \n"
"""A byte order mark, three ends of lines, blank lines, and characters that end lines elsewhere."""
LINES = ["a", "b\x0cb", "  c\u2028c\x85\x1c", "d\t"]
URLS = ["http://example.org/a#part", "https://example.org/b"]
FILES: dict[str, bytes] = {
    "odd.txt": ODD.encode(),
    "one.txt": b"only",
    "numbers.json": codecs.BOM_UTF8 + b"[1,\r\n 2.5, null]",
    "array": b"  [1, 2]\n",
    "values.jsonl": codecs.BOM_UTF8 + '"a\u2028b"\r\n\r\n1\n{"a": [2]}\n'.encode(),
    "objects": b'{"a": 1}\n\n{"a": 2}\n',
    "people.csv": codecs.BOM_UTF8 + 'name,"age, years"\r\nOslo,1\r\n\r\n"Li\r\nma, ""x""",\u2028\r\n'.encode(),
    "semicolons.csv": b"name;price\nOslo;1,5\n",
    "tabs.csv": b"name\tprice\nOslo\t1\n",
    "tabs.tsv": b"name, first\tprice\nOslo\t1\n",
    "urls.txt": b"# ours\n\n  http://example.org/a#part  \r\n\t# theirs\nhttps://example.org/b\n",
    "plain-urls.txt": b"http://example.org/a\nhttps://example.org/b\n",
    "comments.txt": b"# a heading\ntext\n",
    'it\'s "q" {x}\\n.txt': b"quoted\n",
    "data[1].txt": b"bracket\n",
    "sub/one.png": b"\x89PNG",
    "sub/two.png": b"\x89PNG",
    "sub/deep/three.png": b"\x89PNG",
    "sub/.hidden.png": b"\x89PNG",
    "sub/four.png/inside": b"",
}
EXPECTED: dict[str, list[Any]] = {
    "": [0, 1, 2],
    "-2..2": [-2, -1, 0, 1, 2],
    "odd.txt": LINES,
    "one.txt": ["only"],
    "numbers.json": [1, 2.5, None],
    "array": [1, 2],
    "values.jsonl": ["a\u2028b", 1, {"a": [2]}],
    "objects": [{"a": 1}, {"a": 2}],
    "people.csv": [
        {"name": "Oslo", "age, years": "1"},
        {"name": 'Li\nma, "x"', "age, years": "\u2028"},
    ],
    "semicolons.csv": [{"name": "Oslo", "price": "1,5"}],
    "tabs.csv": [{"name": "Oslo", "price": "1"}],
    "tabs.tsv": [{"name, first": "Oslo", "price": "1"}],
    "urls.txt": URLS,
    "plain-urls.txt": ["http://example.org/a", "https://example.org/b"],
    "comments.txt": ["# a heading", "text"],
    'it\'s "q" {x}\\n.txt': ["quoted"],
    "data[1].txt": ["bracket"],
    "sub/*.png": ["sub/one.png", "sub/two.png"],
    "sub/**/*.png": ["sub/deep/three.png", "sub/one.png", "sub/two.png"],
    "su[b]/t?o.png": ["sub/two.png"],
    "sub/*/": ["sub/deep/", "sub/four.png/"],
    **{f"{name}.gz": [] for name in ("odd.txt", "numbers.json", "values.jsonl", "people.csv", "urls.txt")},
}
for name in [name for name in EXPECTED if name.endswith(".gz")]:
    FILES[name], EXPECTED[name] = gzip.compress(FILES[name[:-3]]), EXPECTED[name[:-3]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def program_of(source: ItemSource) -> str:
    """The program to paste, for a function that returns what it is given."""
    facts = FunctionFacts(3, awaits=False, changing=False, elsewhere=False)
    workload = FunctionWorkload(
        ObjectPath.read("copy:copy"), CallForm(), facts, source=replace(source, written=source.find().written)
    )
    return snippet(workload.call(1), parse("sequential").runner)


def run(program: str) -> Any:
    """What it has for results."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(program, "pasted.py", "exec"), names)
    return names["results"]


@pytest.mark.parametrize("text", EXPECTED)
def test_every_source_has_its_items_and_a_program_that_reads_the_same(here: Path, text: str) -> None:
    """What is measured is what is pasted."""
    source = ItemSource(text, repeat=3)
    assert source.read() == EXPECTED[text]
    assert run(program_of(source)) == EXPECTED[text]
    limited = replace(source, limit=1) if text else source
    assert run(program_of(limited)) == limited.read()


@pytest.mark.parametrize("spec", ["sequential", "threads", "thread-pool:2", "batched-threads:1"])
def test_a_program_passes_rows_as_keyword_arguments(here: Path, spec: str) -> None:
    """Whatever its runner does with a call."""
    source = ItemSource("people.csv")
    facts = FunctionFacts(2, awaits=False, changing=True, elsewhere=False, keywords=True)
    source = replace(source, written=source.find().written)
    workload = FunctionWorkload(ObjectPath.read("builtins:dict"), CallForm(star=True), facts, source=source)
    assert run(snippet(workload.call(1), parse(spec).runner)) == EXPECTED["people.csv"]
    assert workload.function(source.read()[0]) == EXPECTED["people.csv"][0]


@pytest.mark.parametrize("name", [name for name in EXPECTED if name in FILES and not name.endswith((".gz", "sv"))])
def test_standard_input_is_read_as_a_file_is(here: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command and by the program; but for the endings, of which it has none."""
    from concbench.cli.functions import _stream_content

    def typed() -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(FILES[name]), encoding="ascii")

    monkeypatch.setattr(sys, "stdin", typed())
    source = ItemSource("-", content=_stream_content("-"))
    monkeypatch.setattr(sys, "stdin", typed())
    expected = EXPECTED[name] if name != "values.jsonl" else ['"a\u2028b"', "1", '{"a": [2]}']
    assert source.read() == expected
    assert run(program_of(source)) == expected


@pytest.mark.parametrize("text", [text for text in EXPECTED if text])
def test_relative_paths_begin_where_the_command_was_started(
    here: Path, text: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the process is by then; and what a program reads can be said for any directory."""
    source = ItemSource(text)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    found = source.find()
    assert found.items == EXPECTED[text]
    moved = found.with_directory(source.directory)
    paths = "*" in text or "?" in text
    assert moved.items == ([f"{here}/{path}" for path in EXPECTED[text]] if paths else EXPECTED[text])
    names: dict[str, Any] = {}
    written = moved.written
    exec("\n".join([*written.imports, *written.before, f"items = [*{written.expression}]"]), names)
    assert names["items"] == moved.items


ENDINGS = st.sampled_from(["", ".txt", ".json", ".jsonl", ".ndjson", ".JSON", ".csv", ".tsv", ".CSV"])
PIECES = st.sampled_from([*'[]{}",:;1\n\r\\a\x0c\u2028#\t ', "NaN", "http://a"])
TEXTS = (
    st.text()
    | st.lists(PIECES).map("".join)
    | st.integers(1, 100_000).map(lambda depth: "[" * depth)
    | st.integers(1, 6_000).map(lambda digits: "9" * digits)
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS.map(str.encode) | st.binary(max_size=40), ENDINGS, st.booleans())
def test_any_file_has_items_that_a_program_reads_as_well_or_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes, ending: str, compressed: bool
) -> None:
    """Whatever it is called and whatever is in it."""
    file = tmp_path / f"items{ending}{'.gz' if compressed else ''}"
    file.write_bytes(gzip.compress(content) if compressed else content)
    try:
        found = ItemSource(str(file)).find()
    except BadInput as refused:
        assert "items" in str(refused)
        assert "\n" not in str(refused)
        return
    names: dict[str, Any] = {}
    exec("\n".join([*found.written.imports, *found.written.before, f"items = {found.written.expression}"]), names)
    assert repr(names["items"]) == repr(found.items)  # NaN
    if found.form is not None and found.form.name == "lines":
        assert all(isinstance(item, str) and item.strip() for item in found.items)


@pytest.mark.parametrize(
    ("text", "ending", "form"),
    [
        ("a\nb\n", "", "lines"),
        ("1\n2\n", "", "lines"),
        ("[1, 2, null]", "", "array"),
        ('{"a": 1}\n{"a": 2}\n', ".txt", "JSON lines"),
        ("[1, 2]\n[3, 4]\n", "", "JSON lines"),
        ("[section]\nnot json\n", ".txt", "lines"),
        ("1\n2\n", ".jsonl", "JSON lines"),
        ("# ours\nHTTP://a\n", "", "URLs"),
        ("# ours\nhttp://a\nno url\n", "", "lines"),
        ("# ours\n", "", "lines"),
        ("a,b\n1,2\n", "", "lines"),
        ("a,b\n1,2\n", ".csv", "table"),
    ],
)
def test_a_text_says_itself_what_it_is(text: str, ending: str, form: str) -> None:
    """Lines are strings unless all of it is JSON, or its ending says more."""
    assert form_of(text, ending).name == form


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.json", b"1 2", "x.json is not JSON"),
        ("x.json", b"{}", r"x.json is JSON, but not an array: write \[item, item, ...\]"),
        ("x.jsonl", b"1\n\n\n2 3\n", "line 4 of x.jsonl is not JSON"),
        ("x.json", b"[]", r"no items in x.json: write \[item"),
        ("x.txt", b"", "no items in x.txt: write one per line"),
        ("x.txt", b"\xef\xbb\xbf \r\n\x0c\n", "no items in x.txt: write one per line"),
        (
            "x.txt",
            "caf\u00e9".encode("latin-1"),
            r"x.txt is not UTF-8 text: save it as UTF-8, or write '\*.txt' \(in quotes\) for paths",
        ),
        ("x.txt", "a\n".encode("utf-16"), "x.txt is not UTF-8 text"),
        ("x.txt.gz", gzip.compress(b"\xff", mtime=0), "x.txt.gz is not UTF-8 text"),
        ("x.txt.gz", b"a\nb\n", "x.txt.gz cannot be decompressed by gzip .*leave .gz out of its name"),
        (
            "x.txt.gz",
            gzip.compress(b"a" * 999, mtime=0)[:-9],
            "x.txt.gz cannot be decompressed by gzip .*compress it again",
        ),
        ("x.txt.gz", gzip.compress(b"a" * 999, mtime=0)[:12] + b"\xff" * 9, "x.txt.gz cannot be decompressed by gzip"),
        ("x.csv", b"", "the first line of x.csv is empty: write the names of the columns"),
        ("x.csv", b"\na,b\n", "the first line of x.csv is empty"),
        ("x.csv", b"a,b\n", "no items in x.csv: write rows below the names"),
        ("x.csv", b"a,b\n1,2\n\n3\n", "line 4 of x.csv has 1 value, and the header has 2 columns: .*contains commas"),
        ("x.csv", b'a;b\n"1\n1";2;3\n', "line 3 of x.csv has 3 values, .*contains semicolons"),
        ("x.csv", b"a,b,a\n1,2,3\n", "x.csv has 2 columns called 'a': give each its own name"),
        ("x.csv", b",a\n0,1\n", "column 1 of x.csv has no name: .*index=False"),
        ("x.csv", b"1,2\n3,4\n", "first line of x.csv is a row of numbers: write the names of the columns above it"),
        ("x.csv", b'a,b\n"1,2\n3,4\n', "line 3 of x.csv is not CSV .unexpected end of data.: correct it"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, says: str
) -> None:
    """Lines are named by their number, as an editor does."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    with pytest.raises(BadInput, match=says) as refused:
        ItemSource(name).read()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("5..4", "no items in 5..4"),
        ("missing.txt", "cannot read missing.txt: No such file"),
        ("sub", r"sub is a directory: write 'sub/\*' \(in quotes\) for the paths of its files"),
        ("sub/", r"write 'sub/\*'"),
        ("*.jpg", r"no file in .* matches the pattern \*.jpg"),
        ("*.jpg/", r"no directory in .* matches the pattern \*.jpg/"),
        ("[xy].*", r"matches the pattern \[xy\]\.\*: correct it"),
        ("d*[1].t?t", r"write \"d\*\[\[\]1\]\.t\?t\" for the brackets themselves"),
        ("https://example.org/a?b", "is a URL: write it into a file, one URL per line"),
        (f"{FILE}:broken_items", "raised at item 2: .*the database is gone"),
        (f"{FILE}:not_callable", "not a list of items"),
    ],
)
def test_items_that_cannot_be_had_are_refused(here: Path, text: str, says: str) -> None:
    """With what was wrong."""
    with pytest.raises(BadInput, match=says):
        ItemSource(text).read()


def test_items_are_the_first_or_some_at_random() -> None:
    """Those keep their order, and are the same for the same seed."""
    assert ItemSource("-", content="p\nq").read() == ["p", "q"]
    assert ItemSource(f"{FILE}:some_items", limit=3).read() == [0, 1, 2]
    assert ItemSource(f"{FILE}:broken_items", limit=2).read() == [1, 2]
    drawn = ItemSource("1..1000", sample=10, seed=3).read()
    assert drawn == sorted(drawn) == ItemSource("1..1000", sample=10, seed=3).read()
    assert len(set(drawn)) == 10


def test_an_endless_generator_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """With advice."""
    from itertools import count

    assert MAX_ITEMS >= 1_000_000
    monkeypatch.setattr("concbench.workloads.function.item_source.MAX_ITEMS", 1_000)
    with pytest.raises(BadInput, match="--limit"):
        read_items(count())
    assert read_items(count(), limit=3) == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "content", "example"),
    [
        ("-", "7\n8.5\n-1e3\n", "7"),
        ("-", "7\nseven\n", ""),
        ("-", "[7, 8]", ""),
        ("1..3", None, ""),
        ("people.csv", None, ""),
        ("tabs.tsv", None, "1"),
    ],
)
def test_numbers_that_are_texts_are_told(here: Path, text: str, content: str | None, example: str) -> None:
    """Where all lines are such, or all values of a column."""
    assert ItemSource(text, content=content).find().number_as_text == example


@pytest.mark.parametrize("wrap", [bytes, gzip.compress])
def test_a_file_of_urls_to_download_is_read_alike(tmp_path: Path, wrap: Callable[[bytes], bytes]) -> None:
    """Comments, byte order mark, ends of lines, and compression."""
    file = tmp_path / ("urls.txt.gz" if wrap is gzip.compress else "urls.txt")
    file.write_bytes(wrap(codecs.BOM_UTF8 + FILES["urls.txt"]))
    assert read_urls(str(file)) == URLS == ItemSource(str(file)).read()


def test_what_the_probe_answers_is_the_same_text_again(here: Path) -> None:
    """After it went through JSON."""
    from dataclasses import asdict

    from concbench.workloads.function.item_text import ItemsText

    written = ItemSource("odd.txt").find().written
    assert ItemsText.from_json(json.loads(json.dumps(asdict(written)))) == written
