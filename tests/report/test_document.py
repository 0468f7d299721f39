"""A document is built once from the figures, holds unescaped texts, and names existing pages."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from made_cells import COMPUTES, TURNS, of_seconds, of_tasks, table

import concbench.advice
from concbench import Run, measure
from concbench.advice.recommendation import recommend
from concbench.analysis import table_analysis
from concbench.pages import SITE, address
from concbench.registry import FORMATS
from concbench.report.document import Document
from concbench.report.formats import format_of
from concbench.report.grid import Column, Value
from concbench.results.records import Outcome, RunRecord, Table
from concbench.run import Advice
from concbench.testing import SimulatedHosts
from concbench.workloads.primes import Primes

ROOT = Path(__file__).parents[2]
HOSTILE = "a|b`<i>\x1b[31m\n=1"
NAVIGATION = (ROOT / ".mkdocs.yml").read_text("utf-8")


def run_of(*tables: Table) -> Run:
    return Run(RunRecord("0.1.0", "2026-01-01T00:00:00+00:00", 1, False, {"python": "3.11"}, list(tables)))


def explained() -> Run:
    return run_of(table(COMPUTES, of_tasks("thread-pool:2", TURNS, workers=2), tasks=8))


def texts_in(value: Any) -> list[str]:
    """Every text in a document, at any depth."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (tuple, list)):
        return [text for inner in value for text in texts_in(inner)]
    if is_dataclass(value):
        return [text for field in fields(value) for text in texts_in(getattr(value, field.name))]
    return []


def test_texts_are_held_as_they_are() -> None:
    """This holds for names, titles and reasons, in tables and in sentences."""
    failed = replace(of_seconds(f"x{HOSTILE}", 1.0), samples=[], outcome=Outcome("failed", HOSTILE))
    fast = of_seconds(f"y{HOSTILE}", 0.1)
    hostile = table(of_seconds("sequential", 1.0), fast, failed, workload=HOSTILE, title=HOSTILE)
    document = run_of(hostile).document(why=True)
    (section,), (answer,) = document.sections, document.answers
    assert section.title == f"{HOSTILE}: {HOSTILE}"
    assert [row[0].text for row in section.times.rows] == ["sequential", f"y{HOSTILE}"]
    assert [(one.name, one.reason) for one in section.missing] == [(f"x{HOSTILE}", HOSTILE)]
    assert answer.workload == HOSTILE
    assert answer.findings[0].sentence.startswith(f"y{HOSTILE} was fastest")
    assert not any("\\x1b" in text for text in texts_in(replace(document, record=None)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"cores_usable": 2}, "2 usable cores, seed"),
        ({"cores_usable": 1, "cores_by_quota": 1.5}, "1 usable core (a quota of 1.5), seed"),
    ],
)
def test_the_heading_says_what_a_quota_leaves(facts: dict[str, Any], says: str) -> None:
    """One and a half cores are not a whole number of cores."""
    run = run_of(table(of_seconds("sequential", 1.0)))
    assert says in replace(run, record=replace(run.record, environment=facts)).document().heading


def test_runners_without_times_for_the_same_reason_are_named_together() -> None:
    """They are in the order of the table; each reason is given once."""
    gone = [
        replace(of_seconds(name, 1.0), samples=[], outcome=Outcome("inapplicable", why))
        for name, why in (("threads", "no time"), ("processes", "no permission"), ("thread-pool:2", "no time"))
    ]
    (section,) = run_of(table(of_seconds("sequential", 1.0), *gone)).document().sections
    assert [one.reason for one in section.missing] == ["no time", "no permission"]
    assert section.missing[0].name.startswith("threads and thread-pool")


def test_nothing_is_said_of_times_where_there_are_none() -> None:
    """Neither medians nor the comparison of results are mentioned; notes are."""
    failed = replace(of_seconds("sequential", 1.0), samples=[], outcome=Outcome("failed", "died"))
    for checked in ("known", "sequential"):
        nothing = replace(table(failed), checked=checked, notes=["A note."])
        assert run_of(nothing).document().sections[0].reading == ("A note.",)


