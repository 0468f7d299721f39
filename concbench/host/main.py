"""The measuring process: it answers one request after the other.

    {"do": "prepare", "cell": FILE, "sockets": DIRECTORY,            the pickled workload and runner; where sockets are
     "warm": BOOL, "examine": BOOL}                                  made; `examine`: whether the function and the items
                                                                     can be sent to workers
    {"do": "sample", "collect": BOOL, "repeats": 1}                  so many timed executions, added up
    {"do": "observe", "collect": BOOL}                               one execution with every task recorded; `at`: when
                                                                     it began, by perf_counter()
    {"do": "compare", "compare": FILE}                               the results that were collected last; no sample
                                                                     counts that is taken after that
    {"do": "interpreter"}                                            what the interpreter is by now
    {"do": "items"}                                                  the items as short texts

These are for processes in which no sample is ever taken, since they leave a heap behind that no user's program has:

    {"do": "reference", "save": FILE, "record": FILE}                a sequential pass; its results are saved, or kept
    {"do": "check", "compare": FILE, "most": 10,                     executions whose results are compared
     "record": FILE}
    {"do": "passes", "compare": FILE, "most": 2}                     what sequential passes in one of its workers give
    {"do": "reads", "compare": FILE}                                 why this interpreter cannot read what another has
                                                                     saved; empty if it can

FILE holds the results to compare with, unless the workload knows them, or this process has made them. "record": FILE is
where the items are written down that are at work, in the first execution. An answer is {"ok": ...}, or {"failed":
{"kind": ..., "reason": ..., "detail": ...}, "worker": whether one of its workers died}. Before it, {"doing": ...} may
say what is done to items or results, which may run code of theirs; if that is empty, the work is executed again. The
end of the wire ends it.
"""

from __future__ import annotations

import gc

_BARE = len(gc.get_objects()) if hasattr(gc, "freeze") else 0
"""Objects that the garbage collector knows before anything of ours is loaded; 0 where it cannot pass over any."""

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
from concbench.host.comparing import incomparable, require_equal
from concbench.host.describe import describe
from concbench.host.gil import GilWatch
from concbench.host.marked import own_mark, semaphores, wear
from concbench.host.native import native_threads
from concbench.host.transfer import carried, grown, held_by, transfer
from concbench.host.unfinished import awaitable, close_unawaited, unfinished
from concbench.host.unpacking import unpacked
from concbench.host.usage import allow_more_descriptors, own_memory
from concbench.machine import allowed_cores, compiles, gil_enabled, quota_cores, usable_cores
from concbench.observing import perf_counter
from concbench.results.passes import COMPARED, PICKLED, SENT, CheckPass, Finding, ReferencePass, Sample
from concbench.runners.start_method import keep_names
from concbench.task import exception_text, tried
from concbench.traits import CALLER, INTERPRETERS, LOOP, THREADS
from concbench.wire import end_if_forked, take_over

Tell = Callable[[str], None]
"""Told what is done with items or results, or that the work is executed again."""
_WANTS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT}
CHECK_SECONDS = 0.05
"""Seconds for which short work is executed again and again in a check, since what goes wrong by chance shows seldom."""


def _nobody(doing: str) -> None:
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
        """Do what is asked; every exception becomes an answer, those that would end the process included."""
        doing: dict[str, Callable[[dict[str, Any]], Any]] = {
            "prepare": self._prepare,
            "sample": self._sample,
            "observe": self._observe,
            "compare": self._compare,
            "items": lambda _: self._prepared().items_as_text(),
            "interpreter": lambda _: self._interpreter(),
            "reference": self._reference,
            "check": self._check,
            "reads": self._reads,
            "passes": lambda asked: sequential_passes(self._prepared(), asked["most"], self._expected(asked)),
        }
        try:
            return {"ok": doing[request["do"]](request)}
        except BaseException as error:  # noqa: BLE001 - SystemExit of a task must not end the host without an answer
            allow_more_descriptors()
            return {"failed": describe(error), "worker": isinstance(error, WorkerDied)}

    def _prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        workload, runner = unpacked(Path(request["cell"]))
        self.cell = HostedCell(workload, runner, warm=request["warm"], directory=Path(request["cell"]).parent)
        end_if_forked(self._process)
        if "multiprocessing" in sys.modules or self.cell.traits.where not in {CALLER, THREADS, LOOP, INTERPRETERS}:
            keep_names(Path(request["sockets"]), semaphores(self._mark))
        if hasattr(runner, "preload"):
            runner.preload(self.cell.function)
        if request["examine"]:
            self._tell(SENT)
            self.cell.examine()
        return {**self._interpreter(), **self.cell.provide()}

    def _interpreter(self) -> dict[str, Any]:
        turned_on = self._gil.turned_on_by()
        return {**interpreter(), **({"gil_turned_on": turned_on} if turned_on else {})}

    def _reference(self, request: dict[str, Any]) -> dict[str, Any]:
        self.reference = Reference(self._prepared(), Path(request["save"]))
        found = self.reference.make(request["record"], self._tell)
        return {**asdict(found), "facts": {**own_memory(), **found.facts}}

    def _check(self, request: dict[str, Any]) -> dict[str, Any]:
        expected = self._expected(request)
        return asdict(check(self._prepared(), request["most"], expected, request["record"], self._tell))

    def _reads(self, request: dict[str, Any]) -> str:
        self._tell(COMPARED)
        _, unreadable = tried(self._expected, request)
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
        """What results must be."""
        return expected_of(self._prepared(), self.reference, Path(request["compare"]))

    def _tell(self, doing: str) -> None:
        if doing:
            allow_more_descriptors()
        self._send({"doing": doing})

    def _prepared(self) -> HostedCell:
        assert self.cell is not None, "prepare comes first"
        return self.cell


