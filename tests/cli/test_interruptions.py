"""Ctrl-C and SIGTERM in every phase of a run: at once, the table printed, the file whole, nothing left behind.

What is run, when it is interrupted and what is looked at: benchmarks/reliability/interruptions.py, which has more.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from interruptions import PHASES, interrupt
from traces import WHERE, left

QUICK = (
    "import of the module", "start of the image server", "preparing", "reference", "round", "observed pass",
    "second workload, preparing", "writing after a round", "writing after the last", "printing", "advise, first look",
)  # fmt: skip


@pytest.mark.parametrize("phase", QUICK)
def test_an_interruption_ends_everything_and_keeps_what_there_is(phase: str, tmp_path: Path) -> None:
    """Ctrl-C reaches the whole group of the command, as from a terminal."""
    ending = interrupt(PHASES[phase], signal.SIGINT, tmp_path)
    assert ending.wrong(PHASES[phase]) == [], ending.err


@pytest.mark.parametrize("phase", ["import of the module", "second workload, image server", "round"])
def test_so_does_sigterm(phase: str, tmp_path: Path) -> None:
    """With an exit code of its own, 143."""
    ending = interrupt(PHASES[phase], signal.SIGTERM, tmp_path)
    assert ending.wrong(PHASES[phase]) == [], ending.err
    assert ending.code == 143


def test_doctor_is_interrupted_without_a_traceback(tmp_path: Path) -> None:
    """Wherever it is."""
    with _doctor(tmp_path) as doctor:
        time.sleep(1.5)
        doctor.send_signal(signal.SIGINT)
        out, err = doctor.communicate(timeout=30)
    assert (doctor.returncode, out, err) == (130, b"", b"concbench: interrupted\n")
    assert left(tmp_path, 1.0) == set()


def _doctor(directory: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "concbench", "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), env={**os.environ, WHERE: str(directory)},
    )  # fmt: skip
