"""Ctrl-C, SIGTERM and SIGHUP in every phase of a run: at once, the table printed, the file whole, nothing left behind.

The phases, the interruptions and the checks are in tests/helpers/interrupted_commands.py, which has more of them.
"""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from interrupted_commands import PHASES, Running, interrupt

QUICK = (
    "import of the module", "start of the image server", "preparing", "reference", "round", "observed pass",
    "second workload, preparing", "writing after a round", "writing after the last", "advise, first look",
)  # fmt: skip


@pytest.mark.parametrize("phase", QUICK)
def test_an_interruption_ends_everything_and_keeps_what_there_is(phase: str, tmp_path: Path) -> None:
    """Ctrl-C reaches the whole process group of the command, as from a terminal."""
    ending = interrupt(PHASES[phase], signal.SIGINT, tmp_path)
    assert ending.wrong(PHASES[phase]) == [], ending.err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_interruption_loses_nothing_of_what_is_printed(unbuffered: str, tmp_path: Path) -> None:
    """This holds with and without unbuffered output (python -u), as on many CI machines."""
    phase = replace(PHASES["printing"], environment={"PYTHONUNBUFFERED": unbuffered})
    ending = interrupt(phase, signal.SIGINT, tmp_path)
    assert ending.wrong(phase) == [], ending.err


@pytest.mark.parametrize("phase", ["import of the module", "second workload, image server", "round"])
def test_so_does_sigterm(phase: str, tmp_path: Path) -> None:
    """The exit code is 143."""
    ending = interrupt(PHASES[phase], signal.SIGTERM, tmp_path)
    assert ending.wrong(PHASES[phase]) == [], ending.err
    assert ending.code == 143


def test_so_does_a_terminal_that_is_closed(tmp_path: Path) -> None:
    """The exit code is 129; shell and system each send a signal, and nothing can be written to the terminal."""
    terminal, command = pty.openpty()
    running = Running(tmp_path, [*PHASES["round"].arguments, "-o", "run.json"], PHASES["round"].environment, command)
    os.close(command)
    running.wait_for(Running.marked)
    os.close(terminal)
    running.process.send_signal(signal.SIGHUP)
    ending = running.interrupted(signal.SIGHUP)
    assert (ending.code, ending.file, ending.left) == (129, "interrupted", set())


@pytest.mark.parametrize("arguments", [["list"], ["show"]])
def test_what_only_prints_goes_on_to_its_end(arguments: list[str], tmp_path: Path) -> None:
    """The command is short; the exit code says that there was an interruption."""
    running = Running(tmp_path, arguments, {})
    running.wait_for(Running.handling)
    ending = running.interrupted(signal.SIGINT)
    assert ending.code == 130
    assert ending.left == set()
    assert "Traceback" not in ending.err
    assert "Exception ignored" not in ending.err


def test_doctor_is_interrupted_without_a_traceback(tmp_path: Path) -> None:
    """The interruption comes while it measures."""
    running = Running(tmp_path, ["doctor"], {})
    running.wait_for(Running.handling)
    time.sleep(1.5)
    ending = running.interrupted(signal.SIGINT)
    assert (ending.code, ending.out, ending.err) == (130, "", "concbench: interrupted\n")
    assert ending.left == set()
    assert ending.seconds < 5


TWICE_WHILE_WRITING = """
import os, signal
from concbench.harness.interruption import INTERRUPTION
from concbench.results import files

INTERRUPTION.handle()
os.fsync = lambda _: [os.kill(os.getpid(), signal.SIGINT) for _ in range(2)]
files.write("half of it", "run.json")
"""


def test_a_second_interruption_leaves_no_half_written_file(tmp_path: Path) -> None:
    """The second one may come while the command waits for a slow disk."""
    done = subprocess.run([sys.executable, "-c", TWICE_WHILE_WRITING], cwd=tmp_path, timeout=30, check=False)
    assert done.returncode == 130
    assert list(tmp_path.iterdir()) == []
