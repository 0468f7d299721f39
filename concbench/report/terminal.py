"""A document on a terminal, laid out by rich; without colours it is plain text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable

from concbench.advice.finding import Finding
from concbench.advice.recommendation import Recommendation
from concbench.analysis.table_analysis import TableAnalysis
from concbench.report.bars import bars
from concbench.report.brief import brief_reasons, brief_sentences, brief_warnings
from concbench.report.document import ANSWER, DETAILS, Document
from concbench.report.grid import NOTHING, Grid
from concbench.report.section import Section
from concbench.report.styled import styled, unbroken
from concbench.report.text_table import TextTable, text_table
from concbench.report.visible import visible
from concbench.report.whiskers import ASCII, UNICODE, Signs

PLAIN_WIDTH = 80
_GAP = 2
"""Columns between two columns of a table."""
_LEAST_NAME = 12
"""Fewest columns into which the name of a runner is folded. With fewer, rows are printed as a list."""
_LEAST_BAR, _MOST_BAR = 12, 40
"""Columns of a drawing."""
_BAR_OF_ALL = 16
"""Fewest columns of a drawing in a table that has the costs as well."""
_REASONS = 2
"""Reasons of a piece of advice in brief, and conditions."""


def plain(document: Document, width: int = PLAIN_WIDTH, encoding: str = "utf-8") -> str:
    """A document as text without colours.

    Args:
        document: the document to lay out.
        width: columns of the text.
        encoding: the encoding in which it will be printed; if that is not Unicode, lines and bars are ASCII.
    """
    return _as_text(lambda console: render(document, console), width, encoding)


def plain_breakdowns(document: Document, width: int = PLAIN_WIDTH) -> str:
    """Only where the workers' time went, as text without colours."""
    sections = document.sections
    return _as_text(lambda console: Group(*(part for section in sections for part in _why(section, console))), width)


