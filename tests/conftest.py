"""The environment of every test, and the checks that no test leaves anything behind.

Several processes run the tests (pytest-xdist). A test that is marked as `measured` says something about times or cores:
it runs while no other test does, and up to twice more if it fails, since other programs may use the machine as well.
"""

import fcntl
import gc
import itertools
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, settings
from small_suites import Suite, suite_runner

import concbench.arguments  # noqa: F401 - a test that replaces a name must not be the first to import what takes it over

pytest_plugins = ["pytester"]
LOKY_TRACKER = "loky.backend.resource_tracker"
"""The helper process of loky; it ends with the process to which it belongs."""
SHARED_MEMORY = Path("/dev/shm")
SHARED = pytest.StashKey[set[str]]()
NUMBERS = itertools.count()
"""Numbers for directories of tests; without them, pytest looks for a free name among all of them."""
# The first example may take long: tables of characters are made when they are first needed, on a machine that is busy.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """Commands that tests start begin as from a terminal, however the tests themselves were started."""
    for variable in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
        os.environ.pop(variable, None)
    multiprocessing.set_forkserver_preload(["concbench.testing"])  # else every worker of a runner imports it for itself
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # in the background of a shell script
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that measure get two more tries and run last; otherwise all others would wait for them."""
    for item in items:
        if item.get_closest_marker("measured"):
            item.add_marker(pytest.mark.flaky(reruns=2))
    items.sort(key=lambda item: item.get_closest_marker("measured") is not None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test that measures waits until the others have ended; meanwhile none begins."""
    alone = item.get_closest_marker("measured") is not None
    with ExitStack() as stack:
        running = stack.enter_context(Path(__file__).open())
        with (
            Path(__file__).parent / "helpers" / "made_cells.py"
        ).open() as turn:  # who waits comes before whoever comes later
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(running, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        return (yield)


def pytest_collection_finish() -> None:
    """A measurement in this process begins with a garbage collection, which need not visit all the tests."""
    gc.collect()
    gc.freeze()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Shared memory of other programs is not ours."""
    session.config.stash[SHARED] = _shared()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """After the whole suite, no entry of ours is left in shared memory."""
    if hasattr(session.config, "workerinput"):  # another process may still use some
        return
    deadline = time.monotonic() + 3
    before: set[str] = session.config.stash[SHARED]
    while (left := _shared() - before) and time.monotonic() < deadline:
        time.sleep(0.05)  # those of other programs come and go
    if left:
        pytest.exit(f"left behind in shared memory: {sorted(left)}", returncode=pytest.ExitCode.TESTS_FAILED)


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After all tests of a process, no process, thread or temporary file of ours is left."""
    temporary = tmp_path_factory.mktemp("temporary")
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    threads = set(threading.enumerate())
    yield
    gc.collect()
    stop_fork_server()
    left = {
        "processes": [
            line for line in (child.cmdline() for child in _children()) if LOKY_TRACKER not in " ".join(line)
        ],
        "threads": [thread for thread in threading.enumerate() if thread not in threads],
        "temporary files": sorted(path.name for path in temporary.iterdir() if path != _tempdir_of_multiprocessing()),
    }
    assert not any(left.values()), f"left behind: {left}"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protect the last run of the person who runs the tests."""
    cache = str(tmp_path_factory.mktemp(f"cache-{next(NUMBERS)}", numbered=False))
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, cache)
    for variable in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Runs small suites of tests that use the fixture of the plug-in."""
    return suite_runner(pytester, monkeypatch)


def stop_fork_server() -> None:
    """End the helpers that multiprocessing keeps in a process that used it."""
    if hasattr(multiprocessing.forkserver._forkserver, "_stop"):
        multiprocessing.forkserver._forkserver._stop()
    multiprocessing.resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined] # it has no public one


def _children() -> list[psutil.Process]:
    """Living child processes; those that were told to end get a second to do so."""
    deadline = time.monotonic() + 1
    while True:
        children = [
            child
            for child in psutil.Process().children(recursive=True)
            if child.is_running() and child.status() != psutil.STATUS_ZOMBIE
        ]
        if not children or time.monotonic() > deadline:
            return children
        time.sleep(0.02)


def _tempdir_of_multiprocessing() -> Path:
    """The temporary directory of this process, which multiprocessing removes when the process ends."""
    config: dict[str, Any] = multiprocessing.process.current_process()._config  # type: ignore[attr-defined] # as above
    return Path(config.get("tempdir") or "none")


def _shared() -> set[str]:
    return {path.name for path in SHARED_MEMORY.iterdir()} if SHARED_MEMORY.is_dir() else set()
