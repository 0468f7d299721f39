"""The library's front door: measure() and advise(), and what they return."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, Unpack

from concbench import __version__
from concbench.advice.recommendation import Recommendation, recommend
from concbench.advice.snippet import snippet
from concbench.analysis.flat_rows import Row, cell_rows, sample_rows
from concbench.analysis.table_analysis import TableAnalysis, analyse
from concbench.errors import BadSetting, ConcbenchError, UsageError
from concbench.harness.environment import environment
from concbench.harness.events import CallsPlanned, Event, LookPlanned, Step, TableUpdated
from concbench.harness.hosts import Hosts, InProcessHosts
from concbench.harness.measurement import measure_workload
from concbench.harness.plan import Options, Plan, plan
from concbench.harness.process_hosts import ProcessHosts
from concbench.harness.resuming import finished_part, is_complete, require_same_run
from concbench.harness.runner_specs import default_runners, parse
from concbench.harness.search import search
from concbench.options import AdviseOptions, MeasureOptions
from concbench.registry import nearest, workload_class
from concbench.report import terminal
from concbench.results import files
from concbench.results.passes import ReferencePass
from concbench.results.records import Outcome, RunRecord, Table
from concbench.runners.base import Runner
from concbench.task import short
from concbench.workloads.base import Workload
from concbench.workloads.how import How
from concbench.workloads.imported import Imported
from concbench.workloads.item_source import read_items
from concbench.workloads.loading import Place

Told = Step | LookPlanned | CallsPlanned | RunRecord
"""What whoever listens is told."""


@dataclass(frozen=True)
class Run:
    """What a measurement saw. Printing it gives the tables and the answers in words.

    `run["download"]["thread-pool:32"].speedup` is a figure; iterating over a run gives the figures of each table.
    """

    record: RunRecord

    def __str__(self) -> str:
        return terminal.plain(self.record, self.analyses)

    def why(self) -> str:
        """Where the workers' time went, as text: for every cell its parts of 100 %, and what was lost most."""
        return terminal.plain_why(self.analyses)

    def __iter__(self) -> Iterator[TableAnalysis]:
        return iter(self.analyses)

    def __getitem__(self, workload: str | int) -> TableAnalysis:
        """The figures of a workload, by its name, or by its place where several have one name.

        Raises:
            KeyError: there is none of that name, or there are several; says which there are.
            IndexError: there are not so many.
        """
        if isinstance(workload, int):
            return self.analyses[workload]
        places = [place for place, table in enumerate(self.tables) if table.workload == workload]
        if len(places) > 1:
            ways = " or ".join(f"run[{place}]" for place in places)
            raise KeyError(f"{len(places)} tables of this run are of {workload!r}: take {ways}")
        if not places:
            names = list(dict.fromkeys(table.workload for table in self.tables))
            raise KeyError(f"this run has no workload {workload!r}; {nearest(str(workload), names)}")
        return self.analyses[places[0]]

    def __contains__(self, workload: object) -> bool:
        """Whether a workload of this name was measured."""
        return any(table.workload == workload for table in self.tables)

    def rows(self, of: Literal["cells", "samples"] = "cells") -> list[Row]:
        """The figures as a list of flat dicts: `pandas.DataFrame(run.rows())` is a table of cells.

        Args:
            of: cells: one row for each, with its times, its speed-up, what it cost and the shares of its workers' time;
                samples: one for each, as it was timed.

        Raises:
            UsageError: rows of something else.
        """
        if of == "cells":
            return cell_rows(self.analyses)
        if of == "samples":
            return sample_rows(self.analyses)
        raise UsageError(f"rows are of 'cells' or of 'samples', not of {short(of)}")

    @cached_property
    def analyses(self) -> list[TableAnalysis]:
        """The figures of each table, in the order of `tables`."""
        return [analyse(table) for table in self.tables]

    @property
    def tables(self) -> list[Table]:
        """One for each workload: cells, their samples and outcomes."""
        return self.record.tables

    @property
    def ok(self) -> bool:
        """Whether no cell failed; a runner that is inapplicable is no failure."""
        return all(cell.outcome.kind != "failed" for table in self.tables for cell in table.cells)

    def save(self, path: str | Path) -> None:
        """Write the results file.

        Raises:
            BadOutput: it cannot be written.
        """
        files.save(self.record, path)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a notebook, the tables."""
        del cycle
        printer.text(str(self))


def load(path: str | Path) -> Run:
    """Read a results file.

    Raises:
        BadResults: it is missing, damaged, not ours, or newer than this version.
    """
    return Run(files.load(path))


def measure(
    *workloads: str | Workload | Callable[..., Any],
    items: Iterable[Any] | None = None,
    runners: Sequence[str | Runner] | None = None,
    isolate: bool | None = None,
    hosts: Hosts | None = None,
    listen: Callable[[Told], None] | None = None,
    resume: Run | None = None,
    **options: Unpack[MeasureOptions],
) -> Run:
    """Measure workloads under runners, results compared first.

    Args:
        workloads: names (`"download"`, `"primes"`), instances (`Download(images=100)`), functions of your own (with
            `items`), or where those are found (`"app:fetch"`).
        items: what functions are called on, once each in an execution; None: they take no arguments.
        runners: as on the command line (`"thread-pool:32"`) or instances; None: every runner with its defaults.
        isolate: take the samples of each cell in a process of its own. False: in this one, which protects from
            nothing: a crash ends the program and a leak is everybody's, and fresh, timeout and memory_limit are
            refused. None: in processes, unless a function could not be found there (it is a lambda, or defined in the
            main program).
        hosts: where samples are taken instead, such as `concbench.testing.SimulatedHosts`; leave out isolate then.
        listen: called with each Step before it is taken, with the RunRecord so far after each round, and before the
            first call with a CallsPlanned for each workload: how often it will be called at least, and how many calls
            may be in progress at the same time. There may be more kinds of events one day: look at the type.
        resume: an earlier run of the same, on the same machine, that was interrupted (`load("run.json")`): its whole
            rounds count, and its seed is taken.
        **options: how to measure, and how functions are called: `MeasureOptions` says what each means.

    Returns:
        The run; if it was interrupted (Ctrl-C), what there is, with `record.interrupted` set.

    Raises:
        KeyboardInterrupt: it was interrupted before there was anything.
        UsageError: something that was asked for cannot be; nothing has run then.
    """
    _require_known("measure", options, MeasureOptions.__optional_keys__, refused={})
    if resume is not None:
        if not isinstance(resume, Run):
            raise UsageError(f"resume must be a run, not {short(resume)}: write resume=load('run.json')")
        if options.get("seed") is None:
            options["seed"] = resume.record.seed
    chosen = _options(options)
    specs = _runners(runners)
    if not workloads:
        raise UsageError("no workload: name at least one, such as 'download' or 'primes', or give a function")
    plans = [plan(workload, specs, chosen) for workload in _workloads(workloads, items, options)]
    hosts = _hosts([one.workload for one in plans], isolate, hosts, chosen)
    return measure_plans(plans, hosts, listen, resume.record if resume else None)


@dataclass(frozen=True)
class Advice:
    """What to do, and the race that says so. Printing it gives the table and the recommendation."""

    run: Run
    recommendation: Recommendation | None
    """None if there is nothing to compare with: the race was interrupted before that, or `sequential` failed, or other
    tasks failed under it than under the runners. What is printed says which."""

    def __str__(self) -> str:
        return terminal.plain(self.run.record, self.run.analyses, recommendation=self.recommendation)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a notebook, the same."""
        del cycle
        printer.text(str(self))


