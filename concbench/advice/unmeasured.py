"""Cells that were not fully measured and may still win: until then, "nothing was faster" is not known."""

from __future__ import annotations

from collections.abc import Mapping

from concbench.advice.mishaps import why_missing
from concbench.advice.variants import joined_names
from concbench.analysis.cell_analysis import CellAnalysis, by_round
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import FAR_BEHIND, FIRST_RUN_COSTS, HOPELESS
from concbench.stats.intervals import FEWEST
from concbench.stats.verdicts import FASTER
from concbench.units import listed


def unmeasured(table: TableAnalysis, given_up: str = "", advised: CellAnalysis | None = None) -> str:
    """Name those cells, with the reason for each and what to do about it; empty if there are none.

    A runner that one interpreter lacks and another has does not count.

    Example: process-pool(2) was not measured (its function is defined in the main program: move it to a module).

    Args:
        table: the table.
        given_up: advice on a cell that was dropped after its warm-up.
        advised: the recommended cell, which is not named.
    """
    measured = {cell.label for cell in table.measured}
    groups: dict[tuple[str, str], list[CellAnalysis]] = {}
    for cell in table.cells:
        if cell is table.baseline or cell is advised:
            continue
        if cell.outcome.cause == "lacking" and cell.label in measured:  # its row says what it needs
            continue
        if cell.interval is None and not cannot_win(cell, table):
            groups.setdefault(_how_it_ended(cell, table, given_up), []).append(cell)
    return "; ".join(_sentence(table, cells, how, reason) for (how, reason), cells in groups.items())


def _sentence(table: TableAnalysis, cells: list[CellAnalysis], how: str, reason: str) -> str:
    """A sentence on cells that ended alike; those of one runner are joined: thread-pool with 16 and 64 workers."""
    of_runner: dict[tuple[str, str], list[CellAnalysis]] = {}
    for cell in cells:
        of_runner.setdefault((cell.runner, cell.variant), []).append(cell)
    firsts = [group[0] for group in of_runner.values()]
    single = {cell.record.shown_alone: joined_names(table, _single_cells(of_runner, cell)) for cell in firsts}
    names: list[str] = []
    for (name, variant), group in of_runner.items():
        if len(group) == 1:
            names += single.pop(group[0].record.shown_alone, [])
        else:
            names.append(f"{name} with {_workers(group)}{f' under {variant}' if variant else ''}")
    return f"{listed(names)} {how.replace('was ', 'were ', 1) if len(names) > 1 else how} ({reason})"


def _single_cells(of_runner: Mapping[tuple[str, str], list[CellAnalysis]], cell: CellAnalysis) -> list[CellAnalysis]:
    """The cells like this one under every variant in which it is the only cell of its runner."""
    singles = [group[0] for group in of_runner.values() if len(group) == 1]
    return [single for single in singles if single.record.shown_alone == cell.record.shown_alone]


def _workers(cells: list[CellAnalysis]) -> str:
    counts = [f"{count:,}" for count in dict.fromkeys(cell.workers for cell in cells)]
    return f"{listed(counts)} workers"


def more_rounds(table: TableAnalysis) -> str:
    """The option that would have allowed more rounds than these."""
    if table.record.all_rounds:
        return "--budget" if table.record.stopped == "budget" else "--rounds"
    return {"rounds": "--max-rounds", "budget": "--budget", "calls": "--max-calls"}.get(
        table.record.stopped, "--max-rounds, --budget"
    )


def cannot_win(cell: CellAnalysis, table: TableAnalysis) -> bool:
    """Whether the little that was measured of a cell shows that it is far behind the best, or no better than it."""
    best = min((other.seconds for other in table.measured if other.seconds is not None), default=None)
    if best is None or cell.outcome.kind == "failed":
        return False
    if cell.outcome.cause == "outdone":
        return (table.baseline.seconds or 0.0) / cell.workers > best
    if _is_compared_with_the_fastest(cell, table):
        return True
    if cell.seconds is not None:
        return cell.seconds >= FAR_BEHIND.get(cell.rounds, float("inf")) * best
    warm_up = cell.record.warmup
    # with kept workers, only the warm-up includes the start, so that it does not predict later rounds
    return warm_up is not None and not table.record.warm and warm_up.seconds - FIRST_RUN_COSTS > HOPELESS * best


def _is_compared_with_the_fastest(cell: CellAnalysis, table: TableAnalysis) -> bool:
    """Whether a cell shares enough rounds with the fastest, which is proved to be faster than the baseline."""
    fastest = table.fastest
    if fastest is None or fastest.verdict != FASTER:
        return False
    shared = by_round(cell.record.samples).keys() & by_round(fastest.record.samples).keys()
    return len(shared) >= FEWEST


def _how_it_ended(cell: CellAnalysis, table: TableAnalysis, given_up: str) -> tuple[str, str]:
    """How far a cell came, and why it was not measured further."""
    outcome, reason = cell.outcome, why_missing(cell).rstrip(".")
    if outcome.kind == "failed":
        return "failed", reason
    if cell.seconds is not None:
        count = cell.shared_rounds
        shared = f"only {count} round{'' if count == 1 else 's'}" if count else "no round"
        more = f"and a verdict needs {FEWEST}; more with {more_rounds(table)}"
        return "was not fully measured", f"{shared} shared with {table.baseline.name}, {more}"
    if outcome.kind == "inapplicable" and cell.record.warmup is not None:
        return "was not fully measured", f"{reason}{given_up if reason.startswith('given up') else ''}"
    return "was not measured", reason
