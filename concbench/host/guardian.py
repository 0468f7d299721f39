"""A small process that outlives its parent for a moment: it ends the measuring processes if the parent could not.

It is told `["watch", PID, MARK]` and `["release", PID]` of a process, `["keep", DIRECTORY]` and `["forget", DIRECTORY]`
of a temporary directory. The end of the wire means that the parent has gone, by whatever way; what is still on the
lists is killed then, and removed. A thread in the measuring process could not do that: a task may hold the GIL.
"""

from __future__ import annotations

import os
import signal

from concbench.host.marked import end, own_mark
from concbench.wire import take_over


def main() -> None:
    """Watch until the parent has gone."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # it goes when the parent has gone, not before
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
    import shutil  # at the end, which most come to with nothing left to remove

    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    if marks or directories:  # the parent could not: it ends what was started with this process, too
        end(os.getpid(), own_mark())
