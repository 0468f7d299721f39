"""The measuring process: one request a line on standard input, one answer a line on standard output, both JSON.

    {"do": "prepare", "cell": FILE, "warm": true or false}       the pickled workload and runner
    {"do": "reference", "save": FILE}                            a sequential pass; its results are saved, or kept
    {"do": "steady"}                                             another; whether it has the same results
    {"do": "sample", "compare": FILE or null, "repeats": 1}      so many timed executions, added up
    {"do": "items"}                                              the items as short texts
    {"do": "observe"}                                            one execution with every task recorded; `at`: when it
                                                                 began, by perf_counter()

An answer is {"ok": ...} or {"failed": {"kind": ..., "reason": ..., "detail": ...}}. The end of the input ends it.
The two pipes are taken over at the start: what the function prints goes where standard error goes, a file.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import platform
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from concbench.errors import ResultsDiffer
from concbench.host.cell import HostedCell, require_equal
from concbench.host.describe import describe
from concbench.host.native import native_threads
from concbench.host.pipes import take_over_pipes
from concbench.host.transfer import transfer
from concbench.machine import gil_enabled, usable_cores
from concbench.runners.start_method import keep_sockets_in, preload
from concbench.task import one_line, short


class Host:
    """Answers requests about one cell."""

    def __init__(self) -> None:
        self.cell: HostedCell | None = None
        self.reference: Reference | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked; every exception becomes an answer, those that would end the process included."""
        doing: dict[str, Callable[[dict[str, Any]], Any]] = {
            "prepare": self._prepare,
            "reference": self._reference,
            "steady": lambda _: self._made_reference().steady(),
            "sample": self._sample,
            "items": lambda _: self._prepared().items_as_text(),
            "observe": lambda _: self._observe(),
        }
        try:
            return {"ok": doing[request["do"]](request)}
        except BaseException as error:  # noqa: BLE001 - SystemExit of a task must not end the host without an answer
            return {"failed": describe(error)}

    def _prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        workload, runner = pickle.loads(Path(request["cell"]).read_bytes())
        self.cell = HostedCell(workload, runner, warm=request["warm"])
        if hasattr(runner, "start_method"):
            keep_sockets_in(Path(request["cell"]).parent)
        if getattr(runner, "start_method", None) == "forkserver":
            preload(self.cell.function)
        return interpreter()

    def _reference(self, request: dict[str, Any]) -> dict[str, Any]:
        self.reference = Reference(self._prepared(), Path(request["save"]))
        return self.reference.make()

    def _sample(self, request: dict[str, Any]) -> dict[str, Any]:
        expected = None
        if request["compare"]:
            path = Path(request["compare"])
            expected = self.reference.results() if self.reference else read_results(path)
        return take_sample(self._prepared(), request["repeats"], expected)

    def _observe(self) -> dict[str, Any]:
        observed, began = self._prepared().observe()
        return {**observed, "at": began}

    def _made_reference(self) -> Reference:
        assert self.reference is not None, "reference comes first"
        return self.reference

    def _prepared(self) -> HostedCell:
        assert self.cell is not None, "prepare comes first"
        return self.cell


class Reference:
    """The results of a sequential pass: in a file that all cells share, or kept here if they cannot be pickled."""

    def __init__(self, cell: HostedCell, path: Path) -> None:
        self._cell = cell
        self._path = path
        self._kept: list[Any] | None = None

    def make(self) -> dict[str, Any]:
        """Make the pass.

        Returns:
            Why the results cannot be sent, why they cannot be compared, which item was changed; empty where they
            can, and none was; their size as a pickle in bytes; the pass as a sample, if it was one; and facts.
        """
        results, timing = self._cell.reference()
        unsendable, size = "", 0
        try:
            packed = pickle.dumps(results)
            pickle.loads(packed)
            size = self._path.write_bytes(packed)
        except Exception as error:  # noqa: BLE001 - whatever the reason, they stay here
            self._kept = results
            unsendable = one_line(error)
        return {
            "unsendable": unsendable,
            "incomparable": self._incomparable(results),
            "changed": self._cell.changed_item(),
            "size": size,
            "sample": timing and {**timing, "repeats": 1},
            "facts": {**native_threads(), **({} if unsendable else transfer(self._cell.items, results))},
        }

    def results(self) -> list[Any]:
        """What the pass gave."""
        return self._kept if self._kept is not None else read_results(self._path)

    def steady(self) -> bool:
        """Whether another sequential pass gives the same."""
        try:
            results, _ = self._cell.reference()
            require_equal(results, self.results(), self._cell.workload.same)
        except ResultsDiffer:
            return False
        return True

    def _incomparable(self, results: list[Any]) -> str:
        for index, result in enumerate(results):
            if self._cell.workload.same(result, result) is None:
                return f"result {index}, {short(result)}, has no equality of its own"
        return ""


def read_results(path: Path) -> list[Any]:
    """What a Reference has saved."""
    results: list[Any] = pickle.loads(path.read_bytes())
    return results


def take_sample(cell: HostedCell, repeats: int, expected: Any) -> dict[str, Any]:
    """Execute a cell so many times, each checked; the figures added up, as a results file has them.

    Args:
        cell: what to execute.
        repeats: how often.
        expected: results to compare with, or None; what the workload itself knows goes first.

    Raises:
        ResultsDiffer: they are not what they must be.
    """
    if cell.workload.expected is not None:
        expected = cell.workload.expected
    total: dict[str, Any] = {"start": 0.0, "work": 0.0, "stop": 0.0, "cpu": 0.0}
    failed: Counter[str] = Counter()
    retries = 0
    for _ in range(repeats):
        timing = cell.sample()
        if expected is not None:
            require_equal(timing.collected, expected, cell.workload.same)
        tally = cell.workload.tally(timing.results)
        failed.update(tally.get("failed", {}))
        retries += tally.get("retries", 0)
        figures = timing.figures()
        unknown = {key for key in total if total[key] is None or figures[key] is None}
        total = {key: None if key in unknown else total[key] + figures[key] for key in total}
    return {**total, "repeats": repeats, "failed": dict(failed), "retries": retries}


def interpreter() -> dict[str, Any]:
    """What this interpreter is, once the workload's imports are done."""
    return {
        "implementation": platform.python_implementation(),
        "python": platform.python_version(),
        "gil": gil_enabled(),
        "cores": usable_cores(),
    }


def main() -> None:
    """Serve until the input ends."""
    requests, answers = take_over_pipes()
    _volunteer()
    host = Host()
    for line in requests:
        answers.write(json.dumps(host.answer(json.loads(line))) + "\n")
        answers.flush()
    if host.cell is not None:
        host.cell.close()


def _volunteer() -> None:
    """If memory runs out, let the kernel kill this process and its workers before anything else (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
