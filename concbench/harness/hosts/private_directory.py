"""Directories that only this user can read, one for each measurement; those of killed measurements are removed.

Each is locked while the process that made it lives. An unlocked one was therefore left by a process that was killed
together with its guardian. The next measurement ends the processes that it had started, and removes the directory.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: without locks, no directory counts as abandoned
    fcntl = None  # type: ignore[assignment]

from concbench.errors import HostFailure
from concbench.harness.hosts.guardian import GUARD
from concbench.host.descendants import kill_processes

PREFIX = "concbench-run-"
_SOCKETS = "sockets"
"""The subdirectory for sockets, or a link to a directory with a shorter name."""
_MAX_PATH_BYTES = 76
"""Most bytes in the path of that directory: every system allows 103 in the path of a socket, and the rest takes 26."""
_SHORT_BASES = ("/tmp", "/var/tmp")  # noqa: S108 - made as tempfile makes them
_MARK = re.compile(r"-([0-9a-f]{16})\.\w+$")
"""The mark of a measuring process in the names of its files."""


@contextmanager
def private_directory() -> Iterator[Path]:
    """Make a directory that is removed even if this process is killed: by its guardian, or by the next measurement.

    Raises:
        HostFailure: no directory can be made.
    """
    with _locked(_temporary_base()) as directory, ExitStack() as links:
        if len(os.fsencode(directory / _SOCKETS)) > _MAX_PATH_BYTES:
            base = next((base for base in _SHORT_BASES if os.access(base, os.W_OK)), tempfile.gettempdir())
            (directory / _SOCKETS).symlink_to(links.enter_context(_locked(base)))
        yield directory


def sockets_in(directory: Path) -> Path:
    """The directory for the sockets of a private directory; paths of sockets must be short."""
    sockets = directory / _SOCKETS
    return sockets.readlink() if sockets.is_symlink() else sockets


@contextmanager
def _locked(base: str) -> Iterator[Path]:
    _remove_abandoned(Path(base))
    while True:
        try:
            directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        except OSError as error:
            raise _no_directory_error(base, error.strerror or str(error)) from error
        try:
            lock = _lock(directory)
            break
        except (BlockingIOError, FileNotFoundError):  # not locked yet, it was taken for abandoned
            continue
        except OSError:  # there are too many open files
            directory.rmdir()
            raise
    GUARD.keep(directory)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        if lock is not None:
            os.close(lock)
        GUARD.forget(directory)


def _temporary_base() -> str:
    try:
        return tempfile.gettempdir()
    except FileNotFoundError as error:
        raise _no_directory_error("any of the usual places", "none of them is writable") from error


def _no_directory_error(place: str, why: str) -> HostFailure:
    return HostFailure(
        f"no directory for temporary files can be made in {place}: {why}; set TMPDIR to a writable directory"
    )


def _remove_abandoned(base: Path) -> None:
    """Remove the directories of measurements that were killed, and end the processes that these had started."""
    for directory in base.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is in use, or was just removed
            lock = _lock(directory)
            if lock is None:
                continue
            try:
                for mark in {match[1] for file in directory.iterdir() if (match := _MARK.search(file.name))}:
                    kill_processes(0, mark)
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(lock)


def _lock(directory: Path) -> int | None:
    """Lock a directory until the returned descriptor is closed; return None where locks do not exist.

    Raises:
        BlockingIOError: another process holds the lock.
        FileNotFoundError: the directory was removed in the meantime.
        PermissionError: the directory belongs to another user.
    """
    if fcntl is None:
        return None
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid != os.getuid():
            raise PermissionError(f"{directory} belongs to another user")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), directory.stat()):
            raise FileNotFoundError(directory)
    except (BlockingIOError, FileNotFoundError, PermissionError):
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    return descriptor
