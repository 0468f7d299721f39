"""Tables on a terminal, by rich; the same without colours as plain text."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from concbench.report.rows import Shown, heading, shown
from concbench.results.records import RunRecord

PLAIN_WIDTH = 80


def plain(record: RunRecord, width: int = PLAIN_WIDTH) -> str:
    """The tables and answers as text without colours."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(render(record))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def render(record: RunRecord) -> RenderableType:
    """All tables, each followed by how to read it; the answers last."""
    tables = [shown(table) for table in record.tables]
    parts: list[RenderableType] = [Text(heading(record), style="dim")]
    for one in tables:
        parts += ["", *_table(one)]
    if record.interrupted:
        parts += ["", Text("Interrupted: this is what was measured until then.", style="bold")]
    for one in tables:
        name = one.title.partition(":")[0]
        parts += ["", Text(f"Answer for {name}", style="bold"), _bullets(one.answer)]
    return Group(*parts)


def _table(one: Shown) -> list[RenderableType]:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for index, name in enumerate(one.header):
        grid.add_column(Text(name), justify="right" if index else "left", no_wrap=bool(index), overflow="fold")
    for index, row in enumerate(one.rows):
        grid.add_row(*(Text(text) for text in row), style="green" if index == one.best else "")
    parts: list[RenderableType] = [Text(one.title, style="bold"), ""]
    if one.rows:
        parts.append(grid)
    parts += [Text(f"{line}", style="yellow") for line in one.missing]
    parts += ["", *(Text(line, style="dim") for line in one.reading)]
    return parts


def _bullets(lines: list[str]) -> RenderableType:
    grid = Grid.grid(padding=(0, 1, 0, 0))
    for line in lines:
        grid.add_row("-", Text(line))
    return grid
