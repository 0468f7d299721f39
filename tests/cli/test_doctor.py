"""The doctor: facts, findings, and an answer at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from concbench.cli.main import main
from concbench.harness.machine import controls
from concbench.harness.machine.controls import Checkup, CheckupFinding

SPIN = "while True: pass"
DOCTOR = """
import sys
from concbench.cli.main import main
from concbench.harness.machine import controls

controls._COMPUTING_SECONDS = 1.5
sys.exit(main(["doctor", "--json"]))
"""
"""The doctor with a shorter time limit than the command has."""


def doctor(**options: Any) -> tuple[int, dict[str, Any], dict[str, dict[str, Any]]]:
    """Run a real doctor: its exit code, its whole answer, and its findings by subject."""
    done = subprocess.run(
        [sys.executable, "-c", DOCTOR],
        capture_output=True, text=True, check=False, timeout=100, **options,
    )  # fmt: skip
    assert done.stderr == ""
    checkup = json.loads(done.stdout)
    return done.returncode, checkup, {finding["about"]: finding for finding in checkup["findings"]}


def bad(findings: dict[str, dict[str, Any]]) -> set[str]:
    return {about for about, finding in findings.items() if finding["status"] == "bad"}


@pytest.mark.measured
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the load of others can be told on Linux only")
def test_a_busy_core_is_named_and_nothing_else_is_blamed_for_it() -> None:
    """A foreign process computes beside it, on any machine."""
    spinning = subprocess.Popen([sys.executable, "-c", SPIN])
    try:
        code, checkup, findings = doctor()
    finally:
        spinning.kill()
        spinning.wait()
    assert code == 1
    assert not checkup["well"]
    assert {"concurrency", "coroutines", "parallelism", "load"} <= set(findings)
    assert "load" in bad(findings)
    assert bad(findings) <= {"load"} | ({"parallelism"} if checkup["environment"]["cores_usable"] == 1 else set())
    assert "not be reliable: load" in checkup["conclusion"]
    assert findings["concurrency"]["speedup"]["centre"] > 2, findings["concurrency"]["text"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cannot limit a process to one core")
def test_one_core_is_told_with_the_facts_and_what_starting_costs() -> None:
    core = min(os.sched_getaffinity(0))
    code, checkup, findings = doctor(preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    assert code == 1
    assert bad(findings) - {"load"} == {"parallelism"}
    assert "there is one usable core" in checkup["conclusion"]
    assert checkup["environment"]["cores_usable"] == 1
    for fact in ("cores_by_affinity", "cores_by_quota", "gil", "start_method_default", "timer_step", "switch_interval"):
        assert fact in checkup["environment"]
    starting = checkup["starting"]
    assert starting["thread"] < starting["process"] < starting["interpreter"]


@pytest.mark.parametrize(("status", "mark", "code"), [("ok", "ok", 0), ("unknown", "?", 0), ("bad", "BAD", 1)])
def test_the_last_line_is_the_conclusion_and_only_what_is_bad_fails(
    status: str, mark: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An undecided check is not a failure."""
    findings = [
        CheckupFinding("concurrency", "ok", "8 waiting threads overlap"),
        CheckupFinding("parallelism", status, "as they found it", "" if status == "ok" else "do something"),
        CheckupFinding("load", "ok", "none"),
    ]
    checkup = Checkup({"cores": 2}, {"thread": 60e-6, "process": 0.0151}, findings)
    monkeypatch.setattr(controls, "check_up", lambda: checkup)
    assert main(["doctor"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == checkup.conclusion
    assert [line.split() for line in lines[:-1] if "as they" in line] == [[mark, "as", "they", "found", "it"]]
    assert any(line.split() == ["starting:", "process", "15.1", "ms"] for line in lines)


def test_interpreters_are_asked_whether_they_can_be_measured_with(capsys: pytest.CaptureFixture[str]) -> None:
    """A task is executed in each; the exit code is 1 if one fails."""
    assert main(["doctor", "--json", "--python", f"{sys.executable},python3.99"]) == 1
    here, missing = json.loads(capsys.readouterr().out)["interpreters"]
    assert here["well"]
    assert "it can be used for measuring" in here["text"]
    assert not missing["well"]
    assert "interpreter python3.99 was not found" in missing["text"]
