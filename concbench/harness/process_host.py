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
from concbench.harness.plan import Options
from concbench.harness.private import sockets_in
from concbench.harness.runner_specs import PlannedCell
from concbench.harness.tree import TreeWatch
from concbench.host.marked import MARK, belonging, cpu_seconds, end, started
from concbench.launch import hash_seed, python
from concbench.observing import recorded
from concbench.results.files import build
from concbench.results.passes import PICKLED, CheckPass, Finding, ReferencePass, Sample
from concbench.results.records import Json, Observed, Outcome
from concbench.task import ending, one_line
from concbench.workloads.base import Workload

UNTIL_KNOWN = 600.0
"""Seconds that a request may take as long as nobody knows what the work takes."""
_CLOSE_SECONDS = 5.0
_GROUP_SECONDS = 2.0
_TAIL = 2000
_LEAST_BETWEEN, _TIMES_BETWEEN = 30.0, 20
"""Seconds at least, and times what came before it took, that it may take to pickle and compare items or results."""
_SETTLE_SECONDS, _MOST_SETTLE_SECONDS = 2.0, 10.0
"""For which something may compute after the last task has returned, as the threads of native libraries do that wait."""
_BUSY_SHARE = 0.2
"""Of a core, which it then uses all along."""
_BRIEF = 0.02, 0.1
"""Seconds of CPU time, and part of what an execution takes, that may be used after it without a word."""


