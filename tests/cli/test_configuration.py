"""Options from pyproject.toml: which take effect, which take precedence, and one line for every mistake."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from concbench import Run, load
from concbench.cli import functions
from concbench.cli.main import main
from concbench.errors import Inapplicable
from concbench.results.records import RunRecord
from concbench.testing import SimulatedHosts

RUN = ["run", "primes", "--limits", "300,200", "-r", "sequential", "-r", "threads", "-o", "run.json"]


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hosts are simulated, and the working directory is empty."""
    hosts = SimulatedHosts(
        {
            "sequential": [1.0, 1.01],
            "threads": [0.5, 0.51],
            "thread-pool:3": [0.6],
            "asyncio:32": [Inapplicable("no coroutine")],
        }
    )
    monkeypatch.setattr("concbench.harness.hosts.launcher.ProcessHosts", lambda _tell: hosts)
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
        ("precision = 0.00001", {"precision": 0.00001}),
        ("timeout = 1e-7", {"timeout": 1e-7}),
    ],
)
def test_what_the_file_says_is_what_the_command_line_would(text: str, expected: dict[str, Any]) -> None:
    """Numbers, texts and switches work, with underscores as well."""
    configured(text)
    (table,) = recorded(RUN).tables
    assert {name: table.options[name] for name in expected} == expected


