"""GitHub-flavoured Markdown: tables, notes, and the answers or the advice last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from concbench.report.formats import declare
from concbench.report.grid import Column, Grid, Value
from concbench.report.visible import printable, visible
from concbench.units import percent

if TYPE_CHECKING:
    from concbench.advice.finding import Finding
    from concbench.advice.recommendation import Recommendation
    from concbench.report.breakdown import Breakdown
    from concbench.report.document import Document
    from concbench.report.section import Section


@declare(suffixes=(".md", ".markdown"))
def markdown(document: Document) -> str:
    """GitHub-flavoured Markdown."""
    blocks = [_block(document.heading)]
    if document.environment:
        rows = [(Value(name), Value(value)) for name, value in document.environment]
        blocks.append(_table(Grid((Column("fact"), Column("value")), tuple(rows))))
    for section in document.sections:
        blocks += _section(section)
    if document.interrupted:
        blocks.append(f"**{_text(document.interrupted)}**")
    if document.recommendation is not None:
        blocks += _recommendation(document.recommendation)
    for answer in document.answers:
        blocks += [_heading(f"Answer for {answer.workload}"), _list(map(_finding, answer.findings))]
    return _join(blocks)


def summary(document: Document, required: Sequence[str] = ()) -> str:
    """The short report: for each workload the times, runners without times, warnings and the answer.

    Args:
        document: the document of the run.
        required: a sentence on each requirement, to stand before the answers.
    """
    blocks = []
    for section in document.sections:
        blocks += [*_times(section, section.times), f"**{_text(section.load)}**" if section.loaded else ""]
    if document.interrupted:
        blocks.append(f"**{_text(document.interrupted)}**")
    if required:
        blocks += [_heading("Required", 3), _list(map(_block, required))]
    for answer in document.answers:
        blocks += [_heading(f"Answer for {answer.workload}", 3), _list(map(_finding, answer.findings))]
    has_stars = any(any(section.fastest) for section in document.sections)
    star = " (*: statistically tied with the fastest)" if has_stars else ""
    return _join([*blocks, _block(f"{document.heading}{star}")])


def _join(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(section: Section) -> list[str]:
    blocks = [*_times(section, section.times.beside(section.costs)), _block(" ".join(section.reading))]
    if section.load:
        blocks.append(f"**{_text(section.load)}**" if section.loaded else _block(section.load))
    return blocks + (_breakdown(section.breakdown) if section.breakdown else [])


def _times(section: Section, rows: Grid) -> list[str]:
    """The heading, a table of these rows if there are any, and the runners without times."""
    table = _table(rows, section.fastest) if section.times.rows else ""
    return [_heading(section.title), table, _list(_block(f"{cell.name}: {cell.reason}") for cell in section.missing)]


def _breakdown(breakdown: Breakdown) -> list[str]:
    """The shares as a table, which is easier to read than bars of letters."""
    blocks = [_heading(breakdown.title, 3), _block(breakdown.reading)]
    if breakdown.bars:
        parts = [part for part, _ in breakdown.legend]
        rows = [(Value(bar.name), *(_share(dict(bar.shares)[part]) for part in parts)) for bar in breakdown.bars]
        blocks += [
            _list(_block(f"{part}: {meaning}") for part, meaning in breakdown.legend),
            _table(Grid((Column("runner"), *map(Column, parts)), tuple(rows))),
        ]
    for bar in breakdown.bars:
        blocks += [_block(f"{bar.name}: {bar.workers}"), _list(map(_finding, bar.findings))]
    blocks += [_table(grid) for grid in (breakdown.pace, breakdown.latency) if grid.rows]
    return [*blocks, _list(map(_block, breakdown.notes))]


def _share(share: float) -> Value:
    return Value(percent(share), share)


def _recommendation(recommendation: Recommendation) -> list[str]:
    blocks = [_heading("Why"), _list(map(_finding, recommendation.reasons))]
    if recommendation.valid_for:
        blocks += [_heading("When to ask again"), _list(map(_block, recommendation.valid_for))]
    if recommendation.snippet:
        blocks += [_heading("Code to paste"), _program(recommendation.snippet)]
    return [*blocks, f"**Advice:** {_text(recommendation.headline)}"]


def _heading(text: str, level: int = 2) -> str:
    return f"{'#' * level} {_text(text)}"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _finding(finding: Finding) -> str:
    sentence = _block(finding.sentence)
    return f"{sentence} ([{finding.page}]({finding.url}))" if finding.url else sentence


def _table(grid: Grid, fastest: Sequence[bool] = ()) -> str:
    """A table whose columns but the first are aligned right, with a star beside the fastest runners."""
    lines = [[_text(column.header) for column in grid.columns], [":---", *["---:"] * (len(grid.columns) - 1)]]
    for (first, *values), is_fastest in zip(grid.rows, fastest or [False] * len(grid.rows), strict=True):
        lines.append([_text(f"{first.text} *" if is_fastest else first.text), *(_text(one.text) for one in values)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _program(lines: str) -> str:
    """The program in a fence that is longer than any fence inside it."""
    fence = "`" * (1 + max([2, *map(len, re.findall("`+", lines))]))
    return f"{fence}python\n{printable(lines).rstrip()}\n{fence}"


_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~&#]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""Characters on which Markdown or HTML would act anywhere; a bare address would become a link, escapes included."""
_FIRST_SIGN = re.compile(r"^(\d{0,9})([-+](?!\d)|[.)](?=\s|$))")
"""What would begin a list at the beginning of a block."""


def _text(text: str) -> str:
    """Escape a text of one line, for use within a block."""
    return _SIGNS.sub(r"\\\1", visible(text).strip())


def _block(text: str) -> str:
    """Escape a text of one line, for use at the beginning of a block."""
    return _FIRST_SIGN.sub(r"\1\\\2", _text(text))
