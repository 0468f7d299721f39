"""A host that is a process of its own: its own session and process group, alive between rounds, idle meanwhile.

So a crash, a hang or a leak is one row of the table, and the order in which cells run cannot be seen in their heaps.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import re
import secrets
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil

from concbench.harness.guard import GUARD
from concbench.harness.hosts import CellEnded
from concbench.harness.interruption import INTERRUPTION
from concbench.harness.memory import LOOK_SECONDS, MemoryLimit
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.tree import TreeWatch
from concbench.host.marked import MARK, end
from concbench.launch import hash_seed, python
from concbench.options import MeasureOptions, decided
from concbench.results.files import build
from concbench.results.passes import CheckPass, Finding, ReferencePass, Sample
from concbench.results.records import Json, Observed, Outcome
from concbench.workloads.base import Workload

UNTIL_KNOWN = 600.0
"""Seconds that a request may take as long as nobody knows what the work takes."""
_CLOSE_SECONDS = 5.0
_GROUP_SECONDS = 2.0


class ProcessHost:
    """Speaks with `concbench.host.main` in JSON lines; items travel as a pickle in a private directory."""

    def __init__(
        self,
        workload: Workload,
        cell: PlannedCell,
        directory: Path,
        options: MeasureOptions,
        loading: set[ProcessHost],
        *,
        examine: bool = False,
    ) -> None:
        """Start the process, which begins to load the cell at once.

        Args:
            workload: as it is running now.
            cell: what to execute.
            directory: private, shared by the hosts of the workload.
            options: whether it is warm, and how long one request may take at most.
            loading: the hosts that load at the same time, whose memory is watched together.
            examine: whether the function and the items are tried on pickle, which no process may do that takes samples.
        """
        name = "cell-" + re.sub(r"[^\w.-]+", "-", str(cell.id))[:80]
        self._timeout = self._preparing = options["timeout"] or UNTIL_KNOWN
        self._reference = directory / "reference.pickle"
        self._mark = secrets.token_hex(8)
        self._payload = directory / f"{name}-{self._mark}.pickle"
        self._log = directory / f"{name}-{self._mark}.log"
        self._closed = True
        self._unstarted = ""
        self._loading = loading
        self._too_large: Outcome | None = None
        try:
            self._start(pickle.dumps((workload, cell.runner)), options)
            self._loading.add(self)
            self._send({"do": "prepare", "cell": str(self._payload), "warm": options["warm"], "examine": examine})
        except OSError as error:  # a disk is full, or there are too many processes or open files
            self._unstarted = f"the measuring process could not be started: {error.strerror or error}"

    def _start(self, payload: bytes, options: MeasureOptions) -> None:
        self._payload.write_bytes(payload)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                python("concbench.host.main"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                start_new_session=True,
                env={
                    **os.environ,
                    MARK: f"{os.environ.get(MARK, '')} {self._mark}".strip(),
                    "PYTHONHASHSEED": hash_seed(decided(options["seed"])),
                },
            )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._closed = False
        GUARD.watch(self._process.pid, self._mark)
        self._memory = MemoryLimit(self._process.pid, options["memory_limit"])

    def prepare(self) -> Json:
        """Wait until the cell is loaded."""
        if self._unstarted:
            raise CellEnded(Outcome("failed", self._unstarted))
        interpreter = build(Json, self._answered(self._preparing))
        self._loading.discard(self)
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
        self._loading.discard(self)
        if self._closed:
            return
        self._closed = True
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._let_end()
        finally:
            if self._process.poll() is None:
                self._kill()
            self._end_group()
            GUARD.release(self._process.pid)
            self._reader.join(_CLOSE_SECONDS)
            self._process.stdout.close()

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        if not self._closed:
            self._kill()

    def _let_end(self) -> None:
        """Not by Popen.wait(), which keeps a lock for good if it is interrupted at the wrong moment."""
        patience = monotonic() + _CLOSE_SECONDS
        while self._process.poll() is None and monotonic() < patience:
            with INTERRUPTION.allowed():
                sleep(0.002)

    def _ask(self, request: dict[str, Any], watch: TreeWatch | None = None) -> Any:
        self._send(request)
        return self._answered(self._timeout, watch)

    def _send(self, request: dict[str, Any]) -> None:
        """What cannot be sent has no answer: the process has died, as whoever waits for the answer will find."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # ValueError: it was closed
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def _answered(self, timeout: float, watch: TreeWatch | None = None) -> Any:
        answer = self._answer(timeout, watch)
        if "failed" in answer:
            raise CellEnded(Outcome(**answer["failed"]))
        return answer["ok"]

    def _answer(self, timeout: float, watch: TreeWatch | None) -> dict[str, Any]:
        deadline = monotonic() + timeout
        while True:
            pause = min(LOOK_SECONDS, watch.look() if watch else LOOK_SECONDS)
            try:
                with INTERRUPTION.allowed():
                    line = self._answers.get(timeout=max(0.0, min(pause, deadline - monotonic())))
            except queue.Empty:
                for host in {self, *self._loading}:
                    host.end_if_too_large()
                if monotonic() < deadline:
                    continue
                self._kill()
                raise CellEnded(
                    Outcome("failed", f"timed out after {timeout:.3g} s", self._tail(), "timeout", timeout)
                ) from None
            if self._too_large is not None:
                raise CellEnded(self._too_large)
            if not line:
                self._answers.put("")  # whoever asks again finds the same
                raise self._died()
            answer: dict[str, Any] = json.loads(line)
            return answer

    def end_if_too_large(self) -> None:
        """End the process if it uses more memory than it may; whoever waits for its answer is told."""
        used = self._memory.used()
        if used is not None:
            self._kill()
            allowed = f"{self._memory.limit / 1e9:.1f} GB are allowed ({self._memory.source})"
            why = f"used {used / 1e9:.1f} GB of memory, and {allowed}"
            self._too_large = Outcome("failed", why, self._tail(), "memory")

    def _read(self) -> None:
        """Hand on the answers; an empty text is the end. In a thread because a pipe cannot be waited for on Windows."""
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError, OSError):
            for line in self._process.stdout:
                self._answers.put(line)
        self._answers.put("")

    def _died(self) -> CellEnded:
        try:
            code = self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:  # it lives, and has closed its pipes
            self._kill()
            code = self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return CellEnded(Outcome("failed", f"the measuring process died ({how})", self._tail(), "death"))

    def _tail(self) -> str:
        with contextlib.suppress(OSError):
            return self._log.read_text(errors="replace")[-2000:].strip()
        return ""

    def _kill(self) -> None:
        end(self._process.pid, self._mark)
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # the kernel has not let it go yet
            self._process.wait(_CLOSE_SECONDS)

    def _end_group(self) -> None:
        """Let what the host started end by itself, such as the tracker that removes semaphores; then kill the rest."""
        if sys.platform == "win32":
            return
        self._wait_for_group()
        end(self._process.pid, self._mark)
        self._wait_for_group()

    def _wait_for_group(self) -> None:
        patience = monotonic() + _GROUP_SECONDS
        while self._group_lives() and monotonic() < patience:
            sleep(0.005)

    def _group_lives(self) -> bool:
        try:
            os.killpg(self._process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return any(_lives_in(self._process.pid, pid) for pid in psutil.pids())


def _lives_in(group: int, pid: int) -> bool:
    """Whether a process of this group still runs; one that has ended and waits to be reaped does not."""
    try:
        return os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False
