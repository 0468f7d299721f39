"""Findings on a CPU quota of the control group that kept workers from running."""

from __future__ import annotations

from concbench.advice.finding import WARNING, Finding, figures_of_runners
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.costs import quota_of
from concbench.analysis.table_analysis import TableAnalysis
from concbench.units import few, listed


def quota_held_back(table: TableAnalysis) -> Finding | None:
    """Report the runners that a quota held back in some of their rounds, the most affected first."""
    throttled = sorted((cell for cell in table.measured if cell.throttled_rounds), key=lambda cell: -_share(cell))
    if not throttled:
        return None
    quota, hold = _quota(throttled[0]).capitalize(), "these times hold under this quota"
    return Finding(
        f"{quota} held back {listed(f'{cell.name} {_rounds(cell)}' for cell in throttled)}: meanwhile nothing in the "
        f"control group ran, so {hold}. More workers that compute may be held back more; a larger quota may make them "
        "faster.",
        figures_of_runners("throttled_rounds", {cell.name: cell.throttled_rounds for cell in throttled}),
        "methodology",
        brief=f"{quota} held back {few([cell.name for cell in throttled])}: {hold}.",
        role=WARNING,
    )


def quota_held_back_cell(cell: CellAnalysis) -> Finding | None:
    """The same finding for one runner, where its time is explained."""
    if not cell.throttled_rounds:
        return None
    return Finding(f"{_quota(cell).capitalize()} held it back {_rounds(cell)}.", {"rounds": cell.throttled_rounds})


def quota_warning(table: TableAnalysis) -> str:
    """A sentence for the warning below a table; empty if nothing was held back."""
    throttled = [cell for cell in table.measured if cell.throttled_rounds]
    if not throttled:
        return ""
    return f"{_quota(throttled[0]).capitalize()} held back {listed(cell.name for cell in throttled)}."


def _quota(cell: CellAnalysis) -> str:
    quota = quota_of(cell.record)
    return "a quota" if quota is None else f"the quota of {quota:g} core{'' if quota == 1 else 's'}"


def _rounds(cell: CellAnalysis) -> str:
    return f"in {cell.throttled_rounds} of {cell.rounds} round{'' if cell.rounds == 1 else 's'}"


def _share(cell: CellAnalysis) -> float:
    return cell.throttled_rounds / cell.rounds
