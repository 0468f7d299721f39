"""Commands that are interrupted in a certain phase: for the tests and for benchmarks/reliability/interruptions.py.

Each phase is a command that surely is in it when the signal comes: a task or the disk says so by a file and sleeps, or
a pipe that nobody reads is full.
"""

from __future__ import annotations

import array
import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from traces import WHERE, left, wait_until

from concbench.errors import BadResults
from concbench.results.files import load
from concbench.results.records import RunRecord

BOUND = 5.0
"""Seconds within which the command must end."""
GRACE = 1.0
"""Additional seconds for its child processes."""
LONGEST = 4.0
"""Seconds after which a random interruption comes at the latest."""
ATTEMPTS = 5
"""Attempts at a moment that may be missed, such as the start of the image server."""
PIPE = 4096
"""Capacity in bytes of the pipe that nobody reads."""
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
APP = """
import os, subprocess, sys, time
from pathlib import Path

THERE = Path("there")
IMPORTS = Path("imports")

if os.environ.get("SLOW_IMPORT"):
    with IMPORTS.open("a") as file:
        file.write("x")
    if IMPORTS.stat().st_size == int(os.environ["SLOW_IMPORT"]):
        THERE.write_text("")
        time.sleep(100)

def task(item):
    with Path("calls").open("a") as file:
        file.write("x")
    if Path("calls").stat().st_size == int(os.environ.get("SLOW_CALL", -1)):
        THERE.write_text("")
        time.sleep(100)
    time.sleep(0.06)
    return item

def leaves_a_child(item):
    subprocess.Popen(["sleep", "1000"])
    return item
"""
SLOW_DISK = """
import os, time
from pathlib import Path

to_disk = os.fsync

def fsync(file):
    with Path("fsyncs").open("a") as fsyncs:
        fsyncs.write("x")
    if Path("fsyncs").stat().st_size == int(os.environ.get("SLOW_FSYNC", -1)):
        Path("there").write_text("")
        time.sleep(0.3)
    to_disk(file)

os.fsync = fsync
"""
"""Imported by every Python that starts with this directory on its path."""
LIMITS = ["--limits", "300,200"]
TWO = ["-r", "sequential", "-r", "thread-pool:1", "--rounds", "3", "--items", "1..2"]
MANY = [argument for workers in range(1, 13) for argument in ("-r", f"thread-pool:{workers}")]