class ProcessHost:
    """Speaks with `concbench.host.main` in JSON lines; items travel as a pickle in a private directory."""

    def __init__(
        self, workload: Workload, cell: PlannedCell, directory: Path, options: Options, loading: set[ProcessHost],
        *, examine: bool = False,
    ) -> None:  # fmt: skip
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
        self._timeout = self._preparing = options.timeout or UNTIL_KNOWN
        self._reference = directory / "reference.pickle"
        self._mark = secrets.token_hex(8)
        self._payload = directory / f"{name}-{self._mark}.pickle"
        self._log = directory / f"{name}-{self._mark}.log"
        self._closed = True
        self._unstarted = ""
        self._loading = loading
        self._too_large: Outcome | None = None
        self._record = directory / f"{name}-{self._mark}.record"
        self._doing = ""
        self._printed = 0
        self._name = workload.name
        self._went_on = False
        self._settled: tuple[float, float] | None = None
        self._remarks: list[str] = []
        try:
            self._start(pickle.dumps((workload, cell.runner)), options)
            self._loading.add(self)
            sockets = sockets_in(directory) / self._mark[:7]
            self._send(
                {
                    "do": "prepare",
                    "cell": str(self._payload),
                    "sockets": str(sockets),
                    "warm": options.warm,
                    "examine": examine,
                }
            )
        except OSError as error:  # a disk is full, or there are too many processes or open files
            gone = "" if directory.exists() else f": somebody has removed {directory}"
            self._unstarted = f"the measuring process could not be started: {error.strerror or error}{gone}"

    def _start(self, payload: bytes, options: Options) -> None:
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
                    "PYTHONHASHSEED": hash_seed(options.seed),
                },
            )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._closed = False
        GUARD.watch(self._process.pid, self._mark)
        self._since = started(self._process.pid)
        self._memory = MemoryLimit(self._process.pid, options.memory_limit)

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
        request = {"do": "reference", "save": str(self._reference), "record": str(self._record)}
        try:
            return build(ReferencePass, self._executed(request))
        except CellEnded as ended:
            if ended.outcome.cause not in {"timeout", "death"} or not self._doing:
                raise
            why = ended.outcome.reason
            return ReferencePass(unsendable=why if self._doing == PICKLED else "", incomparable=why)

    def check(self, most: int) -> CheckPass:
        """Execute the cell and compare its results."""
        return build(
            CheckPass,
            self._executed({"do": "check", "most": most, "compare": self._compared(), "record": str(self._record)}),
        )

    def passes(self, most: int) -> Finding:
        """Make sequential passes in one of its workers."""
        finding: Finding = self._executed({"do": "passes", "most": most, "compare": self._compared()})
        return finding

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        """Take a timed sample."""
        return build(Sample, self._executed({"do": "sample", "repeats": repeats, "collect": collect}))

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
        figures = self._executed({"do": "observe", "collect": collect}, watch)
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
            left = self._end_group()
            if left and self._process.poll() == 0:
                self._remarks.append(f"left programs running, which were ended: {', '.join(left)}")
            GUARD.release(self._process.pid)
            self._reader.join(_CLOSE_SECONDS)
            self._process.stdout.close()

    def remarks(self) -> list[str]:
        """What went on when the tasks had returned."""
        if not self._went_on:
            return self._remarks
        return [
            *self._remarks,
            "still computed for a while after its last task had returned, which is in no time above",
        ]

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

    def _executed(self, request: dict[str, Any], watch: TreeWatch | None = None) -> Any:
        """Have the cell executed, and wait until nothing of it computes any more: that would disturb all the others."""
        began = monotonic()
        if self._settled is not None:
            since, cpu = self._settled
            self._notice(cpu_seconds(self._process.pid) - cpu, began - since)
        answer = self._ask(request, watch)
        answered, pause = monotonic(), 0.001
        before: dict[int, float] = {}
        used = 0.0
        while busy := [one for one in belonging(self._process.pid, self._mark, self._since) if one.computes]:
            used = sum(one.cpu - before.setdefault(one.pid, one.cpu) for one in busy)
            waited = monotonic() - answered
            if waited > _SETTLE_SECONDS and used > _BUSY_SHARE * waited:
                self._kill()  # at once: it takes a core from all others
                raise CellEnded(self._never_ends([one.pid for one in busy]))
            if waited > _MOST_SETTLE_SECONDS:  # others use all cores, so that it cannot be told
                break
            with INTERRUPTION.allowed():
                sleep(pause)
            pause = 0.01
        self._notice(used, answered - began)
        self._settled = monotonic(), cpu_seconds(self._process.pid)
        return answer

    def _notice(self, used: float, seconds: float) -> None:
        """Seconds of CPU time that it used between executions: as part of what one took, or of the time between two."""
        self._went_on |= used > max(_BRIEF[0], _BRIEF[1] * seconds)

    def _never_ends(self, busy: list[int]) -> Outcome:
        what = "a busy thread" if self._process.pid in busy else "a busy process"
        why = f"{self._name} leaves {what} behind, which still computed {_SETTLE_SECONDS:g} s after the last task"
        return Outcome(
            "failed", f"{why} had returned: have it end, or wait for it, before the task returns", cause="busy"
        )

    def _ask(self, request: dict[str, Any], watch: TreeWatch | None = None) -> Any:
        self._send(request)
        return self._answered(self._timeout, watch)

    def _send(self, request: dict[str, Any]) -> None:
        """What cannot be sent has no answer: the process has died, as whoever waits for the answer will find."""
        assert self._process.stdin is not None
        self._doing, self._settled = "", None
        with contextlib.suppress(OSError):
            self._printed = self._log.stat().st_size
        with contextlib.suppress(OSError, ValueError):  # ValueError: it was closed
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def _answered(self, timeout: float, watch: TreeWatch | None = None) -> Any:
        answer = self._answer(timeout, watch)
        if "failed" not in answer:
            return answer["ok"]
        outcome = Outcome(**answer["failed"])
        if answer["worker"]:
            detail = f"{outcome.detail}\n\n{self._tail()}".strip()
            outcome = replace(outcome, reason=outcome.reason + self._last_line(), detail=detail)
        raise CellEnded(outcome)

    def _answer(self, timeout: float, watch: TreeWatch | None) -> dict[str, Any]:
        began = monotonic()
        deadline = began + timeout
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
                took = deadline - began
                reason = f"timed out after {took:.3g} s{self._while()}"
                raise CellEnded(Outcome("failed", reason, self._tail(), "timeout", took)) from None
            if self._too_large is not None:
                raise CellEnded(self._too_large)
            if not line:
                self._answers.put("")  # whoever asks again finds the same
                raise self._died()
            answer: dict[str, Any] = json.loads(line)
            if "doing" not in answer:
                return answer
            self._doing = answer["doing"]
            if self._doing:
                now = monotonic()
                deadline = min(deadline, now + max(_LEAST_BETWEEN, _TIMES_BETWEEN * (now - began)))

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
        reason = f"the measuring process died ({ending(code)}){self._while() or self._at_work()}{self._last_line()}"
        return CellEnded(Outcome("failed", reason, self._tail(), "death"))

    def _while(self) -> str:
        return f" while {self._doing}" if self._doing else ""

    def _at_work(self) -> str:
        """The tasks that it was at, which it records in its first execution."""
        tasks = sorted(recorded(str(self._record)))
        if not tasks:
            return ", item unknown"
        these = f"task {tasks[0]} was" if len(tasks) == 1 else f"tasks {', '.join(map(str, tasks[:5]))} were"
        return f" while {these} at work"

    def _last_line(self) -> str:
        """The last that was printed since the last request, as a clause."""
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(max(self._printed, self._log.stat().st_size - _TAIL))
            lines = log.read().decode(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "")
            return f"; last printed: {one_line(last, 120)}" if last else ""
        return ""

    def _tail(self) -> str:
        with contextlib.suppress(OSError):
            return self._log.read_text(errors="replace")[-_TAIL:].strip()
        return ""

    def _kill(self) -> None:
        end(self._process.pid, self._mark)
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # the kernel has not let it go yet
            self._process.wait(_CLOSE_SECONDS)

    def _end_group(self) -> list[str]:
        """Let what the host started end by itself, such as the tracker that removes semaphores; then kill the rest.

        Returns:
            The names of what was killed.
        """
        if sys.platform == "win32":
            return []
        self._wait_for_group()
        left = end(self._process.pid, self._mark)
        self._wait_for_group()
        return left

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
