"""What is said of figures: a sentence that can be checked against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.pages import address


@dataclass(frozen=True)
class Finding:
    """A sentence with the figures that it quotes and the page that explains it. `str()` of it is the sentence."""

    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    """By plain names: seconds, bytes and shares as numbers, such as `task_seconds`, `speedup of threads`."""
    page: str = ""
    """Its place in docs/, such as pitfalls/gil; empty if there is none."""

    def __str__(self) -> str:
        return self.sentence

    @property
    def url(self) -> str:
        """The address of the page; empty if there is none."""
        return address(self.page) if self.page else ""


def known(**figures: float | None) -> dict[str, float]:
    """Those of the figures that are known."""
    return {name: value for name, value in figures.items() if value is not None}


def rating(cell: CellAnalysis) -> dict[str, float]:
    """How many times as fast a cell is, and what that may be."""
    return known(speedup=cell.speedup, low=cell.low, high=cell.high)


def of_each(name: str, figures: Mapping[str, float | None]) -> dict[str, float]:
    """One figure of several runners: `speedup of threads`."""
    return {f"{name} of {runner}": value for runner, value in figures.items() if value is not None}
