"""The load of other processes, without our own."""

import subprocess
import sys
import time

import pytest

from concbench.harness.machine.other_load import LoadWatch

LAUNCH = (
    "import subprocess, sys; code = sys.argv[1]; "
    "print(subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.DEVNULL, start_new_session=True).pid)"
)
BUSY = "import time\nend = time.time() + 20\nwhile time.time() < end: pass"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it can be told on Linux only")


def test_a_child_of_ours_is_not_taken_for_others() -> None:
    """It adds to the usage of our own tree, and so to both sides."""
    quiet = LoadWatch()
    time.sleep(0.6)
    before = quiet.cores()
    child = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        time.sleep(0.2)
        watch = LoadWatch()
        time.sleep(0.6)
        during = watch.cores()
    finally:
        child.kill()
        child.wait()
    assert before is not None
    assert during is not None
    assert during < before + 0.6, "a child that keeps one core busy was counted as somebody else's"


@pytest.mark.measured
def test_somebody_elses_process_is_seen() -> None:
    """A process that is not our descendant keeps a core busy."""
    launcher = subprocess.run(
        [sys.executable, "-c", LAUNCH, BUSY],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    import psutil

    stranger = psutil.Process(int(launcher.stdout))
    try:
        time.sleep(0.2)
        watch = LoadWatch()
        before = stranger.cpu_times()
        time.sleep(0.8)
        after = stranger.cpu_times()
        seen = watch.cores()
        used = (after.user + after.system - before.user - before.system) / 0.8
    finally:
        stranger.kill()
        psutil.wait_procs([stranger], 5)
    assert seen is not None
    assert used > 0.1, "the stranger was given no core to keep busy"
    assert seen > 0.6 * used
