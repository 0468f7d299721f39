"""How a process of our own is started: the same interpreter, the same flags, the same import path, no `__main__`.

It speaks with us over a `concbench.wire`; what it prints goes to a file of ours, and what it reads is empty.

Without a `__main__` that has a file, worker processes that such a process starts do not load one either: what they
import is what their function needs.
"""

import _thread
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from concbench.errors import UsageError
from concbench.wire import Wire

_RUN = "import sys; sys.path[:] = {path!r}; import {module}; {module}.main()"
"""Nothing is imported before the path is set: until then the current directory is on it, with files of any name."""
_RUN_ELSEWHERE = (
    "import sys; sys.path[:] = {first!r} + [one for one in sys.path if one]; import {module}; {module}.main()"
)
"""The same in another interpreter, whose path is its own."""


_REPLACERS = {"gevent", "eventlet"}
"""Packages that put coroutines of their own in the place of threads, sockets and processes."""


def require_possible() -> None:
    """Refuse what no process of our own can be started from, or be spoken with.

    Raises:
        UsageError: the current directory was removed, or a package has replaced the parts of Python that it takes; says
            what to do.
    """
    try:
        os.stat(os.getcwd())  # noqa: PTH109, PTH116 - pathlib makes the same of it
    except OSError as error:
        why = "was removed" if isinstance(error, FileNotFoundError) else f"cannot be used: {error.strerror or error}"
        raise UsageError(f"the current directory {why}; change to one that exists, and start again") from None
    taken: dict[str, object] = {
        "threads": _thread.start_new_thread,
        "time.sleep": time.sleep, "select.select": select.select, "socket.socket": socket.socket,
        "subprocess.Popen": subprocess.Popen, "os.fork": getattr(os, "fork", None),
    }  # fmt: skip
    for name, part in taken.items():
        owner = str(getattr(part, "__module__", "")).partition(".")[0]
        if owner in _REPLACERS:
            raise UsageError(
                f"{owner} has replaced {name} in this program, so that a measurement would wait for ever; measure in "
                "a program that does not call monkey_patch() or patch_all(), or by python -m concbench"
            )


def start(
    module: str, output: int, environment: Mapping[str, str] | None = None, command: Sequence[str] = ()
) -> tuple[subprocess.Popen[bytes], Wire]:
    """Run the main() of a module in a process, a session and a process group of its own.

    Args:
        module: takes over its end of the wire with `wire.take_over`.
        output: where standard output and standard error go, a descriptor or a constant of subprocess.
        environment: instead of ours.
        command: what runs it, if not this interpreter.

    Returns:
        The process, and our end of the wire.

    Raises:
        OSError: there are too many processes or open files.
    """
    token = os.urandom(8).hex()
    command = command or python(module)
    if sys.platform == "win32":  # only the three standard streams can be handed over
        process = subprocess.Popen(
            [*command, "0", "1", token],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, env=environment,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        wire = Wire(os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()), token)
        process.stdin.close()
        process.stdout.close()
        return process, wire
    ends: list[int] = []
    try:
        for _ in range(2):
            ends += os.pipe()
        reading, answers, requests, writing = ends
        process = subprocess.Popen(
            [*command, str(requests), str(answers), token],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=(requests, answers),
            start_new_session=True, env=environment,
        )  # fmt: skip
    except BaseException:
        for end in ends:
            os.close(end)
        raise
    os.close(requests)
    os.close(answers)
    return process, Wire(reading, writing, token)


class Ended(NamedTuple):
    """A process has ended."""

    code: int | None
    """Its exit code, as that of subprocess; None if somebody else has taken it, so that nobody can know."""


def until_ended(process: subprocess.Popen[bytes], seconds: float) -> Ended | None:
    """Wait until a process has ended; None if it lives on.

    A program that ignores SIGCHLD, or whose handler reaps all children, loses their exit codes: subprocess says 0 then.
    """
    if not hasattr(os, "waitid"):
        with suppress(subprocess.TimeoutExpired):
            return Ended(process.wait(seconds))
        return None
    deadline = monotonic() + seconds
    while process.returncode is None:
        try:
            found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return Ended(process.returncode)
        if found is not None:
            return Ended(found.si_status if found.si_code == os.CLD_EXITED else -found.si_status)
        if monotonic() > deadline:
            return None
        sleep(0.002)
    return Ended(process.returncode)


def end_group(leader: int) -> None:
    """Kill what is left of the group of a process, as what an interpreter starts as it starts (`sitecustomize`)."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def python(module: str, options: Iterable[str] = ()) -> list[str]:
    """The command that runs the main() of a module in a process of its own.

    Args:
        module: which.
        options: for the interpreter; they come before the flags of this one, since the first of two counts.
    """
    path = [str(Path(entry).absolute()) for entry in sys.path]
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] # noqa: SLF001 - as multiprocessing
    return [sys.executable, *options, *flags, "-c", _RUN.format(path=path, module=module)]


def elsewhere(interpreter: str, module: str, options: Iterable[str], first: Iterable[str]) -> list[str]:
    """The same in another interpreter, with none of our flags: as if a person ran it there.

    Args:
        interpreter: its path.
        module: which; it must be on the import path of that interpreter.
        options: for the interpreter.
        first: directories that come before those of its own import path.
    """
    return [interpreter, *options, "-c", _RUN_ELSEWHERE.format(first=[*first], module=module)]


def hash_seed(seed: int) -> str:
    """The PYTHONHASHSEED of all measuring processes of a run, so that sets of texts have one order in all of them.

    Args:
        seed: that of the run; it decides, unless the environment fixes one. Interpreters that run with -E or -I, and
            their children with them, ignore it.
    """
    own = os.environ.get("PYTHONHASHSEED", "")
    return own if own.isdigit() else str(random.Random(f"hashes {seed}").randrange(1, 2**32))
