"""The measuring process, which answers requests in sequence.

    {"do": "prepare", "cell": FILE, "sockets": DIRECTORY,            load the pickled workload and runner; sockets are
     "warm": BOOL, "examine": BOOL}                                  made in the directory; `examine`: check that the
                                                                     function and the items can be sent to workers
    {"do": "sample", "collect": BOOL, "repeats": 1}                  time so many executions, and add them up
    {"do": "observe", "collect": BOOL}                               make an observed pass; `at` in the answer: its
                                                                     beginning by perf_counter()
    {"do": "compare", "compare": FILE}                               compare the results collected last; samples taken
                                                                     later do not count
    {"do": "interpreter"}                                            current facts about the interpreter
    {"do": "items"}                                                  the items as short texts

The following requests are for processes that never take samples, since they change the heap:

    {"do": "reference", "save": FILE, "record": FILE}                make a sequential pass; save or keep its results
    {"do": "check", "compare": FILE, "most": 10,                     execute the cell, and compare the results
     "record": FILE}
    {"do": "passes", "compare": FILE, "most": 2}                     make sequential passes in one worker, and compare
                                                                     their results
    {"do": "reads", "compare": FILE}                                 why this interpreter cannot read the results of
                                                                     another; empty if it can

"compare": FILE holds the results to compare with, unless the workload knows them or this process has made them.
"record": FILE gets the items in progress during the first execution. An answer is {"ok": ...}, or {"failed": {"kind":
..., "reason": ..., "detail": ...}, "worker": whether one of its workers died}. Before it, {"doing": ...} may announce
an activity on items or results, which may run user code; if it is empty, the work is executed again. The process ends
with the wire.
"""

from __future__ import annotations

import gc

_BARE = len(gc.get_objects()) if hasattr(gc, "freeze") else 0
"""Objects known to the garbage collector before concbench is loaded; 0 where it cannot ignore any (PyPy)."""

import contextlib
import errno
import sys
from collections.abc import Callable
from dataclasses import asdict
from os import getpid
from pathlib import Path
from pickle import dumps, loads
from typing import Any

from concbench.equality import copied
from concbench.errors import BadFunction, HostFailure, ResultsDiffer, WorkerDied
from concbench.host.cell import HostedCell
from concbench.host.comparison import incomparable, require_equal
from concbench.host.descendants import own_mark, semaphore_prefix, set_inherited_mark
from concbench.host.gil import GilWatch
from concbench.host.native_threads import native_threads
from concbench.host.outcomes import describe
from concbench.host.resources import allow_more_descriptors, own_memory
from concbench.host.transfer import function_contents, function_growth, function_transfer, task_transfer
from concbench.host.unfinished_work import close_unawaited, describe_unfinished, has_awaitables
from concbench.host.unpacking import unpickle_cell
from concbench.machine import allowed_cores, compiles, gil_enabled, quota_cores, usable_cores
from concbench.observing import perf_counter
from concbench.results.passes import COMPARED, PICKLED, SENT, CheckPass, Finding, ReferencePass, Sample
from concbench.runners.start_method import set_names
from concbench.task import attempt, exception_text
from concbench.traits import CALLER, INTERPRETERS, LOOP, THREADS
from concbench.wire import end_if_forked, take_over

Tell = Callable[[str], None]
"""Called with the next activity on items or results; with an empty text when the work is executed again."""
_RESOURCE_ERRORS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT}
CHECK_SECONDS = 0.05
"""Seconds for which short work is repeated in a check, since random failures are rare."""


def _tell_nobody(doing: str) -> None:
    del doing


