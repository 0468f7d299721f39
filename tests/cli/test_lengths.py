"""`--quiet` and `--details`: how much is printed, and where they are refused. Without a clock."""

from pathlib import Path

import pytest

from concbench import load
from concbench.cli.main import main
from concbench.report.terminal import plain
from concbench.testing import SimulatedHosts

RUN = ["run", "primes", "--limits", "300,200", "-r", "sequential", "-r", "threads", "--rounds", "4"]
APP = "def double(item):\n    return 2 * item\n"


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Simulated hosts, for run and for advise; the working directory is empty but for a module."""

    def seconds(label: str, number: int) -> float:
        return (1.0 if label == "sequential" else 0.5) * (1 + number % 3 / 100)

    monkeypatch.setattr("concbench.harness.hosts.launcher.ProcessHosts", lambda *_: SimulatedHosts(seconds))
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(APP)


def printed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_the_answer_alone_is_a_line_for_each_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Each names its workload; nothing else is printed."""
    for option in ("-q", "--quiet"):
        text = printed([*RUN, option], capsys)
        assert text.startswith("primes: threads was fastest: 2.00x [")
        assert len(text.splitlines()) == 1
    assert printed(["show", "--quiet"], capsys) == text


def test_details_have_what_the_brief_text_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    """The costs, how to read the figures, and all findings are there for show, too."""
    brief, details = printed(RUN, capsys), printed([*RUN, "--details"], capsys)
    assert printed(["show", "--details"], capsys) == details
    for part in ("workers", "Results were checked", "simultaneous 95 % confidence"):
        assert part not in " ".join(brief.split()).partition("More:")[0]
        assert part in " ".join(details.split())
    assert "More: --details, --why, or 'concbench help reading'.\n" in brief
    assert "More:" not in details


def test_a_text_file_has_the_same_lengths(capsys: pytest.CaptureFixture[str]) -> None:
    """The file is as Python writes it."""
    printed([*RUN, "-o", "run.json"], capsys)
    run = load("run.json")
    brief, details = run.to("text"), run.to("text", details=True)
    expected = {"--details": details, "--quiet": "primes: threads was fastest"}
    for option, text in expected.items():
        assert main(["show", "run.json", "-o", f"{option.strip('-')}.txt", option]) == 0
        assert Path(f"{option.strip('-')}.txt").read_text("utf-8").startswith(text)
    assert main(["show", "run.json", "-o", "brief.txt"]) == 0
    assert Path("brief.txt").read_text("utf-8") == f"{brief}\n"


def test_a_page_does_not_keep_the_answer_from_being_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a length, show writes the page alone; the page is the same for all lengths."""
    printed(RUN, capsys)
    assert printed(["show", "--html", "one.html"], capsys) == ""
    assert printed(["show", "--html", "two.html", "-q"], capsys).startswith("primes: threads was fastest")
    assert Path("one.html").read_text("utf-8") == Path("two.html").read_text("utf-8")


def test_lines_are_ascii_where_standard_output_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sign is replaced by a question mark."""
    with (tmp_path / "printed").open("w", encoding="ascii") as output, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", output)
        assert main(RUN) == 0
    text = (tmp_path / "printed").read_text("ascii")
    assert "?" not in text
    assert plain(load(_last_run()).document(), encoding="ascii") == text.rstrip("\n")


def _last_run() -> Path:
    from concbench.cli.cache import last_run

    return last_run()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([*RUN, "-q", "--details"], "--quiet prints the answer alone; leave out one of --quiet and --details"),
        ([*RUN, "-q", "--why"], "leave out one of --quiet and --why"),
        (["show", "-q", "--env"], "leave out one of --quiet and --env"),
        ([*RUN, "-q", "--json"], "--quiet needs text, and json is always complete; leave out one"),
        ([*RUN, "--details", "--format", "markdown"], "--details needs text, and markdown is always complete"),
        (["show", "--details", "--format", "csv"], "--details needs text, and csv is always complete"),
        (["show", "--quiet", "-o", "run.md"], "--quiet needs text, and markdown is always complete"),
        (["advise", "app:double", "--items", "1..9", "-q", "--json"], "--quiet needs text, and json is always"),
        (["advise", "app:double", "--items", "1..9", "-q", "--details"], "leave out one of --quiet and --details"),
    ],
)
def test_what_cannot_be_shortened_or_detailed_is_refused_before_anything_runs(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is one line, and exit code 2."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert says in said.err
    assert [file.name for file in Path().iterdir()] == ["app.py"]


@pytest.mark.parametrize(
    ("text", "given", "says"),
    [
        ("details = true", [], "Results were checked"),
        ("details = true", ["-q"], "primes: threads was fastest"),
        ("quiet = true", ["--details"], "Results were checked"),
        ("quiet = true", ["--why"], "Where the workers' time went"),
        ("why = true", ["-q"], "primes: threads was fastest"),
        ("quiet = true", ["--format", "csv"], "table,workload"),
        ("details = true", ["--json"], '"format"'),
        ('format = "markdown"', ["--details"], "[low, high]: simultaneous"),
    ],
)
def test_a_length_in_the_file_gives_way_to_the_command_line(
    text: str, given: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does so for the other length, and for a format that has none."""
    Path("pyproject.toml").write_text(f"[tool.concbench]\n{text}\n")
    assert says in " ".join(printed([*RUN, *given], capsys).split())


def test_variables_of_the_environment_are_no_reason_to_refuse_a_format(capsys: pytest.CaptureFixture[str]) -> None:
    """The option --env of run is not that of show."""
    assert printed([*RUN, "--env", "MODE=1,2", "--format", "csv"], capsys).startswith("table,")