class Reference:
    """The results of a sequential pass: in a file that all cells share, or kept here if they cannot be pickled."""

    def __init__(self, cell: HostedCell, path: Path) -> None:
        self._cell = cell
        self._path = path
        self._kept: list[Any] | None = None

    def make(self, record: str | None = None, tell: Tell = _nobody) -> ReferencePass:
        """Make the pass, and say what it showed."""
        function = self._cell.function
        if held_by(function):  # its pickle may run code of a user's
            tell(SENT)
            sent = carried(function)
            tell("")
        else:
            sent = carried(function)
        results, sample = self._cell.reference(record)
        tell(PICKLED)
        if awaitable(results) or unfinished(results):
            close_unawaited(results)
            return ReferencePass(awaitable=awaitable(results), unfinished=unfinished(results))
        unsendable, copies = self._save(results)
        tell(COMPARED)
        changed, unchanged = self._cell.changed_item()
        count, why = incomparable(results, copies, self._cell.workload.same)
        return ReferencePass(
            unsendable=unsendable,
            incomparable=why if count == len(results) else "",
            excluded=f"{count:,} of {len(results):,} results cannot be compared, the others are: {why}"
            if 0 < count < len(results)
            else "",
            changed=changed,
            unchanged=unchanged,
            sample=sample,
            facts={
                **native_threads(),
                **({} if unsendable else transfer(self._cell.items, results)),
                **({} if unsendable else {**sent, **grown(function, sent)}),
            },
        )

    def _save(self, results: list[Any]) -> tuple[str, list[Any]]:
        """Save them in the file, or keep them here if they cannot be pickled; returns why not, and copies of them.

        Raises:
            HostFailure: that is not the fault of the results; says why.
        """
        packed, unsendable = tried(dumps, results, 5)  # a protocol that every interpreter reads
        if unsendable is None:
            copies, unsendable = tried(loads, packed)
        if unsendable is not None and not _is_ours(unsendable):
            self._kept = results
            return exception_text(unsendable), [copied(result) for result in results]
        try:
            if unsendable is not None:
                raise unsendable
            self._path.write_bytes(packed)
        except (OSError, MemoryError) as error:
            place = self._path.parent.parent
            why = getattr(error, "strerror", None) or exception_text(error)
            raise HostFailure(
                f"concbench could not keep the results in {place} to compare others with: {why}"
            ) from error
        return "", copies

    def results(self) -> list[Any]:
        """What the pass gave."""
        return self._kept if self._kept is not None else _read_results(self._path)


def _is_ours(error: BaseException) -> bool:
    """Whether it is for want of what processes need, such as open files, and not the way that results are."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _WANTS)


def expected_of(cell: HostedCell, reference: Reference | None, path: Path) -> Any:
    """What the results of a cell must be: known to the workload, made here, or saved in a file.

    Raises:
        HostFailure: the file has gone.
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
    """Execute a cell so many times, and add up the figures.

    Each execution begins when the results of the one before are gone, as in a program that does this once.

    Args:
        cell: what to execute.
        repeats: how often.
        collect: whether to keep what is compared, of the last execution.

    Returns:
        The figures, and what was collected.
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


def check(cell: HostedCell, most: int, expected: Any, record: str | None = None, tell: Tell = _nobody) -> CheckPass:
    """Execute a cell and compare its results, short work several times.

    Args:
        cell: what to execute; no sample is ever taken of it in this process.
        most: executions at most.
        expected: results to compare with.
        record: a file for the items that are at work in the first execution.
        tell: told what is done between executions.

    Raises:
        ResultsDiffer: they are not what they must be.
        BadFunction: they are work that has not been done.
    """
    first: Sample | None = None
    executions = 0
    began = perf_counter()
    while executions == 0 or (executions < most and perf_counter() - began < CHECK_SECONDS):
        tell("")
        timing = cell.sample(collect=True, record=None if first else record)
        tell(COMPARED)
        told = unfinished(timing.results)
        if told:
            close_unawaited(timing.results)
            raise BadFunction(f"{cell.workload.name} {told}")
        require_equal(timing.collected, expected, cell.workload.same)
        first = first or cell.sample_of(timing)
        executions += 1
    return CheckPass(first, executions)


def sequential_passes(cell: HostedCell, most: int, expected: Any) -> Finding:
    """What sequential passes give in a worker of this cell: two, of short work up to `most`.

    If the worker is a thread, and what it gives is not what is expected, there is another pass in the main thread.

    Returns:
        `unsteady` if they differ from one another; `same` if they give what is expected; `thread` if they do not
        and the pass in the main thread does; `process` if that pass differs too, or if the worker is not a thread.
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
"""As `platform` calls them, which takes longer to import than all else that is asked of it."""


def interpreter() -> dict[str, Any]:
    """What this interpreter is, once the workload's imports are done."""
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
    """Serve until the parent has closed the wire, or has gone."""
    wire = take_over()
    mark = own_mark()  # before code of the user's may empty the environment
    wear(mark)
    _volunteer()
    ballast = stand_aside()
    host = Host(wire.send, mark)
    for request in wire:
        wire.send(host.answer(request))
    if host.cell is not None:
        host.cell.close()
    del ballast


def stand_aside() -> list[Callable[[], None]]:
    """Have the garbage collector pass over what we have loaded, which the user's own program would not have.

    A full collection looks at every object, so functions that make many of them would be slower here than by hand. The
    interpreter's own objects are passed over as well then: as many others stand in for them, as long as these live. The
    collector of PyPy passes over nothing.
    """
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
    return [lambda: None for _ in range(_BARE)]


def _volunteer() -> None:
    """If memory runs out, let the kernel kill this process and its workers before anything else (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