def advise(
    function: str | Workload | Callable[..., Any],
    *,
    items: Iterable[Any] | None = None,
    isolate: bool | None = None,
    hosts: Hosts | None = None,
    listen: Callable[[Told], None] | None = None,
    **options: Unpack[AdviseOptions],
) -> Advice:
    """Find out how a function is best run over its items: which runner, how many workers, how much faster.

    Runners and numbers of workers race against each other; those that are behind are dropped. What is advised is the
    simplest of those that are as good as the best, and it is only ever something that was proved to be faster.

    Args:
        function: as for `measure`.
        items: what it is called on.
        isolate: as for `measure`.
        hosts: as for `measure`.
        listen: as for `measure`; and before anything else a LookPlanned: at how many calls it is looked first.
        **options: those of `measure`, but for what the race decides by itself: `AdviseOptions` says what each means.

    Raises:
        UsageError: something that was asked for cannot be, or the function fails.
    """
    _require_known("advise", options, AdviseOptions.__optional_keys__, refused=_DECIDED_BY_THE_RACE)
    chosen = _options(options)
    (workload,) = _workloads([function], items, options)
    return advise_workload(workload, chosen, _hosts([workload], isolate, hosts, chosen), listen)


def advise_workload(
    workload: Workload,
    options: Options,
    hosts: Hosts,
    listen: Callable[[Told], None] | None = None,
) -> Advice:
    """As `advise`, of what has been made."""
    record = _record(options.seed)
    table, interrupted = search(workload, hosts, options, _relay(record, listen))
    run = Run(replace(record, tables=[table], interrupted=interrupted))
    in_a_look = interrupted and len(table.cells) == 1
    recommendation = None if in_a_look else recommend(run[0], workload.tasks)
    if table.facts.get("awaits"):  # it turned out to return awaitables
        workload = workload.knowing(ReferencePass(awaitable=True))
    call = getattr(workload, "call", None)
    if recommendation is not None and call is not None:
        runner = parse(recommendation.runner).runner
        recommendation = replace(recommendation, snippet=snippet(call(), runner))
    return Advice(run, recommendation)


