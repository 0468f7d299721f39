"""A document on a terminal, laid out by rich; without colours it is plain text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table as RichTable

from concbench.advice.finding import Finding
from concbench.advice.recommendation import Recommendation
from concbench.report.bars import bars
from concbench.report.document import Document
from concbench.report.grid import Grid
from concbench.report.section import Section
from concbench.report.styled import styled, unbroken
from concbench.report.visible import visible

PLAIN_WIDTH = 80


def plain(document: Document, width: int = PLAIN_WIDTH) -> str:
    """A document as text without colours."""
    return _as_text(lambda console: render(document, console), width)


def plain_breakdowns(document: Document, width: int = PLAIN_WIDTH) -> str:
    """Only where the workers' time went, as text without colours."""
    return _as_text(lambda console: Group(*(part for one in document.sections for part in _why(one, console))), width)


def _as_text(make: Callable[[Console], RenderableType], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(make(console), crop=False)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()).strip("\n")


def render(document: Document, console: Console) -> RenderableType:
    """Lay out all tables, each with how to read it and where the time went, and the answers or the advice last.

    Args:
        document: the document to lay out.
        console: the console on which it will be printed, with `crop=False`, since lines of a program are not wrapped.
    """
    parts: list[RenderableType] = [unbroken(visible(f"{name:<26}{value}")) for name, value in document.environment]
    parts += [""] if parts else []
    parts.append(styled(document.heading, "dim"))
    for one in document.sections:
        parts += ["", *_table(one, console), *_why(one, console)]
    if document.interrupted:
        parts += ["", styled(document.interrupted, "bold")]
    if document.recommendation is not None:
        return Group(*parts, *_advised(document.recommendation, linked=document.explains))
    for answer in document.answers:
        parts += ["", styled(f"Answer for {answer.workload}", "bold")]
        parts.append(_bullets(_told(answer.findings, linked=document.explains)))
    return Group(*parts)


def _table(one: Section, console: Console) -> list[RenderableType]:
    parts: list[RenderableType] = [styled(one.title, "bold")]
    if one.times.rows:
        parts += _side_by_side_or_below(one, console)
    parts += ["", *(styled(f"{cell.name}: {cell.reason}", "yellow") for cell in one.missing)] if one.missing else []
    parts += ["", *(styled(line, "dim") for line in one.reading)]
    if one.load:
        parts.append(styled(one.load, "bold yellow" if one.loaded else "dim"))
    return parts


def _why(one: Section, console: Console) -> list[RenderableType]:
    if one.breakdown is None:
        return []
    grids = [grid for grid in (one.breakdown.pace, one.breakdown.latency) if grid.rows]
    return [*bars(one.breakdown, console), *(part for grid in grids for part in ("", _grid(grid)))]


def _side_by_side_or_below(one: Section, console: Console) -> list[RenderableType]:
    """One wide table if it fits, otherwise the costs below the times."""
    wide = _grid(one.times.beside(one.costs), one.fastest)
    if Measurement.get(console, console.options.update(max_width=10_000), wide).maximum <= console.width:
        return ["", wide]
    return ["", _grid(one.times, one.fastest), "", _grid(one.costs, one.fastest)]


def _grid(grid: Grid, fastest: tuple[bool, ...] = ()) -> RichTable:
    """A table with a star beside the fastest runners."""
    table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for index, column in enumerate(grid.columns):
        table.add_column(styled(column.header), justify="right" if index else "left", no_wrap=bool(index),
                         overflow="fold")  # fmt: skip
    for (runner, *values), is_fastest in zip(grid.rows, fastest or [False] * len(grid.rows), strict=True):
        name = f"{runner.text} *" if is_fastest else runner.text
        table.add_row(styled(name), *(styled(value.text) for value in values), style="green" if is_fastest else "")
    return table


def _advised(recommendation: Recommendation, *, linked: bool) -> list[RenderableType]:
    """The reasons, when to ask again and the program to paste; the advice itself is the last line."""
    parts: list[RenderableType] = ["", styled("Why", "bold"), _bullets(_told(recommendation.reasons, linked=linked))]
    until = recommendation.valid_for
    parts += ["", styled("When to ask again", "bold"), _bullets(until)] if until else []
    if recommendation.snippet:
        parts += ["", styled("Code to paste", "bold"), unbroken(recommendation.snippet.rstrip())]
    return [*parts, "", styled(f"Advice: {recommendation.headline}", "bold green")]


def _told(findings: Iterable[Finding], *, linked: bool) -> list[str]:
    """The sentences; if `linked`, with the pages that explain them."""
    return [f"{one.sentence} ({one.url})" if linked and one.url else one.sentence for one in findings]


def _bullets(lines: Iterable[str]) -> RenderableType:
    grid = RichTable.grid(padding=(0, 1, 0, 0))
    for line in lines:
        grid.add_row("-", styled(line))
    return grid
