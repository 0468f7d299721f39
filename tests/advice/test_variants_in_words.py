"""Sentences on interpreters: the best under each, the gain of a change, whose threads scale, and who holds a GIL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import made_cells
from made_cells import of_seconds

from concbench.advice.answer import answer
from concbench.advice.variants import interpreters
from concbench.analysis.table_analysis import TableAnalysis, analyse
from concbench.results.records import Cause, Cell, CellId, Outcome

OLD, FREE = "3.11", "3.13t"
VARIANTS: dict[str, Any] = {
    OLD: {"python": "/a", "implementation": "CPython", "version": "3.11.7", "free_threaded": False},
    FREE: {"python": "/b", "implementation": "CPython", "version": "3.13.1", "free_threaded": True},
}


def under(variant: str, cell: Cell, **interpreter: Any) -> Cell:
    known = {"implementation": "CPython", "python": VARIANTS[variant]["version"], "gil": variant == OLD, "cores": 2}
    return replace(cell, variant=variant, interpreter={**known, **interpreter})


def table(*cells: Cell) -> TableAnalysis:
    return analyse(
        made_cells.table(*cells, baseline=CellId("sequential", OLD), variants=VARIANTS, checked="sequential")
    )


def scaling(**interpreter: Any) -> TableAnalysis:
    """Work that computes: its threads gain under one of two interpreters, which is slower otherwise."""
    return table(
        under(OLD, of_seconds("sequential", 1.0, 1.0)),
        under(OLD, of_seconds("threads", 1.02, 1.0)),
        under(FREE, of_seconds("sequential", 1.2, 1.0), **interpreter),
        under(FREE, of_seconds("threads", 0.63, 1.9), **interpreter),
    )


def said(analysis: TableAnalysis) -> str:
    return "\n".join(map(str, answer(analysis)))


def test_the_answer_names_the_best_of_all_and_what_makes_it_so() -> None:
    text = said(scaling())
    assert text.startswith("threads(3.13t) was fastest: 1.5")
    assert "Compared with sequential under the same interpreter: threads(3.13t) 1.9" in text
    assert "nothing was proved to be faster under 3.11" in text
    assert "sequential(3.13t) is 0.8" in text
    assert "threads(3.13t) is 1.6" in text
    assert "Threads scale under 3.13t: 1.9" in text
    assert "on 1.9 cores" in text
    assert "Not under 3.11, where one thread at a time holds the GIL." in text


def test_the_gil_explains_the_interpreter_of_the_baseline_alone() -> None:
    """Threads of the other interpreter are not said to have gained nothing."""
    assert "Threads gained nothing (threads(3.11) 0.98x)" in said(scaling())


def test_who_turned_the_gil_on_is_named() -> None:
    text = said(scaling(gil=True, gil_turned_on=["parser._speedups"]))
    assert "parser._speedups enabled it under 3.13t" in text
    assert "re-enabled" not in said(scaling())


def test_the_interpreters_are_told_with_their_gil() -> None:
    (line,) = interpreters(scaling())
    assert line == "Interpreters: 3.11 is CPython 3.11.7; 3.13t is CPython 3.13.1, free-threaded, without the GIL."
    assert "3.13t is CPython 3.13.1, free-threaded, with the GIL" in interpreters(scaling(gil=True))[0]


def test_results_that_are_wrong_at_once_in_one_interpreter_alone_are_told() -> None:
    """A GIL hid this."""
    wrong = Outcome("failed", "3 of 8 results differ", cause="results")
    cells = scaling().record.cells
    text = said(table(*cells[:3], replace(cells[3], samples=[], observed=None, outcome=wrong)))
    assert "it gave wrong results under threads(3.13t), but correct ones under sequential" in text


def test_a_table_of_one_interpreter_says_nothing_of_several() -> None:
    text = said(table(*scaling().record.cells[:2]))
    assert "same interpreter" not in text
    assert "scale" not in text


def test_where_the_baseline_failed_the_others_are_compared_with_each_other() -> None:
    """The answer says so first."""
    cells = scaling().record.cells
    broken = [replace(cell, samples=[], observed=None, outcome=Outcome("failed", "no numpy")) for cell in cells[:2]]
    analysis = table(*broken, *cells[2:])
    assert analysis.baseline.name == "sequential(3.13t)"
    first, second, *_ = answer(analysis)
    assert str(first) == "sequential(3.11) failed (no numpy): compared with sequential(3.13t) instead."
    assert str(second).startswith("threads(3.13t) was fastest: 1.9")
    assert said(table(*broken)).startswith("No answer: sequential(3.11) has no times to compare with (no numpy)")


def test_a_baseline_that_was_not_begun_is_waited_for() -> None:
    """Tables are also shown while rounds go on."""
    cells = scaling().record.cells
    assert analyse(table(replace(cells[0], samples=[]), *cells[1:]).record).baseline.name == "sequential(3.11)"


def test_a_runner_that_one_interpreter_lacks_is_told_by_its_row_alone() -> None:
    """What it lost elsewhere, such as its time, is reported."""
    cells = scaling().record.cells
    causes: list[tuple[Cause, int]] = [("lacking", 0), ("", 1)]
    for cause, times in causes:
        outcome = Outcome("inapplicable", "it needs Python 3.14", cause=cause)
        old = replace(cells[1], samples=[], observed=None, outcome=outcome)
        assert (
            said(table(cells[0], old, *cells[2:3], replace(cells[3], samples=cells[0].samples))).count(
                "needs Python 3.14"
            )
            == times
        )