def measure_plans(
    plans: Sequence[Plan],
    hosts: Hosts,
    listen: Callable[[Told], None] | None = None,
    earlier: RunRecord | None = None,
) -> Run:
    """Carry out plans, one after the other, or what an earlier run of theirs has left to do; as `measure`."""
    record = _record(plans[0].options.seed)
    done: list[Table] = []
    if earlier is not None:
        require_same_run(earlier, record, plans)
        record, done = replace(record, created=earlier.created), earlier.tables
    _announce([one for one, table in zip_longest(plans, done) if table is None or not is_complete(table, one)], listen)
    for place, one in enumerate(plans):
        before, later = done[place] if place < len(done) else None, done[place + 1 :]
        if before is not None and is_complete(before, one):
            record = replace(record, tables=[*record.tables, before])
            continue
        rounds = finished_part(before) if before is not None else None
        try:
            table, interrupted = measure_workload(one, hosts, _relay(record, listen, later), rounds)
        except KeyboardInterrupt:
            if not record.tables and before is None:
                raise
            return Run(replace(record, tables=[*record.tables, *done[place:]], interrupted=True))
        except ConcbenchError as error:  # it could not even be begun
            if not record.tables:
                raise
            table, interrupted = _not_begun(one, error), False
        if interrupted:
            return Run(replace(record, tables=[*record.tables, table, *later], interrupted=True))
        record = replace(record, tables=[*record.tables, table])
    return Run(record)


def _announce(plans: Sequence[Plan], listen: Callable[[Told], None] | None) -> None:
    """Say of all of them how often they call a function, before the first call."""
    if listen is not None:
        for one in plans:
            listen(one.calls_planned())


def _not_begun(one: Plan, error: ConcbenchError) -> Table:
    """The table of work that could not be prepared: what was measured before it must not be lost with it."""
    blank = one.table()
    ended = Outcome("failed", f"{one.workload.name} could not be prepared: {error}")
    return replace(blank, stopped="cells", cells=[replace(cell, outcome=ended) for cell in blank.cells])


def _record(seed: int) -> RunRecord:
    return RunRecord(
        concbench=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        interrupted=False,
        environment=environment(seed),
        tables=[],
    )


def _relay(
    record: RunRecord, listen: Callable[[Told], None] | None, later: Sequence[Table] = ()
) -> Callable[[Event], None]:
    """Tell whoever listens; tables that are done go before the one in progress, those of an earlier run after it."""

    def relay(event: Event) -> None:
        if listen is None:
            return
        if isinstance(event, TableUpdated):
            listen(replace(record, tables=[*record.tables, event.table, *later]))
        else:
            listen(event)

    return relay


def _hosts(workloads: Sequence[Workload], isolate: bool | None, hosts: Hosts | None, options: Options) -> Hosts:
    """Those that were given, else processes where that is possible; what nobody could keep in them is refused."""
    if hosts is not None:
        if isolate is not None:
            raise UsageError("isolate and hosts exclude each other: hosts say where samples are taken; leave out one")
        return hosts
    at_home = [workload for workload in workloads if workload.unsendable]
    if isolate and at_home:
        raise UsageError(f"{at_home[0].name} cannot be isolated: {at_home[0].unsendable}")
    if isolate or (isolate is None and not at_home):
        return ProcessHosts()
    unkept = {"fresh": options.fresh, "timeout": options.timeout, "memory_limit": options.memory_limit}
    for name, value in unkept.items():
        if value:
            why = f" ({at_home[0].unsendable})" if at_home and isolate is None else ""
            raise UsageError(f"{name} needs processes, and everything is measured in this one{why}: leave it out")
    return InProcessHosts()


