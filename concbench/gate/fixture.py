"""The object that tests call: `concbench(function, items=..., runners=[...])`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Unpack

from concbench import arguments
from concbench.errors import BadOutput
from concbench.gate.judging import Judgement
from concbench.gate.scaling import Planner, Scaling, quietly
from concbench.harness.hosts.base import InProcessHosts
from concbench.harness.planning.plan import Plan, plan
from concbench.options import MeasureOptions, declared_options, filled
from concbench.requirements import MAX_ROUNDS, Requirement
from concbench.results import files
from concbench.run import Run

if TYPE_CHECKING:
    from concbench.harness.hosts.base import Hosts
    from concbench.runners.base import Runner
    from concbench.workloads.base import Workload

_OF_ROUNDS = ("rounds", "max_rounds", "budget", "precision")


@dataclass
class SharedState:
    """State that all tests of a session share."""

    defaults: MeasureOptions
    """Default options, which the options of a test override."""
    once: bool = False
    """Whether everything runs only once, so that no requirement on times is judged."""
    undecided: str = "skip"
    """What happens to a test with an undecided requirement: skip, fail or pass."""
    runs: list[Run] = field(default_factory=list)
    """Every run that was measured."""

    @property
    def run(self) -> Run | None:
        """All runs as one, with the environment of the first; None if there are none."""
        if not self.runs:
            return None
        first = self.runs[0].record
        return Run(replace(first, tables=[table for run in self.runs for table in run.tables]))


class Concbench:
    """Measures functions for a test. The fixture `concbench` is a new instance for each test."""

    def __init__(
        self, session: SharedState, marked: Mapping[str, Any], name: str, report: Callable[[Judgement], None]
    ) -> None:
        """Create the fixture of one test.

        Args:
            session: the state that all tests share.
            marked: the arguments of the marker.
            name: the name of the test.
            report: called with the judgement of each requirement.
        """
        self._session = session
        self._marked = dict(marked)
        self._name = name
        self._report = report
        self._scalings: list[Scaling] = []
        self.undecided: list[Judgement] = []

    def __call__(
        self,
        function: str | Workload | Callable[..., Any],
        *,
        items: Iterable[Any] | None = None,
        runners: Sequence[str | Runner] | None = None,
        isolate: bool | None = None,
        hosts: Hosts | None = None,
        **options: Unpack[MeasureOptions],
    ) -> Scaling:
        """Set up a function for requirements on its runners. Nothing runs before something is required.

        Args:
            function: as for `measure`.
            items: as for `measure`.
            runners: as for `measure`.
            isolate: as for `measure`.
            hosts: as for `measure`.
            **options: those of `measure`; times and sizes may be texts, such as budget="5s".

        Raises:
            UsageError: an argument or a combination of arguments is invalid.
        """
        __tracebackhide__ = True
        all_options: dict[str, Any] = {**self._marked, **options}
        setup = {"runners": runners, "isolate": isolate, "hosts": hosts}
        marked = {name: all_options.pop(name, None) for name in setup}
        setup = {name: marked[name] if value is None else value for name, value in setup.items()}
        scaling = quietly(lambda: self._scaling(function, items, setup, all_options))
        self._scalings.append(scaling)
        return scaling

    def _scaling(
        self,
        function: str | Workload | Callable[..., Any],
        items: Iterable[Any] | None,
        setup: Mapping[str, Any],
        texts: Mapping[str, Any],
    ) -> Scaling:
        arguments.require_known("concbench", texts, MeasureOptions)
        options = {name: _value(name, value) for name, value in texts.items()}
        defaults: dict[str, Any] = {"max_rounds": MAX_ROUNDS, **self._session.defaults}
        if options.get("rounds") is not None:
            defaults = {name: value for name, value in defaults.items() if name not in _OF_ROUNDS}
        options = {**defaults, **options}
        chosen = filled({**options, "items": items})
        once = filled(
            {name: value for name, value in {**options, "seed": chosen["seed"]}.items() if name not in _OF_ROUNDS}
            | {"rounds": 1, "observe": False, "items": items}
        )
        specs = arguments.runners_of(setup["runners"], chosen)
        (workload,) = arguments.workloads_of([function], items, options, chosen)
        hosts = arguments.hosts_for([workload], setup["isolate"], setup["hosts"], chosen)
        where = "measured in this process" if isinstance(hosts, InProcessHosts) else ""

        def make_plan(requirements: Sequence[Requirement], one_round: bool) -> Plan:
            return plan(workload, specs, once if one_round else chosen, requirements)

        def report(judgement: Judgement) -> None:
            self._note(replace(judgement, where=where))

        planner: Planner = make_plan
        functions = [function, *(options.get(name) for name in ("coroutine", "context", "check"))]
        return Scaling(
            planner,
            hosts,
            report,
            once=self._session.once,
            fail_undecided=self._session.undecided == "fail",
            functions=[one for one in functions if one],
        )

    def finish(self) -> None:
        """Finish a test that passed: require equal results of every function without another requirement.

        Raises:
            AssertionError: results differ.
        """
        __tracebackhide__ = True
        for one in self._scalings:
            if not one.was_used:
                one.require_equal_results()

    def keep(self) -> None:
        """Add what was measured to the reports of the session, whatever the outcome of the test."""
        for one in self._scalings:
            if one.measured:
                record = one.run.record
                note = f"Measured by {self._name}."
                tables = [replace(table, notes=[*table.notes, note]) for table in record.tables]
                self._session.runs.append(Run(replace(record, tables=tables)))
        self._scalings.clear()

    def _note(self, judgement: Judgement) -> None:
        self._report(judgement)
        if judgement.undecided:
            self.undecided.append(judgement)


def _value(name: str, value: Any) -> Any:
    """The value of an option; a text is read as the command line would read it."""
    option = declared_options().get(name)
    if option is None or not isinstance(value, str) or str in option.kind.types:
        return value
    return option.kind.read(value)


def write_report(run: Run, format: str, path: str) -> str:  # noqa: A002 - as the option
    """Write a report; returns the message of an error, or an empty text."""
    try:
        files.write(files.to_json(run.record) if format == "json" else run.to(format), path)
    except BadOutput as error:
        return str(error)
    return ""


def require_writable(path: str) -> None:
    """Refuse a path that cannot be written.

    Raises:
        BadOutput: says why.
    """
    target = files.replaceable(path)
    if not os.access(target.parent, os.W_OK):
        raise BadOutput(f"cannot write {path}: the directory {target.parent} is read-only")
