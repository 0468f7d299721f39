"""Options from pyproject.toml: what takes effect, what wins, and one line for whatever is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from concbench import Run, load
from concbench.cli.main import main
from concbench.errors import Inapplicable
from concbench.results.records import RunRecord
from concbench.testing import SimulatedHosts

RUN = ["run", "primes", "--limits", "300,200", "-r", "sequential", "-r", "threads", "-o", "run.json"]


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is run, and the working directory is empty."""
    hosts = SimulatedHosts(
        {
            "sequential": [1.0, 1.01],
            "threads": [0.5, 0.51],
            "thread-pool:3": [0.6],
            "asyncio:32": [Inapplicable("no coroutine")],
        }
    )
    monkeypatch.setattr("concbench.harness.process_hosts.ProcessHosts", lambda _tell: hosts)
    monkeypatch.chdir(tmp_path)


def configured(text: str, directory: Path = Path()) -> None:
    (directory / "pyproject.toml").write_text(f"[tool.concbench]\n{text}\n")


def recorded(arguments: list[str]) -> RunRecord:
    assert main(arguments) == 0
    return load("run.json").record


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('budget = "2s"', {"budget": 2.0}),
        ("budget = 2", {"budget": 2.0}),
        ("budget = 2.5", {"budget": 2.5}),
        ("max-rounds = 20", {"max_rounds": 20}),
        ('max_rounds = "20"', {"max_rounds": 20}),
        ("warm = true\nno-observe = true", {"warm": True, "observe": False}),
        ("warm = false", {"warm": False}),
        ('precision = "5%"', {"precision": 0.05}),
        ("rounds = 4", {"rounds": 4}),
        ('memory-limit = "2GB"', {"memory_limit": 2 * 10**9}),
    ],
)
def test_what_the_file_says_is_what_the_command_line_would(text: str, expected: dict[str, Any]) -> None:
    """Numbers, texts and switches; with underscores as well."""
    configured(text)
    (table,) = recorded(RUN).tables
    assert {name: table.options[name] for name in expected} == expected


def test_what_took_effect_is_said_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error; as it is written in the file."""
    configured('budget = "30s"\nwarm = true\nfresh = false\nmax_rounds = 20')
    record = recorded(RUN)
    assert capsys.readouterr().err == "concbench: budget 30s, warm, max-rounds 20 from pyproject.toml\n"
    assert record.configured == {
        "file": "pyproject.toml",
        "options": {"budget": "30s", "warm": True, "max-rounds": 20},
    }
    heading = Run(record).document().heading
    assert heading.endswith("; from pyproject.toml: budget 30s, warm, max-rounds 20")


def test_options_without_a_file_and_files_without_a_table_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for content in (None, "", "[project]\nname = 'x'\n", "tool = 3\n", "[tool.other]\nbudget = 1\n"):
        if content is not None:
            Path("pyproject.toml").write_text(content)
        assert recorded([*RUN, "--force"]).configured == {}
        assert capsys.readouterr().err == ""


def test_a_run_that_does_not_go_on_is_one_line_with_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The other option may have come from there."""
    recorded([*RUN, "--budget", "3s"])
    configured('budget = "2s"')
    capsys.readouterr()
    assert main([*RUN, "--resume", "run.json"]) == 2
    assert capsys.readouterr().err == (
        "concbench: cannot go on with that run: budget of primes was 3.0, and is 2.0 (budget from pyproject.toml)\n"
    )


def test_lists_are_runners_and_numbers_of_workers() -> None:
    configured('runner = ["sequential", "thread-pool"]\nworkers = [3]')
    (table,) = recorded(["run", "primes", "-o", "run.json"]).tables
    assert [cell.label for cell in table.cells] == ["sequential", "thread-pool:3"]


