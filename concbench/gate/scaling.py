"""A function under runners, measured only as far as its requirements need."""

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
from concbench.gate.judging import Judgement, equal_results, judge, with_judgements
from concbench.harness.hosts.base import Hosts
from concbench.harness.planning.plan import Plan
from concbench.harness.resumption import resumed_after
from concbench.requirements import Requirement
from concbench.run import Run

T = TypeVar("T")
Planner = Callable[[Sequence[Requirement], bool], Plan]
"""Plans a measurement for requirements or, if the second argument is true, one execution of each runner."""


class Scaling:
    """A function under runners, measured when a result is first needed, and no longer than needed.

    `scaling["thread-pool:2"]` gives the public figures of a runner, as `Run` does.
    """

    def __init__(
        self,
        planner: Planner,
        hosts: Hosts,
        report: Callable[[Judgement], None],
        *,
        once: bool = False,
        fail_undecided: bool = False,
        functions: Sequence[Any] = (),
    ) -> None:
        """Plan the measurement; nothing has run if this raises.

        Args:
            planner: makes the plans.
            hosts: where samples are taken.
            report: called with each judgement, before a failed one is raised.
            once: execute each runner once and compare the results; no requirement on times is judged.
            fail_undecided: raise for undecided requirements, too.
            functions: functions that other processes must find by the names of their modules.
        """
        self.was_used = False
        """Whether something was required of it, or its figures were read."""
        self._planner = planner
        self._hosts = hosts
        self._report = report
        self._once = once
        self._fail_undecided = fail_undecided
        self._functions = functions
        self._requirements: list[Requirement] = []
        self._judgements: list[Judgement] = []
        self._run: Run | None = None
        self._equal_judgement: Judgement | None = None
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
        """Require something of a runner, and measure until the requirement is decided.

        Args:
            runner: one of the measured runners, as written on the command line.
            at_least: the least speed-up over the baseline.
            at_most: the greatest speed-up over the baseline.
            same_as: a runner that it must be as fast as.
            within: share by which the two may differ: 0.05 or "5%", which is the default.
            memory: the most that all its processes together may use: bytes, or a size such as "500MB".

        Raises:
            AssertionError: the requirement does not hold; says what was measured, and why.
            UsageError: the requirement is invalid; nothing has been measured for it.
        """
        __tracebackhide__ = True

        def plan_requirement() -> tuple[Plan, int]:
            new = Requirement.of(
                runner, at_least=at_least, at_most=at_most, same_as=same_as, within=within, memory=memory
            )
            plan = self._planner([*self._requirements, *new], False)
            self._requirements += new
            return plan, len(new)

        plan, count = quietly(plan_requirement)
        if self._once:
            return self.require_equal_results()
        judgements = quietly(lambda: self._judge_until_decided(plan, count))
        self._conclude(judgements)
        return None

    def require_equal_results(self) -> None:
        """Require equal results of every runner that can do the work.

        If nothing was measured before, every runner runs once. That can reveal a function that is not safe to run at
        once, but cannot prove that one is.

        Raises:
            AssertionError: a runner failed, or its results differ.
        """
        __tracebackhide__ = True
        self.was_used = True
        if self._equal_judgement is None:
            run = self._run or quietly(lambda: self._measure(self._planner((), True), None))
            self._equal_judgement = equal_results(run[0])
            self._conclude([self._equal_judgement])
        elif self._fails(self._equal_judgement):
            raise AssertionError(self._equal_judgement.explanation)

    def __getitem__(self, runner: str) -> CellAnalysis:
        """The figures of a runner.

        Raises:
            KeyError: no runner has that name; names the nearest.
        """
        __tracebackhide__ = True
        return self.run[0][runner]

    @property
    def run(self) -> Run:
        """Everything that was measured, with the judgement of each requirement."""
        __tracebackhide__ = True
        self.was_used = True
        if self._run is None:
            self._run = quietly(lambda: self._measure(self._plan, None))
        return with_judgements(self._run, self._judgements)

    @property
    def measured(self) -> bool:
        """Whether anything was measured."""
        return self._run is not None

    def _judge_until_decided(self, plan: Plan, count: int) -> list[Judgement]:
        """Judge the last `count` requirements of a plan, measuring until they are decided."""
        self.was_used = True
        if self._run is None:
            self._run = self._measure(plan, None)
        elif self._run.tables[0].stopped == "verdicts" and any(one.undecided for one in self._judge(plan, count)):
            self._run = self._measure(plan, self._run)
        return self._judge(plan, count)

    def _conclude(self, judgements: Sequence[Judgement]) -> None:
        """Report judgements, and raise if one of the requirements does not hold."""
        __tracebackhide__ = True
        for one in judgements:
            self._judgements.append(one)
            self._report(one)
        failures = [one.explanation for one in judgements if self._fails(one)]
        if failures:
            raise AssertionError("\n".join(failures))

    def _fails(self, judgement: Judgement) -> bool:
        return judgement.missed or (self._fail_undecided and judgement.undecided)

    def _judge(self, plan: Plan, count: int) -> list[Judgement]:
        assert self._run is not None
        return [judge(one, self._run[0]) for one in plan.requirements[-count:]]

    def _measure(self, plan: Plan, earlier: Run | None) -> Run:
        """Measure, or continue an earlier run."""
        earlier_record = None
        if earlier is not None:
            tables = [replace(table, stopped="") for table in earlier.tables]
            earlier_record = replace(earlier.record, tables=tables)
        with _importable_by_processes(self._functions):
            run = measure_plans([plan], self._hosts, None, earlier_record)
        if run.record.interrupted:
            raise KeyboardInterrupt
        if earlier_record is not None:  # it was not interrupted: more was required
            note = resumed_after(earlier_record.tables[0].rounds)
            tables = [replace(table, notes=[one for one in table.notes if one != note]) for table in run.tables]
            run = Run(replace(run.record, tables=tables))
        return run


def quietly(action: Callable[[], T]) -> T:
    """Call the action; errors are raised at the line of the caller, without a traceback through this package."""
    __tracebackhide__ = True
    try:
        return action()
    except ConcbenchError as error:
        raise error.with_traceback(None) from None


@contextmanager
def _importable_by_processes(functions: Sequence[Any]) -> Iterator[None]:
    """Meanwhile, let new processes find modules of functions that were imported without the import path."""
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
    """The directory from which a module can be imported by its name; empty if there is none."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or module == "__main__":
        return ""
    parts, path = module.split("."), Path(file).with_suffix("")
    if path.name == "__init__":
        path = path.parent
    return str(Path(*path.parts[: -len(parts)])) if list(path.parts[-len(parts) :]) == parts else ""
