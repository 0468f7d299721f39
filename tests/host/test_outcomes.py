"""A hostile exception is a row of the table like any other, from the task to the screen and the file."""

from pathlib import Path

import pytest

from concbench.cli.main import main
from concbench.results.files import load

APP = """
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

class MuteError(Exception):
    def __str__(self):
        raise ValueError("no text")
    __repr__ = __str__

@dataclass(frozen=True)
class FrozenError(Exception):
    code: int

class TwoArgumentsError(Exception):
    def __init__(self, one, two):
        super().__init__(one)

def stop(item):
    return next(iter([])) if item == 2 else item

def mute(item):
    if item == 2:
        raise MuteError
    return item

def frozen(item):
    if item == 2:
        raise FrozenError(7)
    return item

def two(item):
    if item == 2:
        raise TwoArgumentsError("alas", "poor")
    return item

def pool(item):
    if item == 2:
        raise BrokenProcessPool("my own")
    return item
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the functions."""
    made = tmp_path_factory.mktemp("app")
    (made / "app.py").write_text(APP)
    return made


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("stop", "RuntimeError: a task raised StopIteration"),
        ("mute", "MuteError (its text cannot be shown: __str__ raised ValueError)"),
        ("frozen", "FrozenError: 7"),
        ("two", "TwoArgumentsError: alas"),
        ("pool", "BrokenProcessPool: my own"),
    ],
)
def test_a_hostile_exception_fails_every_row_alike(
    directory: Path, function: str, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The item is named; no process is said to have died."""
    monkeypatch.chdir(directory)
    monkeypatch.setenv("COLUMNS", "200")
    runners = [part for name in ("sequential", "thread-pool:2", "process-pool:2") for part in ("-r", name)]
    options = ["--items", "1..3", "--rounds", "1", "--no-observe", "-o", f"{function}.json", *runners]
    assert main(["run", f"app.py:{function}", *options]) == 1
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    cells = load(f"{function}.json").tables[0].cells
    assert [cell.runner for cell in cells] == ["sequential", "thread-pool", "process-pool"]
    assert {cell.outcome.reason for cell in cells} == {f"{text}; raised by task 1, item 2"}
    assert all(f"in {function}\n" in cell.outcome.detail for cell in cells)
    assert f"sequential, thread-pool(2) and {cells[2].shown}: {text}" in " ".join(printed.out.split())
