"""`concbench help`: a short page on reading a table, and the help of the program and of each command."""

import pytest

from concbench.cli.commands import COMMANDS
from concbench.cli.help import TOPICS
from concbench.cli.main import main
from concbench.report import columns


def printed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_fits_on_a_screen(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(["help", topic], capsys).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80


def test_every_column_is_on_the_page_on_reading(capsys: pytest.CaptureFixture[str]) -> None:
    """So are the words of the column of verdicts, and the signs beside figures."""
    page = printed(["help", "reading"], capsys)
    first = [line.split()[0] for line in page.splitlines() if line and not line.startswith(" ")]
    for reading in (*columns.ANSWER, *columns.COST):
        assert reading.column.header in first
    for word in ("*:", "[low, high]", "cold", "warm", "faster", "slower", "same", "undecided", "baseline", "checked"):
        assert word in page.lower()


def test_without_a_topic_the_topics_are_below_the_ordinary_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    ordinary = capsys.readouterr().out
    text = printed(["help"], capsys)
    assert text.startswith(ordinary)
    assert [line.split()[0] for line in text.removeprefix(ordinary).splitlines()[2:]] == [*TOPICS]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_is_that_of_its_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    ordinary = capsys.readouterr().out
    assert printed(["help", command], capsys) == ordinary


def test_an_unknown_topic_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "readin"]) == 2
    assert "did you mean 'reading'?" in capsys.readouterr().err
