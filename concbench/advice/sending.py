"""Findings on data that is sent with the function, in addition to the items."""

from __future__ import annotations

from concbench.advice.finding import Finding
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.sending import Cargo, cargo_of, holds_data
from concbench.analysis.table_analysis import TableAnalysis
from concbench.results.records import number
from concbench.stats.verdicts import FASTER
from concbench.units import data, listed, seconds

WORTH = 0.25
"""Share of a task's time from which sending is mentioned."""
_GROWN = 100_000
"""Bytes kept from one task to the next from which they are mentioned."""
_LARGE = 1_000_000
"""Bytes from which there is a note, however fast they are sent."""


def costly_function_data(table: TableAnalysis) -> Finding | None:
    """Report a function that is sent with so much data that sending takes a good part of a task's time."""
    task = _task_seconds(table)
    if task is None or not holds_data(table.record.facts):
        return None
    costly = [(cell, sent) for cell, sent in _sending(table) if sent.seconds_each >= WORTH * task]
    if not costly:
        return None
    phrase = function_data_phrase(table)
    _, most = max(costly, key=lambda pair: pair[1].seconds_each)
    chunks = "" if all(sent.chunk == 1 for _, sent in costly) else ", or send it less often in larger chunks"
    takes = f"takes {seconds(most.seconds)} {_how_often(most)}, and a task takes {seconds(task)}"
    return Finding(
        f"Data sent with the function is costly under {_names(costly)}: sending {phrase} ({data(most.size)}) {takes}. "
        "Let each worker create it once (a global of its module, or the initializer of the pool), or send the data "
        f"from which it is created{chunks}.",
        {"function_bytes": most.size, "function_seconds": most.seconds, "task_seconds": task, "chunksize": most.chunk},
        "pitfalls/pickling",
        brief=f"Sending {phrase} {takes}.",
    )


def data_created_again(table: TableAnalysis) -> Finding | None:
    """Report an object that keeps data from its first tasks but is sent anew with each task or chunk."""
    more = number(table.record.facts, "function_grown") or 0.0
    slow = [pair for pair in _sending(table) if pair[0].verdict != FASTER]
    if more < _GROWN or not slow:
        return None
    phrase = function_data_phrase(table)
    often = listed(dict.fromkeys(_how_often(sent) for _, sent in slow))
    grew = f"{phrase[0].upper()}{phrase[1:]} grew by {data(more)} in the first pass"
    return Finding(
        f"{grew}, and that data is not sent: under "
        f"{_names(slow)}, a new object arrives {often}, and creates the data again where it is needed. Let each worker "
        "keep one (a global of its module, or the initializer of the pool).",
        {"function_grown": more},
        "pitfalls/first-use",
        brief=f"{grew}, and workers create that data again.",
    )


def function_data_notes(table: TableAnalysis) -> list[str]:
    """The note of a table on data that is sent with the function: how often, and under which runners."""
    sending = _sending(table)
    task = _task_seconds(table) or float("inf")
    if not holds_data(table.record.facts) or not any(
        sent.size >= _LARGE or sent.seconds_each >= WORTH * task for _, sent in sending
    ):
        return []
    cells_by_frequency: dict[str, list[tuple[CellAnalysis, Cargo]]] = {}
    for cell, sent in sending:
        cells_by_frequency.setdefault(_how_often(sent), []).append((cell, sent))
    often = "; ".join(f"{how_often} under {_names(pairs)}" for how_often, pairs in cells_by_frequency.items())
    _, cargo = sending[0]
    size, took = data(cargo.size), seconds(cargo.seconds)
    return [f"Besides the items, worker processes are sent {function_data_phrase(table)}: {size} in {took}, {often}."]


def function_data_phrase(table: TableAnalysis) -> str:
    """A phrase that names what the function holds."""
    phrase = table.record.facts.get("function_holds")
    return phrase if isinstance(phrase, str) and phrase else "the objects that the function holds"


def _task_seconds(table: TableAnalysis) -> float | None:
    if table.baseline.seconds is None or table.record.tasks < 1 or not table.baseline.works_singly:
        return None
    return table.baseline.seconds / table.record.tasks


def _sending(table: TableAnalysis) -> list[tuple[CellAnalysis, Cargo]]:
    """Each executed cell with what it sends, including cells that were dropped or timed out."""
    executed = [
        cell
        for cell in table.cells
        if cell.seconds is not None or cell.record.warmup is not None or cell.outcome.cause == "timeout"
    ]
    return [(cell, sent) for cell in executed if (sent := cargo_of(cell.record, table.record.facts)) is not None]


def _names(pairs: list[tuple[CellAnalysis, Cargo]]) -> str:
    return listed([cell.name for cell, _ in pairs])


def _how_often(sent: Cargo) -> str:
    return "with every task" if sent.chunk == 1 else f"with every chunk of {sent.chunk} tasks"
