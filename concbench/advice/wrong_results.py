"""Findings on results that differ under some runners."""

from __future__ import annotations

from concbench.advice.finding import WARNING, Finding
from concbench.analysis.table_analysis import TableAnalysis
from concbench.units import few, listed


def wrong_when_concurrent(table: TableAnalysis) -> Finding | None:
    """Report results that are right under `sequential` and wrong when tasks run at once."""
    wrong = [cell for cell in table.cells if cell.outcome.cause == "results" and cell.traits.shares_state]
    if not wrong or table.record.checked != "sequential":
        return None
    names = [cell.name for cell in wrong]
    unsafe = "The function is not safe to run concurrently in one process"
    return Finding(
        f"{unsafe}: it gave wrong results under {listed(names)}, but correct ones under sequential. "
        "Fix that before using threads, however fast they are.",
        brief=f"{unsafe}: wrong results under {few(names)}.",
        role=WARNING,
    )


def wrong_in_another_thread(table: TableAnalysis) -> Finding | None:
    """Report results that are right in the main thread and wrong in any other thread."""
    wrong = [cell for cell in table.cells if cell.outcome.cause == "thread"]
    if not wrong or table.record.checked != "sequential":
        return None
    names, depend = [cell.name for cell in wrong], "The results depend on the thread"
    return Finding(
        f"{depend}: {listed(names)} returned other results than the main "
        "thread, even when run sequentially. Settings that a module makes when it is imported may hold for that thread "
        "only, such as decimal.getcontext(): make them in each worker (the initializer of a pool). If the difference "
        "does not matter: --no-check.",
        brief=f"{depend}: {few(names)} returned other results than the main thread.",
        role=WARNING,
    )
