"""Findings: sentences that can be checked against the figures that they quote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.pages import address


@dataclass(frozen=True)
class Finding:
    """A sentence, the figures that it quotes, and the page that explains it. `str()` gives the sentence."""

    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    """The quoted figures by name, such as `task_seconds` or `speedup of threads`: seconds, bytes or shares."""
    page: str = ""
    """The page in docs/ that explains it, such as pitfalls/gil; empty if there is none."""

    def __str__(self) -> str:
        return self.sentence

    @property
    def url(self) -> str:
        """The address of the page; empty if there is none."""
        return address(self.page) if self.page else ""


def known(**figures: float | None) -> dict[str, float]:
    """Drop the figures that are not known."""
    return {name: value for name, value in figures.items() if value is not None}


def rating(cell: CellAnalysis) -> dict[str, float]:
    """The speed-up of a cell and its confidence interval, as figures of a finding."""
    return known(speedup=cell.speedup, low=cell.low, high=cell.high)


def of_each(name: str, figures: Mapping[str, float | None]) -> dict[str, float]:
    """The same figure of several runners, under names such as `speedup of threads`."""
    return {f"{name} of {runner}": value for runner, value in figures.items() if value is not None}
