"""What every test may rely on, and what none may leave behind."""

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
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, settings

SHARED_MEMORY = Path("/dev/shm")
NUMBERS = itertools.count()
"""Of the tests; without them, pytest looks for a free name among the directories of all tests."""
# The first example may take long: tables of characters are made when they are first needed, on a machine that is busy.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """The commands that tests start begin as from a person's terminal, wherever the tests themselves were started."""
    for variable in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
        os.environ.pop(variable, None)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # in the background of a shell script
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What is measured in this process begins with a garbage collection, which need not look at all the tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After the whole suite no process, thread, temporary file or shared-memory entry of ours is left."""
    temporary = tmp_path_factory.mktemp("temporary")
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    shared, threads = _shared(), set(threading.enumerate())
    yield
    gc.collect()
    stop_fork_server()
    deadline = time.monotonic() + 3
    while _shared() - shared and time.monotonic() < deadline:  # those of other programs come and go
        time.sleep(0.05)
    left = {
        "processes": [child.cmdline() for child in _children()],
        "threads": [thread for thread in threading.enumerate() if thread not in threads],
        "temporary files": sorted(path.name for path in temporary.iterdir() if path != _tempdir_of_multiprocessing()),
        "shared memory": sorted(_shared() - shared),
    }
    assert not any(left.values()), f"left behind: {left}"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last run of the person who runs the tests is not overwritten."""
    cache = str(tmp_path_factory.mktemp(f"cache-{next(NUMBERS)}", numbered=False))
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, cache)
    for variable in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)


def stop_fork_server() -> None:
    """End the helpers that multiprocessing keeps in a process that used it."""
    if hasattr(multiprocessing.forkserver._forkserver, "_stop"):
        multiprocessing.forkserver._forkserver._stop()
    multiprocessing.resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined] # it has no public one


def _children() -> list[psutil.Process]:
    """Living children; those that have just been told to end get a second to do it."""
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
    """That of this very process, which multiprocessing removes when the process ends."""
    config: dict[str, Any] = multiprocessing.process.current_process()._config  # type: ignore[attr-defined] # as above
    return Path(config.get("tempdir") or "none")


def _shared() -> set[str]:
    return {path.name for path in SHARED_MEMORY.iterdir()} if SHARED_MEMORY.is_dir() else set()
