"""Where the workers' time went, on a terminal: a bar of 100 % for each runner, drawn with letters and colours."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from concbench.analysis.time_shares import (
    CONTENTION,
    DISPATCH,
    SHUT_DOWN,
    SLOWER,
    START_UP,
    TAIL,
    UNEXPLAINED,
    USEFUL,
    WAITING,
)
from concbench.report.breakdown import Breakdown
from concbench.report.styled import styled

MARKS = {
    USEFUL: ("U", "green"),
    WAITING: ("w", "cyan"),
    CONTENTION: ("C", "red"),
    SLOWER: ("S", "magenta"),
    START_UP: ("b", "yellow"),
    DISPATCH: ("d", "blue"),
    TAIL: ("t", "bright_yellow"),
    SHUT_DOWN: ("x", "bright_black"),
    UNEXPLAINED: ("?", "white"),
}
"""The letter of each part in a bar, and its colour where there are colours."""
_WIDEST = 100


def bars(breakdown: Breakdown, console: Console) -> list[RenderableType]:
    """The renderables of a breakdown, from top to bottom."""
    parts: list[RenderableType] = ["", styled(breakdown.title, "bold")]
    if not breakdown.bars:
        return [*parts, styled(breakdown.reading)]
    parts.append(styled(breakdown.reading, "dim"))
    parts += [styled(f"{MARKS[part][0]} {part}: {meaning}", "dim") for part, meaning in breakdown.legend]
    width = min(_WIDEST, console.width - 2)
    for bar in breakdown.bars:
        sentences = [
            f"{finding.sentence} ({finding.url})" if finding.url else finding.sentence for finding in bar.findings
        ]
        below = [draw_bar(bar.shares, width), styled(bar.figures), *map(styled, sentences)]
        parts += ["", styled(f"{bar.name}: {bar.workers}"), *(Padding(line, (0, 0, 0, 2)) for line in below)]
    return [*parts, "", *(styled(note, "dim") for note in breakdown.notes)]


def draw_bar(shares: Sequence[tuple[str, float]], width: int) -> Text:
    """A bar of `width` letters, divided by largest remainder so that no part is off by more than one letter."""
    visible_shares = {part: max(0.0, share) for part, share in shares}
    total = sum(visible_shares.values())
    exact = {part: width * share / total for part, share in visible_shares.items()}
    letters = {part: int(value) for part, value in exact.items()}
    for part in sorted(letters, key=lambda part: letters[part] - exact[part])[: width - sum(letters.values())]:
        letters[part] += 1
    bar = Text()
    for part, count in letters.items():
        mark, colour = MARKS[part]
        bar.append(mark * count, style=colour)
    return bar
