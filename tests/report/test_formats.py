"""Formats: each shows everything, and nothing in a name can be taken for a part of the format."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_cells import COMPUTES, TURNS, of_seconds, of_tasks, table
from markdown_it import MarkdownIt
from markdown_it.token import Token

from concbench import Run
from concbench.advice.recommendation import recommend
from concbench.cli.main import main
from concbench.errors import ConcbenchError, UnknownName, UsageError
from concbench.registry import FORMATS, format_names
from concbench.report.visible import printable, visible
from concbench.results.files import from_json, to_json
from concbench.results.records import Cell, Outcome, RunRecord, Table
from concbench.run import Advice

PLUGINS = Path(__file__).parents[1] / "plugins"
PIECES = [
    "|", "\\", "`", "```", "\n", "\r", "\t", "\x1b[31m", "\x00", "=cmd|' /C calc'!A0", "+1", "-", "@SUM(1)", "<script>",
    "</td>", "<!--", "&lt;", "&#124;", "**", "__", "_", "~~", "[x](http://y)", "![", "[x]: y", "# ", "1. ", "- ", "> ",
    "http://y", "www.y.z", "---", "===", "$$", "\u202e", "\u2066", "\ud800", "\xa0", "é", "\uff1d1", "\uff0d",
    "\u2028", "'", '"', ",", ";", " ", "    ", "a",
]  # fmt: skip
NAMES = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=6).map("".join)


def run_of(*tables: Table) -> Run:
    return Run(RunRecord("0.1.0", "2026-01-01T00:00:00+00:00", 1, False, {}, list(tables)))


def hostile(names: list[str]) -> Run:
    """One workload whose name, title, runners and reasons are these names, observed passes included."""
    cells: list[Cell] = [COMPUTES]
    for place, name in enumerate(names):
        cells.append(replace(of_tasks("thread-pool:2", TURNS, workers=2), label=f"{name}{place}", settings={}))
    cells.append(replace(of_seconds("threads", 1.0), samples=[], outcome=Outcome("failed", names[0])))
    return run_of(table(*cells, workload=names[0], title=names[-1], notes=[names[0]], tasks=8))


def explained() -> Run:
    return hostile(["thread-pool"])


def advised(snippet: str = "") -> Advice:
    run = run_of(table(of_seconds("sequential", 1.0), of_seconds("thread-pool:2", 0.5, 1.9)))
    recommendation = recommend(run[0], 4)
    assert recommendation is not None
    return Advice(run, replace(recommendation, snippet=snippet))


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def tables_of(tokens: list[Token]) -> list[list[list[Token]]]:
    """The cells of every row of every table."""
    found: list[list[list[Token]]] = []
    for before, token in pairwise(tokens):
        if before.type == "table_open":
            found.append([])
        if before.type == "tr_open":
            found[-1].append([])
        if before.type in {"th_open", "td_open"}:
            found[-1][-1].append(token)
    return found


def text_of(cell: Token) -> str:
    """The text of a cell, which has no markup."""
    assert {child.type for child in cell.children or []} <= {"text"}, cell.children
    return "".join(child.content for child in cell.children or [])


@settings(deadline=None, max_examples=50)
@given(st.lists(NAMES, min_size=1, max_size=3))
def test_hostile_names_are_texts_in_the_cells_of_markdown(names: list[str]) -> None:
    """There are as many tables, rows and columns as for harmless names, and nothing is HTML."""
    run = hostile(names)
    tokens = MARKDOWN.parse(run.to("markdown", why=True))
    section = run.document(why=True).sections[0]
    assert section.breakdown is not None
    rows, shares, pace, latency = tables_of(tokens)
    expected = [f"{row[0].text} *" if best else row[0].text
                for row, best in zip(section.times.rows, section.fastest, strict=True)]  # fmt: skip
    assert [text_of(row[0]) for row in rows[1:]] == [visible(name).strip() for name in expected]
    assert {len(row) for row in rows} == {len(section.times.columns) + len(section.costs.columns) - 1}
    for other in (shares, pace, latency):
        assert [text_of(row[0]) for row in other[1:]] == [visible(bar.name).strip() for bar in section.breakdown.bars]
    kinds = [token.type for token in tokens]
    plain = MARKDOWN.parse(hostile(["name"] * len(names)).to("markdown", why=True))
    assert kinds == [token.type for token in plain]
    inner = [child.type for token in tokens for child in token.children or []]
    assert not {"html_inline", "code_inline", "image", "strong_open", "em_open", "s_open"} & {*inner}


@settings(deadline=None, max_examples=50)
@given(st.lists(NAMES, min_size=1, max_size=3))
def test_hostile_names_are_fields_of_comma_separated_values(names: list[str]) -> None:
    """Numbers are numbers, unknown values are empty, and no text is a formula."""
    run = hostile(names)

    def as_written(value: Any) -> str:
        if isinstance(value, str):
            return printable(
                f"'{value}"
                if re.match(
                    r"[\t\r]|\s*[-=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u207a\u208a\u207c\u208c]", value
                )
                else value
            )
        return "" if value is None else str(value)

    for name, rows in (("csv", run.rows()), ("csv-samples", run.rows("samples"))):
        header, *read = csv.reader(io.StringIO(run.to(name)), strict=True)
        assert header == list(rows[0])
        assert read == [[as_written(value) for value in row.values()] for row in rows]
        for one, row in zip(read, rows, strict=True):
            assert [float(text) for text, value in zip(one, row.values(), strict=True) if type(value) is float] == [
                value for value in row.values() if type(value) is float
            ]


@settings(deadline=None, max_examples=30)
@given(st.lists(NAMES, min_size=1, max_size=3))
def test_no_format_prints_a_control_character(names: list[str]) -> None:
    """It prints no character that changes the direction of writing, and no half of a surrogate pair either."""
    for name in FORMATS:
        why = {"why": True} if name in {"text", "markdown"} else {}
        text = hostile(names).to(name, **why)
        assert all(character.isprintable() or character == "\n" for character in text)
        text.encode("utf-8")


def test_markdown_has_everything_in_the_order_of_the_text() -> None:
    """Time shares are a table; the answers come last."""
    text = explained().to("markdown", why=True)
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == ["## thread-pool: thread-pool", "### Where the workers' time went: thread-pool",
                     "## Answer for thread-pool"]  # fmt: skip
    assert "| thread-pool0 | 50 % | 50 % |" in text
    assert "- threads: thread-pool\n" in text
    assert "([pitfalls/gil](https://concbench.readthedocs.io/en/latest/pitfalls/gil/))" in text
    assert "Where the workers" not in explained().to("markdown")


def test_numbers_are_aligned_right_and_the_fastest_is_starred() -> None:
    lines = advised().run.to("markdown").splitlines()
    (rule,) = [line for line in lines if line.startswith("| :---")]
    assert rule == f"| :--- |{' ---: |' * 7}"
    assert any(line.startswith("| thread-pool(2) \\* | ") for line in lines)


@pytest.mark.parametrize("program", ["print(1)\n", "x = '''\n```\n'''\n", "x = '````'\n"])
def test_a_program_is_pasted_from_markdown_as_it_is(program: str) -> None:
    """This holds for any fences in it; the advice is the last line."""
    text = advised(program).to("markdown")
    (block,) = [token for token in MARKDOWN.parse(text) if token.type == "fence"]
    assert (block.content, block.info) == (program, "python")
    assert text.rstrip().rpartition("\n")[2].startswith("**Advice:** thread-pool(2), 2")
    assert advised(program).to("text").count(program) == 1


def test_json_is_the_results_file_and_an_advice_beside_it() -> None:
    """Reasons have their figures and the address of their page; it is null if nothing can be recommended."""
    run = explained()
    assert run.to("json") == to_json(run.record)
    read = json.loads(advised("x = 1\n").to("json"))
    assert from_json(json.dumps(read["run"])) == advised().run.record
    said = read["recommendation"]
    assert (said["runner"], said["snippet"]) == ("thread-pool:2", "x = 1\n")
    recommended = advised().recommendation
    assert recommended is not None
    assert said["valid_for"] == recommended.valid_for
    assert "conditions" not in said
    assert {"sentence", "figures", "page"} == set(said["reasons"][0])
    assert said["reasons"][0]["figures"]["speedup"] == said["speedup"]
    assert "https://concbench.readthedocs.io/en/latest/pitfalls/gil/" in {one["page"] for one in said["reasons"]}
    assert json.loads(Advice(run, None).to("json"))["recommendation"] is None


def test_there_is_a_header_where_there_are_no_rows() -> None:
    """The table can still be read."""
    empty = run_of(replace(table(COMPUTES), cells=[]))
    for name, columns in (("csv", explained().rows()[0]), ("csv-samples", explained().rows("samples")[0])):
        assert empty.to(name) == f"{','.join(columns)}\n"
    assert advised().to("csv") == advised().run.to("csv")


def test_an_unknown_format_is_answered_with_the_nearest() -> None:
    for show in (explained().to, advised().to):
        with pytest.raises(UnknownName, match="no format is called 'markdwn'; did you mean 'markdown'"):
            show("markdwn")


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"text", "markdown", "html"}])
def test_figures_alone_have_no_place_for_where_the_time_went(name: str) -> None:
    with pytest.raises(UsageError, match=f"why needs text, markdown or html, and {name} holds only figures"):
        explained().to(name, why=True)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "text"])
def test_only_text_has_a_brief_form(name: str) -> None:
    """The other formats are complete, so that there is nothing to ask for."""
    for show in (explained().to, advised().to):
        with pytest.raises(UsageError, match=f"details needs text, and {name} is always complete"):
            show(name, details=True)


@pytest.fixture
def other_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Act as if the package were installed."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    yield
    sys.modules.pop("other_ways", None)


@pytest.mark.usefixtures("other_package")
def test_another_package_adds_a_format_and_cannot_take_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It works here and on the command line; a format that lacks a package says so before anything runs."""
    assert format_names()[: len(FORMATS) + 1] == [*FORMATS, "haiku"]
    run = explained()
    haiku = run.to("haiku", why=True)
    assert haiku == "thread-pool: thread-pool\nsequential, thread-pool0\nexplained: True"
    assert "speed-up" in run.to("text")
    run.save(tmp_path / "run.json")
    assert main(["show", str(tmp_path / "run.json"), "--format", "haiku", "--why"]) == 0
    assert capsys.readouterr().out == f"{haiku}\n"
    assert main(["run", "primes", "--format", "needy"]) == 2
    assert "the format 'needy' needs other_ways_that_need_more: pip install" in capsys.readouterr().err


