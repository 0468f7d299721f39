"""`concbench advise`: from a function and items to one line of advice, and code that runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from concbench.cli.main import main
from concbench.results.files import load

APP = """
import os, threading, time

def wait(item):
    time.sleep(0.01)
    return item

def quick(item):
    return item + 1

def fail(item):
    raise ValueError("always")

def refuse():
    raise OSError("closed")

def tire(item):
    with open("calls", "a") as calls:
        calls.write("x")
    if os.path.getsize("calls") > 300 and threading.current_thread() is threading.main_thread():
        raise ValueError("tired")
    return item

def compute(item):
    return sum(range(20_000))
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(100)\ndef work(item): ...\n")
    return tmp_path


def advise(app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "concbench", "advise", *arguments],
        capture_output=True, text=True, timeout=100, check=False, cwd=app, env=os.environ,
    )  # fmt: skip


@pytest.mark.measured
def test_work_that_waits_is_advised_threads_and_the_code_runs(app: Path) -> None:
    """The advice is the last line, and the pasted lines do the work."""
    done = advise(app, "app:wait", "--items", "1..24", "--budget", "7s", "-o", "run.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().rpartition("\nAdvice: ")[2].startswith("thread")
    assert load(app / "run.json").tables[0].tasks == 24
    code = re.split("\n\n(?:Warning|Advice): ", done.stdout.partition("Code to paste\n")[2])[0]
    ran = subprocess.run([sys.executable, "-c", f"{code}\nprint(results)"], cwd=app, capture_output=True, text=True,
                         check=True)  # fmt: skip
    assert ran.stdout.strip() == str(list(range(1, 25)))


@pytest.mark.measured
def test_tiny_tasks_are_left_as_they_are(app: Path) -> None:
    """The output is JSON, for programs."""
    done = advise(app, "app:quick", "--items", "1..3000", "--budget", "5s", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)["recommendation"]
    assert answer["runner"] == "sequential"
    assert answer["reasons"]
    assert "for item in" in answer["snippet"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["app:fail", "--items", "1..3"], "app:fail fails under sequential: ValueError: always; raised"),
        (["app:fail", "--items", "1..3"], "; --tolerate counts exceptions as results"),
        (["app:quick", "--initializer", "app:refuse", "--items", "1..3"], "app:refuse raised OSError: closed\n"),
        (["app:wait"], "--items"),
        (["download"], "module:function"),
        (["app:wait", "--items", "1..3", "--budget", "0"], "budget"),
        (["slow:work", "--items", "1..3", "--budget", "1s"], "took more than 0.6 s; --budget allows more"),
        (["app:wait", "--items", "1..3", "--max-rounds", "2"], "max-rounds"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    app: Path, arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No file is written."""
    monkeypatch.chdir(app)
    assert main(["advise", *arguments, "-o", "run.json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert says in printed.err
    assert printed.err.startswith("concbench: ")
    assert not (app / "run.json").exists()


def test_a_baseline_that_fails_in_the_race_is_exit_code_1(app: Path) -> None:
    """There is nothing to compare with."""
    done = advise(app, "app:tire", "--items", "1..20", "--budget", "10s")
    assert done.returncode == 1, done.stderr
    assert "parallelise" not in done.stdout
    assert "No answer: " in done.stdout
    assert "ValueError: tired" in " ".join(done.stdout.split())


def test_calls_are_announced_as_they_are_made(app: Path) -> None:
    """Both looks are announced, with as many calls at once as the race may need; the advice has what was ruled out."""
    quick = ("app:compute", "--items", "1..30", "--budget", "10s", "--max-rounds", "3")
    done = advise(app, *quick)
    assert "app:compute is first called up to 155 times" in done.stderr
    assert "up to 30 at once" in done.stderr
    done = advise(app, *quick, "--max-workers", "1")
    assert "up to 1 at once" in done.stderr
    assert done.returncode == 0
    last = " ".join(done.stdout.rpartition("\nAdvice: ")[2].split())
    assert last.startswith("Nothing but sequential was measured; thread-pool")
    assert last.endswith("(calls at once are limited to 1; --max-workers allows more).")
