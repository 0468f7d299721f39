"""A repository with a change that breaks scaling, and one with a harmless change: the outcome of a gate in CI."""

import shutil
from pathlib import Path

import pytest
from small_suites import Suite

from concbench.cli.main import main
from concbench.exit_codes import MISSED

APP = '''
import threading
import time

everything = threading.Lock()

def parse(number):
    """Wait for something, as for a file or another machine."""
    time.sleep(0.005)
    return number
'''
LOCKED = APP.replace("    time.sleep(0.005)\n", "    with everything:\n        time.sleep(0.005)\n")
HARMLESS = APP.replace("return number", "return number + 0")
TEST = """
import app

def test_parse_scales(concbench):
    scaling = concbench(app.parse, items=range(8), runners=["sequential", "thread-pool:2"], budget="30s")
    scaling.require("thread-pool:2", at_least=1.4)
"""


class Idle:
    """A watch that sees no other programs: those beside the tests do not disturb these."""

    def cores(self) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def on_an_idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concbench.harness.hosts.launcher.LoadWatch", Idle)


def changed(pytester: pytest.Pytester, source: str) -> None:
    """The repository after a change."""
    pytester.makepyfile(app=source)
    shutil.rmtree("__pycache__", ignore_errors=True)


@pytest.mark.measured
def test_a_lock_around_everything_fails_the_gate_and_a_harmless_change_passes(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    """The message names what the workers waited for."""
    changed(pytester, LOCKED)
    result = suite(TEST, "--concbench-only")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *AssertionError: app:parse: thread-pool:2 >= 1.4x: failed, *", "E *contention*a lock*"]
    )
    changed(pytester, HARMLESS)
    suite(TEST, "--concbench-only").assert_outcomes(passed=1)


@pytest.mark.measured
def test_the_same_gate_without_pytest(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    """The report comes first, then the missed requirements and their reasons."""
    changed(pytester, LOCKED)
    where = f"{Path('app.py').absolute()}:parse"
    runners = ["-r", "sequential", "-r", "thread-pool:2"]
    code = main(["run", where, "--items", "0..7", *runners, "--require", "thread-pool:2 >= 1.4x", "--budget", "30s"])
    printed = capsys.readouterr()
    assert code == MISSED
    assert "thread-pool:2 >= 1.4x: failed" in " ".join(printed.out.split())
    assert "a lock" in printed.err.splitlines()[-1]


@pytest.mark.parametrize("mode", ["append", "importlib"])
def test_functions_of_test_modules_are_found_under_every_import_mode(
    pytester: pytest.Pytester, suite: Suite, mode: str
) -> None:
    """This includes modules that are on no import path, for other processes; this one's import path is unchanged."""
    del suite  # it isolates
    pytester.mkdir("deep").joinpath("test_it.py").write_text(
        "def double(number):\n    return 2 * number\n\n"
        "def test_it(concbench):\n"
        "    scaling = concbench(double, items=[1, 2], runners=['sequential', 'thread-pool:2'])\n"
        "    scaling.require_equal_results()\n",
        encoding="utf-8",
    )
    result = pytester.runpytest_inprocess("-p", "concbench.pytest_plugin", f"--import-mode={mode}", "deep")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["deep/test_it.py::test_it: equal results: passed"])
