"""The doctor: facts, findings, and an answer at the end."""

import json
import subprocess
import sys


def test_the_doctor_tries_the_controls_and_says_what_it_found() -> None:
    """For machines and for people the same; the exit code tells whether all that matters is well."""
    done = subprocess.run(
        [sys.executable, "-m", "concbench", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )  # fmt: skip
    checkup = json.loads(done.stdout)
    assert done.returncode == (0 if checkup["well"] else 1)
    about = {finding["about"]: finding for finding in checkup["findings"]}
    assert {"concurrency", "coroutines", "parallelism", "threads", "load"} <= set(about)
    assert about["concurrency"]["well"], about["concurrency"]["text"]
    for finding in checkup["findings"]:
        assert finding["well"] or not finding["matters"] or finding["advice"], "bad news comes with what to do"
    for fact in ("cores_by_affinity", "cores_by_quota", "gil", "start_method_default", "timer_step", "switch_interval"):
        assert fact in checkup["environment"]
