"""Tables on a terminal, by rich; the same without colours as plain text."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from concbench.advice.recommendation import Recommendation
from concbench.analysis.table_analysis import TableAnalysis
from concbench.report.rows import Grid, Shown, heading, shown
from concbench.report.visible import visible
from concbench.report.why import render_why, shown_why
from concbench.results.records import RunRecord

PLAIN_WIDTH = 80


def plain_why(tables: Sequence[TableAnalysis], width: int = PLAIN_WIDTH) -> str:
    """Where the workers' time went, as text without colours."""
    return _as_text(lambda console: Group(*(part for table in tables for part in _why(table, console))), width)


def plain(
    record: RunRecord,
    tables: Sequence[TableAnalysis],
    width: int = PLAIN_WIDTH,
    recommendation: Recommendation | None = None,
    *,
    why: bool = False,
) -> str:
    """The tables and answers as text without colours."""
    return _as_text(lambda console: render(record, tables, console, recommendation, why=why), width)


def _as_text(make: Callable[[Console], RenderableType], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(make(console), crop=False)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()).strip("\n")


def render(
    record: RunRecord,
    tables: Sequence[TableAnalysis],
    console: Console,
    recommendation: Recommendation | None = None,
    *,
    why: bool = False,
) -> RenderableType:
    """All tables, each followed by how to read it and, if wanted, by where the time went.

    The answers come last, or what is recommended in their place.

    Args:
        record: the run.
        tables: the figures of its tables.
        console: where it will be printed.
        recommendation: what is advised.
        why: say where the time went, and name the pages that explain the reasons.
    """
    views = [shown(table, linked=why) for table in tables]
    parts: list[RenderableType] = [Text(heading(record), style="dim")]
    for one, table in zip(views, tables, strict=True):
        parts += ["", *_table(one, console)]
        parts += _why(table, console) if why else []
    if record.interrupted:
        parts += ["", Text("Interrupted: this is what was measured until then.", style="bold")]
    if recommendation is not None:
        return Group(*parts, *_advised(recommendation))
    for one in views:
        parts += ["", Text(f"Answer for {one.workload}", style="bold"), _bullets(one.answer)]
    return Group(*parts)


def _table(one: Shown, console: Console) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(one.title, style="bold")]
    if one.answer_grid.rows:
        parts += _side_by_side_or_below(one, console)
    parts += ["", *(Text(line, style="yellow") for line in one.missing)] if one.missing else []
    parts += ["", *(Text(line, style="dim") for line in one.reading)]
    parts.append(Text(one.load, style="bold yellow" if one.loaded else "dim"))
    return parts


def _why(table: TableAnalysis, console: Console) -> list[RenderableType]:
    why = shown_why(table)
    grids = [_grid(part, [False] * len(part.rows)) for part in (why.pace, why.latency)] if why.cells else []
    return [*render_why(why, console), *(part for grid in grids for part in ("", grid))]


def _side_by_side_or_below(one: Shown, console: Console) -> list[RenderableType]:
    """One wide table where it fits, else what it costs below what it says."""
    answer, cost = one.answer_grid, one.cost_grid
    rows = [left + right[1:] for left, right in zip(answer.rows, cost.rows, strict=True)]
    wide = _grid(Grid(answer.header + cost.header[1:], rows), one.best)
    if Measurement.get(console, console.options.update(max_width=10_000), wide).maximum <= console.width:
        return ["", wide]
    return ["", _grid(answer, one.best), "", _grid(cost, one.best)]


def _grid(grid: Grid, best: list[bool]) -> RichTable:
    table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for index, name in enumerate(grid.header):
        table.add_column(Text(name), justify="right" if index else "left", no_wrap=bool(index), overflow="fold")
    for row, is_best in zip(grid.rows, best, strict=True):
        table.add_row(*(Text(text) for text in row), style="green" if is_best else "")
    return table


def _advised(recommendation: Recommendation) -> list[RenderableType]:
    """Why, for how long, what to paste; what to do is the last line."""
    parts: list[RenderableType] = [
        "",
        Text("Why", style="bold"),
        _bullets([visible(line) for line in recommendation.reasons]),
    ]
    until = [visible(line) for line in recommendation.valid_for]
    parts += ["", Text("When to ask again", style="bold"), _bullets(until)] if until else []
    if recommendation.snippet:
        parts += [
            "",
            Text("To paste", style="bold"),
            Text(recommendation.snippet.rstrip(), no_wrap=True, overflow="ignore"),
        ]
    return [*parts, "", Text(f"Advice: {visible(recommendation.headline)}", style="bold green")]


def _bullets(lines: list[str]) -> RenderableType:
    grid = RichTable.grid(padding=(0, 1, 0, 0))
    for line in lines:
        grid.add_row("-", Text(line))
    return grid