def _runners(runners: Sequence[str | Runner] | None) -> list[str | Runner]:
    """Those that were given, or all."""
    if runners is None:
        return [*default_runners()]
    if isinstance(runners, (str, bytes)) or not isinstance(runners, Iterable):
        one = repr(runners) if isinstance(runners, str) else short(runners)
        raise UsageError(f"runners is a list of them, not {one}: write runners=[{one}]")
    return list(runners)


_DECIDED_BY_THE_RACE = {
    "baseline": "advise() compares with sequential: leave out baseline, or use measure()",
    "precision": "advise() goes on until its answer is known: leave out precision, or use measure()",
    "rounds": "advise() takes as many rounds as its answer needs: give max_rounds or budget instead of rounds, or use "
    "measure()",
    "resume": "advise() cannot go on with an earlier run: leave out resume",
    "runners": "advise() chooses the runners by itself: leave out runners, or use measure()",
}
"""Options that measure() has and advise() has not, and what to do."""


def _require_known(
    caller: str, options: Mapping[str, object], known: Collection[str], refused: Mapping[str, str]
) -> None:
    """Refuse options that nobody would look at, also where no type checker has.

    Args:
        caller: the function that was given them.
        options: by name.
        known: names that it has.
        refused: names that it has not, with what to do instead; of these, None is as good as left out.

    Raises:
        BadSetting: names the first, and those that there are.
    """
    for name, value in options.items():
        if name in refused and value is not None:
            raise BadSetting(refused[name])
        if name not in known and name not in refused:
            raise BadSetting(f"{caller}() has the options {', '.join(sorted(known))}: {name!r} is not one of them")


def _options(options: Mapping[str, object]) -> Options:
    given: dict[str, Any] = {name: options[name] for name in Options.__dataclass_fields__ if name in options}
    if given.get("seed") is None:
        given["seed"] = random.randrange(2**32)
    baseline = given.get("baseline")
    if not isinstance(baseline, str | None):
        raise BadSetting(f"baseline is written as a text, such as 'thread-pool:2', and not {short(baseline)}")
    return Options(**given)


def _require_together(items: Iterable[Any] | None, repeat: int | None, how: Mapping[str, Any]) -> None:
    """Refuse options of which one would be ignored.

    Raises:
        UsageError: says what to leave out.
    """
    for name, value in (("repeat", repeat), ("max_workers", how.get("max_workers"))):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise BadSetting(f"{name} must be a whole number, 1 or more, not {short(value)}")
    if items is None and how.get("star"):
        raise UsageError("star unpacks items into arguments, and there are none: give items, or leave out star")
    if items is not None and repeat is not None:
        raise UsageError("repeat is for functions without items: leave out one of items and repeat")
    if how.get("check") is not None and not how.get("compare", True):
        raise UsageError("check says how results are compared, and compare=False that they are not: leave out one")


def _workloads(
    given: Sequence[str | Workload | Callable[..., Any]], items: Iterable[Any] | None, options: Mapping[str, object]
) -> list[Workload]:
    """The workloads themselves, those of names, and those made of functions with the items and their options.

    Raises:
        UsageError: there are items, or options of functions, and no function; or something that cannot be.
    """
    how: dict[str, Any] = {name: options[name] for name in How.__dataclass_fields__ if name in options}
    repeat: Any = options.get("repeat")
    _require_together(items, repeat, how)
    of_functions = [*(["items"] if items is not None else []), *(["repeat"] if repeat else []), *how]
    if of_functions and not any(map(_is_function, given)):
        raise UsageError(f"{of_functions[0]} is for a function of your own, and none was given")
    found: dict[str, Any] = {
        name: Place.read(value) if isinstance(value, str) else value for name, value in how.items()
    }
    calls = list(range(repeat or 1)) if items is None else read_items(items)
    called = How(**found, arguments=items is not None)
    return [_workload(one, calls, called) for one in given]


def _is_function(given: str | Workload | Callable[..., Any]) -> bool:
    """Whether it is a function, or says where one is found."""
    return ":" in given if isinstance(given, str) else not isinstance(given, Workload)


def _workload(given: str | Workload | Callable[..., Any], items: Sequence[Any], how: How) -> Workload:
    if isinstance(given, Workload):
        return given
    if isinstance(given, str) and not _is_function(given):
        made: Workload = workload_class(given)()
        return made
    return Imported.of(Place.read(given).load() if isinstance(given, str) else given, items, how)