def test_what_took_effect_is_said_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    """It is one line on standard error, as written in the file."""
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
    """The other option may have come from the file."""
    recorded([*RUN, "--budget", "3s"])
    configured('budget = "2s"')
    capsys.readouterr()
    assert main([*RUN, "--resume", "run.json"]) == 2
    assert capsys.readouterr().err == (
        "concbench: cannot resume that run: budget of primes was 3s and is now 2s (budget from pyproject.toml)\n"
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
        ("why = true", ["--no-observe"], {"observe": False}, []),
        ("no-observe = true", ["--why"], {"observe": True}, []),
    ],
)
def test_the_command_line_wins(
    text: str, given: list[str], expected: dict[str, Any], absent: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It wins over the same option, and over an option that excludes it."""
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
    """A project has one file for everything that it measures."""
    configured(text)
    assert recorded(RUN).configured == {}


def test_each_command_takes_what_it_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that only run has is not a mistake under advise."""
    (tmp_path / "app.py").write_text("def double(item):\n    return 2 * item\n")
    configured('rounds = 4\nwhy = true\nrunner = "threads"\nseed = 5\nlimit = 3\nitems = "1..9"')
    assert main(["advise", "app:double", "--no-check", "-o", "run.json", "--timeout", "0"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("concbench: --timeout must be more than 0 seconds")
    assert said.endswith("not 0 seconds\n")
    configured('timeout = 0\nseed = 5\nitems = "1..9"')
    capsys.readouterr()
    assert main(["advise", "app:double", "--no-check", "-o", "run.json"]) == 2
    assert capsys.readouterr().err == (
        "concbench: --timeout must be more than 0 seconds, not 0 seconds (timeout from pyproject.toml)\n"
    )


def test_without_a_command_a_configured_budget_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """The default of eight seconds only holds if nothing else is given."""
    for text, expected in (("", 8.0), ('budget = "2s"', 2.0), ("rounds = 3", None)):
        configured(f'{text}\nlimits = "30,20"\nimages = 1\nrunner = ["sequential", "threads"]')
        record = recorded(["-o", "run.json", "--force"])
        assert [table.options.get("budget") for table in record.tables] == [expected, expected]


def test_the_nearest_file_counts_and_hides_those_above(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It does so even if it has no options; the path is relative."""
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
        ("[tool.concbench]\nbudget = true", "pyproject.toml: budget must be a string or a number, not true"),
        ("[tool.concbench]\nbudget = [1, 2]", "pyproject.toml: budget must be a string or a number, not [1, 2]"),
        ("[tool.concbench]\nbudget = 2020-01-01", "pyproject.toml: budget must be"),
        ("[tool.concbench]\nbudget = 'soon'", "pyproject.toml: budget: 'soon' is not a time such as 20ms"),
        ("[tool.concbench]\nbudget = nan", "pyproject.toml: budget: 'nan' is not a time"),
        ("[tool.concbench]\nwarm = 'yes'", "pyproject.toml: warm must be true or false, not 'yes'"),
        ("[tool.concbench]\nwarm = 1", "pyproject.toml: warm must be true or false, not 1"),
        ("[tool.concbench]\nbaseline = 5", "pyproject.toml: baseline must be a string, not 5"),
        ("[tool.concbench]\nrunner = 3", "pyproject.toml: runner must be a list or a string, not 3"),
        ("[tool.concbench]\nbudget = {a = 1, b = ['x']}", "must be a string or a number, not {a = 1, b = ['x']}"),
        ("[tool.concbench]\nforce = true", "pyproject.toml: force is for a single run: leave it out, and"),
        ("[tool.concbench]\nresume = 'run.json'", "pyproject.toml: resume is for a single run"),
        ("[tool.concbench]\noutput = 'run.json'", "pyproject.toml: output is for a single run"),
        ("[tool.concbench]\nsplit = 'files'", "pyproject.toml: split is for a single run"),
        ("[tool.concbench]\nsummary = 'run.md'", "pyproject.toml: summary is for a single run"),
        ("[tool.concbench]\nmax-rounds = 2.5", "pyproject.toml: max-rounds: '2.5' is not a whole number"),
        ("[tool.concbench]\nworkers = [2, true]", "pyproject.toml: workers must be a list, a string or a number"),
        ("[tool.concbench]\nalgorithm = 'magic'", "algorithm of primes: 'magic' is not"),
        ("[tool.concbench]\nmax-rounds = 9\nmax_rounds = 9", "max_rounds is given twice"),
        ("[tool.concbench]\nmax-rounds = 2", "an interval needs (max-rounds from pyproject.toml)"),
        ("[tool.concbench]\nrounds = 5\nbudget = 5", "leave out one of them (rounds, budget from pyproject.toml)"),
        ("[tool.concbench]\nbaseline = 'thread-pool:9'", "not among the runners"),
        ("[tool]\nconcbench = 3", "pyproject.toml: tool.concbench must be a table"),
        ("[tool.concbench\nbudget = 2", "pyproject.toml is not TOML"),
        ("[tool.concbench]\nbudget = \nwarm = true", "(at line 2, column 10)"),
        (b"\xff\xfe", "pyproject.toml is not UTF-8 text"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("above", [False, True])
def test_what_is_wrong_is_one_line_and_exit_code_2(
    content: str | bytes, says: str, above: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The line names the file; nothing has run or been written."""
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
    monkeypatch.setattr("concbench.harness.hosts.launcher.ProcessHosts", lambda _tell: hosts)
    assert main([*RUN, "--rounds", "5", "--strict"]) == 4
    assert main([*RUN, "--rounds", "5", "--force"]) == 0


@pytest.mark.parametrize(("threads", "fastest"), [([1.1, 1.0, 1.05], 0.01), ([1.05, 1.15, 1.07], 0.6)])
def test_strict_needs_no_verdict_on_a_runner_that_is_far_behind_or_close(
    threads: list[float], fastest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = {"sequential": [1.0, 1.1], "threads": threads, "thread-pool:2": [fastest]}
    monkeypatch.setattr("concbench.harness.hosts.launcher.ProcessHosts", lambda _tell: SimulatedHosts(times))
    assert main([*RUN, "-r", "thread-pool:2", "--strict"]) == 0
    verdicts = {cell.label: cell.verdict for cell in load("run.json")[0]}
    assert verdicts == {"sequential": "", "threads": "undecided", "thread-pool:2": "faster"}


def test_an_option_that_puts_off_what_is_on_is_said_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    configured("no-observe = true\nstrict = false")
    record = recorded([*RUN, "--rounds", "3"])
    assert capsys.readouterr().err == "concbench: no-observe from pyproject.toml\n"
    assert record.configured == {"file": "pyproject.toml", "options": {"no-observe": True}}


@pytest.mark.parametrize(
    ("text", "given", "printed", "said"),
    [
        ('format = "markdown"', ["--why"], ("markdown", True, "auto"), "format markdown"),
        ("why = true", ["--format", "markdown"], ("markdown", True, "auto"), "why"),
        ('format = "csv"', ["--why"], ("text", True, "auto"), ""),
        ("why = true", ["--format", "csv"], ("csv", False, "auto"), ""),
        ("why = true", ["--json"], ("json", False, "auto"), ""),
        ('format = "csv"', ["--json"], ("json", False, "auto"), ""),
        ("json = true", ["--format", "csv"], ("csv", False, "auto"), ""),
        ("json = true", ["--why"], ("text", True, "auto"), ""),
        ('color = "always"', [], ("text", False, "always"), "color always"),
        ('color = "always"', ["--color", "auto"], ("text", False, "auto"), ""),
        ('color = "always"', ["--color", "never"], ("text", False, "never"), ""),
    ],
)
def test_what_is_printed_is_chosen_in_the_file_or_on_the_command_line(
    text: str, given: list[str], printed: tuple[str, bool, str], said: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Options that belong together are taken together."""
    shown = []
    monkeypatch.setattr(
        "concbench.cli.run.present", lambda document, form, color: shown.append((form, document.explains, color))
    )
    configured(text)
    assert main([*RUN, *given]) == 0
    assert shown == [printed]
    plain = re.sub("\x1b\\[[0-9;?]*[A-Za-z]|[\r\n]", "", capsys.readouterr().err)
    assert plain.endswith(f"concbench: {said} from pyproject.toml") if said else "pyproject" not in plain


def test_advise_prints_as_json_whatever_format_the_file_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured('format = "csv"\ntimeout = 0')
    assert main(["advise", "app:double", "--json"]) == 2
    assert "--timeout must be" in capsys.readouterr().err


def test_a_setting_that_is_written_wins_over_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    """It is neither refused nor announced."""
    configured('limits = "30,20"\nsize = "full"\nalgorithm = "sieve"')
    record = recorded(["run", "primes:limits=300", *RUN[4:]])
    assert record.tables[0].settings == {"limits": [300], "algorithm": "sieve"}
    assert record.configured["options"] == {"algorithm": "sieve"}
    assert capsys.readouterr().err == "concbench: algorithm sieve from pyproject.toml\n"


def test_a_check_of_the_file_gives_way_to_no_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text("def double(item):\n    return 2 * item\n")
    configured('check = "w:same"\nitems = "1..3"\ntimeout = 0')
    assert main(["run", "app:double", "--no-check"]) == 2
    said = capsys.readouterr().err
    assert "--timeout must be more" in said
    assert "exclude" not in said


def test_a_file_that_an_option_names_is_not_read_for_what_does_not_need_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The key is named if the file is missing."""
    configured('urls = "missing.txt"')
    assert recorded(RUN).configured == {}
    assert main(["run", "download"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("concbench: cannot read the URL file missing.txt: ")
    assert said.endswith("(urls from pyproject.toml)\n")


def test_paths_are_relative_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The directory in which the command starts does not matter; a value that names no file is unchanged."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "app.py").write_text("def double(item):\n    return 2 * len(item)\n")
    (tmp_path / "items.txt").write_text("a\nb\n")
    (tmp_path / "urls.txt").write_text("http://127.0.0.1/a\n")
    configured('items = "items.txt"\nurls = "urls.txt"\nkeep = "images"\nrunner = ["sequential", "threads"]')
    monkeypatch.chdir(tmp_path / "inner")
    assert recorded(["run", "../app.py:double", "-o", "run.json"]).tables[0].tasks == 2
    settings = recorded(["run", "download", "-o", "run.json", "--force"]).tables[0].settings
    assert settings["urls"] == ["http://127.0.0.1/a"]
    for text in ("-", "1..9", "app:items", "app.py:items", "/data.txt", "items.txt"):
        moved = functions.declarations()["items"].kind.relocate
        assert moved is not None
        where = {"app.py:items": "../app.py:items", "items.txt": "../items.txt"}.get(text, text)
        assert moved(text, "..") == where


@pytest.mark.parametrize("arguments", [["run", "slep"], ["run", "app:double", "--items", "nowhere.txt"]])
def test_what_is_not_about_the_file_does_not_name_it(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text("def double(item):\n    return 2 * item\n")
    configured('budget = "2s"\nwarm = true')
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "pyproject" not in said


def test_only_the_program_itself_says_that_no_command_was_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "primes", "--alone"]) == 2
    assert "run has no option --alone" in capsys.readouterr().err
