"""The page: the answer first, then figures with their tables, the program to paste, and what was measured with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from zlib import crc32

from concbench.advice.finding import Finding
from concbench.advice.recommendation import Recommendation
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.time_shares import PARTS
from concbench.report.breakdown import LEAST_SHARE, MEANINGS, PACE, WHAT, Breakdown
from concbench.report.document import Document
from concbench.report.facts import facts
from concbench.report.grid import Column, Grid, Value, grid
from concbench.report.page.figures import curves, dots, forest, legend, stacked, timeline
from concbench.report.page.parts import by_speed, curves_of, forest_rows, lanes_of, samples_of, shares_of
from concbench.report.page.style import STYLE
from concbench.report.page.svg import element, escaped
from concbench.report.section import Section
from concbench.report.visible import printable
from concbench.stats.intervals import FEWEST
from concbench.units import percent, ratio, seconds, span

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing may be loaded, and no script may run, whatever the names in a page say."""


def page(document: Document) -> str:
    """The whole page, as a file that needs no other."""
    title = ", ".join(f"{table.workload}: {table.record.title}" for table in document.analyses) or "concbench"
    body = [
        element("h1", escaped(document.heading)),
        *_answers(document),
        *(part for index, section in enumerate(document.sections) for part in _workload(document, index, section)),
        *_program(document),
        *_environment(document),
    ]
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(title)}</title>",
        f"<style>{STYLE}</style>",
    ]
    return "\n".join(
        ["<!DOCTYPE html>", '<html lang="en" class="concbench">', "<head>", *head, "</head>", "<body>", "<main>",
         *body, "</main>", "</body>", "</html>", ""]
    )  # fmt: skip


def short(document: Document) -> str:
    """The answer, the speed-ups and their table, for a cell of a notebook."""
    parts = [f"<style>{STYLE}</style>", *_answers(document, heading="h3")]
    for index, section in enumerate(document.sections):
        parts.append(element("h3", escaped(section.title)))
        parts += _speedups(document.analyses[index], section, f"{_identity(document)}-{index}")
    parts.append(element("p", escaped(document.heading), css="note"))
    return element("div", "\n".join(parts), css="concbench")


def _identity(document: Document) -> str:
    """The prefix of ids in a notebook, where the figures of other runs may be shown as well."""
    cells = [(table.workload, cell.id, cell.seconds) for table in document.analyses for cell in table.cells]
    return f"c{crc32(repr((document.record.created, cells)).encode()):08x}"


def _answers(document: Document, heading: str = "h2") -> list[str]:
    """What to do, how sure that is, and why."""
    parts = [element("p", escaped(document.interrupted), css="warning")] if document.interrupted else []
    parts += [element("p", escaped(one.load), css="warning") for one in document.sections if one.loaded]
    if document.recommendation is not None:
        return [*_recommendation(document.recommendation, heading), *parts]
    answers = []
    for answer in document.answers:
        first, *others = answer.findings or (Finding("There is nothing to say."),)
        answers.append(element(heading, escaped(f"Answer for {answer.workload}")))
        answers.append(element("p", _finding(first), css="answer"))
        answers.append(_list(map(_finding, others)))
    return [*answers, *parts]


def _recommendation(recommendation: Recommendation, heading: str) -> list[str]:
    parts = [element(heading, "Advice"), element("p", escaped(recommendation.headline), css="answer")]
    parts.append(_list(map(_finding, recommendation.reasons)))
    if recommendation.valid_for:
        parts += [element("h3", "When to ask again"), _list(map(escaped, recommendation.valid_for))]
    return parts


def _workload(document: Document, index: int, section: Section) -> list[str]:
    """The figures of one table, each with what it shows as a table of numbers."""
    table, name = document.analyses[index], f"w{index}"
    parts = [element("h2", escaped(section.title)), *_speedups(table, section, name)]
    if lines := curves_of(table):
        rows = [
            (Value(curve.name), Value(f"{workers:,}"), Value(_interval(speedup, low, high)))
            for curve in lines
            for workers, speedup, low, high in curve.points
        ]
        numbers = Grid((Column("runner"), Column("workers"), Column("speed-up")), tuple(rows))
        title = f"Speed-up over workers, compared with {table.baseline.name}"
        plot = curves(f"{name}-workers", title, lines, ideal=table.baseline.works_singly)
        parts += _figure(title, plot, legend([curve.name for curve in lines]), _numbers(_table(numbers)))
    if shares := shares_of(table):
        title = "Where the workers' time went"
        drawing = stacked(f"{name}-shares", title, shares)
        note = element("p", escaped(WHAT), css="note")
        parts += _figure(title, drawing, legend(PARTS, _visible_parts(shares)), note, _numbers(_shares(shares)))
    parts += _why(section.breakdown) if section.breakdown else []
    parts += _rounds(table, name)
    if lanes := lanes_of(table):
        title = "Tasks of one more, observed execution, in the lanes of their workers"
        parts += _figure(title, timeline(f"{name}-tasks", title, lanes), _numbers(_table(grid(by_speed(table), PACE))))
    return parts


