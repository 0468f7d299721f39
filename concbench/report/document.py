"""The content of a report on a run, built once; a format lays it out.

A document holds unescaped texts, so that a name in it may contain anything: each format escapes what it lays out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from concbench.advice.answer import answer
from concbench.advice.finding import Finding
from concbench.advice.recommendation import Recommendation
from concbench.analysis.table_analysis import TableAnalysis
from concbench.report.facts import facts, options_text
from concbench.report.section import Section, section
from concbench.results.records import RunRecord

Length = Literal["answer", "brief", "details"]
ANSWER: Length = "answer"
"""The answers alone, with the warnings that qualify them."""
BRIEF: Length = "brief"
"""One table for each workload, what is special about it, and the answers in a few lines."""
DETAILS: Length = "details"
"""Everything."""


@dataclass(frozen=True)
class Answer:
    """The answer for one workload."""

    workload: str
    findings: tuple[Finding, ...]
    """The findings, the most important first."""


@dataclass(frozen=True)
class RaceOutcome:
    """The outcome of a run that was a race for a recommendation."""

    recommendation: Recommendation | None
    """None if there was nothing to compare with: the answer says why."""


@dataclass(frozen=True)
class Document:
    """Everything that a format lays out, in this order, followed by the data from which it was made."""

    heading: str
    """Version, interpreter, cores and seed of the run, in one line."""
    environment: tuple[tuple[str, str], ...]
    """Facts about the machine and the interpreter, as names and values; empty unless requested."""
    sections: tuple[Section, ...]
    """One for each workload."""
    interrupted: str
    """A sentence if the run was interrupted; otherwise empty."""
    answers: tuple[Answer, ...]
    """One for each workload; empty if there is a recommendation."""
    advised: RaceOutcome | None
    """None unless the run was a race."""
    record: RunRecord
    """The raw results."""
    analyses: tuple[TableAnalysis, ...]
    """The figures of each table."""
    length: Length = BRIEF
    """How much of it a format shows that has a brief form: `answer`, `brief` or `details`. Others show everything."""

    @property
    def recommendation(self) -> Recommendation | None:
        """The recommendation that replaces the answers, if there is one."""
        return self.advised.recommendation if self.advised else None

    @property
    def explains(self) -> bool:
        """Whether it includes where the workers' time went."""
        return any(section.breakdown for section in self.sections)


def build(
    record: RunRecord,
    analyses: Sequence[TableAnalysis],
    advised: RaceOutcome | None = None,
    *,
    why: bool = False,
    environment: bool = False,
    details: bool = False,
) -> Document:
    """Build the document of a run.

    Args:
        record: the raw results of the run.
        analyses: the figures of its tables.
        advised: the outcome of the race, if the run was a race for a recommendation.
        why: include where the workers' time went.
        environment: include the facts about the machine and the interpreter.
        details: whether a format that has a brief form shows everything.
    """
    recommended = advised is not None and advised.recommendation is not None
    return Document(
        heading=_heading(record),
        environment=tuple(facts(record.environment)) if environment else (),
        sections=tuple(section(table, why=why) for table in analyses),
        interrupted="Interrupted: these are the results so far." if record.interrupted else "",
        answers=() if recommended else tuple(Answer(table.workload, tuple(answer(table))) for table in analyses),
        advised=advised,
        record=record,
        analyses=tuple(analyses),
        length=DETAILS if details else BRIEF,
    )


def _heading(record: RunRecord) -> str:
    environment = record.environment
    python = f"{environment.get('implementation', 'Python')} {environment.get('python', '?')}"
    gil = "" if environment.get("gil", True) else ", free-threaded"
    labels = [label for table in record.tables for label, facts in table.variants.items() if "python" in facts]
    under = f"under {', '.join(dict.fromkeys(labels))}" if labels else f"{python}{gil}"
    cores, quota = environment.get("cores_usable", "?"), environment.get("cores_by_quota")
    limit = f" (a quota of {quota:g})" if isinstance(quota, (int, float)) and quota else ""
    usable = f"{cores} usable core{'' if cores == 1 else 's'}{limit}"
    heading = f"concbench {record.concbench}, {under}, {usable}, seed {record.seed}"
    file, options = record.configured.get("file"), record.configured.get("options")
    return f"{heading}; from {file}: {options_text(options)}" if isinstance(options, dict) and options else heading