def test_a_value_is_a_text_and_a_number() -> None:
    """A format takes one of them."""
    document = run_of(table(of_seconds("sequential", 1.0, noise=0.0), of_seconds("threads", 0.5, noise=0.0))).document()
    grid = document.sections[0].times
    assert grid.columns == tuple(map(Column, ("runner", "time", "speed-up", "verdict", "rounds")))
    assert grid.rows[1][1] == Value("500 ms", 0.5)
    assert grid.rows[1][2].number == pytest.approx(2.0)
    assert grid.rows[0][3] == Value("-")
    assert document.sections[0].fastest == (False, True)


def test_a_document_is_built_from_given_figures_and_leads_to_them() -> None:
    """A format needs no other figures."""
    run = explained()
    document = run.document()
    assert [one is two for one, two in zip(document.analyses, run.analyses, strict=True)] == [True]
    assert document.record is run.record
    assert document.sections[0].breakdown is None
    (section,) = run.document(why=True).sections
    assert section.breakdown is not None
    assert {part for part, _ in section.breakdown.legend} == {"useful work", "contention"}


def advised() -> Advice:
    run = run_of(table(of_seconds("sequential", 1.0), of_seconds("thread-pool:2", 0.5, 1.9)))
    return Advice(run, recommend(run[0], 4))


@pytest.mark.parametrize("name", FORMATS)
def test_figures_are_computed_once_for_an_output(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds however often they are used."""
    record, counted = advised().run.record, Counter[str]()
    analyse = table_analysis.analyse

    def counting(one: Table) -> Any:
        counted[one.workload] += 1
        return analyse(one)

    monkeypatch.setattr(table_analysis, "analyse", counting)
    run = Run(record)
    run.to(name, why=format_of(name).declared.explains)
    assert counted == {"work": 1}


def test_a_recommendation_stands_instead_of_the_answers() -> None:
    document = advised().document()
    assert document.answers == ()
    assert document.recommendation is not None
    nothing = Advice(advised().run, None).document()
    assert nothing.recommendation is None
    assert nothing.advised is not None
    assert len(nothing.answers) == 1


def pages_that_are_named() -> set[str]:
    """The pages in the source of every rule."""
    folder = Path(concbench.advice.__file__).parent
    sources = "\n".join(file.read_text("utf-8") for file in folder.glob("*.py") if file.name != "finding.py")
    within = re.findall(r"^ +\"([a-z-]+)\",$", (folder / "losses.py").read_text("utf-8"), flags=re.MULTILINE)
    return {*re.findall(r'"(pitfalls/[a-z-]+)"', sources), *(f"pitfalls/{name}" for name in within)}


def test_every_page_that_a_rule_names_is_on_the_site() -> None:
    pages = pages_that_are_named()
    assert len(pages) > 10
    assert [page for page in pages if f": {page}.md" not in NAVIGATION] == []


def test_the_address_of_a_page_is_that_of_the_site() -> None:
    """It is the address that mkdocs makes; one address is used in three places."""
    assert address("pitfalls/gil") == "https://concbench.readthedocs.io/en/latest/pitfalls/gil/"
    assert address("pitfalls/index") == "https://concbench.readthedocs.io/en/latest/pitfalls/"
    assert f"\nsite_url: {SITE}\n" in NAVIGATION
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["urls"]["Documentation"] == SITE


def test_a_document_says_what_str_says() -> None:
    """Everything that a run prints comes from it."""
    hosts = SimulatedHosts({"sequential": [1.0], "threads": [0.5]})
    run = measure(Primes(limits=[10]), runners=["sequential", "threads"], hosts=hosts, seed=1)
    document: Document = run.document()
    assert document.heading in str(run)
    assert str(run) == run.to("text")
    assert str(advised()) == advised().to("text")
    assert explained().why() in explained().to("text", why=True)