def _why(breakdown: Breakdown) -> list[str]:
    """Where the time of each runner went, in words, and the latencies."""
    if not breakdown.bars:
        return [element("p", escaped(breakdown.reading), css="note")]
    parts = []
    for bar in breakdown.bars:
        parts += [element("h3", escaped(f"{bar.name}: {bar.workers}")), _list(map(_finding, bar.findings))]
    tables = [_table(rows) for rows in (breakdown.pace, breakdown.latency) if rows.rows]
    return [*parts, *tables, _list(map(escaped, breakdown.notes))]


def _interval(speedup: float, low: float | None, high: float | None) -> str:
    return ratio(speedup) if low is None or high is None else f"{ratio(speedup)} [{span(low, high)}]"


def _speedups(table: TableAnalysis, section: Section, name: str) -> list[str]:
    """The forest plot, all figures of the table, and what has none."""
    if not table.measured:
        return [_missing(section)]
    title = f"Times as fast as {table.baseline.name}, with the 95 % confidence interval"
    rows = forest_rows(table)
    shaded = ["Shaded: tied with the fastest."] if any(row.fastest for row in rows) else []
    unsure = [] if any(row.low is not None for row in rows) else [f"An interval needs {FEWEST} shared rounds."]
    parts = []
    if rows:
        note = " ".join([*shaded, *unsure])
        below = element("p", escaped(note), css="note") if note else ""
        parts += _figure(title, forest(f"{name}-speedups", title, rows), below)
    parts.append(_table(section.times.beside(section.costs), section.fastest))
    parts.append(_missing(section))
    reading = [*section.reading, *([section.load] if section.load else [])]
    parts.append(element("details", element("summary", "How to read the figures") + _list(map(escaped, reading))))
    return parts


def _rounds(table: TableAnalysis, name: str) -> list[str]:
    rows = samples_of(table)
    if not rows or max(len(samples) for _, samples in rows) < 2:
        return []
    title = "Times by round, relative to the median of each runner"
    numbers = Grid(
        (Column("runner"), Column("least"), Column("median"), Column("most")),
        tuple(
            (Value(runner), *(Value(seconds(value)) for value in _extent([value for _, value in samples])))
            for runner, samples in rows
        ),
    )
    return _figure(title, dots(f"{name}-rounds", title, rows, table.record.load), _numbers(_table(numbers)))


def _extent(values: Sequence[float]) -> tuple[float, float, float]:
    return min(values), median(values), max(values)


_Shares = Sequence[tuple[str, str, dict[str, float]]]


def _visible_parts(rows: _Shares) -> list[str]:
    """The parts that can be seen."""
    return [part for part in PARTS if any(abs(shares[part]) >= LEAST_SHARE for _, _, shares in rows)]


def _shares(rows: _Shares) -> str:
    """The shares, and what each part is."""
    parts = _visible_parts(rows)
    lines = tuple((Value(name), *(Value(percent(shares[part])) for part in parts)) for name, _, shares in rows)
    meanings = _list(escaped(f"{part}: {MEANINGS[part]}") for part in parts)
    return _table(Grid((Column("runner"), *map(Column, parts)), lines)) + meanings


def _program(document: Document) -> list[str]:
    snippet = document.recommendation.snippet if document.recommendation else ""
    if not snippet:
        return []
    return [element("h2", "The program to paste"), element("pre", _lines(snippet.rstrip()), tabindex=0)]


def _environment(document: Document) -> list[str]:
    record = document.record
    rows = [("measured", record.created), ("concbench", record.concbench), *facts(record.environment)]
    if record.command:
        rows.insert(0, ("command", record.command))
    cells = "".join(element("tr", _cell("th", name) + _cell("td", value)) for name, value in rows)
    facts_table = element("table", cells, css="facts")
    return [element("h2", "Measured with"), element("div", facts_table, css="wide", tabindex=0)]


def _figure(title: str, drawing: str, *below: str) -> list[str]:
    return [element("figure", element("figcaption", escaped(title)) + drawing + "".join(below))]


def _numbers(table: str) -> str:
    return element("details", element("summary", "The same as numbers") + table)


def _table(rows: Grid, fastest: Sequence[bool] = ()) -> str:
    head = element("tr", "".join(element("th", escaped(column.header), scope="col") for column in rows.columns))
    marked = zip(rows.rows, fastest or [False] * len(rows.rows), strict=True)
    lines = [_row([value.text for value in row], is_fastest=is_fastest) for row, is_fastest in marked]
    table = element("table", element("thead", head) + element("tbody", "".join(lines)))
    return element("div", table, css="wide", tabindex=0)


def _row(texts: Sequence[str], *, is_fastest: bool) -> str:
    """A row; the fastest have a star beside their name, as in the other formats."""
    name, *others = texts
    cells = [f"{name} *" if is_fastest else name, *others]
    return element("tr", "".join(_cell("td", text) for text in cells), css="fastest" if is_fastest else "")


def _cell(tag: str, text: str) -> str:
    return f"<{tag}>{escaped(text)}</{tag}>"


def _missing(section: Section) -> str:
    return _list(escaped(f"{cell.name}: {cell.reason}") for cell in section.missing)


def _list(lines: Iterable[str]) -> str:
    items = [f"<li>{line}</li>" for line in lines]
    return element("ul", "".join(items)) if items else ""


def _finding(finding: Finding) -> str:
    link = f" ({element('a', escaped(finding.page), href=finding.url)})" if finding.url else ""
    return escaped(finding.sentence) + link


def _lines(text: str) -> str:
    from html import escape

    return escape(printable(text))
