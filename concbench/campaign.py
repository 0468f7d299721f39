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

ListenerEvent = Step | LookPlanned | RaceReduced | CallsPlanned | ProcessesRenewed | RunRecord
"""The events that a listener receives."""


def advise_workload(
    workload: Workload,
    options: MeasureOptions,
    hosts: Hosts,
    listen: Callable[[ListenerEvent], None] | None = None,
    configured: Json | None = None,
    began: float | None = None,
    command: str = "",
) -> Advice:
    """Advise on a workload as `advise` does; the budget counts from `began`, by AWAKE.now()."""
    record = _record(decided(options["seed"]), configured, command)
    outcome = search(workload, hosts, options, _relay(record, listen), began)
    table = outcome.table
    run = Run(replace(record, tables=[table], interrupted=outcome.interrupted))
    recommendation = recommend(run[0], workload.tasks) if outcome.cells else None
    if table.facts.get("awaits"):  # the function returns awaitables
        workload = workload.knowing(ReferencePass(awaitable=True))
    call = getattr(workload, "call", None)
    if recommendation is not None and call is not None:
        cell = outcome.cells[CellId(recommendation.runner, recommendation.variant)]
        workers = recommendation.workers
        variables = cell.variant.set_by_program
        program, _ = attempt(lambda: snippet(call(workers), cell.runner, variables))  # if that fails, keep the race
        needs_command = program and cell.variant.label and not variables
        comment = f"# Run it with: {cell.variant.shell_command}\n" if needs_command else ""
        recommendation = replace(recommendation, snippet=f"{comment}{program or ''}")
    return Advice(run, recommendation)


def measure_plans(
    plans: Sequence[Plan],
    hosts: Hosts,
    listen: Callable[[ListenerEvent], None] | None = None,
    previous: RunRecord | None = None,
    configured: Json | None = None,
    command: str = "",
) -> Run:
    """Carry out plans in sequence as `measure` does, or the rest of an interrupted earlier run of them.

    `configured` has the settings from a file and `command` the command line, which are recorded.
    """
    record = _record(decided(plans[0].options["seed"]), configured, command)
    previous_tables: list[Table] = []
    if previous is not None:
        require_same_run(previous, record, plans)
        record = replace(record, created=previous.created, command=previous.command or command)
        previous_tables = previous.tables
    pairs = zip_longest(plans, previous_tables)
    _announce([plan for plan, table in pairs if table is None or not is_complete(table, plan)], listen)
    for index, plan in enumerate(plans):
        previous_table = previous_tables[index] if index < len(previous_tables) else None
        later_tables = previous_tables[index + 1 :]
        if previous_table is not None and is_complete(previous_table, plan):
            record = replace(record, tables=[*record.tables, previous_table])
            continue
        rounds = finished_part(previous_table) if previous_table is not None else None
        try:
            table, interrupted = measure_workload(plan, hosts, _relay(record, listen, later_tables), rounds)
        except KeyboardInterrupt:
            if not record.tables and previous_table is None:
                raise
            return Run(replace(record, tables=[*record.tables, *previous_tables[index:]], interrupted=True))
        except ConcbenchError as error:  # the work could not be prepared
            if not record.tables:
                raise
            table, interrupted = _unprepared_table(plan, error), False
        if interrupted:
            return Run(replace(record, tables=[*record.tables, table, *later_tables], interrupted=True))
        record = replace(record, tables=[*record.tables, table])
    return Run(record)


def _announce(plans: Sequence[Plan], listen: Callable[[ListenerEvent], None] | None) -> None:
    """Announce the calls of all plans before the first call."""
    if listen is not None:
        for plan in plans:
            listen(plan.calls_planned())


def _unprepared_table(plan: Plan, error: ConcbenchError) -> Table:
    """The table of work that could not be prepared, so that earlier tables are not lost."""
    blank = plan.table()
    outcome = Outcome("failed", f"{plan.workload.name} could not be prepared: {error}")
    return replace(blank, stopped="cells", cells=[replace(cell, outcome=outcome) for cell in blank.cells])


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
    record: RunRecord, listen: Callable[[ListenerEvent], None] | None, later_tables: Sequence[Table] = ()
) -> Callable[[Event], None]:
    """Pass events on to the listener; a table in progress follows finished ones and precedes `later_tables`."""

    def relay(event: Event) -> None:
        if listen is None:
            return
        if isinstance(event, TableUpdated):
            listen(replace(record, tables=[*record.tables, event.table, *later_tables]))
        else:
            listen(event)

    return relay
