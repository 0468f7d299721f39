"""Findings: sentences that can be checked against the figures that they quote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from concbench.analysis.cell_analysis import CellAnalysis
from concbench.pages import address

Role = Literal["headline", "warning", "reason", "more"]
HEADLINE: Role = "headline"
"""It answers the question."""
WARNING: Role = "warning"
"""It qualifies the answer, so that no format leaves it out."""
REASON: Role = "reason"
"""It explains the answer; a brief answer has the first that fits."""
MORE: Role = "more"
"""Another finding or the table says it as well, so that a brief answer leaves it out."""


@dataclass(frozen=True)
class Finding:
    """A sentence, the figures that it quotes, and the page that explains it. `str()` gives the sentence."""

    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    """The quoted figures by name, such as `task_seconds` or `speedup of threads`: seconds, bytes or shares."""
    page: str = ""
    """The page in docs/ that explains it, such as pitfalls/gil; empty if there is none."""
    brief: str = ""
    """A shorter sentence for a brief answer; empty if the sentence is short enough."""
    role: Role = REASON
    """What it is in an answer: the headline, a warning that qualifies it, a reason, or no more than what others say."""

    def __str__(self) -> str:
        return self.sentence

    @property
    def short(self) -> str:
        """The brief sentence if there is one, otherwise the sentence."""
        return self.brief or self.sentence

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


def figures_of_runners(name: str, figures: Mapping[str, float | None]) -> dict[str, float]:
    """The same figure of several runners, under names such as `speedup of threads`."""
    return {f"{name} of {runner}": value for runner, value in figures.items() if value is not None}
