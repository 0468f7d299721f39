"""What the raw figures of a table show about each cell: everything that rules and columns are allowed to know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concbench.results.records import Cell, Observed, Table
from concbench.stats.ratios import median_ratio, never_far_behind, paired_ratios

TIE = 0.05
"""Cells that were within 5 % of the fastest in some round are not told apart from it."""


@dataclass(frozen=True)
class CellEvidence:
    """One cell, as its samples and its observed pass show it; None: not measured."""

    cell: Cell
    seconds: float | None
    """Median of the samples."""
    speedup: float | None
    """Median of the per-round ratios to the baseline: above 1 is faster."""
    in_every_round: str
    """`faster` or `slower` than the baseline if every round says so, else empty."""
    start_up: float | None
    """Seconds until every worker had begun a task, in the observed pass."""
    start_up_share: float | None
    """The same as a share of that pass."""
    cores: float | None
    """CPU seconds over wall seconds, in the observed pass."""
    memory: int | None
    """Bytes at the peak of the observed pass, all processes together."""

    @property
    def name(self) -> str:
        """How tables and sentences call it: threads, thread-pool(32), process-pool(2, forkserver)."""
        name, _, written = self.cell.label.partition(":")
        parts = [part.removeprefix("workers=") for part in written.split(",") if part]
        method = self.cell.settings.get("start_method")
        shown = [part for part in parts if not part.startswith("start_method=")] + ([str(method)] if method else [])
        return f"{name}({', '.join(shown)})" if shown else name


@dataclass(frozen=True)
class Evidence:
    """One table."""

    table: Table
    baseline: CellEvidence
    cells: list[CellEvidence]
    """Every cell, in the order of the table."""

    @property
    def measured(self) -> list[CellEvidence]:
        """The cells that have times."""
        return [cell for cell in self.cells if cell.seconds is not None]

    @property
    def fastest(self) -> CellEvidence | None:
        """The cell of the best speed-up, if there are ratios."""
        rated = [cell for cell in self.measured if cell.speedup is not None]
        return max(rated, key=lambda cell: cell.speedup or 0.0, default=None)

    def ties(self, leader: CellEvidence) -> list[CellEvidence]:
        """The other cells that some round has within 5 % of the leader, or before it."""
        others = (cell for cell in self.measured if cell is not leader)
        return [cell for cell in others if never_far_behind(*_by_round(leader.cell, cell.cell), TIE)]


def evidence(table: Table) -> Evidence:
    """Derive everything from a table."""
    baseline = table.cell(table.baseline)
    cells = [_cell(cell, baseline) for cell in table.cells]
    return Evidence(table, next(seen for seen in cells if seen.cell is baseline), cells)


def start_up(observed: Observed, workers: int) -> float:
    """Seconds until as many workers had begun a task as can be at work at once, or all that ever did."""
    return observed.began[min(workers, len(observed.began)) - 1] if observed.began else 0.0


def _cell(cell: Cell, baseline: Cell) -> CellEvidence:
    observed = cell.observed
    ratios = paired_ratios(*_by_round(baseline, cell)) if _rated(cell) and _rated(baseline) else np.array([])
    total = observed.start + observed.work + observed.stop if observed else 0.0
    began = start_up(observed, cell.workers) if observed else None
    return CellEvidence(
        cell=cell,
        seconds=float(np.median([sample.seconds for sample in cell.samples])) if _rated(cell) else None,
        speedup=median_ratio(*_by_round(baseline, cell)) if ratios.size else None,
        in_every_round=_direction(ratios),
        start_up=began,
        start_up_share=began / total if began is not None and total > 0 else None,
        cores=_cores(cell, total),
        memory=observed.memory if observed else None,
    )


def _rated(cell: Cell) -> bool:
    return cell.outcome.kind == "ok" and bool(cell.samples)


def _by_round(one: Cell, other: Cell) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of two cells in the rounds that both took part in; each of shape (rounds,)."""
    ones = {sample.round: sample.seconds for sample in one.samples}
    others = {sample.round: sample.seconds for sample in other.samples}
    shared = sorted(ones.keys() & others.keys())
    return np.array([ones[n] for n in shared]), np.array([others[n] for n in shared])


def _direction(ratios: np.ndarray) -> str:
    if ratios.size and bool(np.all(ratios > 1)):
        return "faster"
    return "slower" if ratios.size and bool(np.all(ratios < 1)) else ""


def _cores(cell: Cell, total: float) -> float | None:
    """CPU over wall seconds. Workers of a fork server are no children of the host: their ticks are counted instead."""
    if cell.observed is None or total <= 0:
        return None
    forked_elsewhere = cell.settings.get("start_method") == "forkserver"
    cpu = cell.observed.tree_cpu if forked_elsewhere else cell.observed.cpu
    return None if cpu is None else cpu / total
