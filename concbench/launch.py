"""Starting processes of concbench: with the same interpreter, flags and import path, but without `__main__`.

Such a process communicates over a `concbench.wire`. Its output goes to a file, and its standard input is empty.

Since its `__main__` has no file, worker processes that it starts do not load one either; they import only the modules
that their function needs.
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
"""The program; it sets the path before other imports, since the current directory with user files is on it first."""
_RUN_OTHER_PYTHON = (
    "import sys; sys.path[:] = {directories!r} + [entry for entry in sys.path if entry]; "
    "import {module}; {module}.main()"
)
"""The program for another interpreter, which keeps its own path."""


_REPLACERS = {"gevent", "eventlet"}
"""Packages that replace threads, sockets and processes by their own coroutines."""


def require_possible() -> None:
    """Check that processes can be started from here and communicated with.

    Raises:
        UsageError: the current directory was removed, or a package has replaced parts of Python that are needed; the
            message says what to do.
    """
    try:
        os.stat(os.getcwd())  # noqa: PTH109, PTH116 - the same as with pathlib
    except OSError as error:
        reason = "was removed" if isinstance(error, FileNotFoundError) else f"cannot be used: {error.strerror or error}"
        raise UsageError(f"the current directory {reason}; change to one that exists, and start again") from None
    replaceable: dict[str, object] = {
        "threads": _thread.start_new_thread,
        "time.sleep": time.sleep, "select.select": select.select, "socket.socket": socket.socket,
        "subprocess.Popen": subprocess.Popen, "os.fork": getattr(os, "fork", None),
    }  # fmt: skip
    for name, part in replaceable.items():
        owner = str(getattr(part, "__module__", "")).partition(".")[0]
        if owner in _REPLACERS:
            raise UsageError(
                f"{owner} has replaced {name} in this program, so that a measurement would wait for ever; measure in "
                "a program that does not call monkey_patch() or patch_all(), or with python -m concbench"
            )


def start(
    module: str, output: int, environment: Mapping[str, str] | None = None, command: Sequence[str] = ()
) -> tuple[subprocess.Popen[bytes], Wire]:
    """Run the main() of a module in a new process with its own session and process group.

    Args:
        module: the module; its main() takes over its end of the wire with `wire.take_over`.
        output: target of standard output and standard error: a descriptor or a constant of subprocess.
        environment: the complete environment; None: that of this process.
        command: the command that runs it; empty: this interpreter.

    Returns:
        The process, and this end of the wire.

    Raises:
        OSError: there are too many processes or open files.
    """
    token = os.urandom(8).hex()
    command = command or python_command(module)
    if sys.platform == "win32":  # only the three standard streams can be inherited
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


class ProcessEnd(NamedTuple):
    """The end of a process."""

    code: int | None
    """Its exit code as in subprocess; None if it is lost, since other code has reaped the process."""


def wait_for_end(process: subprocess.Popen[bytes], seconds: float) -> ProcessEnd | None:
    """Wait at most so many seconds until a process has ended; return None if it still runs.

    A program that ignores SIGCHLD, or whose handler reaps all children, loses their exit codes; subprocess reports 0
    in this case.
    """
    if not hasattr(os, "waitid"):
        with suppress(subprocess.TimeoutExpired):
            return ProcessEnd(process.wait(seconds))
        return None
    deadline = monotonic() + seconds
    while process.returncode is None:
        try:
            status = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return ProcessEnd(process.returncode)
        if status is not None:
            return ProcessEnd(status.si_status if status.si_code == os.CLD_EXITED else -status.si_status)
        if monotonic() > deadline:
            return None
        sleep(0.002)
    return ProcessEnd(process.returncode)


def end_group(leader: int) -> None:
    """Kill the rest of the group of a process, such as processes started by `sitecustomize`."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def python_command(module: str, options: Iterable[str] = ()) -> list[str]:
    """The command that runs the main() of a module in a separate process of this interpreter.

    Args:
        module: the module.
        options: options for the interpreter, put before the flags of this one, since the first of two counts.
    """
    path = [str(Path(entry).absolute()) for entry in sys.path]
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] # noqa: SLF001 - as multiprocessing
    return [sys.executable, *options, *flags, "-c", _RUN.format(path=path, module=module)]


def other_python_command(
    interpreter: str, module: str, options: Iterable[str], directories: Iterable[str]
) -> list[str]:
    """The command that runs the main() of a module in another interpreter, without the flags of this one.

    Args:
        interpreter: the path of the interpreter.
        module: the module, which must be on the import path of that interpreter.
        options: options for the interpreter.
        directories: directories to put before its own import path.
    """
    return [interpreter, *options, "-c", _RUN_OTHER_PYTHON.format(directories=[*directories], module=module)]


def hash_seed(seed: int) -> str:
    """The PYTHONHASHSEED of all measuring processes of a run, so that sets of texts have the same order in all.

    Args:
        seed: the seed of the run, used unless the environment sets PYTHONHASHSEED. Interpreters with -E or -I, and
            their children, ignore it.
    """
    setting = os.environ.get("PYTHONHASHSEED", "")
    return setting if setting.isdigit() else str(random.Random(f"hashes {seed}").randrange(1, 2**32))