class Host:
    """Answers requests about one cell."""

    def __init__(self, send: Callable[[dict[str, Any]], None], mark: str) -> None:
        self._send = send
        self._mark = mark
        self._process = getpid()
        self._gil = GilWatch()
        self.cell: HostedCell | None = None
        self.reference: Reference | None = None
        self.collected: list[Any] | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request; every exception becomes an answer, even if it would end the process."""
        handlers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "prepare": self._prepare,
            "sample": self._sample,
            "observe": self._observe,
            "compare": self._compare,
            "items": lambda _: self._prepared().items_as_text(),
            "interpreter": lambda _: self._interpreter(),
            "reference": self._reference,
            "check": self._check,
            "reads": self._reads,
            "passes": lambda request: sequential_passes(self._prepared(), request["most"], self._expected(request)),
        }
        try:
            return {"ok": handlers[request["do"]](request)}
        except BaseException as error:  # noqa: BLE001 - SystemExit of a task must not end the host without an answer
            allow_more_descriptors()
            return {"failed": describe(error), "worker": isinstance(error, WorkerDied)}

    def _prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        workload, runner = unpickle_cell(Path(request["cell"]))
        self.cell = HostedCell(workload, runner, warm=request["warm"], directory=Path(request["cell"]).parent)
        end_if_forked(self._process)
        if "multiprocessing" in sys.modules or self.cell.traits.where not in {CALLER, THREADS, LOOP, INTERPRETERS}:
            set_names(Path(request["sockets"]), semaphore_prefix(self._mark))
        if hasattr(runner, "preload"):
            runner.preload(self.cell.function)
        if request["examine"]:
            self._tell(SENT)
            self.cell.examine()
        return {**self._interpreter(), **self.cell.provide()}

    def _interpreter(self) -> dict[str, Any]:
        enabling = self._gil.enabling_modules()
        return {**interpreter(), **({"gil_turned_on": enabling} if enabling else {})}

    def _reference(self, request: dict[str, Any]) -> dict[str, Any]:
        self.reference = Reference(self._prepared(), Path(request["save"]))
        findings = self.reference.make(request["record"], self._tell)
        return {**asdict(findings), "facts": {**own_memory(), **findings.facts}}

    def _check(self, request: dict[str, Any]) -> dict[str, Any]:
        expected = self._expected(request)
        return asdict(check(self._prepared(), request["most"], expected, request["record"], self._tell))

    def _reads(self, request: dict[str, Any]) -> str:
        self._tell(COMPARED)
        _, unreadable = attempt(self._expected, request)
        if isinstance(unreadable, HostFailure):
            raise unreadable
        return "" if unreadable is None else exception_text(unreadable)

    def _sample(self, request: dict[str, Any]) -> dict[str, Any]:
        sample, self.collected = take_sample(self._prepared(), request["repeats"], collect=request["collect"])
        return asdict(sample)

    def _observe(self, request: dict[str, Any]) -> dict[str, Any]:
        observed, began, self.collected = self._prepared().observe(collect=request["collect"])
        return {**observed, "at": began}

    def _compare(self, request: dict[str, Any]) -> None:
        collected, self.collected = self.collected, None
        assert collected is not None, "nothing was collected"
        self._tell(COMPARED)
        require_equal(collected, self._expected(request), self._prepared().workload.same)

    def _expected(self, request: dict[str, Any]) -> Any:
        """The results to compare with."""
        return expected_results(self._prepared(), self.reference, Path(request["compare"]))

    def _tell(self, doing: str) -> None:
        if doing:
            allow_more_descriptors()
        self._send({"doing": doing})

    def _prepared(self) -> HostedCell:
        assert self.cell is not None, "prepare comes first"
        return self.cell


class Reference:
    """The results of a sequential pass, in a file shared by all cells, or in memory if they cannot be pickled."""

    def __init__(self, cell: HostedCell, path: Path) -> None:
        self._cell = cell
        self._path = path
        self._results: list[Any] | None = None

    def make(self, record: str | None = None, tell: Tell = _tell_nobody) -> ReferencePass:
        """Make the pass, and return its findings."""
        function = self._cell.function
        if function_contents(function):  # pickling it may run user code
            tell(SENT)
            cost = function_transfer(function)
            tell("")
        else:
            cost = function_transfer(function)
        results, sample = self._cell.reference(record)
        tell(PICKLED)
        if has_awaitables(results) or describe_unfinished(results):
            close_unawaited(results)
            return ReferencePass(awaitable=has_awaitables(results), unfinished=describe_unfinished(results))
        unsendable, copies = self._save(results)
        tell(COMPARED)
        changed, unchanged = self._cell.changed_item()
        count, reason = incomparable(results, copies, self._cell.workload.same)
        return ReferencePass(
            unsendable=unsendable,
            incomparable=reason if count == len(results) else "",
            excluded=f"{count:,} of {len(results):,} results cannot be compared (the others are): {reason}"
            if 0 < count < len(results)
            else "",
            changed=changed,
            unchanged=unchanged,
            sample=sample,
            facts={
                **native_threads(),
                **({} if unsendable else task_transfer(self._cell.items, results)),
                **({} if unsendable else {**cost, **function_growth(function, cost)}),
            },
        )

    def _save(self, results: list[Any]) -> tuple[str, list[Any]]:
        """Save the results in the file, or in memory if they cannot be pickled; return why not, and copies of them.

        Raises:
            HostFailure: they cannot be saved for another reason; the message says why.
        """
        packed, unsendable = attempt(dumps, results, 5)  # a protocol that every supported interpreter reads
        if unsendable is None:
            copies, unsendable = attempt(loads, packed)
        if unsendable is not None and not _is_lack_of_resources(unsendable):
            self._results = results
            return exception_text(unsendable), [copied(result) for result in results]
        try:
            if unsendable is not None:
                raise unsendable
            self._path.write_bytes(packed)
        except (OSError, MemoryError) as error:
            directory = self._path.parent.parent
            reason = getattr(error, "strerror", None) or exception_text(error)
            raise HostFailure(
                f"concbench could not keep the results in {directory} to compare others with: {reason}"
            ) from error
        return "", copies

    def results(self) -> list[Any]:
        """Return the results of the pass."""
        return self._results if self._results is not None else _read_results(self._path)


def _is_lack_of_resources(error: BaseException) -> bool:
    """Whether an error is due to a lack of resources, such as open files, and not to the results."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _RESOURCE_ERRORS)


