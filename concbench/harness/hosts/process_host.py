"""A host that is a separate process with its own session and process group; it stays alive and idle between rounds.

So a crash, a hang or a leak affects one row of the table, and the order of the cells does not affect their heaps.
"""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from concbench.harness.clock import AWAKE
from concbench.harness.hosts.base import CellEnded
from concbench.harness.hosts.child import GuardedProcess
from concbench.harness.hosts.memory_limit import allowed_bytes
from concbench.harness.hosts.private_directory import sockets_in
from concbench.harness.hosts.process_tree import TreeWatch
from concbench.harness.interruption import INTERRUPTION
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.launch import hash_seed
from concbench.observing import items_in_progress
from concbench.options import IMPORT_SECONDS, MeasureOptions, decided
from concbench.results.files import build
from concbench.results.passes import PICKLED, CheckPass, Finding, ReferencePass, Sample
from concbench.results.records import Json, ObservedPass, Outcome
from concbench.variants import module_directories
from concbench.workloads.base import Workload

if TYPE_CHECKING:
    from concbench.harness.hosts.import_wait import ImportWait

_MAIN = "concbench.host.host_process"
FIRST_TIMEOUT = 600.0
"""Timeout of a request in seconds, while the time of the work is unknown."""
_SETTLE_SECONDS, _MOST_SETTLE_SECONDS = 2.0, 10.0
"""Seconds for which a process may compute after the last task returned, as waiting threads of native libraries do."""
_BUSY_SHARE = 0.2
"""Share of a core above which a process counts as still computing."""
_BRIEF = 0.02, 0.1
"""CPU seconds, and share of the time of an execution, that may be used after it without a remark."""


