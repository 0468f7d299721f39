"""A brief answer leaves out explanations alone."""

import pytest

from concbench.advice.finding import HEADLINE, MORE, REASON, WARNING, Finding, Role
from concbench.report.brief import brief_reasons, brief_sentences, brief_warnings

LINE = "x" * 78


def found(*roles: Role) -> list[Finding]:
    """Findings of these roles, whose sentences are numbered and as long as a line."""
    return [Finding(f"{number}{LINE[1:]}", role=role) for number, role in enumerate(roles)]


def numbers(sentences: list[str]) -> list[int]:
    return [int(sentence[0]) for sentence in sentences]


@pytest.mark.parametrize(
    ("roles", "kept"),
    [
        ([HEADLINE, REASON, REASON], [0, 1]),
        ([WARNING, HEADLINE, MORE, WARNING, REASON, REASON, WARNING], [0, 1, 3, 4, 6]),
        ([HEADLINE, HEADLINE, REASON], [0, 1, 2]),
        ([HEADLINE, HEADLINE, HEADLINE, REASON, WARNING], [0, 1, 2, 4]),
        ([MORE, REASON], [1]),
        ([], []),
    ],
)
def test_an_answer_has_its_headlines_all_warnings_and_a_reason_if_there_is_room(
    roles: list[Role], kept: list[int]
) -> None:
    """Three lines are for headlines and a reason; warnings need no room."""
    assert numbers(brief_sentences(found(*roles))) == kept
    assert numbers(brief_sentences(found(*roles), lines=0)) == [number for number in kept if roles[number] != REASON]


def test_the_first_reason_that_fits_is_given() -> None:
    """The others are longer than what is left."""
    long, short = Finding(f"{LINE} {LINE} {LINE}", role=REASON), Finding("short", role=REASON)
    headline = Finding("headline", role=HEADLINE)
    assert brief_sentences([headline, long, short]) == ["headline", "short"]


def test_a_brief_sentence_stands_for_the_whole_one() -> None:
    """It also decides whether there is room."""
    headline = Finding(f"{LINE} {LINE} {LINE}", brief="headline", role=HEADLINE)
    reason = Finding(f"{LINE} {LINE} {LINE}", brief="reason")
    assert brief_sentences([headline, reason]) == ["headline", "reason"]
    assert brief_reasons([headline, reason], 2) == ["headline", "reason"]


def test_of_many_reasons_the_first_are_given_and_of_warnings_all() -> None:
    """Their order stays."""
    findings = found(WARNING, MORE, HEADLINE, WARNING, REASON, REASON)
    assert numbers(brief_reasons(findings, 2)) == [2, 4]
    assert numbers(brief_warnings(findings)) == [0, 3]
