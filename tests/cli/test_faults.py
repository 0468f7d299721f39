"""Faults of a task or a user in a run: a typed row, everything else goes on, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from traces import WHERE, alive, left, wait_until

from concbench.results.files import load
from concbench.results.records import Outcome

APP = """
import ctypes, os, subprocess, sys, threading, time
from pathlib import Path

def endless(item):
    while item == 3:
        pass
    return item

def holds_the_gil(item):
    if item == 3:
        Path("holding").write_text("")
        ctypes.PyDLL(None).pause()
    return item

def sleeps(item):
    Path("sleeping").write_text("")
    time.sleep(100)

def short(item):
    time.sleep(0.05)
    return item

def hungry(item):
    kept = []
    while item == 3:
        kept.append(b"x" * 10_000_000)
        time.sleep(0.005)
    return item

def escapes(item):
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    return item

def slow_in_threads(item):
    time.sleep(0.01 if threading.current_thread() is threading.main_thread() else 100)
    return item
"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "app.py").write_text(APP)
    yield tmp_path
    assert left(tmp_path, 2.0) == set()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "concbench", "run", *arguments]


def outcomes(app: Path, *arguments: str) -> dict[str, Outcome]:
    """Run to the end within a time limit; returns the outcome of each cell."""
    done = subprocess.run(
        command(*arguments, "-o", "run.json", "--force", "--no-observe"),
        cwd=app, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, WHERE: str(app)},
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode in {0, 1}, done.stderr
    return {cell.runner: cell.outcome for cell in load(app / "run.json").tables[0].cells}


def started(app: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a run in the background."""
    return subprocess.Popen(
        command(*arguments), cwd=app, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, WHERE: str(app)},
    )  # fmt: skip


def wait_for(file: Path) -> None:
    wait_until(file.exists, file.name)


RUNNERS = ("-r", "sequential", "-r", "thread-pool:2", "-r", "process-pool:2")


@pytest.mark.parametrize("function", ["endless", "holds_the_gil"])
def test_what_never_ends_times_out_under_every_runner(app: Path, function: str) -> None:
    """This holds even in C with the GIL held."""
    seen = outcomes(app, f"app:{function}", "--items", "1..4", "--rounds", "1", "--timeout", "500ms", *RUNNERS)
    assert {(outcome.kind, outcome.cause) for outcome in seen.values()} == {("failed", "timeout")}
    assert all(outcome.reason.startswith("timed out after 0.5 s") for outcome in seen.values())


def test_a_timeout_is_a_bound_where_the_baseline_is_known(app: Path) -> None:
    """The baseline takes about 40 ms."""
    seen = outcomes(
        app, "app:slow_in_threads", "--items", "1..4", "--rounds", "3", "--timeout", "1s", "-r", "sequential",
        "-r", "thread-pool:2",
    )  # fmt: skip
    assert seen["sequential"].kind == "ok"
    assert seen["thread-pool"].reason.startswith("timed out after 1 s: at least ")
    assert seen["thread-pool"].reason.endswith(" times as long as sequential")


def test_unbounded_memory_is_stopped(app: Path) -> None:
    """The row says how much is allowed."""
    seen = outcomes(
        app, "app:hungry", "--items", "1..4", "--rounds", "1", "--memory-limit", "300MB", "--timeout", "20s", *RUNNERS
    )
    assert {outcome.cause for outcome in seen.values()} == {"memory"}
    assert all("0.3 GB is allowed (--memory-limit)" in outcome.reason for outcome in seen.values())


def test_a_child_that_left_its_group_is_found(app: Path) -> None:
    """It is found by its mark; the fixture checks that nothing is left."""
    seen = outcomes(app, "app:escapes", "--items", "1..2", "--rounds", "1", "-r", "sequential", "-r", "process-pool:2")
    assert {outcome.kind for outcome in seen.values()} == {"ok"}


@pytest.mark.parametrize("function", ["sleeps", "holds_the_gil"])
def test_when_the_command_is_killed_everything_goes_within_two_seconds(app: Path, function: str) -> None:
    """The guardian ends everything."""
    run = started(app, f"app:{function}", "--items", "1..4", "-r", "sequential", "-r", "process-pool:2")
    try:
        wait_for(app / ("sleeping" if function == "sleeps" else "holding"))
        assert len(alive(app)) > 2
    finally:
        run.kill()
        run.communicate()
    assert left(app, 2.0) == set()


def test_when_the_command_is_killed_during_the_import_everything_goes_within_two_seconds(
    app: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Children of the module, of interpreters at their start, and the directory of its items are removed."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(
        "import os, time\nif 'CONCBENCH_HOST' in os.environ:\n  os.fork() or time.sleep(1000)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    (app / "slow.py").write_text(
        "import subprocess, time\nfrom pathlib import Path\n"
        "subprocess.Popen(['sleep', '1000'], start_new_session=True)\nPath('importing').write_text('')\n"
        "time.sleep(100)\ndef work(item): ...\n"
    )
    run = started(app, "slow:work", "--items", "1..4", "-r", "sequential")
    try:
        wait_for(app / "importing")
    finally:
        run.kill()
        run.communicate()
    assert left(app, 2.0) == set()
    wait_until(lambda: not list(temporary.iterdir()), "removal of the temporary directory", 2.0)


def test_an_import_that_takes_long_is_said_and_its_limit_can_be_chosen(app: Path) -> None:
    """The exit code is 2: the function cannot be loaded."""
    (app / "slow.py").write_text("import time\ntime.sleep(100)\ndef work(item): ...\n")
    done = subprocess.run(
        command("slow:work", "--items", "1..4", "--import-timeout", "2500ms"), cwd=app, capture_output=True, text=True,
        timeout=60, check=False, env={**os.environ, WHERE: str(app)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "concbench: importing slow and reading the items is taking long; the limit is 2.5 s (--import-timeout)",
        "concbench: importing slow and reading the items took more than 2.5 s; --import-timeout allows more",
    ]


def test_a_second_interruption_does_not_wait(app: Path) -> None:
    """Both interruptions come at once; the guardian does the rest."""
    run = started(app, "app:sleeps", "--items", "1..4", "-r", "sequential")
    wait_for(app / "sleeping")
    for _ in range(2):
        os.kill(run.pid, signal.SIGINT)
        time.sleep(0.005)
    out, err = run.communicate(timeout=30)
    assert run.returncode == 130
    assert b"Traceback" not in out + err
