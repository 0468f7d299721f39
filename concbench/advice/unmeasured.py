"""What was not measured to the end and may still win: as long as there is any, "nothing was faster" is not known."""

from __future__ import annotations

from concbench.advice.evidence import CellEvidence, Evidence
from concbench.results.records import Table
from concbench.stats.intervals import FEWEST
from concbench.units import listed

FAR_BEHIND = {1: 4.0, 2: 2.0}
"""Times the leader's median after so many rounds, from which a cell is out of a race; identical runs reach 4 with a
chance of 0.1 %."""
HOPELESS = 10.0
"""Times the least warm-up, from which a cell is given up before the first round."""
FIRST_RUN_COSTS = 0.5
"""Seconds that a warm-up may take beyond what follows: the imports of worker processes, the start of a fork server."""


def unmeasured(seen: Evidence, given_up: str = "") -> str:
    """Those cells, with the reason for each and what to do about it; empty if there are none.

    Such as: process-pool(2) was not measured (its function is defined in the main program: move it to a module).

    Args:
        seen: the table.
        given_up: what to do about a cell that was left after its warm-up.
    """
    groups: dict[tuple[str, str], list[CellEvidence]] = {}
    for cell in seen.cells:
        if cell is not seen.baseline and cell.interval is None and not _cannot_win(cell, seen):
            groups.setdefault(_ended(cell, seen, given_up), []).append(cell)
    return "; ".join(_sentence(cells, how, reason) for (how, reason), cells in groups.items())


def _sentence(cells: list[CellEvidence], how: str, reason: str) -> str:
    """Of cells that ended alike; those of one runner are told by their workers: thread-pool with 16 and 64 workers."""
    of_runner: dict[str, list[CellEvidence]] = {}
    for cell in cells:
        of_runner.setdefault(cell.cell.runner, []).append(cell)
    names = [own[0].name if len(own) == 1 else f"{name} with {_workers(own)}" for name, own in of_runner.items()]
    return f"{listed(names)} {how.replace('was ', 'were ', 1) if len(names) > 1 else how} ({reason})"


def _workers(cells: list[CellEvidence]) -> str:
    counts = [f"{count:,}" for count in dict.fromkeys(cell.cell.workers for cell in cells)]
    return f"{listed(counts)} workers"


def more_rounds(table: Table) -> str:
    """The option that would have allowed more rounds than these."""
    if table.all_rounds:
        return "--rounds"
    return {"rounds": "--max-rounds", "budget": "--budget", "calls": "--max-calls"}.get(
        table.stopped, "--max-rounds, --budget"
    )


def _cannot_win(cell: CellEvidence, seen: Evidence) -> bool:
    """Whether the little that was measured of a cell tells that it is far behind the best."""
    best = min((one.seconds for one in seen.measured if one.seconds is not None), default=None)
    if best is None or cell.cell.outcome.kind == "failed":
        return False
    if cell.seconds is not None:
        return cell.seconds >= FAR_BEHIND.get(len(cell.cell.samples), float("inf")) * best
    warm_up = cell.cell.warmup
    # of workers that are kept, the warm-up alone pays for the start, so that it tells nothing
    return warm_up is not None and not seen.table.warm and warm_up.seconds - FIRST_RUN_COSTS > HOPELESS * best


def _ended(cell: CellEvidence, seen: Evidence, given_up: str) -> tuple[str, str]:
    """How far a cell came, and why no further."""
    outcome, reason = cell.cell.outcome, cell.why_missing.rstrip(".")
    if outcome.kind == "failed":
        return "failed", reason
    if cell.seconds is not None:
        shared = f"only {cell.shared} round{'' if cell.shared == 1 else 's'}" if cell.shared else "no round"
        more = f"where a verdict takes {FEWEST}; more with {more_rounds(seen.table)}"
        return "was not measured to the end", f"{shared} shared with {seen.baseline.name}, {more}"
    if outcome.kind == "inapplicable" and cell.cell.warmup is not None:
        return "was not measured to the end", f"{reason}{given_up}"
    return "was not measured", reason
