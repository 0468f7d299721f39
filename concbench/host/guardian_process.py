"""A small process that outlives its parent for a moment, and ends the measuring processes if the parent could not.

It receives `["watch", PID, MARK]` and `["release", PID]` for a process, and `["keep", DIRECTORY]` and
`["forget", DIRECTORY]` for a temporary directory. The end of the wire means that the parent has ended in some way. The
guardian then kills the processes and removes the directories that are still listed. A thread in the measuring process
could not do that, since a task may hold the GIL.
"""

from __future__ import annotations

import os
import signal

from concbench.host.descendants import kill_processes, own_mark
from concbench.wire import take_over


def main() -> None:
    """Watch until the parent has ended."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # it must not end before the parent
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    marks: dict[int, str] = {}
    directories: set[str] = set()
    for command, target, *mark in take_over():
        if command == "watch":
            marks[target] = mark[0]
        elif command == "release":
            marks.pop(target, None)
        elif command == "keep":
            directories.add(target)
        else:
            directories.discard(target)
    for pid, mark in marks.items():
        kill_processes(pid, mark)
    import shutil  # imported late, since most guardians have nothing to remove

    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    if marks or directories:  # the parent was killed: end the processes that started with this one, too
        kill_processes(os.getpid(), own_mark())
