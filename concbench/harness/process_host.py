"""A host that is a process of its own: its own session and process group, alive between rounds, idle meanwhile.

So a crash, a hang or a leak is one row of the table, and the order in which cells run cannot be seen in their heaps.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import psutil

from concbench.harness.guard import GUARD
from concbench.harness.hosts import CellEnded
from concbench.harness.interruption import INTERRUPTION
from concbench.harness.kept_log import OFTEN, KeptLog, empty_logs
from concbench.harness.memory import LOOK_SECONDS, MemoryLimit
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.tree import TreeWatch
from concbench.host.marked import MARK, end
from concbench.launch import hash_seed, start
from concbench.options import IMPORT_SECONDS, MeasureOptions, decided
from concbench.results.files import build
from concbench.results.passes import CheckPass, Finding, ReferencePass, Sample
from concbench.results.records import Json, Observed, Outcome
from concbench.wire import WireBroken
from concbench.workloads.base import Workload

if TYPE_CHECKING:
    from concbench.harness.loading import Loading

UNTIL_KNOWN = 600.0
"""Seconds that a request may take as long as nobody knows what the work takes."""
_CLOSE_SECONDS = 5.0
_LEAVE_SECONDS = 1.0
"""That a process gets to end by itself, whatever threads, executors and atexit hooks are in it."""
_STRAY = (
    "answers: the function, or a program that it started, writes to descriptors that are not its own; "
    "close and write only those that it has opened itself"
)
_GROUP_SECONDS = 2.0


class ProcessHost:
    """Speaks with `concbench.host.main`; items travel as a pickle in a private directory."""

    def __init__(
        self,
        workload: Workload,
        cell: PlannedCell,
        directory: Path,
        options: MeasureOptions,
        loading: Loading,
        *,
        examine: bool = False,
    ) -> None:
        """Start the process, which begins to load the cell at once.

        Args:
            workload: as it is running now.
            cell: what to execute.
            directory: private, shared by the hosts of the workload.
            options: whether it is warm, and how long one request may take at most.
            loading: the processes that load at the same time.
            examine: whether the function and the items are tried on pickle, which no process may do that takes samples.
        """
        name = "cell-" + re.sub(r"[^\w.-]+", "-", str(cell.id))[:80]
        self._timeout = options["timeout"] or UNTIL_KNOWN
        self._reference = directory / "reference.pickle"
        self._loading = loading
        self._process = GuardedProcess("the measuring process", options["memory_limit"])
        self._payload = directory / f"{name}-{self._process.mark}.pickle"
        self._importing = f"importing {workload.name} in a measuring process"
        self._import_limit = options["import_timeout"] or IMPORT_SECONDS
        self._unstarted = ""
        self._since = monotonic()
        try:
            self._payload.write_bytes(pickle.dumps((workload, cell.runner)))
            log = directory / f"{name}-{self._process.mark}.log"
            self._process.start("concbench.host.main", log, {"PYTHONHASHSEED": hash_seed(decided(options["seed"]))})
            loading.processes.add(self._process)
            self._process.send(
                {"do": "prepare", "cell": str(self._payload), "warm": options["warm"], "examine": examine}
            )
        except OSError as error:  # a disk is full, or there are too many processes or open files
            self._unstarted = f"the measuring process could not be started: {error.strerror or error}"

    def prepare(self) -> Json:
        """Wait until the cell is loaded."""
        if self._unstarted:
            raise CellEnded(Outcome("failed", self._unstarted))
        try:
            loaded = self._loading.answer(self._process, self._importing, self._since, self._import_limit)
        finally:
            self._loading.processes.discard(self._process)
        interpreter = build(Json, _succeeded(loaded))
        self._payload.unlink()
        return interpreter

    def reference(self) -> ReferencePass:
        """Make the sequential results, in this host."""
        return build(ReferencePass, self._ask({"do": "reference", "save": str(self._reference)}))

    def check(self, most: int) -> CheckPass:
        """Execute the cell and compare its results."""
        return build(CheckPass, self._ask({"do": "check", "most": most, "compare": self._compared()}))

    def passes(self, most: int) -> Finding:
        """Make sequential passes in one of its workers."""
        finding: Finding = self._ask({"do": "passes", "most": most, "compare": self._compared()})
        return finding

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        """Take a timed sample."""
        return build(Sample, self._ask({"do": "sample", "repeats": repeats, "collect": collect}))

    def compare(self) -> None:
        """Compare what was collected last."""
        self._ask({"do": "compare", "compare": self._compared()})

    def _compared(self) -> str | None:
        return str(self._reference) if self._reference.exists() else None

    def allow(self, seconds: float) -> None:
        """From the next request on."""
        self._timeout = seconds

    def items_as_text(self) -> list[str]:
        """Ask for them."""
        return build(list[str], self._ask({"do": "items"}))

    def observe(self, *, collect: bool = False) -> Observed:
        """Observe a pass, and watch the memory of all its processes from outside meanwhile."""
        watch = TreeWatch(self._process.pid)
        figures = self._ask({"do": "observe", "collect": collect}, watch)
        began = figures.pop("at")
        return replace(
            build(Observed, figures),
            tree_cpu=watch.cpu(),
            memory=watch.peak,
            memory_kind=watch.kind,
            memory_track=[[round(max(0.0, at - began), 4), float(memory)] for at, memory in watch.track],
            processes=watch.processes or None,
            threads=watch.threads or None,
        )

    def close(self) -> None:
        """End the process and all that it started."""
        self._loading.processes.discard(self._process)
        self._process.close()

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        self._process.kill()

    def _ask(self, request: dict[str, Any], watch: TreeWatch | None = None) -> Any:
        self._process.send(request)
        return _succeeded(self._process.answer(self._timeout, watch=watch))


class GuardedProcess:
    """A process in which code of the user's runs: it cannot hang, nor flood, nor outlive us, nor leave anything behind.

    What it and all that it starts carry is a mark by which they are found, even if this process is killed.
    """

    def __init__(self, name: str, memory_limit: int | None = None) -> None:
        """Think of one; it is not started yet.

        Args:
            name: what it is called in messages.
            memory_limit: bytes that it and all that it starts may use together.
        """
        self.mark = secrets.token_hex(8)
        self._name = name
        self._memory_limit = memory_limit
        self._closed = True
        self._too_large: Outcome | None = None
        self._answers: queue.SimpleQueue[Json | WireBroken | None] = queue.SimpleQueue()

    @property
    def pid(self) -> int:
        """That of its group, too."""
        return self._process.pid

    def start(self, module: str, log: Path, environment: Mapping[str, str]) -> None:
        """Start it.

        Args:
            module: whose main() it runs.
            log: a file for what it prints.
            environment: in addition to ours.

        Raises:
            OSError: it cannot be: there are too many processes or open files, or a disk is full.
        """
        self._log = KeptLog(log)
        mark = f"{os.environ.get(MARK, '')} {self.mark}".strip()
        output = self._log.open()
        try:
            self._process, self._wire = start(module, output, {**os.environ, MARK: mark, **environment})
        finally:
            os.close(output)
        self._reader = threading.Thread(target=self._read, daemon=True)
        try:
            GUARD.watch(self.pid, self.mark)
            self._memory = MemoryLimit(self.pid, self._memory_limit)
            self._reader.start()
        except (OSError, RuntimeError) as error:  # RuntimeError is what Python says where there can be no more threads
            self._kill()
            GUARD.release(self.pid)
            self._wire.close()
            raise error if isinstance(error, OSError) else OSError(str(error)) from error
        self._closed = False

    def close(self, group_seconds: float = _GROUP_SECONDS) -> None:
        """End the process, which gets a moment to end by itself, and all that it started, which gets these seconds."""
        if self._closed:
            return
        self._closed = True
        self._wire.close_writing()
        try:
            self._let_end()
        finally:
            if self._process.poll() is None:
                self._kill()
            self._end_group(group_seconds)
            GUARD.release(self._process.pid)
            self._reader.join(_CLOSE_SECONDS)
            self._wire.close()

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        if not self._closed:
            self._kill()

    def _let_end(self) -> None:
        """Not by Popen.wait(), which keeps a lock for good if it is interrupted at the wrong moment."""
        patience = monotonic() + _LEAVE_SECONDS
        while self._process.poll() is None and monotonic() < patience:
            with INTERRUPTION.allowed():
                sleep(0.002)

    def send(self, request: dict[str, Any]) -> None:
        """What cannot be sent has no answer: the process has died, as whoever waits for the answer will find."""
        with contextlib.suppress(OSError):
            self._wire.send(request)

    def answer(self, timeout: float, *, watch: TreeWatch | None = None) -> Json:
        """Wait for it; the process is ended if none comes.

        Args:
            timeout: seconds that it may take.
            watch: looks at all that the process has started meanwhile.

        Raises:
            CellEnded: says what happened instead.
        """
        answer = self.arrived(timeout, watch=watch)
        if answer is None:
            raise self.timed_out(f"timed out after {timeout:.3g} s", timeout)
        return answer

    def timed_out(self, why: str, seconds: float | None = None) -> CellEnded:
        """End the process, which took too long; the outcome says so."""
        self._kill()
        return CellEnded(Outcome("failed", why, self.output(), "timeout", seconds))

    def arrived(
        self, timeout: float, *, others: Collection[GuardedProcess] = (), watch: TreeWatch | None = None
    ) -> Json | None:
        """The same, but the process goes on where no answer has come, and there is None.

        Args:
            timeout: seconds that are waited.
            others: processes whose memory is watched meanwhile, too.
            watch: looks at all that the process has started meanwhile.

        Raises:
            CellEnded: says what happened instead.
        """
        deadline = monotonic() + timeout
        flooded = empty_logs()
        while True:
            pause = min(OFTEN if flooded else LOOK_SECONDS, watch.look() if watch else LOOK_SECONDS)
            try:
                with INTERRUPTION.allowed():
                    answer = self._answers.get(timeout=max(0.0, min(pause, deadline - monotonic())))
            except queue.Empty:
                flooded = empty_logs()
                for process in {self, *others}:
                    process.end_if_too_large()
                if monotonic() < deadline:
                    continue
                return None
            if self._too_large is not None:
                raise CellEnded(self._too_large)
            if isinstance(answer, WireBroken):
                self._kill()
                raise CellEnded(Outcome("failed", f"something else wrote where {self._name} {_STRAY}", self.output()))
            if answer is None:
                self._answers.put(None)  # whoever asks again finds the same
                raise self._died()
            return answer

    def end_if_too_large(self) -> None:
        """End the process if it uses more memory than it may; whoever waits for its answer is told."""
        used = self._memory.used()
        if used is not None:
            self._kill()
            allowed = f"{self._memory.limit / 1e9:.1f} GB are allowed ({self._memory.source})"
            why = f"used {used / 1e9:.1f} GB of memory, and {allowed}"
            self._too_large = Outcome("failed", why, self.output(), "memory")

    def _read(self) -> None:
        """Hand on the answers; None is the end. In a thread because a pipe cannot be waited for on Windows."""
        try:
            for answer in self._wire:
                self._answers.put(answer)
        except WireBroken as broken:
            self._answers.put(broken)
        except OSError:
            pass
        self._answers.put(None)

    def _died(self) -> CellEnded:
        try:
            code = self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:  # it lives, and has closed its pipes
            self._kill()
            code = self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return CellEnded(Outcome("failed", f"{self._name} died ({how})", self.output(), "death"))

    def output(self) -> str:
        """What it has printed, both ends of it."""
        return self._log.text()

    def _kill(self) -> None:
        end(self._process.pid, self.mark)
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # the kernel has not let it go yet
            self._process.wait(_CLOSE_SECONDS)

    def _end_group(self, seconds: float) -> None:
        """Let what the host started end by itself, such as the tracker that removes semaphores; then kill the rest."""
        if sys.platform == "win32":
            return
        self._wait_for_group(seconds)
        end(self._process.pid, self.mark)
        self._wait_for_group(_GROUP_SECONDS)

    def _wait_for_group(self, seconds: float) -> None:
        patience = monotonic() + seconds
        while self._group_lives() and monotonic() < patience:
            sleep(0.005)

    def _group_lives(self) -> bool:
        try:
            os.killpg(self._process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return any(_lives_in(self._process.pid, pid) for pid in psutil.pids())


def _succeeded(answer: Json) -> Any:
    if "failed" in answer:
        raise CellEnded(Outcome(**answer["failed"]))
    return answer["ok"]


def _lives_in(group: int, pid: int) -> bool:
    """Whether a process of this group still runs; one that has ended and waits to be reaped does not."""
    try:
        return os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False
