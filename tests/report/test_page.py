"""The page of a run: what is on it, in which order, and that nothing else is needed."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from concbench import advise, measure
from concbench.report.page.layout import page
from concbench.run import Run
from concbench.testing import SimulatedHosts

VOID = {"meta", "br", "line", "circle", "rect", "link"}


class Outline(HTMLParser):
    """Reads a page strictly: every element is closed, in order; no identity is there twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.identities: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.identities) == len({*self.identities})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.identities += [str(value) for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def times(label: str, number: int) -> float:
    return {"sequential": 0.1, "threads": 0.05, "thread-pool:2": 0.05, "thread-pool:4": 0.03}.get(
        label, 0.2
    ) + number / 1e5


def nothing(item: Any) -> None:
    del item


def a_run(items: Any = (1, 2, 3), **options: Any) -> Run:
    runners = ["sequential", "threads", "thread-pool:2", "thread-pool:4"]
    asked: dict[str, Any] = {"runners": runners, "hosts": SimulatedHosts(times), "compare": False, "seed": 1, **options}
    return measure(nothing, items=items, **asked)


def test_the_answer_comes_first_and_the_machine_last() -> None:
    text = a_run().to("html")
    told = [text.index(part) for part in ("Answer for", "Times as fast as", "Speed-up over workers", "Measured with")]
    assert told == sorted(told)
    assert text.index("Times by round") > text.index("Speed-up over workers")


def test_a_page_needs_nothing_else() -> None:
    outline = Outline(a_run().to("html"))
    assert not {"script", "link", "img", "iframe", "object"} & {*outline.tags}
    loaded = [value for name, value in outline.attributes if name in {"src", "srcset", "data", "xlink:href"}]
    assert loaded == []
    assert "url(" not in a_run().to("html")
    assert "@import" not in a_run().to("html")


def test_every_figure_is_described_and_has_its_numbers() -> None:
    outline = Outline(a_run().to("html"))
    figures = outline.tags.count("figure")
    assert figures >= 3
    assert outline.tags.count("svg") == outline.tags.count("desc") == figures
    named = [str(value).split() for name, value in outline.attributes if name == "aria-labelledby"]
    assert {one for pair in named for one in pair} <= {*outline.identities}
    assert outline.tags.count("table") > figures - 1


def test_figures_of_the_table_are_those_of_the_text() -> None:
    run = a_run()
    text = "".join(Outline(run.to("html")).texts)
    for cell in run[0]:
        assert cell.name in text
        assert cell.verdict in text
    assert "2.00x" in text
    assert sum(f"{cell.name} *" in text for cell in run[0]) == len(run[0].fastest_group)


def test_medians_are_those_of_the_table() -> None:
    """Of an even number of rounds, too."""
    hosts = SimulatedHosts({"sequential": [0.5, 1.0, 1.5, 1.1], "threads": [0.5, 1.0, 1.5, 1.1]})
    text = a_run(runners=["sequential", "threads"], hosts=hosts, rounds=2).to("html")
    assert text.count("1.25 s") == 4


def test_names_that_would_be_html_are_texts() -> None:
    """Wherever they stand."""
    run, hostile = a_run(), "<script>alert(1)</script></svg><img src=x onerror=alert(1)>"
    table = run.tables[0]
    cells = [replace(cell, variant=hostile) for cell in table.cells]
    table = replace(table, title=hostile, notes=[hostile], workload=hostile, cells=cells, baseline=cells[0].id)
    outline = Outline(Run(replace(run.record, tables=[table], command=hostile)).to("html"))
    assert "script" not in outline.tags
    assert "img" not in outline.tags
    assert hostile in "".join(outline.texts)


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_few_rounds_have_a_page(rounds: int) -> None:
    text = a_run(rounds=rounds).to("html")
    Outline(text)
    assert ("An interval needs 3 shared rounds" in text) == (rounds < 3)


def test_a_run_without_times_says_why() -> None:
    def fail(label: str, number: int) -> Exception:
        del label, number
        return OSError("no such file")

    text = a_run(hosts=SimulatedHosts(fail)).to("html")
    outline = Outline(text)
    assert "svg" not in outline.tags
    assert "no such file" in "".join(outline.texts)


def test_two_tables_and_sixty_runners_stay_small() -> None:
    runners = ["sequential", *(f"thread-pool:{workers}" for workers in range(2, 61))]
    text = a_run(runners=runners).to("html")
    Outline(text)
    assert len(text) < 400_000
    assert len(a_run().to("html")) < 75_000


def test_advice_has_its_program_on_the_page() -> None:
    advice = advise(nothing, items=range(20), hosts=SimulatedHosts(times), seed=1, compare=False)
    text = page(advice.document())
    outline = Outline(text)
    assert advice.recommendation is not None
    assert advice.recommendation.headline in "".join(outline.texts)
    assert text.index("Advice") < text.index("Times as fast as")


def test_a_notebook_shows_the_short_form() -> None:
    run = a_run()
    outline = Outline(run._repr_html_())
    assert "body" not in outline.tags
    assert outline.tags.count("svg") == 1
    assert re.search("Answer for", run._repr_html_())
    advice = advise(nothing, items=range(20), hosts=SimulatedHosts(times), seed=1, compare=False)
    assert "Advice" in advice._repr_html_()
    other = Outline(a_run(seed=2, rounds=5)._repr_html_())
    assert not {*outline.identities} & {*other.identities}


def test_every_rule_of_the_style_is_for_pages_of_ours() -> None:
    """It may stand in a notebook beside others."""
    from concbench.report.page.style import STYLE

    plain = re.sub(r"@media[^{]*\{|\}\}", "}", STYLE)
    selectors = [one for rule in plain.split("}") for one in rule.partition("{")[0].split(",") if one.strip()]
    assert selectors
    assert all("concbench" in one for one in selectors), selectors
