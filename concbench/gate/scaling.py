"""A function under runners, measured as far as what is required of it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.campaign import measure_plans
from concbench.errors import ConcbenchError
from concbench.gate.judging import Judgement, equal_results, judge, told
from concbench.harness.hosts import Hosts
from concbench.harness.plan import Plan
from concbench.harness.resuming import resumed_after
from concbench.requirements import Requirement
from concbench.run import Run

T = TypeVar("T")
Planner = Callable[[Sequence[Requirement], bool], Plan]
"""Plans a measurement for requirements, or if the second is true, a single execution of each runner."""


class Scaling:
    """A function under runners, measured when something is asked of it for the first time, and no longer than needed.

    `scaling["thread-pool:2"]` gives the public figures of a runner, as `Run` does.
    """

    def __init__(
        self,
        planner: Planner,
        hosts: Hosts,
        tell: Callable[[Judgement], None],
        *,
        once: bool = False,
        decided: bool = False,
        functions: Sequence[Any] = (),
    ) -> None:
        """Decide on everything; nothing has run when this refuses.

        Args:
            planner: makes the plans.
            hosts: where samples are taken.
            tell: told what becomes of each requirement, before one that failed is raised.
            once: run each runner once and compare the results; nothing is judged that needs times.
            decided: raise what is undecided, too.
            functions: those that other processes are to find by the names of their modules.
        """
        self.asked = False
        """Whether something was asked of it."""
        self._planner = planner
        self._hosts = hosts
        self._tell = tell
        self._once = once
        self._decided = decided
        self._functions = functions
        self._requirements: list[Requirement] = []
        self._judgements: list[Judgement] = []
        self._run: Run | None = None
        self._equal: Judgement | None = None
        self._plan = planner((), once)

    def require(
        self,
        runner: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        same_as: str | None = None,
        within: float | str | None = None,
        memory: float | str | None = None,
    ) -> None:
        """Require something of a runner, and measure until it is known whether that holds.

        Args:
            runner: as on the command line, one of those that are measured.
            at_least: so many times as fast as the baseline.
            at_most: the same, the other way round.
            same_as: as fast as this runner.
            within: the share by which it may differ from that: 0.05 or "5%", which is the default.
            memory: bytes, or a size such as "500MB", that all its processes together have at most.

        Raises:
            AssertionError: it does not hold; says what was measured, and why.
            UsageError: the requirement cannot be; nothing has been measured for it.
        """
        __tracebackhide__ = True

        def planned() -> tuple[Plan, int]:
            new = Requirement.of(
                runner, at_least=at_least, at_most=at_most, same_as=same_as, within=within, memory=memory
            )
            plan = self._planner([*self._requirements, *new], False)
            self._requirements += new
            return plan, len(new)

        plan, count = quietly(planned)
        if self._once:
            return self.require_equal_results()
        judgements = quietly(lambda: self._judged(plan, count))
        self._conclude(judgements)
        return None

    def require_equal_results(self) -> None:
        """Require that every runner that can do the work has the results of the others.

        If nothing was measured before, every runner runs once. That can find a function that must not run at once, and
        never proves that one may.

        Raises:
            AssertionError: one failed, or its results differ.
        """
        __tracebackhide__ = True
        self.asked = True
        if self._equal is None:
            run = self._run or quietly(lambda: self._measured(self._planner((), True), None))
            self._equal = equal_results(run[0])
            self._conclude([self._equal])
        elif self._wrong(self._equal):
            raise AssertionError(self._equal.explanation)

    def __getitem__(self, runner: str) -> CellAnalysis:
        """The figures of a runner.

        Raises:
            KeyError: there is none of that name; names the nearest.
        """
        __tracebackhide__ = True
        return self.run[0][runner]

    @property
    def run(self) -> Run:
        """All that was measured, with what became of each requirement."""
        __tracebackhide__ = True
        self.asked = True
        if self._run is None:
            self._run = quietly(lambda: self._measured(self._plan, None))
        return told(self._run, self._judgements)

    @property
    def measured(self) -> bool:
        """Whether there are figures."""
        return self._run is not None

    def _judged(self, plan: Plan, count: int) -> list[Judgement]:
        """What becomes of the last requirements of a plan, measured on until that is known."""
        self.asked = True
        if self._run is None:
            self._run = self._measured(plan, None)
        elif self._run.tables[0].stopped == "verdicts" and any(one.undecided for one in self._by_now(plan, count)):
            self._run = self._measured(plan, self._run)
        return self._by_now(plan, count)

    def _conclude(self, judgements: Sequence[Judgement]) -> None:
        """Tell what became of requirements, and raise if one of them does not hold."""
        __tracebackhide__ = True
        for one in judgements:
            self._judgements.append(one)
            self._tell(one)
        wrong = [one.explanation for one in judgements if self._wrong(one)]
        if wrong:
            raise AssertionError("\n".join(wrong))

    def _wrong(self, judgement: Judgement) -> bool:
        return judgement.missed or (self._decided and judgement.undecided)

    def _by_now(self, plan: Plan, count: int) -> list[Judgement]:
        assert self._run is not None
        return [judge(one, self._run[0]) for one in plan.requirements[-count:]]

    def _measured(self, plan: Plan, earlier: Run | None) -> Run:
        """Measure, or go on with what has been measured."""
        before = None
        if earlier is not None:
            tables = [replace(table, stopped="") for table in earlier.tables]
            before = replace(earlier.record, tables=tables)
        with _found_by_others(self._functions):
            run = measure_plans([plan], self._hosts, None, before)
        if run.record.interrupted:
            raise KeyboardInterrupt
        if before is not None:  # it was not interrupted, but asked more
            note = resumed_after(before.tables[0].rounds)
            tables = [replace(table, notes=[one for one in table.notes if one != note]) for table in run.tables]
            run = Run(replace(run.record, tables=tables))
        return run


def quietly(action: Callable[[], T]) -> T:
    """Do it; what is refused is told at the line of the caller, since a traceback through this package says nothing."""
    __tracebackhide__ = True
    try:
        return action()
    except ConcbenchError as error:
        raise error.with_traceback(None) from None


@contextmanager
def _found_by_others(functions: Sequence[Any]) -> Iterator[None]:
    """Meanwhile, new processes find the modules of functions that were imported without the import path."""
    path = list(sys.path)
    for function in functions:
        directory = _directory_of(str(getattr(function, "__module__", "")))
        if directory and directory not in sys.path:
            sys.path.insert(0, directory)
    try:
        yield
    finally:
        sys.path[:] = path


def _directory_of(module: str) -> str:
    """The directory below which a module lies as its name says; empty if it does not."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or module == "__main__":
        return ""
    parts, path = module.split("."), Path(file).with_suffix("")
    if path.name == "__init__":
        path = path.parent
    return str(Path(*path.parts[: -len(parts)])) if list(path.parts[-len(parts) :]) == parts else ""
