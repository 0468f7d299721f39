"""The page as a file: `--html FILE`, and `show --open`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from concbench import Run, measure
from concbench.cli.main import main
from concbench.results.files import load
from concbench.testing import SimulatedHosts

RUN = [
    "run",
    "primes",
    "--limits",
    "300,200",
    "-r",
    "sequential",
    "-r",
    "thread-pool:2",
    "--rounds",
    "1",
    "--seed",
    "1",
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a run in it, and a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made().save("run.json")
    return tmp_path


def nothing(item: int) -> None:
    del item


def made() -> Run:
    hosts = SimulatedHosts({"sequential": [1.0, 1.01, 0.99], "threads": [0.5, 0.51, 0.49]})
    return measure(nothing, items=[1, 2], runners=["sequential", "threads"], hosts=hosts, compare=False)


def test_run_prints_its_report_and_writes_the_page_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The command that was typed is on it, and in the results."""
    assert main([*RUN, "--html", "primes.html", "-o", "primes.json"]) == 0
    printed = capsys.readouterr()
    assert "Answer for primes" in printed.out
    assert "concbench: wrote primes.html\n" in printed.err
    page = Path("primes.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert load("primes.json").command == f"concbench {' '.join(RUN)} --html primes.html -o primes.json"
    assert "concbench run primes --limits 300,200" in page


def test_show_writes_the_page_instead_of_printing(capsys: pytest.CaptureFixture[str]) -> None:
    """With --why, more is said on it; -o writes it, too, by the suffix of the name."""
    assert main(["show", "run.json", "--html", "run.html"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["show", "run.json", "-o", "other.html"]) == 0
    assert Path("other.html").read_text("utf-8") == Path("run.html").read_text("utf-8")
    assert main(["show", "run.json", "--why", "--html", "why.html"]) == 0
    assert Path("why.html").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--html", "there.html"], "there.html exists; --force overwrites it"),
        (["--html", "missing/page.html"], "cannot write missing/page.html"),
        (["--html", "page.md"], "page.md would hold html: choose a name that does not end in .md"),
        (["--html", "t", "-o", "t"], "--output and --html are both t; name two files"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_runs(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, nothing written; for run and for show."""
    Path("there.html").write_text("precious")
    before = sorted(Path().iterdir())
    for command in (RUN, ["show", "run.json"]):
        assert main([*command, *arguments]) == 2
        printed = capsys.readouterr()
        assert says in printed.err
        assert printed.out == ""
    assert sorted(Path().iterdir()) == before
    assert Path("there.html").read_text() == "precious"


def test_a_format_that_is_asked_for_is_printed_beside_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "run.json", "--html", "run.html", "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("table,workload,")
    assert Path("run.html").exists()


def test_nothing_is_made_for_a_run_that_is_not_there_or_where_nothing_can_be_kept(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "missing.json", "--open"]) != 0
    assert not (here / "cache").exists()
    (here / "cache").write_text("in the way")
    assert main(["show", "run.json", "--open"]) == 2
    assert "there is no place for the page to open" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="a script in place of a browser")
def test_show_opens_the_page_in_a_browser(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page is kept beside the last run; a second time it is overwritten."""
    browser = here / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {here}/opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.delitem(sys.modules, "webbrowser", raising=False)
    for _ in range(2):
        assert main(["show", "run.json", "--open"]) == 0
    page = here / "cache" / "concbench" / "shown.html"
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (here / "opened").read_text().split() == [page.as_uri()] * 2
    assert f"wrote {page}" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_in_the_end_is_said_and_the_report_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from concbench.cli.page import PageFile

    def full(self: PageFile, text: str) -> None:
        del text
        from concbench.errors import BadOutput

        self.error = BadOutput("cannot write page.html: No space left on device")

    monkeypatch.setattr(PageFile, "write", full)
    assert main([*RUN, "--html", "page.html"]) == 1
    printed = capsys.readouterr()
    assert "Answer for primes" in printed.out
    assert "No space left on device" in printed.err
