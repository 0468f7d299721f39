"""Observed passes in the trace event format, which Perfetto and chrome://tracing open.

A cell is a process of the trace; its phases are the first lane, its workers the others. Times are microseconds.
Source of the format: Trace Event Format, the Chromium project (events X: complete, C: counter, M: metadata).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.results.records import Json, ObservedPass, Table, Tasks
from concbench.stats.timeline import tasks_in_flight
from concbench.traits import ELSEWHERE

_MICRO = 1e6
_PHASES = 0
"""Thread id of the lane of phases; workers follow."""
_STEPS = 500
"""Most points of the CPU track."""


def trace(tables: Iterable[TableAnalysis]) -> str:
    """The text of a trace file."""
    cells = [(table.record, cell) for table in tables for cell in table]
    events: list[Json] = []
    for pid, (table, cell) in enumerate(cells, 1):
        if cell.record.observed is not None:
            events += _cell(table, cell, cell.record.observed, pid)
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}) + "\n"


def _cell(table: Table, cell: CellAnalysis, observed: ObservedPass, pid: int) -> Iterator[Json]:
    yield _name("process_name", f"{table.workload}: {cell.name}", pid, _PHASES)
    yield _name("thread_name", "phases", pid, _PHASES)
    began = 0.0
    for phase in ("start", "work", "stop"):
        length = getattr(observed, phase)
        yield _span(phase, began, length, pid, _PHASES)
        began += length
    if cell.traits.where == ELSEWHERE:  # neither the clocks of its tasks nor its memory are ours
        return
    for moment, memory in observed.memory_track:
        yield _count("memory", moment, {"bytes": memory}, pid)
    if observed.tasks is not None:
        yield from _tasks(table, observed.tasks, pid)


def _tasks(table: Table, tasks: Tasks, pid: int) -> Iterator[Json]:
    for worker in sorted(set(tasks.worker)):
        yield _name("thread_name", f"worker {worker}", pid, 1 + worker)
    failed = set(tasks.failed)
    places = tasks.index or range(len(tasks.started))
    for index, started, finished, cpu, worker in zip(
        places, tasks.started, tasks.finished, tasks.cpu, tasks.worker, strict=True
    ):
        about: Json = {"task": index, "cpu_us": round(cpu * _MICRO, 1)}
        if index < len(table.items):
            about["item"] = table.items[index]
        about["outcome"] = "failed" if index in failed else "ok"
        yield _span(f"task {index}", started, finished - started, pid, 1 + worker, about)
    if tasks.index is None and tasks.started:
        moments, counts = tasks_in_flight(tasks.started, tasks.finished)
        for moment, count in zip(moments.tolist(), counts.tolist(), strict=True):
            yield _count("tasks in flight", moment, {"tasks": count}, pid)
        yield from _cpu(tasks, pid)


def _cpu(tasks: Tasks, pid: int) -> Iterator[Json]:
    """Cores that tasks kept busy, with each task's CPU time spread evenly over the task."""
    started, finished, cpu = (np.array(column) for column in (tasks.started, tasks.finished, tasks.cpu))
    rates = cpu / np.maximum(finished - started, 1e-9)
    moments = np.linspace(started.min(), finished.max(), min(_STEPS, 2 * started.size + 1))
    gained, lost = np.argsort(started), np.argsort(finished)
    before = np.concatenate([[0.0], np.cumsum(rates[gained])])[np.searchsorted(started[gained], moments, side="right")]
    after = np.concatenate([[0.0], np.cumsum(rates[lost])])[np.searchsorted(finished[lost], moments, side="right")]
    for moment, cores in zip(moments.tolist(), (before - after).tolist(), strict=True):
        yield _count("CPU", moment, {"cores": round(max(0.0, cores), 3)}, pid)


def _span(name: str, began: float, length: float, pid: int, tid: int, about: Json | None = None) -> Json:
    event: dict[str, Any] = {"name": name, "ph": "X", "ts": _us(began), "dur": _us(max(0.0, length))}
    return {**event, "pid": pid, "tid": tid, "args": about or {}}


def _count(name: str, moment: float, values: Json, pid: int) -> Json:
    return {"name": name, "ph": "C", "ts": _us(moment), "pid": pid, "tid": _PHASES, "args": values}


def _name(kind: str, name: str, pid: int, tid: int) -> Json:
    return {"name": kind, "ph": "M", "ts": 0, "pid": pid, "tid": tid, "args": {"name": name}}


def _us(seconds: float) -> float:
    return round(seconds * _MICRO, 1)