class Running:
    """A command that runs in a directory of its own."""

    def __init__(
        self, directory: Path, arguments: list[str], environment: dict[str, str], output: int = subprocess.PIPE
    ) -> None:
        self.arguments = arguments
        self.directory = directory
        self.temporary = directory / "tmp"
        self.temporary.mkdir(parents=True)
        (directory / "app.py").write_text(APP)
        (directory / "sitecustomize.py").write_text(SLOW_DISK)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "concbench", *arguments],
            cwd=directory, stdout=output, stderr=output, pipesize=PIPE, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            env={**os.environ, **environment, WHERE: str(directory), "TMPDIR": str(self.temporary),
                 "XDG_CACHE_HOME": str(directory / "cache")},
        )  # fmt: skip

    def wait_for(self, there: Callable[[Running], bool]) -> bool:
        """Wait until a condition is true; returns whether the command still runs then."""
        wait_until(lambda: there(self) or self.process.poll() is not None, "such moment")
        return self.process.poll() is None

    def marked(self) -> bool:
        """Whether a task, an import or the disk has reported that it sleeps."""
        return (self.directory / "there").exists()

    def saved(self) -> bool:
        """Whether there is a results file."""
        return (self.directory / "run.json").exists()

    def serving(self) -> bool:
        """Whether the image server is being started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return any("server_process" in _command_line(child) for child in children)

    def handling(self) -> bool:
        """Whether it already handles signals: before that, it is like the start of any Python."""
        caught = Path(f"/proc/{self.process.pid}/status").read_text().partition("SigCgt:")[2].split()[0]
        return bool(int(caught, 16) & 1 << signal.SIGTERM - 1)

    def blocked(self) -> bool:
        """Whether it has filled the pipe that nobody reads."""
        waiting = array.array("i", [0])
        assert self.process.stdout is not None
        fcntl.ioctl(self.process.stdout, termios.FIONREAD, waiting)
        return waiting[0] >= PIPE

    def interrupted(self, number: signal.Signals) -> Ending:
        """Send the signal, and inspect the result."""
        began = time.monotonic()
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=6 * BOUND)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            out, err = self.process.communicate()
        seconds = time.monotonic() - began
        remains = {f"process {pid} {_command_line(pid)[:90]}" for pid in left(self.directory, GRACE)}
        files = [*self.temporary.rglob("*"), *self.directory.glob(".*"), *(self.directory / "cache").rglob(".*")]
        remains |= {f"file {path.name}" for path in files}
        record, bad = None, ""
        if self.saved():
            try:
                record = load(self.directory / "run.json")
            except BadResults as error:
                bad = str(error)
        return Ending(
            number, self.process.returncode, seconds, (out or b"").decode(), (err or b"").decode(), record, bad, remains
        )


@dataclass
class Ending:
    """The end of a command."""

    number: signal.Signals
    code: int
    seconds: float
    out: str
    err: str
    record: RunRecord | None
    bad: str
    """The fault of the results file, if there is one."""
    left: set[str] = field(default_factory=set)

    @property
    def printed(self) -> bool:
        """Whether a table was printed."""
        return self.out.startswith("concbench ")

    @property
    def file(self) -> str:
        """The state of the results file, in a word."""
        return self.bad or ("none" if self.record is None else "interrupted" if self.record.interrupted else "complete")

    def wrong(self, phase: Phase | None = None) -> list[str]:
        """Everything that is wrong, in words."""
        found = [*sorted(self.left), self.bad]
        found += [f"exit code {self.code}"] if self.code != SIGNALS[self.number] else []
        found += ["too slow"] if self.seconds > BOUND else []
        text = self.out + self.err
        found += [line for line in ("Traceback", "Exception ignored", "Error") if line in text]
        if phase is None or phase.file is None:  # at a random moment, the table shows what is in the file
            found += ["no table"] if self.record and self.record.interrupted and not self.printed else []
        else:
            found += [f"file is {self.file}"] if self.file != phase.file else []
            found += ["no table"] if self.printed != (phase.file != "none") else []
            found += [] if phase.rounds in (None, self._rounds()) else [f"rounds are {self._rounds()}"]
            found += [] if phase.prints in self.out else [f"{phase.prints} is not printed"]
        return [what for what in found if what]

    def _rounds(self) -> list[int]:
        """For each table, the rounds that every cell has."""
        tables = self.record.tables if self.record else []
        return [min(len(cell.samples) for cell in table.cells) for table in tables]


@dataclass(frozen=True)
class Phase:
    """The moment at which the signal comes, and what must be there afterwards."""

    arguments: list[str]
    there: Callable[[Running], bool]
    file: str | None
    """The results file afterwards: none, interrupted or complete; None if any of them is right."""
    rounds: list[int] | None = None
    """For each table of the file, the rounds that every cell has; None if any number is right."""
    environment: dict[str, str] = field(default_factory=dict)
    prints: str = ""


def _sleeping(call: int, rounds: list[int] | None, *, command: str = "run") -> Phase:
    arguments = [command, "app:task", *TWO] if command == "run" else [command, "app:task", "--items", "1..40"]
    return Phase(arguments, Running.marked, "interrupted", rounds, {"SLOW_CALL": str(call)})


def _writing(nth: int, file: str, rounds: list[int]) -> Phase:
    """Interrupt the nth write: after the warm-up, after each of three rounds, after the observed pass, and the last.

    Each write is two fsyncs, of the file and of its directory.
    """
    path = os.pathsep.join(filter(None, [".", os.environ.get("PYTHONPATH")]))
    environment = {"SLOW_FSYNC": str(2 * nth - 1), "PYTHONPATH": path}
    return Phase(["run", "app:task", *TWO], Running.marked, file, rounds, environment)


PHASES = {
    "import of the module": Phase(
        ["run", "app:task", *TWO], Running.marked, "none", environment={"SLOW_IMPORT": "1"}
    ),
    "start of the image server": Phase(["run", "download"], Running.serving, None),
    "preparing": Phase(
        ["run", "app:task", *TWO], Running.marked, "interrupted", [0], {"SLOW_IMPORT": "2"}
    ),
    "reference": _sleeping(1, [0]),
    "check": _sleeping(3, [0]),
    "warm-up": _sleeping(5, [0]),
    "round": _sleeping(13, [1]),
    "observed pass": _sleeping(21, [3]),
    "second workload, image server": Phase(
        ["run", "primes", "download", *LIMITS, "-r", "sequential", "--rounds", "1"], Running.serving, None,
        prints="primes: ",
    ),
    "second workload, preparing": Phase(
        ["run", "primes", "app:task", *LIMITS, *TWO], Running.marked, "interrupted", [3, 0], {"SLOW_IMPORT": "2"},
        "primes: ",
    ),
    "writing before the first round": _writing(1, "interrupted", [0]),
    "writing after a round": _writing(2, "interrupted", [1]),
    "writing after the last": _writing(6, "complete", [3]),
    "ending the processes": Phase(
        ["run", "app:leaves_a_child", "--items", "1..2", "-r", "sequential", "-r", "thread-pool:2", "--rounds", "1",
         "--no-observe", "--no-check"], Running.saved, "interrupted", [1],
    ),
    "printing": Phase(
        ["run", "primes", *LIMITS, *MANY, "--baseline", "thread-pool:1", "--rounds", "1", "--why"], Running.blocked,
        "complete", [1], prints="Answer for primes",
    ),
    "advise, first look": _sleeping(2, [0], command="advise"),
    "advise, race": _sleeping(500, None, command="advise"),
}  # fmt: skip
RANDOM = Phase(
    ["run", "primes", "-r", "sequential", "-r", "thread-pool:4", "-r", "process-pool:2", "--rounds", "6"],
    Running.handling, None,
)  # fmt: skip


def interrupt(phase: Phase, number: signal.Signals, directory: Path, pause: float = 0.0) -> Ending:
    """Start the command of a phase in an empty directory, and interrupt it there."""
    for attempt in range(ATTEMPTS):
        running = Running(directory / str(attempt), [*phase.arguments, "-o", "run.json"], phase.environment)
        try:
            if running.wait_for(phase.there):
                time.sleep(pause)
                return running.interrupted(number)
        finally:
            running.process.kill()
            running.process.communicate()
    raise AssertionError(f"the moment was missed {ATTEMPTS} times: {running.arguments}")


def _command_line(pid: int | str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