@pytest.mark.parametrize(
    ("text", "given", "expected", "absent"),
    [
        ('budget = "2s"', ["--budget", "3s"], {"budget": 3.0}, []),
        ('budget = "2s"\nmax-rounds = 9\nprecision = 0.1', ["--rounds", "4"], {"rounds": 4}, ["budget", "precision"]),
        ("rounds = 4", ["--budget", "3s"], {"budget": 3.0, "max_rounds": 30}, ["rounds"]),
        ("warm = true", ["--fresh"], {"fresh": True, "warm": False}, []),
        ('budget = "2s"', ["--no-config"], {"budget": 60.0}, []),
        ("bugdet = 2", ["--no-config"], {"budget": 60.0}, []),
    ],
)
def test_the_command_line_wins(
    text: str, given: list[str], expected: dict[str, Any], absent: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Over the same option, and over one that cannot be given with it."""
    configured(text)
    record = recorded([*RUN, *given])
    assert record.tables[0].options.items() >= expected.items()
    assert not {*absent} & {*record.tables[0].options}
    assert (record.configured, capsys.readouterr().err) == ({}, "")


@pytest.mark.parametrize(
    "text",
    [
        'latency = "1ms"\nretries = 2', 'items = "1..3"\nlimit = 2\nstar = true\nno-check = true', "tolerate = true",
        "limit = 2",
    ],
)  # fmt: skip
def test_what_says_nothing_of_the_workload_is_ignored(text: str) -> None:
    """A project has one file for all that it measures."""
    configured(text)
    assert recorded(RUN).configured == {}


def test_each_command_takes_what_it_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An option of run alone is no mistake under advise."""
    (tmp_path / "app.py").write_text("def double(item):\n    return 2 * item\n")
    configured('rounds = 4\nwhy = true\nrunner = "threads"\nseed = 5\nlimit = 3\nitems = "1..9"')
    assert main(["advise", "app:double", "--no-check", "-o", "run.json", "--timeout", "0"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("concbench: --timeout must be more than 0 seconds")
    assert said.endswith("(seed, limit, items from pyproject.toml)\n")


def test_without_a_command_a_configured_budget_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """The ten seconds are for when nothing is said."""
    for text, expected in (("", 10.0), ('budget = "2s"', 2.0), ("rounds = 3", None)):
        configured(f'{text}\nlimits = "30,20"\nimages = 1\nrunner = ["sequential", "threads"]')
        record = recorded(["-o", "run.json", "--force"])
        assert [table.options.get("budget") for table in record.tables] == [expected, expected]


def test_the_nearest_file_counts_and_hides_those_above(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Even if it says nothing; the path is relative."""
    inner = tmp_path / "project" / "src"
    inner.mkdir(parents=True)
    configured('budget = "2s"', tmp_path)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(inner)
        assert recorded(RUN).configured["file"] == str(Path("..", "..", "pyproject.toml"))
        assert "from ../../pyproject.toml" in capsys.readouterr().err
        (tmp_path / "project" / "pyproject.toml").write_text("[project]\n")
        assert recorded([*RUN, "--force"]).configured == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[tool.concbench]\nbugdet = 2", "toml: bugdet is not an option of run or advise; did you mean 'budget'?"),
        ("[tool.concbench]\nobserve = false", "did you mean 'no-observe'?"),
        ("[tool.concbench]\nno-config = true", "no-config is not an option"),
        ("[tool.concbench]\nbudget = true", "pyproject.toml: budget must be a text or a number, not 'true'"),
        ("[tool.concbench]\nbudget = [1, 2]", "pyproject.toml: budget must be a text or a number"),
        ("[tool.concbench]\nbudget = 2020-01-01", "pyproject.toml: budget must be"),
        ("[tool.concbench]\nbudget = 'soon'", "pyproject.toml: budget: 'soon' is not a time such as 20ms"),
        ("[tool.concbench]\nbudget = nan", "pyproject.toml: budget: 'nan' is not a time"),
        ("[tool.concbench]\nwarm = 'yes'", "pyproject.toml: warm must be true or false, not 'yes'"),
        ("[tool.concbench]\nwarm = 1", "pyproject.toml: warm must be true or false, not '1'"),
        ("[tool.concbench]\noutput = 5", "pyproject.toml: output must be a text, not '5'"),
        ("[tool.concbench]\nmax-rounds = 2.5", "pyproject.toml: max-rounds: '2.5' is not a whole number"),
        ("[tool.concbench]\nworkers = [2, true]", "pyproject.toml: workers must be a list, a text or a number"),
        ("[tool.concbench]\nsize = 'huge'", "pyproject.toml: size: 'huge' is not one of quick, article, full"),
        ("[tool.concbench]\nmax-rounds = 9\nmax_rounds = 9", "max_rounds is given twice"),
        ("[tool.concbench]\nmax-rounds = 2", "an interval needs (max-rounds from pyproject.toml)"),
        ("[tool.concbench]\nrounds = 5\nbudget = 5", "leave out one of them (rounds, budget from pyproject.toml)"),
        ("[tool.concbench]\nbaseline = 'thread-pool:9'", "not among the runners"),
        ("[tool]\nconcbench = 3", "pyproject.toml: tool.concbench must be a table"),
        ("[tool.concbench\nbudget = 2", "pyproject.toml is not TOML"),
        ("[tool.concbench]\nbudget = \nwarm = true", "(at line 2, column 10)"),
        (b"\xff\xfe", "pyproject.toml is not text in UTF-8"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("above", [False, True])
def test_what_is_wrong_is_one_line_and_exit_code_2(
    content: str | bytes, says: str, above: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """It names the file; nothing has run and nothing is written."""
    (tmp_path / "pyproject.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    if above:
        (tmp_path / "inner").mkdir()
        monkeypatch.chdir(tmp_path / "inner")
    assert main(RUN) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert says in printed.err.replace("../", "")
    assert ("../pyproject.toml" if above else " pyproject.toml") in printed.err or "(pyproject.toml" in printed.err
    assert not Path("run.json").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--rounds", "5"], 0), (["--rounds", "5", "--strict"], 0), (["--rounds", "2"], 0),
        (["--rounds", "2", "--strict"], 4),
        (["--rounds", "5", "--strict", "-r", "asyncio"], 0),
    ],
)  # fmt: skip
def test_strict_wants_a_verdict_on_every_runner_that_was_measured(
    options: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report comes first."""
    assert main([*RUN, *options]) == code
    assert "Answer for primes" in capsys.readouterr().out


def test_strict_is_not_content_with_an_undecided_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = SimulatedHosts({"sequential": [1.0, 2.0, 1.0, 1.5], "threads": [1.5, 1.0, 2.1]})
    monkeypatch.setattr("concbench.harness.process_hosts.ProcessHosts", lambda _tell: hosts)
    assert main([*RUN, "--rounds", "5", "--strict"]) == 4
    assert main([*RUN, "--rounds", "5", "--force"]) == 0
