"""Finding and ending the processes that a measuring process has started, within its group and outside it.

Every process that a measuring process starts inherits two marks. The first is an environment variable, which a run
within a run keeps. The second is a limit on file locks, which Linux keeps for each process and has not enforced since
version 2.4. A new session, an emptied environment or the death of its parent does not remove the second mark. The
trackers of multiprocessing are killed last, after they have removed the shared memory of the others. Semaphores that
trackers could not remove, since a task killed them, are found by name. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

MARK = "CONCBENCH_HOST"
"""Name of the environment variable."""
TRACKER_SECONDS = 2.0
"""Seconds that a tracker gets to clean up after all other processes have ended."""
_SCANS = 5
"""Most scans of the list of processes: a process may have started another just before it was killed."""
_RLIMIT_LOCKS = 10
"""The number of the limit: RLIMIT_LOCKS, for which Python has no name."""
_LIMIT = re.compile(rb"Max file locks +(\d+) ")
_SHARED = Path("/dev/shm")  # noqa: S108 - where Linux keeps semaphores


def environment_with_mark(mark: str) -> dict[str, str]:
    """The environment of this process with another mark, for a process that it starts."""
    return {**os.environ, MARK: f"{os.environ.get(MARK, '')} {mark}".strip()}


def own_mark() -> str:
    """The mark of this process; empty if it has none."""
    return (os.environ.get(MARK, "").split() or [""])[-1]


def set_inherited_mark(mark: str) -> None:
    """Have every process that this one starts inherit the mark, even if its environment is emptied (Linux)."""
    if sys.platform.startswith("linux"):
        import resource

        with contextlib.suppress(ValueError, OSError):  # a sandbox may have its own limit, or none at all
            resource.setrlimit(_RLIMIT_LOCKS, (_mark_as_limit(mark), resource.getrlimit(_RLIMIT_LOCKS)[1]))


def semaphore_prefix(mark: str) -> str:
    """The prefix of the names of all semaphores that a measuring process and its workers create."""
    return f"/mp-{mark}"


def kill_processes(group: int, mark: str) -> list[str]:
    """Kill the process group of a measuring process, and every process that carries the mark.

    Args:
        group: the process group; 0 if it is unknown.
        mark: the mark of the measuring process.

    Returns:
        The names of the killed programs, except trackers.
    """
    if sys.platform == "win32":
        return []
    killed: dict[int, str] = {}
    for _ in range(_SCANS):
        remaining = [process.pid for process in owned_processes(group, mark)]
        to_kill = [pid for pid in remaining if not _is_tracker(pid)]
        if not to_kill:
            break
        for pid in to_kill:
            killed.setdefault(pid, _name(pid))
            _kill(pid)
    deadline = monotonic() + TRACKER_SECONDS
    while remaining and monotonic() < deadline:
        sleep(0.005)
        remaining = [process.pid for process in owned_processes(group, mark)]
    for pid in remaining:
        _kill(pid)
    if group:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # where there is no list of processes
            os.killpg(group, signal.SIGKILL)
    _remove_shared(group, mark)
    return sorted(set(killed.values()) - {""})


class OwnedProcess:
    """A living process that belongs to a measuring process."""

    def __init__(self, pid: int, fields: list[str]) -> None:
        self.pid = pid
        self.cpu = _cpu(fields)
        """CPU seconds that it has used."""
        self._running = fields[0] == "R"
        self._threads = int(fields[17])

    @property
    def computes(self) -> bool:
        """Whether one of its threads runs on a core at this moment, or waits for a core."""
        if self._running or self._threads < 2:
            return self._running
        states = []
        for thread in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):  # it has ended
                states.append(_fields(thread)[0])
        return "R" in states


def owned_processes(group: int, mark: str, since: int = 0) -> Iterator[OwnedProcess]:
    """Living processes of the group or with the mark, except this one; none where /proc does not exist.

    Args:
        group: the process group; 0 if it is unknown.
        mark: the mark of the measuring process.
        since: processes started before this time, in ticks, are skipped without reading their marks.
    """
    limit = str(_mark_as_limit(mark)).encode()
    for entry in _process_ids():
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended, or belongs to another user
            fields = _fields(f"/proc/{entry}/stat")
            if fields[0] in "ZX" or int(entry) == os.getpid() or int(fields[19]) < since:
                continue
            in_group = group != 0 and int(fields[2]) == group  # 0 if the leader is in another namespace
            if in_group or _lock_limit(entry) == limit or _has_mark(entry, mark.encode()):
                yield OwnedProcess(int(entry), fields)


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process has used so far, without its children; 0 if unknown."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return _cpu(_fields(f"/proc/{pid}/stat"))
    return 0.0


def _cpu(fields: list[str]) -> float:
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _process_ids() -> list[str]:
    try:
        return [entry for entry in os.listdir("/proc") if entry.isdecimal()]  # noqa: PTH208 - in a tenth of the time
    except OSError:
        return []


def start_ticks(pid: int) -> int:
    """The start time of a process in ticks; it cannot have started an older process. 0 if unknown."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(_fields(f"/proc/{pid}/stat")[19])
    return 0


def _fields(path: str | Path) -> list[str]:
    """The fields after the name in a stat file: state, parent, group ..."""
    with open(path, "rb") as file:  # noqa: PTH123 - hundreds are read between two samples
        return file.read().rpartition(b")")[2].decode().split()


def _lock_limit(entry: str) -> bytes:
    with contextlib.suppress(OSError):
        match = _LIMIT.search(Path(f"/proc/{entry}/limits").read_bytes())
        return match[1] if match else b""
    return b""


def _has_mark(entry: str, mark: bytes) -> bool:
    """Whether a process has the mark in its environment; a run within a run has both marks."""
    environment = Path(f"/proc/{entry}/environ").read_bytes()
    name = f"{MARK}=".encode()
    return mark in environment and any(
        mark in entry.removeprefix(name).split() for entry in environment.split(b"\0") if entry.startswith(name)
    )


def _mark_as_limit(mark: str) -> int:
    """A mark as a limit, too high to be reached."""
    return int(mark, 16) >> 2 | 1 << 61


def _remove_shared(group: int, mark: str) -> None:
    """Remove the semaphores, and the files of joblib in shared memory, that the trackers have not removed.

    loky and joblib put the process id of their creator, the measuring process, into the names.
    """
    prefixes = [f"sem.{semaphore_prefix(mark)[1:]}"]
    if group:
        prefixes += [f"sem.loky-{group}-", f"joblib_memmapping_folder_{group}_"]
    paths = []
    with contextlib.suppress(OSError):  # the directory does not exist on this platform
        paths = [path for path in _SHARED.iterdir() if path.name.startswith(tuple(prefixes))]
    for path in paths:
        with contextlib.suppress(OSError):  # it is another user's, in a container with the same process ids
            if path.is_dir():
                import shutil  # seldom needed

                shutil.rmtree(path)
            else:
                path.unlink()


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    return ""


def _is_tracker(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"resource_tracker import main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
