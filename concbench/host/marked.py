"""Finding and ending what a measuring process has started, wherever it went: its group, and what left the group.

Everything that a measuring process starts inherits two marks: a variable of its environment, which a run within a run
keeps, and a limit on file locks, which Linux keeps for each process and has not enforced since version 2.4. Neither a
session of its own, nor an emptied environment, nor the death of its parent takes the second one away. The trackers of
multiprocessing are spared until they have removed what the others left in shared memory; what trackers could not, since
a task killed them, is found by its name. Standard library only.
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
"""That a tracker gets to clean up once all others have gone."""
_SCANS = 5
"""Looks at the list of processes at most: one that is killed may just have started another."""
_FILE_LOCKS = 10
"""The number of the limit: RLIMIT_LOCKS, for which Python has no name."""
_LIMIT = re.compile(rb"Max file locks +(\d+) ")
_SHARED = Path("/dev/shm")  # noqa: S108 - where Linux keeps semaphores


def with_mark(mark: str) -> dict[str, str]:
    """The environment of this process, and a mark more, for a process that it starts."""
    return {**os.environ, MARK: f"{os.environ.get(MARK, '')} {mark}".strip()}


def own_mark() -> str:
    """That of the process of ours which this is; empty if it is none."""
    return (os.environ.get(MARK, "").split() or [""])[-1]


def wear(mark: str) -> None:
    """Have all that this process starts inherit the mark, whatever becomes of its environment (Linux)."""
    if sys.platform.startswith("linux"):
        import resource

        with contextlib.suppress(ValueError, OSError):  # a sandbox with a limit of its own, or without any
            resource.setrlimit(_FILE_LOCKS, (_number(mark), resource.getrlimit(_FILE_LOCKS)[1]))


def semaphores(mark: str) -> str:
    """What the names of all semaphores begin with that a measuring process and its workers make."""
    return f"/mp-{mark}"


def end(group: int, mark: str) -> list[str]:
    """Kill the process group of a measuring process, and every process that carries the mark.

    Args:
        group: the process group; 0 if nobody knows any more which it was.
        mark: that of the measuring process.

    Returns:
        The names of the programs that were killed, trackers apart.
    """
    if sys.platform == "win32":
        return []
    killed: dict[int, str] = {}
    for _ in range(_SCANS):
        left = [one.pid for one in belonging(group, mark)]
        others = [pid for pid in left if not _is_tracker(pid)]
        if not others:
            break
        for pid in others:
            killed.setdefault(pid, _name(pid))
            _kill(pid)
    deadline = monotonic() + TRACKER_SECONDS
    while left and monotonic() < deadline:
        sleep(0.005)
        left = [one.pid for one in belonging(group, mark)]
    for pid in left:
        _kill(pid)
    if group:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # where there is no list of processes
            os.killpg(group, signal.SIGKILL)
    _remove_shared(group, mark)
    return sorted(set(killed.values()) - {""})


class Belonging:
    """A living process of a measuring process."""

    def __init__(self, pid: int, fields: list[str]) -> None:
        self.pid = pid
        self.cpu = _cpu(fields)
        """Seconds of CPU time that it has used."""
        self._running = fields[0] == "R"
        self._threads = int(fields[17])

    @property
    def computes(self) -> bool:
        """Whether one of its threads has a core at this moment, or waits for one."""
        if self._running or self._threads < 2:
            return self._running
        states = []
        for thread in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):  # it has gone
                states.append(_fields(thread)[0])
        return "R" in states


def belonging(group: int, mark: str, since: int = 0) -> Iterator[Belonging]:
    """Living processes of the group or with the mark, other than this one; none where there is no /proc.

    Args:
        group: the process group; 0 if nobody knows any more which it was.
        mark: that of the measuring process.
        since: what was started before that, in ticks, is passed over without a look at its marks.
    """
    number = str(_number(mark)).encode()
    for entry in _numbered():
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has gone, or is another user's
            fields = _fields(f"/proc/{entry}/stat")
            if fields[0] in "ZX" or int(entry) == os.getpid() or int(fields[19]) < since:
                continue
            in_group = group != 0 and int(fields[2]) == group  # 0 is that of all whose leader cannot be seen from here
            if in_group or _limited(entry) == number or _wears(entry, mark.encode()):
                yield Belonging(int(entry), fields)


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used so far, its children's apart; 0 where that is not known."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return _cpu(_fields(f"/proc/{pid}/stat"))
    return 0.0


def _cpu(fields: list[str]) -> float:
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _numbered() -> list[str]:
    try:
        return [entry for entry in os.listdir("/proc") if entry.isdecimal()]  # noqa: PTH208 - in a tenth of the time
    except OSError:
        return []


def started(pid: int) -> int:
    """When a process was started, in ticks; nothing that is older can be of its making. 0 if that is not known."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(_fields(f"/proc/{pid}/stat")[19])
    return 0


def _fields(path: str | Path) -> list[str]:
    """What follows the name in a stat file: state, parent, group ..."""
    with open(path, "rb") as file:  # noqa: PTH123 - hundreds are read between two samples
        return file.read().rpartition(b")")[2].decode().split()


def _limited(entry: str) -> bytes:
    with contextlib.suppress(OSError):
        found = _LIMIT.search(Path(f"/proc/{entry}/limits").read_bytes())
        return found[1] if found else b""
    return b""


def _wears(entry: str, mark: bytes) -> bool:
    """Whether the mark is in its environment: of a run in a run, both marks are."""
    environment = Path(f"/proc/{entry}/environ").read_bytes()
    name = f"{MARK}=".encode()
    return mark in environment and any(
        mark in one.removeprefix(name).split() for one in environment.split(b"\0") if one.startswith(name)
    )


def _number(mark: str) -> int:
    """A mark as a limit; so many locks nobody could take."""
    return int(mark, 16) >> 2 | 1 << 61


def _remove_shared(group: int, mark: str) -> None:
    """Remove the semaphores, and what joblib keeps in shared memory, that the trackers have not removed.

    loky and joblib put the identity of the process that made it into a name: that of the measuring process.
    """
    begins = [f"sem.{semaphores(mark)[1:]}"]
    if group:
        begins += [f"sem.loky-{group}-", f"joblib_memmapping_folder_{group}_"]
    with contextlib.suppress(OSError):  # there is no such directory here
        for left in _SHARED.iterdir():
            if left.name.startswith(tuple(begins)):
                if left.is_dir():
                    import shutil  # none of the others needs it

                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)


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