def _as_text(make: Callable[[Console], RenderableType], width: int, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding, errors="replace", newline="")
    console = Console(file=file, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(make(console), crop=False)
    file.seek(0)
    return "\n".join(line.rstrip() for line in file.read().splitlines()).strip("\n")


def render(document: Document, console: Console) -> RenderableType:
    """Lay out all tables, each with how to read it and where the time went, and the answers or the advice last.

    Args:
        document: the document to lay out.
        console: the console on which it will be printed, with `crop=False`, since lines of a program are not wrapped.
    """
    if document.length == ANSWER:
        return Group(*_answers_alone(document))
    parts: list[RenderableType] = [unbroken(visible(f"{name:<26}{value}")) for name, value in document.environment]
    parts += [""] if parts else []
    parts.append(styled(document.heading, "dim"))
    details = document.length == DETAILS
    advice = document.recommendation
    has_load = advice is not None and not details and _names_load([*advice.reasons, *advice.conditions])
    for section, table in zip(document.sections, document.analyses, strict=True):
        parts += ["", *_table(section, table, console, details=details, has_load=has_load), *_why(section, console)]
    if document.interrupted:
        parts += ["", styled(document.interrupted, "bold")]
    if not details:
        parts += ["", *(styled(line, "dim") for line in [*_legend(document), _more(document)])]
    if advice is not None:
        return Group(*parts, *_recommendation(advice, document))
    for answer in document.answers:
        parts += ["", styled(f"Answer for {answer.workload}", "bold")]
        whole = details or document.explains
        parts.append(_bullets(_sentences(answer.findings, document) if whole else brief_sentences(answer.findings)))
    return Group(*parts)


def _legend(document: Document) -> list[str]:
    """The meaning of the signs in the tables, if there are any."""
    if not any(cell.interval or cell.in_fastest_group for table in document.analyses for cell in table):
        return []
    return ["*: statistically tied with the fastest; [low, high]: 95 % confidence interval."]


def _more(document: Document) -> str:
    """How to see what is left out; a race has no option --why, and all of its reasons need another race."""
    if document.advised:
        return "More: advise --details (another race), or 'concbench help reading'."
    options = "--details, " if document.explains else "--details, --why, "
    return f"More: {options}or 'concbench help reading'."


def _table(
    section: Section, table: TableAnalysis, console: Console, *, details: bool, has_load: bool
) -> list[RenderableType]:
    """The table of a section with its notes, except for the load of other processes if a warning names that already."""
    parts: list[RenderableType] = [styled(section.title, "bold")]
    notes: list[RenderableType] = [styled(f"{cell.name}: {cell.reason}", "yellow") for cell in section.missing]
    if section.times.rows:
        rows = text_table(section, table)
        parts += _rows(rows, console, details=details)
        notes += [styled(rows.common, "dim")] if rows.common else []
    notes += [styled(line, "dim") for line in (section.reading if details else section.brief)]
    if (section.loaded and not has_load) or (details and section.load):
        notes.append(styled(section.load, "bold yellow" if section.loaded else "dim"))
    return [*parts, *(["", *notes] if notes else [])]


def _why(section: Section, console: Console) -> list[RenderableType]:
    if section.breakdown is None:
        return []
    grids = [grid for grid in (section.breakdown.pace, section.breakdown.latency) if grid.rows]
    return [*bars(section.breakdown, console), *(part for grid in grids for part in ("", _grid(grid, console)))]


def _rows(rows: TextTable, console: Console, *, details: bool) -> list[RenderableType]:
    """One table with everything if that fits; otherwise the answer and, with details, the costs below it."""
    signs = ASCII if console.options.ascii_only or console.options.legacy_windows else UNICODE
    answer, whole = _with_bars(rows, console.width, signs)
    if whole:
        return [_grid(answer.beside(rows.costs), console, rows.fastest)]
    parts = [_grid(answer, console, rows.fastest)]
    return [*parts, "", _grid(rows.costs, console, rows.fastest)] if details else parts


def _with_bars(rows: TextTable, width: int, signs: Signs) -> tuple[Grid, bool]:
    """The answer with bars as long as there is room for, and whether there is room for the costs beside it as well."""
    room = width - _width(rows.answer, rows.fastest)
    room_beside_costs = width - _width(rows.answer.beside(rows.costs), rows.fastest)
    if not rows.whiskers:
        return rows.answer, room_beside_costs >= 0
    if room_beside_costs >= _BAR_OF_ALL + _GAP:
        return rows.with_bars(min(_MOST_BAR, room_beside_costs - _GAP), signs), True
    if room >= _LEAST_BAR + _GAP:
        return rows.with_bars(min(_MOST_BAR, room - _GAP), signs), False
    return rows.answer, False


def _widths(grid: Grid, fastest: Sequence[bool]) -> list[int]:
    """The columns that each column of a grid takes if nothing is folded."""
    lines = [[column.header for column in grid.columns], *_texts(grid, fastest)]
    return [max(cell_len(visible(text)) for text in texts) for texts in zip(*lines, strict=True)]


def _width(grid: Grid, fastest: Sequence[bool]) -> int:
    widths = _widths(grid, fastest)
    return sum(widths) + _GAP * (len(widths) - 1)


def _texts(grid: Grid, fastest: Sequence[bool]) -> list[list[str]]:
    """The texts of each row, with a star beside the fastest runners."""
    return [
        [f"{runner.text} *" if is_fastest else runner.text, *(value.text for value in values)]
        for (runner, *values), is_fastest in zip(grid.rows, fastest, strict=True)
    ]


def _grid(grid: Grid, console: Console, fastest: tuple[bool, ...] = ()) -> RenderableType:
    """A table with a star beside the fastest runners; a list where a table would be too wide."""
    marked = fastest or (False,) * len(grid.rows)
    first, *others = _widths(grid, marked)
    if min(first, _LEAST_NAME) + sum(others) + _GAP * len(others) > console.width:
        return _list(grid, marked)
    table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for index, column in enumerate(grid.columns):
        of_numbers = any(row[index].number is not None for row in grid.rows)
        table.add_column(styled(column.header), justify="right" if of_numbers else "left", no_wrap=bool(index),
                         overflow="fold")  # fmt: skip
    for texts, is_fastest in zip(_texts(grid, marked), marked, strict=True):
        table.add_row(*map(styled, texts), style="green" if is_fastest else "")
    return table


def _list(grid: Grid, fastest: Sequence[bool]) -> RenderableType:
    """Each runner with its figures below its name, for a console that is too narrow for a table."""
    parts: list[RenderableType] = []
    for (name, *texts), is_fastest in zip(_texts(grid, fastest), fastest, strict=True):
        style = "green" if is_fastest else ""
        pairs = zip(grid.columns[1:], texts, strict=True)
        figures = ", ".join(f"{column.header} {text}" for column, text in pairs if text != NOTHING)
        parts += [styled(name, style), Padding(styled(figures, style), (0, 0, 0, 2))]
    return Group(*parts)


def _recommendation(recommendation: Recommendation, document: Document) -> list[RenderableType]:
    """The reasons, when to ask again and the program to paste; in brief, the warnings; the advice is the last line."""
    whole = document.length == DETAILS or document.explains
    reasons, conditions = recommendation.reasons, recommendation.conditions
    why = _sentences(reasons, document) if whole else brief_reasons(reasons, _REASONS)
    until = recommendation.valid_for if whole else brief_reasons(conditions, _REASONS)
    warnings = [] if whole else brief_warnings([*reasons, *conditions])
    parts: list[RenderableType] = ["", styled("Why", "bold"), _bullets(why)] if why else []
    parts += ["", styled("When to ask again", "bold"), _bullets(until)] if until else []
    if recommendation.snippet:
        parts += ["", styled("Code to paste", "bold"), unbroken(recommendation.snippet.rstrip())]
    parts += ["", *(styled(f"Warning: {warning}", "bold yellow") for warning in warnings)]
    return [*parts, _headline(recommendation)]


def _headline(recommendation: Recommendation) -> RenderableType:
    return styled(f"Advice: {recommendation.headline}", "bold green")


def _answers_alone(document: Document) -> list[RenderableType]:
    """What is to be done, the warnings that qualify it before it or below it, and nothing else."""
    parts: list[RenderableType] = [styled(document.interrupted, "bold")] if document.interrupted else []
    advice = document.recommendation
    for index, section in enumerate(document.sections):
        findings = document.answers[index].findings if advice is None else (*advice.reasons, *advice.conditions)
        workload = document.analyses[index].workload
        lines = [*brief_sentences(findings, lines=0), *_qualifying_warnings(section, findings)]
        parts += [styled(f"{workload}: {line}") for line in lines]
    return [*parts, _headline(advice)] if advice is not None else parts


def _qualifying_warnings(section: Section, findings: Sequence[Finding]) -> list[str]:
    """The warnings of a section that are not among these findings: runners that failed, and disturbances."""
    failed = [f"{cell.name}: {cell.reason}" for cell in section.missing if cell.failed]
    return [*failed, *section.warnings, *([section.load] if section.loaded and not _names_load(findings) else [])]


def _names_load(findings: Sequence[Finding]) -> bool:
    """Whether a finding says that other processes used the machine."""
    return any("cores_of_others" in finding.figures for finding in findings)


def _sentences(findings: Iterable[Finding], document: Document) -> list[str]:
    """The sentences and, if the document explains where the time went, the pages that explain them."""
    with_links = document.explains
    return [
        f"{finding.sentence} ({finding.url})" if with_links and finding.url else finding.sentence
        for finding in findings
    ]


def _bullets(lines: Iterable[str]) -> RenderableType:
    grid = RichTable.grid(padding=(0, 1, 0, 0))
    for line in lines:
        grid.add_row("-", styled(line))
    return grid