class ProcessHost:
    """Talks to a `concbench.host.host_process` process; items travel as a pickle in a private directory."""

    def __init__(
        self,
        workload: Workload,
        cell: PlannedCell,
        directory: Path,
        options: MeasureOptions,
        import_wait: ImportWait,
        *,
        examine: bool = False,
    ) -> None:
        """Start the process, which begins to load the cell immediately.

        Args:
            workload: the running workload.
            cell: the cell to execute.
            directory: private, shared by the hosts of the workload.
            options: among others, whether executions are warm, and the timeout of a request.
            import_wait: waits for the processes that load at the same time.
            examine: whether to try pickling the function and the items; never in a process that takes samples.
        """
        self._name = workload.name
        self._timeout = options["timeout"] or FIRST_TIMEOUT
        self._directory = directory
        self._shared_reference = directory / "reference.pickle"
        self._variant_reference = directory / _variant_reference_name(cell)
        self._import_wait = import_wait
        self._memory_limit = options["memory_limit"]
        self._process = GuardedProcess("the measuring process", options["memory_limit"], self._describe_tasks)
        mark = self._process.mark
        cell_name = re.sub(r"[^\w.-]+", "-", str(cell.id))[:80]
        name = f"cell-{cell_name}-{mark}"
        self._payload, self._record = directory / f"{name}.pickle", directory / f"{name}.record"
        self._import_activity = f"importing {workload.name} in a measuring process"
        self._import_limit = options["import_timeout"] or IMPORT_SECONDS
        self._start_error = ""
        self._loaded = False
        self._computed_later = False
        self._idle_since: tuple[float, float] | None = None
        self._started_at = AWAKE.now()
        try:
            packed = pickle.dumps((workload, cell.runner), protocol=5)  # every interpreter can read that
            self._payload.write_bytes(packed)
            variant = cell.variant
            environment = {"PYTHONHASHSEED": hash_seed(decided(options["seed"])), **variant.variables(directory)}
            command = variant.command(_MAIN, module_directories(packed) if variant.python else ())
            self._process.start(_MAIN, directory / f"{name}.log", environment, command)
            import_wait.processes.add(self._process)
            self._process.send(
                {
                    "do": "prepare",
                    "cell": str(self._payload),
                    "sockets": str(sockets_in(directory) / mark[:7]),
                    "warm": options["warm"],
                    "examine": examine,
                }
            )
        except OSError as error:  # a disk is full, or there are too many processes or open files
            why = f"{error.strerror or error}{self._directory_clause()}"
            self._start_error = f"the measuring process could not be started: {why}"

    def prepare(self) -> Json:
        """Wait until the cell is loaded."""
        if self._start_error:
            raise CellEnded(Outcome("failed", self._start_error))
        try:
            answer = self._import_wait.answer(
                self._process, self._import_activity, self._started_at, self._import_limit
            )
        finally:
            self._import_wait.processes.discard(self._process)
        interpreter = build(Json, self._result_of(answer))
        self._loaded = True
        self._payload.unlink()
        return interpreter

    @property
    def _reference(self) -> Path:
        """The file of the reference results; the variant's own, if there is one."""
        return self._variant_reference if self._variant_reference.exists() else self._shared_reference

    def unreadable_reason(self) -> str:
        """Return why the results of another variant cannot be read here; empty if they can."""
        reason: str = self._ask({"do": "reads", "compare": str(self._shared_reference)})
        return reason

    def reference(self, *, of_variant: bool = False) -> ReferencePass:
        """Make the reference results in this host."""
        save = self._variant_reference if of_variant else self._shared_reference
        request = {"do": "reference", "save": str(save), "record": str(self._record)}
        try:
            return build(ReferencePass, self._execute(request))
        except CellEnded as ended:
            activity, reason = self._process.activity, ended.outcome.reason
            if ended.outcome.cause not in {"timeout", "death"} or not activity:
                raise
            return ReferencePass(unsendable=reason if activity == PICKLED else "", incomparable=reason)

    def check(self, max_executions: int) -> CheckPass:
        """Execute the cell and compare its results."""
        request = {
            "do": "check",
            "most": max_executions,
            "compare": str(self._reference),
            "record": str(self._record),
        }
        return build(CheckPass, self._execute(request))

    def sequential_passes(self, max_passes: int) -> Finding:
        """Make sequential passes in one of its workers."""
        finding: Finding = self._execute({"do": "passes", "most": max_passes, "compare": str(self._reference)})
        return finding

    def sample(self, *, collect: bool = False, repeats: int = 1) -> Sample:
        """Take a timed sample."""
        return build(Sample, self._execute({"do": "sample", "repeats": repeats, "collect": collect}))

    def interpreter(self) -> Json:
        """Return the current facts about the interpreter of the process."""
        return build(Json, self._ask({"do": "interpreter"}))

    def compare(self) -> None:
        """Compare the results collected last with the reference."""
        self._ask({"do": "compare", "compare": str(self._reference)})

    def set_timeout(self, seconds: float) -> None:
        """Set the timeout from the next request on."""
        self._timeout = seconds

    def items_as_text(self) -> list[str]:
        """Return the first items, each as a short text."""
        return build(list[str], self._ask({"do": "items"}))

    def observe(self, *, collect: bool = False) -> ObservedPass:
        """Make an observed pass, and watch the memory of all its processes from outside."""
        watch, memory_allowed = TreeWatch(self._process.pid), allowed_bytes(self._memory_limit)
        figures = self._execute({"do": "observe", "collect": collect}, watch)
        began = figures.pop("at")
        return replace(
            build(ObservedPass, figures),
            tree_cpu=watch.cpu(),
            memory=watch.peak,
            memory_kind=watch.kind,
            memory_track=[[round(max(0.0, at - began), 4), float(memory)] for at, memory in watch.track],
            processes=watch.processes or None,
            threads=watch.threads or None,
            memory_allowed=memory_allowed,
        )

    def close(self) -> None:
        """End the process and every process that it started."""
        self._import_wait.processes.discard(self._process)
        self._process.close()

    def kill(self) -> None:
        """Kill the process and every process that it started."""
        self._process.kill()

    def remarks(self) -> list[str]:
        """Return remarks on programs and computation that continued after the tasks had returned."""
        remarks = []
        if self._process.ended_programs:
            remarks.append(f"left programs running, which were ended: {', '.join(self._process.ended_programs)}")
        if self._computed_later:
            remarks.append("was still computing a while after its last task had returned; no time above includes that")
        return remarks

    def _execute(self, request: dict[str, Any], watch: TreeWatch | None = None) -> Any:
        """Execute the cell, and wait until its processes are idle, so that they do not disturb other cells."""
        began = monotonic()
        if self._idle_since is not None:
            idle_since, cpu = self._idle_since
            self._note_cpu_use(self._process.cpu_seconds() - cpu, began - idle_since)
        answer = self._ask(request, watch)
        answered, pause = monotonic(), 0.001
        cpu_before: dict[int, float] = {}
        cpu_used = 0.0
        while busy := self._process.busy():
            cpu_used = sum(process.cpu - cpu_before.setdefault(process.pid, process.cpu) for process in busy)
            waited = monotonic() - answered
            if waited > _SETTLE_SECONDS and cpu_used > _BUSY_SHARE * waited:
                self._process.kill()  # not later: it takes a core from the other cells
                raise CellEnded(self._busy_outcome([process.pid for process in busy]))
            if waited > _MOST_SETTLE_SECONDS:  # other processes use all cores: undecidable
                break
            with INTERRUPTION.allowed():
                sleep(pause)
            pause = 0.01
        self._note_cpu_use(cpu_used, answered - began)
        self._idle_since = monotonic(), self._process.cpu_seconds()
        return answer

    def _note_cpu_use(self, used: float, seconds: float) -> None:
        """Note CPU seconds used outside executions, if they are many for the `seconds` of an execution or a pause."""
        self._computed_later |= used > max(_BRIEF[0], _BRIEF[1] * seconds)

    def _busy_outcome(self, busy: list[int]) -> Outcome:
        what = "a busy thread" if self._process.pid in busy else "a busy process"
        why = f"{self._name} leaves {what} behind that was still computing {_SETTLE_SECONDS:g} s after the last task"
        return Outcome("failed", f"{why} had returned: end it, or wait for it, before the task returns", cause="busy")

    def _ask(self, request: dict[str, Any], watch: TreeWatch | None = None) -> Any:
        self._idle_since = None
        self._process.send(request)
        return self._result_of(self._process.answer(self._timeout, watch=watch))

    def _result_of(self, answer: Json) -> Any:
        if "failed" not in answer:
            return answer["ok"]
        outcome = Outcome(**answer["failed"])
        outcome = replace(outcome, reason=outcome.reason + self._directory_clause())
        if answer["worker"]:
            detail = f"{outcome.detail}\n\n{self._process.output()}".strip()
            outcome = replace(outcome, reason=outcome.reason + self._process.last_line(), detail=detail)
        raise CellEnded(outcome)

    def _directory_clause(self) -> str:
        """A clause for error messages if the directory of temporary files was removed; else empty."""
        return "" if self._directory.exists() else f"; {self._directory} was removed"

    def _describe_tasks(self) -> str:
        """A clause that names the tasks in progress, which are recorded in the first execution."""
        tasks = sorted(items_in_progress(str(self._record))) if self._loaded else []
        if not tasks:
            return ", item unknown" if self._loaded else ""
        progress = f"task {tasks[0]} was" if len(tasks) == 1 else f"tasks {', '.join(map(str, tasks[:5]))} were"
        return f" while {progress} at work"


def _variant_reference_name(cell: PlannedCell) -> str:
    """The file for the results of a variant that cannot read those of others."""
    return f"reference-{blake2b(cell.id.variant.encode(), digest_size=8).hexdigest()}.pickle"
