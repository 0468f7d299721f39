"""Hand-made records of cells and tables, as a measurement would have left them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from concbench import registry
from concbench.results.records import Cell, ObservedPass, Sample, Table, Tasks
from concbench.traits import ELSEWHERE, INTERPRETERS, LOOP, PROCESSES, THREADS, Traits, traits_of

POOL = Traits(THREADS, shares_interpreter=True, pickles=False, worker_per_task=False, barriers=False)
SUBPROCESSES = replace(POOL, where=PROCESSES, shares_interpreter=False, pickles=True, sends=True, reaped=True)
IN_INTERPRETERS = replace(POOL, where=INTERPRETERS, shares_interpreter=False, pickles=True, sends=True)
OF_SEVERAL_THREADS = replace(SUBPROCESSES, shares_interpreter=True)
COROUTINES = replace(POOL, where=LOOP)
REMOTE = replace(SUBPROCESSES, where=ELSEWHERE, reaped=None)
UNDECLARED = Traits()
UNKNOWN = replace(POOL, where="quantum")
"""Runners with unknown names, known only by their traits."""

TASKS = 8
OPTIONS = {"max_rounds": 30, "budget": 60.0, "warm": False, "fresh": False, "observe": True}
Spans = list[tuple[float, float, float, int]]
"""Start, end, CPU seconds and worker of each task."""


def of_tasks(
    label: str, spans: Spans, *, makespan: float | None = None, workers: int = 1, cores: int = 2, gil: bool = True
) -> Cell:
    """A cell with this observed pass, and three equal samples."""
    began, ended, cpu, worker = (list(column) for column in zip(*spans, strict=True))
    whole = makespan if makespan is not None else max(ended)
    first = [min(start for start, number in zip(began, worker, strict=True) if number == one) for one in set(worker)]
    runner = label.partition(":")[0]
    settings = {"start_method": "spawn"} if runner.startswith("process") else {}
    return Cell(
        label=label,
        runner=runner,
        settings=settings,
        workers=workers,
        traits=traits_as_declared(runner, **settings),
        samples=[Sample(0.0, whole, 0.0, None, number, number) for number in range(3)],
        observed=ObservedPass(0.0, whole, 0.0, sum(cpu), sorted(first), Tasks(began, ended, cpu, worker)),
        interpreter={"gil": gil, "cores": cores},
    )


def one_after_another(length: float, cpu: float, tasks: int = TASKS) -> Cell:
    """The sequential baseline, with tasks of one length."""
    return of_tasks("sequential", [(length * place, length * (place + 1), cpu, 0) for place in range(tasks)])


def of_seconds(
    label: str,
    seconds: float,
    cores: float | None = 1.0,
    *,
    noise: float = 0.01,
    rounds: int = 10,
    began: float = 0.0,
    gil: bool = True,
    workers: int = 4,
) -> Cell:
    """A cell with samples of about this length, whose pass kept `cores` cores busy; None if it was not observed."""
    runner, _, count = label.partition(":")
    settings: dict[str, object] = {"workers": int(count)} if count else {}
    if runner.startswith("process"):
        settings["start_method"] = "spawn"
    draw = random.Random(label)
    samples = [
        Sample(0.0, seconds * (1 + noise * draw.uniform(-1, 1)), 0.0, None, number, number) for number in range(rounds)
    ]
    return Cell(
        label=label,
        runner=runner,
        settings=settings,
        workers=1 if runner == "sequential" else workers,
        traits=traits_as_declared(runner, **settings),
        samples=samples,
        observed=None if cores is None else ObservedPass(0.0, seconds, 0.0, cores * seconds, [0.0, began], None),
        interpreter={"gil": gil},
    )


def of_rounds(label: str, seconds: dict[int, float], cores: float = 1.0) -> Cell:
    """A cell with these seconds by round."""
    samples = [Sample(0.0, took, 0.0, None, number, number) for number, took in seconds.items()]
    return replace(of_seconds(label, 1.0, cores), samples=samples)


def table(*cells: Cell, **changes: Any) -> Table:
    """A table of these cells, with changes to its fields or its options; the first is the baseline."""
    made = Table(
        workload="work", kind="cpu", size="", title="some work", settings={}, tasks=4, baseline=cells[0].id,
        options=OPTIONS, stopped="verdicts", warmed_up=True,
        checked="known", facts={}, cells=list(cells),
    )  # fmt: skip
    fields = {name: value for name, value in changes.items() if name in Table.__dataclass_fields__}
    return with_options(replace(made, **fields), **{name: changes[name] for name in {*changes} - {*fields}})


def with_options(table: Table, **changes: Any) -> Table:
    """The same table, measured with other options."""
    return replace(table, options={**table.options, **changes})


def plug_in(cell: Cell, label: str, traits: Traits) -> Cell:
    """The same cell under a runner with another name and these traits; it has no settings."""
    return replace(cell, label=label, runner=label.partition(":")[0], settings={}, traits=traits)


def traits_as_declared(runner: str, **settings: Any) -> Traits:
    """The traits of a built-in runner with these settings; none for other runners."""
    if runner not in registry.RUNNERS:
        return Traits()
    return traits_of(registry.runner_class(runner)(**settings))


COMPUTES, WAITS = one_after_another(1.0, 1.0), one_after_another(1.0, 0.01)
TURNS: Spans = [(place // 2 * 2.0, place // 2 * 2.0 + 2.0, 1.0, place % 2) for place in range(TASKS)]
"""Two workers whose every task takes twice as long at the same CPU time: they took turns."""
