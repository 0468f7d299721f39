"""Carries out plans in sequence, or the search of `advise`; informs listeners, and keeps the record so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import zip_longest

from concbench import __version__
from concbench.advice.recommendation import recommend
from concbench.advice.snippet import snippet
from concbench.errors import ConcbenchError
from concbench.harness.events import CallsPlanned, Event, LookPlanned, ProcessesRenewed, RaceReduced, Step, TableUpdated
from concbench.harness.hosts.base import Hosts
from concbench.harness.machine.environment import environment
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import Plan
from concbench.harness.resumption import finished_part, is_complete, require_same_run
from concbench.harness.search.search import search
from concbench.options import MeasureOptions, decided
from concbench.results.passes import ReferencePass
from concbench.results.records import CellId, Json, Outcome, RunRecord, Table
from concbench.run import Advice, Run
from concbench.task import attempt
from concbench.workloads.base import Workload

Told = Step | LookPlanned | RaceReduced | CallsPlanned | ProcessesRenewed | RunRecord
"""The events that a listener receives."""


def advise_workload(
    workload: Workload,
    options: MeasureOptions,
    hosts: Hosts,
    listen: Callable[[Told], None] | None = None,
    configured: Json | None = None,
    began: float | None = None,
    command: str = "",
) -> Advice:
    """Advise on a workload as `advise` does; the budget counts from `began`, by AWAKE.now()."""
    record = _record(decided(options["seed"]), configured, command)
    found = search(workload, hosts, options, _relay(record, listen), began)
    table = found.table
    run = Run(replace(record, tables=[table], interrupted=found.interrupted))
    recommendation = recommend(run[0], workload.tasks) if found.cells else None
    if table.facts.get("awaits"):  # the function returns awaitables
        workload = workload.knowing(ReferencePass(awaitable=True))
    call = getattr(workload, "call", None)
    if recommendation is not None and call is not None:
        cell = found.cells[CellId(recommendation.runner, recommendation.variant)]
        workers = recommendation.workers
        variables = cell.variant.set_by_program
        program, _ = attempt(lambda: snippet(call(workers), cell.runner, variables))  # if that fails, keep the race
        typed = program and cell.variant.label and not variables
        run_so = f"# Run it with: {cell.variant.typed}\n" if typed else ""
        recommendation = replace(recommendation, snippet=f"{run_so}{program or ''}")
    return Advice(run, recommendation)


def measure_plans(
    plans: Sequence[Plan],
    hosts: Hosts,
    listen: Callable[[Told], None] | None = None,
    earlier: RunRecord | None = None,
    configured: Json | None = None,
    command: str = "",
) -> Run:
    """Carry out plans in sequence as `measure` does, or the rest of an interrupted earlier run of them.

    `configured` has the settings from a file and `command` the command line, which are recorded.
    """
    record = _record(decided(plans[0].options["seed"]), configured, command)
    done: list[Table] = []
    if earlier is not None:
        require_same_run(earlier, record, plans)
        record = replace(record, created=earlier.created, command=earlier.command or command)
        done = earlier.tables
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
        except ConcbenchError as error:  # the work could not be prepared
            if not record.tables:
                raise
            table, interrupted = _not_begun(one, error), False
        if interrupted:
            return Run(replace(record, tables=[*record.tables, table, *later], interrupted=True))
        record = replace(record, tables=[*record.tables, table])
    return Run(record)


def _announce(plans: Sequence[Plan], listen: Callable[[Told], None] | None) -> None:
    """Announce the calls of all plans before the first call."""
    if listen is not None:
        for one in plans:
            listen(one.calls_planned())


def _not_begun(one: Plan, error: ConcbenchError) -> Table:
    """The table of work that could not be prepared, so that earlier tables are not lost."""
    blank = one.table()
    ended = Outcome("failed", f"{one.workload.name} could not be prepared: {error}")
    return replace(blank, stopped="cells", cells=[replace(cell, outcome=ended) for cell in blank.cells])


def _record(seed: int, configured: Json | None, command: str) -> RunRecord:
    return RunRecord(
        concbench=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        interrupted=False,
        environment=environment(seed),
        tables=[],
        configured=configured or {},
        command=command,
    )


def _relay(
    record: RunRecord, listen: Callable[[Told], None] | None, later: Sequence[Table] = ()
) -> Callable[[Event], None]:
    """Pass events on to the listener; a table in progress follows finished ones and precedes `later` ones."""

    def relay(event: Event) -> None:
        if listen is None:
            return
        if isinstance(event, TableUpdated):
            listen(replace(record, tables=[*record.tables, event.table, *later]))
        else:
            listen(event)

    return relay
