"""`concbench run --require`: the report, then the missed requirements, then the exit code. Without a clock."""

from pathlib import Path

import pytest

from concbench.cli.main import main
from concbench.exit_codes import FAILED, MISSED, OK, UNDECIDED, USAGE
from concbench.results.files import load
from concbench.testing import SimulatedHosts

RUN = ["run", "primes", "--limits", "10,20", "-r", "sequential", "-r", "thread-pool:2", "-r", "asyncio:2"]


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Simulated hosts: one pool is twice as fast, and one of coroutines is so at times."""
    seconds = {"sequential": [1.0], "thread-pool:2": [0.5], "asyncio:2": [0.5, 0.9]}
    monkeypatch.setattr("concbench.harness.hosts.launcher.ProcessHosts", lambda _: SimulatedHosts(seconds))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("requirements", "options", "code"),
    [
        (["thread-pool:2 >= 1.5x"], [], OK),
        (["thread-pool:2 >= 3x"], [], MISSED),
        (["thread-pool:2 >= 1.5x", "thread-pool:2 <= 1.9x"], [], MISSED),
        (["memory thread-pool:2 <= 1MB"], [], OK),
        (["memory thread-pool:2 <= 1MB"], ["--strict"], UNDECIDED),
        (["thread-pool:2 >= 1.5x"], ["--strict"], OK),
        (["thread-pool:2 >= 3x", "memory thread-pool:2 <= 1MB"], ["--strict"], MISSED),
    ],
)
def test_the_exit_code_says_what_became_of_the_requirements(
    requirements: list[str], options: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Undecided only counts with --strict; every requirement is in the report, unmet ones also on standard error."""
    asked = [part for text in requirements for part in ("--require", text)]
    assert main([*RUN, *asked, *options]) == code
    printed = capsys.readouterr()
    report = " ".join(printed.out.split())
    for text in requirements:
        assert f"Required: {text}" in report
        assert (f"concbench: primes: {text}:" in printed.err) == (f"{text}: passed" not in report)


def test_a_runner_that_failed_misses_what_is_required_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is that of a failure, and the requirement says why."""
    seconds: dict[str, list[float | Exception]]
    seconds = {"sequential": [1.0], "thread-pool:2": [ValueError("no such thing")], "asyncio:2": [0.5]}
    monkeypatch.setattr("concbench.harness.hosts.launcher.ProcessHosts", lambda _: SimulatedHosts(seconds))
    assert main([*RUN, "--require", "thread-pool:2 >= 1.5x"]) == FAILED
    assert "thread-pool:2 >= 1.5x: failed. thread-pool(2) failed: no such thing." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        (["fast"], "cannot read the requirement 'fast'"),
        (["threads >= 2x"], "is not among the runners"),
        (["thread-pool:2 >= 2x", "thread-pool:2 <= 1x"], "contradict each other"),
        (["thread-pool:2 >= 2x", "--precision", "5%"], "leave out precision"),
    ],
)
def test_what_cannot_be_required_is_refused_before_anything_runs(
    requirements: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """There is one line, and no file."""
    texts = [text for text in requirements if not text.startswith("-") and text != "5%"]
    options = [text for text in requirements if text not in texts]
    asked = [part for text in texts for part in ("--require", text)]
    assert main([*RUN, *asked, *options, "-o", "out.json"]) == USAGE
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert said in printed.err
    assert list(tmp_path.iterdir()) == []


def test_the_results_file_has_what_was_measured_and_no_judgement(tmp_path: Path) -> None:
    """It can be resumed and judged again; there are up to 100 rounds unless another number is given."""
    main([*RUN, "--require", "thread-pool:2 >= 3x", "-o", "out.json"])
    table = load(tmp_path / "out.json").tables[0]
    assert [note for note in table.notes if "Required" in note] == []
    assert table.options["max_rounds"] == 100


def test_the_summary_says_what_became_of_the_requirements() -> None:
    """The reason is given; a requirement that holds is listed, too."""
    requirements = ["--require", "thread-pool:2 >= 3x", "--require", "thread-pool:2 >= 1.5x"]
    assert main([*RUN, *requirements, "--summary", "step.md"]) == MISSED
    lines = Path("step.md").read_text("utf-8").splitlines()
    begins = lines.index("### Required")
    assert lines[begins + 2].startswith("- primes: thread-pool:2 \\>= 3x: failed, 2.00x ")
    assert lines[begins + 3].startswith("- primes: thread-pool:2 \\>= 1.5x: passed, 2.00x ")


def test_requirements_may_stand_in_the_file_of_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are a list of texts; those of the command line take precedence."""
    (tmp_path / "pyproject.toml").write_text('[tool.concbench]\nrequire = ["thread-pool:2 >= 3x"]\n', encoding="utf-8")
    assert main(RUN) == MISSED
    assert main([*RUN, "--require", "thread-pool:2 >= 1.5x"]) == OK
    capsys.readouterr()
