"""Facts about an interpreter that the user named, queried once in a process that is ended in any case."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic
from typing import IO, Any

from concbench.errors import BadSetting
from concbench.launch import end_group, wait_for_end
from concbench.task import one_line

ANSWER_SECONDS = 10.0
"""Seconds that an interpreter gets to start and answer."""
OLDEST = 3, 11
"""The oldest version that can be measured."""
_MAX_BYTES = 1_000_000
"""Most bytes that it may print before it is ended."""
_ANSWER = "concbench:"
_QUESTION = """
import json, os, sys, sysconfig
def lacks(name):
    try:
        from importlib.util import find_spec
        return find_spec(name) is None
    except Exception:
        return True
print("")
print("concbench" + ":" + json.dumps({
    "implementation": getattr(getattr(sys, "implementation", None), "name", "unknown"),
    "version": sys.version.split()[0],
    "numbers": list(sys.version_info[:3]),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "gil": not hasattr(sys, "_is_gil_enabled") or bool(sys._is_gil_enabled()),
    "lacks": [name for name in ("aiohttp", "urllib3") if lacks(name)],
    "executable": os.path.realpath(sys.executable),
    "prefix": os.path.realpath(sys.prefix),
    "path": [entry for entry in sys.path if entry],
}))
"""
"""The program that queries an interpreter, in code that every version of Python can run."""
_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy"}


@dataclass(frozen=True)
class Interpreter:
    """Facts about an interpreter."""

    name: str
    """The name that the user gave."""
    executable: str
    """The path that it is started by; the link of a virtual environment is not followed."""
    implementation: str
    """CPython, PyPy, or its own name for itself."""
    version: str
    """Its version, such as 3.13.1."""
    numbers: tuple[int, ...]
    """Its version as numbers, for comparisons."""
    free_threaded: bool
    """Whether it can run without the GIL."""
    gil: bool
    """Whether it starts with the GIL."""
    identity: tuple[str, str]
    """The real paths of the program and the environment; interpreters with equal ones are the same."""
    path: tuple[str, ...]
    """Its own import path."""
    lacks: tuple[str, ...] = ()
    """Packages that `download` needs and that are missing."""

    @property
    def short(self) -> str:
        """Its version in short form: 3.13, 3.13t, pypy3.11."""
        name = "" if self.implementation == "CPython" else self.implementation.lower()
        return f"{name}{self.numbers[0]}.{self.numbers[1]}{'t' if self.free_threaded else ''}"

    @property
    def full_name(self) -> str:
        """Its name in a sentence."""
        return f"{self.name} ({self.implementation} {self.version})"

    def as_json(self) -> dict[str, Any]:
        """Return the facts that the results store, as plain JSON values."""
        return {
            "python": self.executable,
            "implementation": self.implementation,
            "version": self.version,
            "free_threaded": self.free_threaded,
        }


@cache
def probe_interpreter(name: str) -> Interpreter:
    """Query the interpreter of a path, of a name on the PATH, or of a virtual environment.

    Raises:
        BadSetting: it cannot be measured; the message says why.
    """
    executable = _executable_path(name)
    facts = _query(name, executable)
    numbers = tuple(facts["numbers"])
    if numbers < OLDEST:
        raise BadSetting(f"{name} is Python {facts['version']}; it must be {OLDEST[0]}.{OLDEST[1]} or newer")
    return Interpreter(
        name=name,
        executable=executable,
        implementation=_IMPLEMENTATIONS.get(facts["implementation"], facts["implementation"]),
        version=facts["version"],
        numbers=numbers,
        free_threaded=facts["free_threaded"],
        gil=facts["gil"],
        identity=(facts["executable"], facts["prefix"]),
        path=tuple(facts["path"]),
        lacks=tuple(facts["lacks"]),
    )


def _executable_path(name: str) -> str:
    """The path of the named interpreter.

    Raises:
        BadSetting: there is no such interpreter, or it cannot be executed.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        candidates = [path / "bin" / "python", path / "bin" / "python3", path / "Scripts" / "python.exe"]
        python = next((candidate for candidate in candidates if os.path.lexists(candidate)), None)
        if python is None:
            raise BadSetting(f"{name} is a directory without bin/python: name an interpreter, or an environment")
        path = python
    elif not os.path.lexists(path):
        on_path = shutil.which(name)
        if on_path is None:
            advice = "give a path, a name on the PATH, or the directory of a virtual environment"
            raise BadSetting(f"interpreter {name} was not found: {advice}")
        path = Path(on_path)
    if not path.exists():
        raise BadSetting(f"{path} is a broken link: recreate the environment")
    if not os.access(path, os.X_OK):
        raise BadSetting(f"{name} is not an interpreter: it cannot be executed")
    return str(path.absolute())


def _query(name: str, executable: str) -> dict[str, Any]:
    """The answer of an interpreter to the query.

    Raises:
        BadSetting: it does not answer, or with something else.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [executable, "-c", _QUESTION], stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                start_new_session=sys.platform != "win32",
            )  # fmt: skip
        except OSError as error:
            raise BadSetting(f"{name} is not an interpreter: {error.strerror or error}") from None
        try:
            deadline = monotonic() + ANSWER_SECONDS
            end = None
            while end is None and monotonic() < deadline and _size(output) + _size(errors) < _MAX_BYTES:
                end = wait_for_end(process, 0.05)
        finally:
            end_group(process.pid)
            process.kill()
            process.wait()
        printed, complaints = _read(output), _read(errors)
    answer = next((line for line in printed if line.startswith(_ANSWER)), None)
    if answer is not None:
        try:
            facts: dict[str, Any] = json.loads(answer.removeprefix(_ANSWER))
        except ValueError:
            pass
        else:
            return facts
    if end is None and monotonic() >= deadline:
        raise BadSetting(
            f"{name} did not answer within {ANSWER_SECONDS:g} s of its start: check what {executable} waits for"
        )
    lines = [line for line in (*complaints, *printed) if line.strip()]
    error_line = next((line for line in lines if "rror" in line), lines[0] if lines else "")
    reason = f": it says {one_line(error_line, 200)!r}" if error_line else ""
    if end is not None and end.code and complaints and "ython" in "".join(complaints):
        raise BadSetting(f"{name} cannot start{reason}; repair that installation, or recreate the environment")
    raise BadSetting(f"{name} is not a Python interpreter{reason}")


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _read(file: IO[bytes]) -> list[str]:
    file.seek(0)
    return file.read(_MAX_BYTES).decode("utf-8", "replace").splitlines()
