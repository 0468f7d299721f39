"""Output to files that are full, closed, gone, read-only or not files: a sentence and no traceback."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from traces import wait_until

from concbench.cli.main import main
from concbench.errors import BadOutput
from concbench.results.files import discard_pending, load, reserve, write

QUICK = ("run", "primes", "--limits", "300,200", "-r", "sequential", "-r", "thread-pool:2", "--rounds", "1")
APP = """
import os, shutil
from pathlib import Path

def removes_the_directory(item):
    shutil.rmtree("there", ignore_errors=True)
    return item

def lazy(item):
    return (number for number in range(item))

def protects_the_file(item):
    if Path("run.json").exists():
        Path("run.json").chmod(0o444)
    return item
"""
HOMELESS = (
    "import os, pwd; pwd.getpwuid = {}.__getitem__; os.environ.pop('HOME', 0); os.environ.pop('XDG_CACHE_HOME', 0)"
)


def run(
    *arguments: str, cwd: Path, stdout: int | None = subprocess.PIPE, limit: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Bytecode caches are off: Python writes them cut short if files may not be large."""
    return subprocess.run(
        [sys.executable, "-m", "concbench", *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60,
        check=False, cwd=cwd, preexec_fn=limit, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


def no_space() -> None:
    """Simulate full disks: a file may have only a few bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The last line on standard error."""
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def test_on_a_full_disk_the_run_goes_on(tmp_path: Path) -> None:
    """The table is printed, the error is the last line, and nothing is left; a full cache is not reported."""
    done = run(*QUICK, "-o", "run.json", cwd=tmp_path, limit=no_space)
    assert done.returncode == 1
    assert "Answer for primes" in done.stdout
    assert said(done) == "concbench: cannot write run.json: File too large"
    assert list(tmp_path.iterdir()) == []


def no_space_at_all() -> None:
    """Simulate disks on which not even temporary files can be written."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def test_a_measuring_process_that_cannot_be_started_is_a_row(tmp_path: Path) -> None:
    """The row has the reason; nothing else is tried with it."""
    done = run(*QUICK, cwd=tmp_path, limit=no_space_at_all)
    assert done.returncode == 1
    assert ": the measuring process could not be started: File too large" in " ".join(done.stdout.split())
    assert done.stderr == ""


def test_work_that_cannot_be_prepared_is_a_sentence(tmp_path: Path) -> None:
    """There is no room for its items."""
    (tmp_path / "items.txt").write_text("a line\n" * 100)
    (tmp_path / "app.py").write_text("def work(item): return item\n")
    done = run("run", "app:work", "--items", "items.txt", cwd=tmp_path, limit=no_space_at_all)
    assert done.returncode == 2
    assert said(done).startswith("concbench: the items cannot be written to ")
    assert said(done).endswith("the directory for temporary files: File too large")


def test_where_only_the_cache_cannot_be_written_nothing_is_said(tmp_path: Path) -> None:
    """The cache is full, or a file takes the place of its directory."""
    done = run(*QUICK, cwd=tmp_path, limit=no_space)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "file").write_text("")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path / "file")  # the fixture own_cache puts it back
    done = run(*QUICK, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_directory_that_goes_during_the_run_is_said_at_its_end(app: Path) -> None:
    """The table is printed."""
    (app / "there").mkdir()
    done = run("run", "app:removes_the_directory", "--items", "1..2", "-r", "sequential", "--rounds", "1", "-o",
               "there/run.json", cwd=app)  # fmt: skip
    assert done.returncode == 1
    assert "Answer for app" in done.stdout
    assert said(done) == "concbench: cannot write there/run.json: the directory there does not exist"


def test_a_file_that_becomes_read_only_during_the_run_is_left_alone(app: Path) -> None:
    """It holds the earlier rounds."""
    done = run("run", "app:protects_the_file", "--items", "1..2", "-r", "sequential", "--rounds", "1", "-o", "run.json",
               cwd=app)  # fmt: skip
    assert done.returncode == 1
    assert "Answer for app" in done.stdout
    assert said(done) == "concbench: run.json is read-only; make it writable, or name another"
    assert load(app / "run.json").tables[0].cells[0].samples


@pytest.mark.parametrize(("name", "says"), [("pipe", "a pipe or a socket"), ("protected", "is read-only")])
def test_what_must_not_be_replaced_is_refused_before_anything_runs(name: str, says: str, tmp_path: Path) -> None:
    """This holds even with --force."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "protected").write_text("precious")
    (tmp_path / "protected").chmod(0o444)
    done = run(*QUICK, "-o", name, "--force", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in said(done)
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "protected").read_text() == "precious"


def test_a_trace_that_cannot_be_written_is_said_after_the_table(tmp_path: Path) -> None:
    """The exit code is 1."""
    run(*QUICK, cwd=tmp_path)
    done = run("show", "--trace", "trace.json", cwd=tmp_path, limit=no_space)
    assert done.returncode == 1
    assert "Answer for primes" in done.stdout
    assert said(done) == "concbench: cannot write trace.json: File too large"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [QUICK, (*QUICK, "--json"), ("list",), ("--help",), ("--version",), ("serve",)])
def test_a_full_standard_output_is_a_sentence(
    arguments: tuple[str, ...], unbuffered: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 1, with and without unbuffered output (python -u)."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path("/dev/full").open("w") as full:
        done = run(*arguments, cwd=tmp_path, stdout=full.fileno())
    assert done.returncode == 1
    assert said(done) == "concbench: cannot write to standard output: No space left on device"


def test_what_could_not_be_written_is_said_though_nothing_could_be_printed(tmp_path: Path) -> None:
    """Both sentences are printed."""
    with Path("/dev/full").open("w") as full:
        done = run(*QUICK, "-o", "run.json", cwd=tmp_path, stdout=full.fileno(), limit=no_space)
    assert done.returncode == 1
    assert "cannot write run.json" in done.stderr
    assert "cannot write to standard output" in done.stderr


@pytest.mark.parametrize("arguments", [QUICK, ("list",), ("show",)])
def test_a_standard_output_that_is_closed_is_said_before_anything_runs(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """The exit code is 1."""
    done = run(*arguments, cwd=tmp_path, stdout=None, limit=lambda: os.close(1))
    assert done.returncode == 1
    assert said(done) == "concbench: standard output is closed; send it to a file, or to /dev/null"


def test_without_standard_error_and_input_a_run_is_as_ever(tmp_path: Path) -> None:
    """Their descriptors are not used for our files."""

    def close_both() -> None:
        os.close(0)
        os.close(2)

    done = subprocess.run(
        [sys.executable, "-m", "concbench", *QUICK, "-o", "run.json"], stdout=subprocess.PIPE, text=True, timeout=60,
        check=False, cwd=tmp_path, preexec_fn=close_both, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0
    assert "Answer for primes" in done.stdout
    assert load(tmp_path / "run.json").tables


@pytest.mark.parametrize("arguments", [QUICK, (*QUICK, "--json"), ("list",), ("--help",)])
def test_a_reader_that_has_seen_enough_is_no_fault(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """No message is printed."""
    reading, writing = os.pipe()
    os.close(reading)
    done = run(*arguments, cwd=tmp_path, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_who_has_no_home_can_measure(tmp_path: Path) -> None:
    """There is no last run to show then, and a message says so."""
    code = f"{HOMELESS}; import sys; from concbench.cli.main import main; sys.exit(main())"
    for arguments, expected in ((QUICK, 0), (("show",), 2)):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False,
            cwd=tmp_path, env=os.environ,
        )  # fmt: skip
        assert done.returncode == expected, done.stderr
        assert "Traceback" not in done.stderr
    assert "there is no home directory" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_of_two_runs_at_once_only_one_gets_a_new_file(tmp_path: Path) -> None:
    """The second one is refused before anything has run."""
    (tmp_path / "app.py").write_text("import time\n\ndef work(item):\n    time.sleep(0.3)\n")
    arguments = ("run", "app:work", "--items", "1..2", "-r", "sequential", "--rounds", "1", "-o", "run.json")
    command = [sys.executable, "-m", "concbench", *arguments]
    first = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: list(tmp_path.glob(".concbench-*")), "file that holds the name")
        second = run(*arguments, cwd=tmp_path)
    finally:
        first.wait(60)
    assert (second.returncode, second.stdout) == (2, "")
    assert said(second) == "concbench: run.json is being written by another run; name another file"
    assert first.returncode == 0
    assert load(tmp_path / "run.json").tables[0].cells[0].samples
    assert list(tmp_path.glob(".*")) == []


def test_a_name_is_held_until_it_is_written_or_discarded(tmp_path: Path) -> None:
    """A name that a killed run has left is free."""
    with pytest.raises(BadOutput, match="exists; --force"):
        reserve(__file__)
    for end in (discard_pending, lambda: write("{}", "run.json")):
        with contextlib.chdir(tmp_path):
            reserve("run.json")
            (held,) = tmp_path.iterdir()
            end()
            assert held not in tmp_path.iterdir()
            held.write_text("")
    with contextlib.chdir(tmp_path), pytest.raises(BadOutput, match="exists; --force"):
        reserve("run.json")
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_command_that_is_refused_holds_no_name(app: Path) -> None:
    """This holds even if the mistake is found after the name was reserved."""
    command = ("run", "app:lazy", "--items", "1..2", "-o", "run.json", "-r", "sequential")
    assert run(*command, cwd=app).returncode == 2
    assert [path for path in app.iterdir() if "run.json" in path.name or path.name.startswith(".")] == []


@pytest.mark.parametrize("option", ["--output", "--runner", "--resume", "--seed"])
def test_an_empty_text_is_no_value_of_an_option(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It would count as an option that is not given."""
    assert main(["run", "primes", f"{option}="]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_run_goes_on_where_nothing_can_be_said(app: Path) -> None:
    """Standard error is full or closed; the table is on standard output."""
    options = "--items 1..2 -r sequential --rounds 1"
    for target in ("2>/dev/full", "2>&-"):
        command = f"{sys.executable} -m concbench run app:removes_the_directory {options} {target}"
        done = subprocess.run(
            ["sh", "-c", command], cwd=app, stdout=subprocess.PIPE, text=True, timeout=60, check=False
        )
        assert done.returncode == 0
        assert "Answer for app" in done.stdout
