"""Colours: an option, two variables and the terminal decide, the option first; escapes of colours, and nothing else."""

from __future__ import annotations

import io
import re
import sys

import pytest
from rich.text import Text

from concbench.cli.color import gets_color
from concbench.cli.console import console_of
from concbench.cli.main import main
from concbench.cli.progress import progress
from concbench.harness.events import Phase, Step

ESCAPE = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def uncolored(text: str) -> str:
    """The text without escapes and text that is overwritten; escapes other than colours are refused."""
    assert {escape[-1] for escape in ESCAPE.findall(text)} == {"m"}
    assert "\x1b" not in ESCAPE.sub("", text)
    return "\n".join(line.rstrip() for line in ESCAPE.sub("", text).splitlines())


@pytest.mark.parametrize(
    ("color", "environment", "on_terminal", "in_pipe"),
    [
        ("auto", {}, True, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "0"}, True, True),
        ("auto", {"FORCE_COLOR": ""}, True, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_the_option_wins_then_no_color_then_force_color_then_the_terminal(
    color: str, environment: dict[str, str], on_terminal: bool, in_pipe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable counts as unset; the console follows the decision, whatever rich makes of the variables."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for stream, expected in ((Terminal(), on_terminal), (io.StringIO(), in_pipe)):
        assert gets_color(color, stream) is expected
        console_of(stream, color).print(Text("text", style="bold red"))
        assert ("\x1b[1;31m" in stream.getvalue()) is expected
        assert ("\x1b" in stream.getvalue()) is expected


@pytest.mark.parametrize(("columns", "width"), [(None, 80), ("100", 100), ("0", 80), ("wide", 80)])
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_in_a_pipe_colors_are_laid_out_for_the_columns_that_are_set(
    columns: str | None, width: int, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default is 80."""
    monkeypatch.setenv("TERM", term)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    console = console_of(io.StringIO(), "always")
    assert (console.is_terminal, console.width) == (True, width)


def test_colors_in_a_pipe_change_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """This holds for the output of run, show and list; no progress is drawn, since standard error is no terminal."""
    quick = ["run", "primes", "--limits", "300,200", "-r", "sequential", "-r", "threads", "--rounds", "1"]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(quick) == 0
    measured = capsys.readouterr()
    assert "\x1b[" in measured.out
    assert measured.err == ""
    for arguments in (["show"], ["list"]):
        assert main([*arguments, "--color", "never"]) == 0
        plain = capsys.readouterr().out
        assert main(arguments) == 0
        assert uncolored(capsys.readouterr().out) == "\n".join(line.rstrip() for line in plain.splitlines())
        assert "\x1b" not in plain
        if arguments == ["show"]:
            assert uncolored(measured.out) == plain.rstrip("\n")


@pytest.mark.parametrize("before", [["--color", "always"], ["--color=always"]])
def test_the_option_may_stand_before_the_command(before: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*before, "list"]) == 0
    first = capsys.readouterr().out
    assert main(["list", *before]) == 0
    assert capsys.readouterr().out == first
    assert "\x1b[1m" in first


@pytest.mark.parametrize("option", ["-h", "--help", "-V", "--version"])
@pytest.mark.parametrize("before", [["--color", "never"], ["--color=always"]])
def test_before_an_option_of_the_program_it_changes_nothing(
    before: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for arguments in ([*before, option], [option]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        printed.append(capsys.readouterr())
    assert printed[0] == printed[1]
    assert printed[0].out


@pytest.mark.parametrize(("color", "colored"), [("never", False), ("always", True)])
def test_progress_is_drawn_on_a_terminal_with_or_without_colors(
    color: str, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is erased at the end, and the cursor is visible."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress(color) as show:
        show(Step("primes", Phase.ROUND, "sequential", 1, 2, 3.0, 1))
    drawn = terminal.getvalue()
    assert "primes, round 1: sequential, about 3 s left" in drawn
    assert drawn.index("primes, ") < drawn.rindex("\x1b[2K")
    assert drawn.rindex("\x1b[?25l") < drawn.rindex("\x1b[?25h")
    assert any(escape[-1] == "m" for escape in ESCAPE.findall(drawn)) is colored
