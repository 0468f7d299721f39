"""The sentences of an answer that the text format shows unless everything is asked for.

What answers and what qualifies the answer is never left out; explanations are.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from concbench.advice.finding import HEADLINE, REASON, WARNING, Finding

LINES = 3
"""Lines for the headline of an answer and one reason."""
_WIDTH = 78
"""Characters of a line: 80 columns without the dash before it."""


def brief_sentences(findings: Sequence[Finding], lines: int = LINES) -> list[str]:
    """The headline, every warning, and the first reason that fits.

    Args:
        findings: the findings of an answer.
        lines: lines of 80 columns for the headline and the reason; 0: no reason.
    """
    headline_lines = sum(_lines(finding) for finding in findings if finding.role == HEADLINE)
    reasons = (finding for finding in findings if finding.role == REASON)
    reason = next((finding for finding in reasons if headline_lines + _lines(finding) <= lines), None)
    return [finding.short for finding in findings if finding is reason or finding.role in {HEADLINE, WARNING}]


def brief_warnings(findings: Sequence[Finding]) -> list[str]:
    """Every warning."""
    return [finding.short for finding in findings if finding.role == WARNING]


def brief_reasons(findings: Sequence[Finding], most: int) -> list[str]:
    """The first of the headlines and reasons, `most` at most."""
    return [finding.short for finding in findings if finding.role in {HEADLINE, REASON}][:most]


def _lines(finding: Finding) -> int:
    return len(wrap(finding.short, _WIDTH, break_on_hyphens=False))
