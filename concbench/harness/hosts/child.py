"""A process that runs user code, with its own session and process group, a mark, a log, and time and memory limits."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil

from concbench.harness.clock import AWAKE
from concbench.harness.hosts.base import CellEnded
from concbench.harness.hosts.guardian import GUARD
from concbench.harness.hosts.log import FLOOD_SECONDS, BoundedLog, empty_logs
from concbench.harness.hosts.memory_limit import POLL_SECONDS, MemoryLimit
from concbench.harness.hosts.process_tree import TreeWatch
from concbench.harness.interruption import INTERRUPTION
from concbench.host.descendants import (
    OwnedProcess,
    cpu_seconds,
    environment_with_mark,
    kill_processes,
    owned_processes,
    start_ticks,
)
from concbench.launch import start, wait_for_end
from concbench.results.records import Json, Outcome
from concbench.task import exception_text, exit_text, one_line
from concbench.wire import WireBroken

_CLOSE_SECONDS = 5.0
_DYING_SECONDS = 2.0
"""Seconds that a process gets to end after its side of the wire was closed."""
_LEAVE_SECONDS = 1.0
"""Seconds that a process gets to end by itself, with its threads, executors and atexit hooks."""
_GROUP_SECONDS = 2.0
_LEAST_ACTIVITY_SECONDS, _ACTIVITY_MULTIPLE = 30.0, 20
"""Timeout for pickling and comparing: the least seconds, and the multiple of the time of the request before that."""
_ADVICE = "close and write only those that the code itself has opened"
_STRAY = (
    f"answers: the function, or a program that it started, writes to file descriptors that it did not open; {_ADVICE}"
)
_CLOSED = (
    ": something in it has replaced the process with another program (exec), or closes file descriptors that it did "
    f"not open; {_ADVICE}"
)
_NO_MEMORY = (
    "concbench ran out of memory while reading the answer of {name}; allow it more (ulimit -v, or the control group)"
)


class GuardedProcess:
    """A process that cannot hang, fill the disk with output, outlive this process, or leave processes behind.

    It and every process that it starts carry a mark by which they are found, even if this process is killed.
    """

    def __init__(self, name: str, memory_limit: int | None = None, describe_tasks: Callable[[], str] = str) -> None:
        """Describe a process without starting it.

        Args:
            name: its name in messages.
            memory_limit: bytes that it and every process that it starts may use together.
            describe_tasks: called if it has died; returns a clause that names the tasks in progress.
        """
        self.mark = secrets.token_hex(8)
        self.activity = ""
        """Its current activity within a request, as it reported."""
        self.ended_programs: list[str] = []
        """Names of the programs that had to be ended after it had ended by itself."""
        self._name = name
        self._memory_limit = memory_limit
        self._describe_tasks = describe_tasks
        self._closed = True
        self._memory_outcome: Outcome | None = None
        self._answers: queue.SimpleQueue[Json | Exception | None] = queue.SimpleQueue()
        self._sent_at, self._activity_deadline = 0.0, math.inf
        self._output_before = self._output_at_answer = 0
        """Bytes that it had printed at its answer to the last request but one, and at its last answer."""
        self._has_answered = False
        self._died_idle = False
        """Whether it had died before a request was sent, and so between two executions."""

    @property
    def pid(self) -> int:
        """Its process id, which is also the id of its group."""
        return self._process.pid

    @property
    def activity_clause(self) -> str:
        """Its activity as a clause; empty if there is none."""
        return f" while {self.activity}" if self.activity else ""

    def start(self, module: str, log: Path, environment: Mapping[str, str], command: Sequence[str] = ()) -> None:
        """Start the process.

        Args:
            module: the module whose main() it runs.
            log: the file for its output.
            environment: environment variables in addition to ours.
            command: the command of its interpreter; empty for this interpreter.

        Raises:
            OSError: it cannot be started: there are too many processes or open files, or a disk is full.
        """
        self._log = BoundedLog(log)
        output = self._log.open()
        try:
            variables = {**environment_with_mark(self.mark), **environment}
            self._process, self._wire = start(module, output, variables, command)
        finally:
            os.close(output)
        self._started = start_ticks(self.pid)
        self._reader = threading.Thread(target=self._read, daemon=True)
        try:
            GUARD.watch(self.pid, self.mark)
            self._memory = MemoryLimit(self.pid, self._memory_limit)
            self._reader.start()
        except (OSError, RuntimeError) as error:  # Python raises RuntimeError if no thread can be started
            self._kill()
            GUARD.release(self.pid)
            self._wire.close()
            raise error if isinstance(error, OSError) else OSError(str(error)) from error
        self._closed = False

    def close(self, group_seconds: float | None = None) -> None:
        """End the process, after a moment to end by itself, and every process that it started.

        Args:
            group_seconds: seconds that the processes it started get to end by themselves; None: two.
        """
        if self._closed:
            return
        self._closed = True
        self._wire.close_writing()
        try:
            self._wait_for_end()
        finally:
            if self._process.poll() is None:
                self._kill()
            ended = self._end_group(_GROUP_SECONDS if group_seconds is None else group_seconds)
            self.ended_programs = ended if self._process.poll() == 0 else []
            GUARD.release(self.pid)
            self._reader.join(_CLOSE_SECONDS)
            self._wire.close()
            self._log.close()

    def kill(self) -> None:
        """Kill the process and every process that it started."""
        if not self._closed:
            self._kill()

    def busy(self) -> list[OwnedProcess]:
        """The processes that compute at this moment, among this process and those it started."""
        return [process for process in owned_processes(self.pid, self.mark, self._started) if process.computes]

    def cpu_seconds(self) -> float:
        """CPU seconds that it has used so far, without its children."""
        return cpu_seconds(self.pid)

    def send(self, request: dict[str, Any]) -> None:
        """Send a request; if that fails, the process has died, and waiting for the answer reports its death."""
        self.activity = ""
        self._sent_at, self._activity_deadline = AWAKE.now(), math.inf
        self._output_before = self._output_at_answer
        try:
            self._wire.send(request)
        except OSError:
            self._died_idle = self._has_answered

    def answer(self, timeout: float, *, watch: TreeWatch | None = None) -> Json:
        """Wait for the answer to a request; the process is ended if none arrives in time.

        Args:
            timeout: seconds to wait.
            watch: observes the memory and CPU time of the process tree during the wait.

        Raises:
            CellEnded: no answer arrived; the outcome says why.
        """
        answer = self.answer_or_none(timeout, watch=watch)
        if answer is None:
            raise self.end_for_timeout(f"timed out after {timeout:.3g} s{self.activity_clause}", timeout)
        return answer

    def end_for_timeout(self, why: str, seconds: float | None = None) -> CellEnded:
        """Kill the process, which took too long, and return the error to raise."""
        self._kill()
        return CellEnded(Outcome("failed", why, self.output(), "timeout", seconds))

    def answer_or_none(
        self, timeout: float, *, watched: Collection[GuardedProcess] = (), watch: TreeWatch | None = None
    ) -> Json | None:
        """Wait for an answer like `answer`, but return None and leave the process running if none arrives in time.

        Args:
            timeout: seconds to wait.
            watched: other processes whose memory is watched during the wait.
            watch: observes the memory and CPU time of the process tree during the wait.

        Raises:
            CellEnded: the process ended or was ended; the outcome says why.
        """
        deadline = AWAKE.now() + timeout
        began = monotonic()
        flooded = empty_logs()
        while True:
            pause = min(FLOOD_SECONDS if flooded else POLL_SECONDS, watch.poll() if watch else POLL_SECONDS)
            end_of_wait = min(deadline, self._activity_deadline)
            wait = max(0.0, min(pause, end_of_wait - AWAKE.now()))
            try:
                try:
                    with INTERRUPTION.allowed():
                        answer = self._answers.get(timeout=wait)
                finally:  # also with an answer, which may have come while this process was suspended
                    began = AWAKE.passed(wait, began)
            except queue.Empty:
                flooded = empty_logs()
                for process in {self, *watched}:
                    process.end_if_too_large()
                began = AWAKE.passed(0.0, began)
                if AWAKE.now() < end_of_wait:
                    continue
                if self._activity_deadline < deadline:
                    seconds = self._activity_deadline - self._sent_at
                    why = f"timed out after {seconds:.3g} s{self.activity_clause}"
                    raise self.end_for_timeout(why, seconds) from None
                return None
            if self._memory_outcome is not None:
                raise CellEnded(self._memory_outcome)
            if isinstance(answer, Exception):
                self._kill()
                raise CellEnded(Outcome("failed", self._unreadable_reason(answer), self.output()))
            if answer is None:
                self._answers.put(None)  # the next wait must find it as well
                raise self._death_error()
            if "doing" not in answer:
                self._has_answered = True
                self._output_at_answer = self._log.printed_bytes()
                return answer
            self._note_activity(answer["doing"])

    def _note_activity(self, activity: str) -> None:
        """Note the current activity of the process; an activity has its own timeout."""
        now = AWAKE.now()
        self.activity = activity
        allowed = max(_LEAST_ACTIVITY_SECONDS, _ACTIVITY_MULTIPLE * (now - self._sent_at)) if activity else math.inf
        self._activity_deadline = now + allowed

    def end_if_too_large(self) -> None:
        """Kill the process if it exceeds its memory limit; waiting for its answer then raises."""
        used = self._memory.exceeding_bytes()
        if used is not None:
            self._kill()
            limit = f"only {self._memory.limit / 1e9:.1f} GB is allowed ({self._memory.source})"
            why = f"used {used / 1e9:.1f} GB of memory, but {limit}"
            self._memory_outcome = Outcome("failed", why, self.output(), "memory")

    def output(self) -> str:
        """The start and the end of its output."""
        return self._log.text()

    def last_line(self) -> str:
        """A clause with the last line that it printed since its previous answer; empty if there is none."""
        last = self._log.last_line(self._output_before)
        return f"; last printed: {one_line(last, 120)}" if last else ""

    def _read(self) -> None:
        """Pass on the answers, then None at the end; in a thread, because Windows cannot wait for a pipe.

        Errors are passed on like answers, so that a wait never hangs.
        """
        try:
            for answer in self._wire:
                self._answers.put(answer)
        except OSError:
            pass
        except Exception as error:  # noqa: BLE001 - WireBroken and MemoryError, as far as is known
            self._answers.put(error)
        self._answers.put(None)

    def _unreadable_reason(self, error: Exception) -> str:
        """The reason why an answer could not be read."""
        if isinstance(error, WireBroken):
            return f"something else wrote to the channel on which {self._name} {_STRAY}"
        if isinstance(error, MemoryError):
            return _NO_MEMORY.format(name=self._name)
        return f"the answer of {self._name} cannot be read: {exception_text(error)}"

    def _death_error(self) -> CellEnded:
        """The error for a process whose end of the wire is closed, mostly because it has died."""
        ended = wait_for_end(self._process, _DYING_SECONDS)
        closed = ended is None or ended.code == self._wire.closed_exit_code
        if ended is None:
            self._kill()
        how = "can no longer answer" if closed else f"died ({exit_text(ended.code if ended else None)})"
        when = " between two executions" if self._died_idle else self.activity_clause or self._describe_tasks()
        reason = f"{self._name} {how}{when}{_CLOSED if closed else self.last_line()}"
        return CellEnded(Outcome("failed", reason, self.output(), "death"), idle=self._died_idle)

    def _wait_for_end(self) -> None:
        """Wait for the end without Popen.wait(), which keeps its lock for good if interrupted at the wrong moment."""
        patience = monotonic() + _LEAVE_SECONDS
        while self._process.poll() is None and monotonic() < patience:
            with INTERRUPTION.allowed():
                sleep(0.002)

    def _kill(self) -> None:
        kill_processes(self.pid, self.mark)
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # the kernel has not released it yet
            self._process.wait(_CLOSE_SECONDS)

    def _end_group(self, seconds: float) -> list[str]:
        """Let its children end by themselves, such as the tracker that removes semaphores; then kill the rest.

        Returns:
            The names of the killed programs.
        """
        if sys.platform == "win32":
            return []
        self._wait_for_group(seconds)
        ended = kill_processes(self.pid, self.mark)
        self._wait_for_group(_GROUP_SECONDS)
        return ended

    def _wait_for_group(self, seconds: float) -> None:
        patience = monotonic() + seconds
        while self._group_lives() and monotonic() < patience:
            sleep(0.005)

    def _group_lives(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return any(_lives_in(self.pid, pid) for pid in psutil.pids())


def _lives_in(group: int, pid: int) -> bool:
    """Whether a process belongs to this group and still runs; a zombie does not run."""
    try:
        return os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False