@pytest.mark.usefixtures("other_package")
def test_a_format_of_another_package_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A format declares its suffixes, of which ours come first, and whether it has a place for sentences."""
    monkeypatch.chdir(tmp_path)
    run = explained()
    run.save("run.json")
    with pytest.raises(UsageError, match="why needs text, markdown or html, and conf holds only figures"):
        run.to("conf", why=True)
    assert main(["show", "run.json", "--format", "conf", "--why"]) == 2
    for arguments in (["-o", "t.conf"], ["-o", "t.CONF"], ["-o", "u.txt", "--format", "conf"]):
        assert main(["show", "run.json", *arguments]) == 0
        assert Path(arguments[1]).read_text("utf-8") == f"{run.to('conf')}\n"
    assert main(["show", "run.json", "-o", "t.txt"]) == 0
    assert Path("t.txt").read_text("utf-8") == f"{run.to('text')}\n"
    capsys.readouterr()
    assert main(["run", "primes", "-o", "v.conf"]) == 2
    assert (
        "v.conf would hold json: choose a name that does not end in .conf; 'concbench show" in capsys.readouterr().err
    )


@pytest.mark.usefixtures("other_package")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("clumsy", r"the format 'clumsy' failed: AttributeError: 'Document' .*'title' \(other_ways.py, line \d+\)"),
        ("silent", "the format 'silent' must return a string, not None"),
    ],
)
def test_a_format_that_fails_is_a_sentence(
    name: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its name and the place are given; the exit code is 1, since the results are kept."""
    explained().save(tmp_path / "run.json")
    with pytest.raises(ConcbenchError, match=says) as caught:
        explained().to(name)
    assert not isinstance(caught.value, UsageError)
    assert main(["show", str(tmp_path / "run.json"), "--format", name]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"concbench: {caught.value}\n")


