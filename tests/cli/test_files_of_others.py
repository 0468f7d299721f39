"""Files for other tools: one for each runner (`--split`), and a report that is appended to one (`--summary`)."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_cells import of_seconds, table
from markdown_it import MarkdownIt

from concbench import Run
from concbench.cli.main import main
from concbench.cli.split import file_names
from concbench.report.formats.markdown import summary
from concbench.results.files import load
from concbench.results.records import CellId, Outcome, RunRecord

RUN = ["run", "primes", "--limits", "300,200", "-r", "sequential", "-r", "thread-pool:2", "--rounds", "1"]
SHOW = ["show", "run.json", "--format", "pyperf"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a run in it, outside of GitHub Actions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    made().save("run.json")
    return tmp_path


def made() -> Run:
    """A run in which the interpreter is a variant of one runner, and another runner failed."""
    cells = [of_seconds("sequential", 1.0), of_seconds("thread-pool:2", 0.5, 1.9),
             replace(of_seconds("thread-pool:2", 0.4, 1.9), variant="3.13t"),
             replace(of_seconds("threads", 1.0), samples=[], outcome=Outcome("failed", "it broke"))]  # fmt: skip
    return Run(RunRecord("0.1.0", "2026-01-01T00:00:00+00:00", 1, False, {}, [table(*cells, workload="primes")]))


def test_a_file_for_each_runner_and_variant() -> None:
    """The benchmarks are named after the workload; a failed runner has no file."""
    assert main([*SHOW, "--split", "files"]) == 0
    files = {file.name: json.loads(file.read_text("utf-8")) for file in Path("files").iterdir()}
    assert files.keys() == {"sequential.json", "thread-pool-2.json", "thread-pool-2-3.13t.json"}
    assert {one["metadata"]["name"] for suite in files.values() for one in suite["benchmarks"]} == {"primes"}


def test_files_that_exist_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """No file beside them is written unless overwriting is allowed; other files in the directory stay."""
    Path("files").mkdir()
    Path("files/thread-pool-2.json").write_text("precious")
    assert main([*SHOW, "--split", "files"]) == 2
    assert capsys.readouterr().err == "concbench: files/thread-pool-2.json exists; --force overwrites it\n"
    assert [file.name for file in Path("files").iterdir()] == ["thread-pool-2.json"]
    Path("files/other.json").write_text("precious")
    assert main([*SHOW, "--split", "files", "--force"]) == 0
    assert len(list(Path("files").iterdir())) == 4
    assert Path("files/other.json").read_text() == "precious"


LABELS = st.text(max_size=8) | st.sampled_from(["a", "A", "..", "-x", "a/b", "a:b"]) | st.text("ab", min_size=99)


@given(st.lists(st.builds(CellId, LABELS, st.sampled_from(["", "3.13t"])), unique=True))
def test_names_of_files_are_plain_and_differ(cells: list[CellId]) -> None:
    """They also differ without case; none is hidden, looks like an option, or leads to another directory."""
    names = file_names(cells)
    assert list(names) == cells
    assert len({name.casefold() for name in names.values()}) == len(cells)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,110}", name) for name in names.values())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "run.json", "--split", "d"], "--split writes a file for each runner, and text has all of them in"),
        (["show", "run.json", "--format", "hyperfine", "--split", "d"], "and hyperfine has all of them in one; add"),
        ([*SHOW, "--split", "d", "-o", "t.json"], "--output writes one file, and --split one for each runner; leave"),
        ([*SHOW, "--split", "run.json"], "run.json is not a directory; name one, or a new one"),
        ([*SHOW, "--split", "no/d"], "cannot make no/d: the directory no does not exist"),
        ([*SHOW, "--split", ""], "the value of 'split' is empty; give it one, or leave it out"),
        ([*RUN, "--split", "d"], "--split writes a file for each runner, and text has all of them in one; add"),
        ([*RUN, "--format", "pyperf", "--split", "run.json"], "run.json is not a directory"),
        ([*RUN, "--summary", "."], ". is a directory; name a file in it"),
        ([*RUN, "--summary", "no/file.md"], "cannot write no/file.md: the directory no does not exist"),
        ([*RUN, "--summary", "protected.md"], "cannot write protected.md: it is read-only; make it writable, or"),
        ([*RUN, "--summary", "github"], "--summary github is for GitHub Actions, and GITHUB_STEP_SUMMARY is not set"),
        ([*RUN, "--summary", "t", "-o", "t"], "--output and --summary are both t; name two files"),
        ([*RUN, "--summary", "t", "-o", "./t"], "--output and --summary are both ./t; name two files"),
        ([*RUN, "--format", "pyperf", "--split", ".", "-o", "sequential.json"],
         "--output and --split would both write sequential.json; name another file"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_before_anything_runs(
    arguments: list[str], says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is one line, exit code 2, and nothing is written."""
    Path("protected.md").write_text("")
    Path("protected.md").chmod(0o444)
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert says in printed.err
    assert sorted(file.name for file in here.iterdir()) == ["protected.md", "run.json"]


def test_a_run_writes_all_of_them_and_prints_its_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The raw results are written as well; the summary is appended to the existing text."""
    Path("step.md").write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(Path("step.md").absolute()))
    arguments = [*RUN, "--format", "pyperf", "--split", "files", "--summary", "github", "-o", "raw.json"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "Answer for primes" in printed.out
    assert printed.err.endswith("concbench: wrote 2 files into files\n")
    assert sorted(file.name for file in Path("files").iterdir()) == ["sequential.json", "thread-pool-2.json"]
    run = Run(load("raw.json"))
    assert Path("step.md").read_text("utf-8") == f"# Before\n\n{summary(run.document())}"


def test_where_a_name_might_say_two_things_it_is_said_which(capsys: pytest.CaptureFixture[str]) -> None:
    """The file of a run holds the raw results, and another format with the same suffix is printed."""
    assert main([*RUN, "--format", "hyperfine", "-o", "raw.json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines()[0] == "concbench: raw.json gets the raw results; hyperfine is printed"
    assert printed.out == Run(load("raw.json")).to("hyperfine")


def test_a_summary_is_short() -> None:
    """It has tables of times, runners without times, and answers; reading notes are left out."""
    text = summary(made().document())
    heads = [token for token in MarkdownIt("commonmark").enable("table").parse(text) if token.type == "heading_open"]
    assert [head.tag for head in heads] == ["h2", "h3"]
    assert "| runner | time | speed-up | verdict | rounds |\n" in text
    assert "- threads: it broke\n" in text
    assert "([pitfalls/gil](" in text
    assert "medians" not in text
    assert text.rstrip().endswith("statistically tied with the fastest)")


def test_a_summary_that_cannot_be_written_at_the_end_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error comes after the report, with exit code 1."""
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("this system has no disk that is always full")
    assert main([*RUN, "--summary", "/dev/full"]) == 1
    printed = capsys.readouterr()
    assert "Answer for primes" in printed.out
    assert printed.err.endswith("concbench: cannot write /dev/full: No space left on device\n")