def expected_results(cell: HostedCell, reference: Reference | None, path: Path) -> Any:
    """The results to compare a cell with: known to the workload, made in this process, or saved in a file.

    Raises:
        HostFailure: the file cannot be read.
    """
    if cell.workload.expected is not None:
        return cell.workload.expected
    if reference is not None:
        return reference.results()
    return _read_results(path)


def _read_results(path: Path) -> list[Any]:
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise HostFailure(f"concbench could not read the results to compare with: {error.strerror}") from error
    results: list[Any] = loads(packed)
    return results


def take_sample(cell: HostedCell, repeats: int, *, collect: bool) -> tuple[Sample, list[Any]]:
    """Execute a cell `repeats` times, and add up the figures.

    Each execution begins after the results of the previous one are freed, as in a program that does the work once.

    Args:
        cell: the cell to execute.
        repeats: number of executions.
        collect: whether to keep the values to compare of the last execution.

    Returns:
        The sample, and the collected values.
    """
    total: Sample | None = None
    collected: list[Any] = []
    for number in range(repeats):
        timing = cell.sample(collect=collect and number == repeats - 1)
        sample, collected = cell.sample_of(timing), timing.collected
        del timing
        total = total + sample if total else sample
    assert total is not None, "a sample is one execution or more"
    return total, collected


def check(
    cell: HostedCell, most: int, expected: Any, record: str | None = None, tell: Tell = _tell_nobody
) -> CheckPass:
    """Execute a cell and compare its results; short work is executed several times.

    Args:
        cell: the cell to execute; this process never takes samples of it.
        most: most executions.
        expected: the results to compare with.
        record: a file for the items in progress during the first execution.
        tell: called with the activities between executions.

    Raises:
        ResultsDiffer: the results differ from the expected ones.
        BadFunction: the results are unfinished work.
    """
    first: Sample | None = None
    executions = 0
    began = perf_counter()
    while executions == 0 or (executions < most and perf_counter() - began < CHECK_SECONDS):
        tell("")
        timing = cell.sample(collect=True, record=None if first else record)
        tell(COMPARED)
        unfinished = describe_unfinished(timing.results)
        if unfinished:
            close_unawaited(timing.results)
            raise BadFunction(f"{cell.workload.name} {unfinished}")
        require_equal(timing.collected, expected, cell.workload.same)
        first = first or cell.sample_of(timing)
        executions += 1
    return CheckPass(first, executions)


def sequential_passes(cell: HostedCell, most: int, expected: Any) -> Finding:
    """Make sequential passes in a worker of this cell: two, or for short work up to `most`.

    If the worker is a thread and its results differ from the expected ones, another pass is made in the main thread.

    Returns:
        `unsteady` if the passes differ from one another; `same` if they give the expected results; `thread` if only the
        pass in the main thread does; `process` if that pass differs too, or if the worker is not a thread.
    """
    first, *others = cell.passes(most)
    if any(_differ(other, first, cell) for other in others):
        return "unsteady"
    if not _differ(first, expected, cell):
        return "same"
    in_thread = cell.traits.in_threads and not cell.awaits
    return "thread" if in_thread and not _differ(cell.reference()[0], expected, cell) else "process"


def _differ(collected: list[Any], expected: Any, cell: HostedCell) -> bool:
    try:
        require_equal(collected, expected, cell.workload.same)
    except ResultsDiffer:
        return True
    return False


_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy"}
"""Names as in `platform`, which is slow to import."""


def interpreter() -> dict[str, Any]:
    """Return facts about this interpreter, after the imports of the workload."""
    return {
        "implementation": _IMPLEMENTATIONS.get(sys.implementation.name, sys.implementation.name),
        "python": sys.version.split()[0],
        "gil": gil_enabled(),
        "jit": compiles(),
        "cores": usable_cores(),
        "quota": quota_cores(),
        "allowed": allowed_cores(),
    }


def main() -> None:
    """Serve until the parent has closed the wire, or has ended."""
    wire = take_over()
    mark = own_mark()  # before user code may empty the environment
    set_inherited_mark(mark)
    _prefer_for_oom_kill()
    ballast = exclude_from_collection()
    host = Host(wire.send, mark)
    for request in wire:
        wire.send(host.answer(request))
    if host.cell is not None:
        host.cell.close()
    del ballast


def exclude_from_collection() -> list[Callable[[], None]]:
    """Have the garbage collector ignore the objects of concbench, which the user's own program does not have.

    A full collection visits every object, so functions that make many objects would be slower here than by hand. The
    collector then ignores the interpreter's own objects as well; the returned objects replace them in number, for as
    long as they live. The collector of PyPy cannot ignore objects.
    """
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
    return [lambda: None for _ in range(_BARE)]


def _prefer_for_oom_kill() -> None:
    """Have the kernel kill this process and its workers first if memory runs out (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