@pytest.mark.usefixtures("other_package")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("misspelt", "the format 'misspelt' cannot be loaded from other_ways:misspelled: module 'other_ways' has no "),
        ("no-function", "the format 'no-function' cannot be loaded: other_ways:NO_FUNCTION cannot be called"),
        ("lost", "the format 'lost' cannot be loaded from other_ways.formats:lost: No module named 'other_ways.for"),
    ],
)
def test_a_format_that_cannot_be_loaded_is_refused_before_anything_runs(
    name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is in the list with the reason."""
    with pytest.raises(UsageError, match=re.escape(says)):
        explained().to(name)
    assert main(["run", "primes", "--format", name]) == 2
    assert capsys.readouterr().err.startswith(f"concbench: {says}")
    assert main(["list"]) == 0
    assert re.search(rf"^  {name} +not available: {re.escape(says)}", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("name", [None, 3, ["csv"]])
def test_a_name_that_is_not_a_text_is_refused(name: Any) -> None:
    with pytest.raises(UsageError, match="a format is named by a string such as 'text', not "):
        explained().to(name)


@pytest.mark.parametrize(
    "text", ["=1", "\n=1", "\r\n =1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20f(1)", "\n\uff1d1", "\tx", "\rx"]
)
def test_what_spreadsheets_calculate_is_a_text(text: str) -> None:
    """This holds after line breaks and in full width as well."""
    written = list(csv.DictReader(io.StringIO(hostile([text]).to("csv"))))
    assert written[1]["runner"] == printable(f"'{text}0")


def test_show_prints_and_writes_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """This holds for each format; an existing file is kept unless overwriting is allowed."""
    results = tmp_path / "run.json"
    explained().save(results)
    for name, ending in (("text", ".txt"), ("markdown", ".md"), ("csv", ".csv"), ("csv-samples", ".csv"),
                         ("json", ".json"), ("markdown", "")):  # fmt: skip
        file = tmp_path / f"{name}{ending}"
        assert main(["show", str(results), "--format", name]) == 0
        printed = capsys.readouterr().out
        assert printed.endswith("\n")
        assert main(["show", str(results), "--format", name, "-o", str(file)]) == 0
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", f"concbench: wrote {file}\n")
        assert file.read_text("utf-8") == printed
    named = tmp_path / "named.md"  # by its name alone
    assert main(["show", str(results), "-o", str(named)]) == 0
    assert named.read_text("utf-8") == (tmp_path / "markdown.md").read_text("utf-8")
    capsys.readouterr()
    assert main(["show", str(results), "--format", "csv", "-o", str(tmp_path / "csv.csv")]) == 2
    assert "--force overwrites it" in capsys.readouterr().err
    assert main(["show", str(results), "--format", "csv", "-o", str(tmp_path / "csv.csv"), "--force"]) == 0


def test_the_environment_is_shown_in_front_of_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a text or a table."""
    run = Run(replace(explained().record, environment={"python": "3.11", "memory": 2e9, "gil": True}))
    run.save(tmp_path / "run.json")
    assert main(["show", str(tmp_path / "run.json"), "--env"]) == 0
    assert capsys.readouterr().out.startswith(f"{'python':<26}3.11\n{'memory':<26}2.0 GB\n{'gil':<26}yes\n\nconcbench ")
    assert main(["show", str(tmp_path / "run.json"), "--env", "--format", "markdown"]) == 0
    assert "| memory | 2.0 GB |" in capsys.readouterr().out.replace("---:", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "primes", "-o", "t.md"], "t.md would hold json: choose a name that does not end in .md; 'conc"),
        (["run", "primes", "-o", "t.MARKDOWN", "--format", "markdown"], "'concbench show --format markdown -o t"),
        (["run", "primes", "-o", "t.csv"], "t.csv would hold json"),
        (["run", "primes", "-o", "t.html"], "'concbench show --format html -o t.html' writes html"),
        (["advise", "app:work", "-o", "t.txt"], "t.txt would hold json"),
        (["show", "run.json", "-o", "t.html", "--format", "text"], "t.html would hold text: choose a name that"),
        (["show", "run.json", "-o", "t.md", "--format", "csv-samples"], "t.md would hold csv-samples"),
        (["show", "run.json", "-o", "t.json", "--format", "markdown"], "t.json would hold markdown"),
        (["show", "run.json", "-o", "t", "--trace", "t"], "--output and --trace are both t; name two files"),
        (["show", "run.json", "--json", "--format", "csv"], "leave out one of --json and --format csv"),
        (["show", "run.json", "--format", "markdwn"], "no format is called 'markdwn'; did you mean 'markdown'?"),
        (["run", "primes", "--format", "cvs"], "no format is called 'cvs'; did you mean 'csv'?"),
        (["advise", "app:work", "--format", "xyz"], "no format is called 'xyz'; known: text, markdown, csv,"),
        (["run", "primes", "--why", "--format", "csv"], "--why needs text, markdown or html, and csv holds "),
        (["show", "run.json", "--why", "--json"], "--why needs text, markdown or html, and json holds only figures"),
        (["show", "run.json", "--env", "--format", "csv-samples"], "--env needs text, markdown or html, and csv-s"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_so_is_refused_before_anything_runs(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is one line, exit code 2, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    explained().save("run.json")
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert says in printed.err
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]
