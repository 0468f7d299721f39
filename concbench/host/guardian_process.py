"""A small process that outlives its parent for a moment, and ends the measuring processes if the parent could not.

It receives `["watch", PID, MARK]` and `["release", PID]` for a process, and `["keep", DIRECTORY]` and
`["forget", DIRECTORY]` for a temporary directory. The end of the wire means that the parent has ended in some way. The
guardian then kills the processes and removes the directories that are still listed. A thread in the measuring process
could not do that, since a task may hold the GIL.
"""

from __future__ import annotations

import os
import signal

from concbench.host.descendants import end, own_mark
from concbench.wire import take_over


def main() -> None:
    """Watch until the parent has ended."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # it must not end before the parent
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    marks: dict[int, str] = {}
    directories: set[str] = set()
    for word, what, *mark in take_over():
        if word == "watch":
            marks[what] = mark[0]
        elif word == "release":
            marks.pop(what, None)
        elif word == "keep":
            directories.add(what)
        else:
            directories.discard(what)
    for pid, mark in marks.items():
        end(pid, mark)
    import shutil  # imported late, since most guardians have nothing to remove

    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    if marks or directories:  # the parent was killed: end the processes that started with this one, too
        end(os.getpid(), own_mark())
