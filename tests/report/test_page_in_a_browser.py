"""The page as a browser shows it: nothing is wider than the window, and the console stays empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import CHROMIUM, browser, look
from made_cells import of_seconds, of_tasks, one_after_another, table

from concbench import Run
from concbench.advice.recommendation import recommend
from concbench.results.records import Cell, RunRecord, Table
from concbench.run import Advice

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
WIDTHS = (1280, 400)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """One browser for all of them."""
    with browser() as one:
        yield one


def many(number: int) -> Table:
    pools = [
        of_seconds(f"thread-pool:{workers}", 1.0 / workers, 1.9, workers=workers) for workers in range(2, number + 1)
    ]
    return table(of_seconds("sequential", 1.0), *pools)


def with_tasks() -> Table:
    """Observed passes, a name that is long, and a runner without times."""
    baseline = one_after_another(0.1, 0.1)
    spans = [(0.01 * place, 0.01 * place + 0.05, 0.05, place % 40) for place in range(400)]
    pool = of_tasks("thread-pool:40", spans, workers=40)
    long = replace(
        of_tasks("process-pool:2", spans[:8], workers=2), variant="a-variant-with-a-name-without-any-space" * 2
    )
    return table(baseline, pool, long, tasks=8)


def advice(cells: list[Cell]) -> str:
    run = run_of(table(*cells))
    recommendation = recommend(run[0], 4)
    assert recommendation is not None
    return Advice(run, replace(recommendation, snippet="print(1)\n" + "x = " + "1 + " * 200 + "1\n")).to("html")


def run_of(*tables: Table) -> Run:
    environment = {"processor": "A processor with a long name, twice " * 4, "cores_usable": 2}
    return Run(
        RunRecord("0.2.0", "2026-01-01T00:00:00+00:00", 1, False, environment, [*tables], command="concbench " * 40)
    )


PAGES = {
    "two tables": lambda: run_of(with_tasks(), replace(many(4), workload="other")).to("html"),
    "sixty runners": lambda: run_of(many(60)).to("html"),
    "advice": lambda: advice([of_seconds("sequential", 1.0), of_seconds("thread-pool:2", 0.5, 1.9)]),
    "a notebook": lambda: f"<!DOCTYPE html><html><body>{run_of(with_tasks())._repr_html_()}</body></html>",
}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window_and_the_console_is_empty(name: str, address: str, tmp_path: Path) -> None:
    """Light and dark, on a desk and on a telephone."""
    page = tmp_path / "page.html"
    page.write_text(PAGES[name](), encoding="utf-8")
    for width in WIDTHS:
        for dark in (False, True):
            seen = look(address, page, width=width, dark=dark)
            assert seen.overflow <= 0, (width, dark)
            assert seen.messages == []
