"""The figures of a page, by hand-made cases: where things are, and what is said of them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from concbench.report.axis import LogAxis
from concbench.report.page.figures import (
    Curve,
    ForestRow,
    TaskLanes,
    curves,
    dots,
    forest,
    legend,
    stacked,
    thinned,
    timeline,
)
from concbench.report.page.svg import element, escaped

HOSTILE = """<script>alert("x")</script> & 'y' \x1b[31m"""


def parsed(text: str) -> ET.Element:
    """A figure is well-formed XML."""
    return ET.fromstring(text)


def of_class(figure: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in figure.iter() if name in one.get("class", "").split()]


def percent(one: ET.Element, name: str) -> float:
    value = one.get(name, "")
    assert value.endswith("%")
    return float(value[:-1])


def test_an_axis_puts_equal_ratios_at_equal_distances() -> None:
    axis = LogAxis(0.5, 2.0, 0.0, 100.0)
    assert [axis.at(value) for value in (0.5, 1.0, 2.0)] == pytest.approx([0, 50, 100])
    assert axis.at(100.0) == 100.0
    assert axis.at(0.001) == 0.0
    assert axis.is_beyond(100.0)
    assert not axis.is_beyond(1.0)


@pytest.mark.parametrize("ends", [(0.95, 1.05), (0.5, 2.0), (0.55, 15.0), (0.001, 1000.0), (0.99, 1.0), (1.0, 1.0)])
def test_an_axis_has_a_few_round_ticks_that_it_shows(ends: tuple[float, float]) -> None:
    axis = LogAxis.around(ends)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 10
    assert ticks == sorted(ticks)
    assert not any(map(axis.is_beyond, [*ticks, *ends, 1.0]))


def test_a_forest_has_a_point_for_each_runner_and_an_interval_where_there_is_one() -> None:
    rows = [
        ForestRow("threads", "2x [1.5, 2.5] faster", 2.0, 1.5, 2.5, fastest=True),
        ForestRow("sequential", "baseline, 1x", 1.0, baseline=True),
        ForestRow("processes", "0.5x [0.4, 0.6] slower", 0.5, 0.4, 0.6),
    ]
    figure = parsed(forest("f", "Speed-ups", rows))
    centres = of_class(figure, "centre")
    assert len(centres) == 2
    assert len(of_class(figure, "baseline")) == 1
    assert len([one for one in of_class(figure, "whisker") if one.get("x1") != one.get("x2")]) == 2
    assert len(of_class(figure, "fastest")) == 1
    places = [percent(one, "cx") for one in centres]
    one = percent(of_class(figure, "one")[0], "x1")
    assert places[0] > one > places[1]
    assert percent(of_class(figure, "baseline")[0], "cx") == pytest.approx(one)


def test_an_interval_that_goes_far_beyond_is_cut_off_and_looks_so() -> None:
    rows = [ForestRow("threads", "", 1.4, 0.01, 1072.0), ForestRow("sequential", "", 1.0, baseline=True)]
    figure = parsed(forest("f", "Speed-ups", rows))
    assert len(of_class(figure, "cut")) == 2
    (centre,) = of_class(figure, "centre")
    assert 5 < percent(centre, "cx") < 95


@pytest.mark.parametrize("number", [1, 2, 60])
def test_everything_that_is_drawn_is_within_the_figure(number: int) -> None:
    rows = [ForestRow(f"runner {place}", "x", 0.1 * (1 + place), 0.05, 9.0) for place in range(number)]
    taken = [(f"runner {place}", [(0, 1.0), (1, 100.0), (2, 0.01)]) for place in range(number)]
    lanes = [
        TaskLanes(f"runner {place}", 2.0, ((0, 0.0, 2.0, False), (1, 0.5, 2.0, True)), 2) for place in range(number)
    ]
    drawn = [Curve(f"runner {place}", ((1, 0.9, 0.8, 1.0), (8, 3.0, None, None))) for place in range(number)]
    shares = [(f"runner {place}", "", {"a": 0.5, "b": 0.6, "c": -0.1}) for place in range(number)]
    for figure in map(
        parsed,
        (
            forest("f", "t", rows), dots("d", "t", taken, [0.1, 0.2, 3.0]), timeline("l", "t", lanes),
            curves("c", "t", drawn, ideal=True), stacked("s", "t", shares),
        ),
    ):  # fmt: skip
        height = float(figure.get("height", ""))
        for one in figure.iter():
            for name in ("x", "x1", "x2", "cx"):
                if one.get(name) is not None:
                    assert 0 <= percent(one, name) <= 100
            for name in ("y", "y1", "y2", "cy"):
                if one.get(name) is not None:
                    assert 0 <= float(one.get(name, "")) <= height
            if one.get("width", "").endswith("%") and one is not figure:
                assert percent(one, "x") + percent(one, "width") <= 100.02


def test_the_parts_of_a_bar_come_to_all_of_it() -> None:
    figure = parsed(stacked("s", "t", [("threads", "", {"useful": 0.25, "waiting": 0.75, "other": 0.0})]))
    widths = [percent(one, "width") for one in of_class(figure, "part")]
    assert widths == pytest.approx([25, 75])


POINTS = ((1, 1.0, 0.9, 1.1), (2, 1.9, 1.8, 2.0), (4, 2.5, 2.0, 3.0))


def test_a_curve_has_a_point_for_each_number_of_workers_beside_the_ideal() -> None:
    figure = parsed(curves("c", "t", [Curve("thread-pool", POINTS)], ideal=True))
    assert len(of_class(figure, "filled")) == 3
    assert len(of_class(figure, "curve")) == 2
    assert len(of_class(figure, "ideal")) == 1
    assert "2.50x" in str(figure[1].text)
    assert not of_class(parsed(curves("c", "t", [Curve("thread-pool", POINTS)], ideal=False)), "ideal")


def test_a_curve_that_gains_nothing_has_no_ideal_beside_it_that_would_be_beyond_the_axis() -> None:
    level = Curve("thread-pool", tuple((workers, 1.0, None, None) for workers in (4, 8, 16)))
    assert not of_class(parsed(curves("c", "t", [level], ideal=True)), "ideal")


def test_the_interval_of_a_point_is_shown_whole_or_looks_cut() -> None:
    """An interval that looks narrower than it is would look surer than it is."""
    wide, open_ended = (
        Curve("a", ((1, 1.0, 0.5, 4.0), (2, 2.0, 1.0, 4.0))),
        Curve("a", ((1, 1.0, 0.0, 1e6), (2, 1, 1, 1))),
    )
    lines = of_class(parsed(curves("c", "t", [wide], ideal=True)), "thin")
    heights = [float(one.get("y1", "")) - float(one.get("y2", "")) for one in lines]
    assert heights[0] == pytest.approx(1.5 * heights[1], abs=0.1)
    assert len(of_class(parsed(curves("c", "t", [open_ended], ideal=True)), "cut")) == 1


def test_lines_that_have_the_same_colour_are_told_apart_by_dashes() -> None:
    many = [Curve(f"runner {place}", POINTS) for place in range(10)]
    figure = parsed(curves("c", "t", many, ideal=True))
    assert {one.get("class") for one in of_class(figure, "filled")} >= {"c0 filled", "c0 dashed filled"}


def test_ten_thousand_tasks_are_thinned_and_what_matters_is_kept() -> None:
    spans = [(0, number * 1.0, number + 0.5, number == 77) for number in range(10_000)]
    spans[5_000] = (0, 5_000.0, 5_900.0, False)
    kept = thinned(spans)
    assert len(kept) <= 240
    assert spans[77] in kept
    assert spans[5_000] in kept
    assert kept == sorted(kept, key=lambda span: span[1])
    assert thinned(spans[:100]) == spans[:100]
    figure = parsed(timeline("l", "t", [TaskLanes("threads", 10_000.0, tuple(spans), 50_000)]))
    assert f"{len(kept)} of 50,000 tasks" in "".join(figure.itertext())


def test_more_workers_than_fit_are_counted() -> None:
    spans = tuple((worker, 0.0, 1.0, False) for worker in range(100))
    text = "".join(parsed(timeline("l", "t", [TaskLanes("threads", 1.0, spans, 100)])).itertext())
    assert "16 of 100 workers" in text


def test_every_text_reads_as_it_is_written() -> None:
    """Also one that would be an element, an attribute or an escape sequence."""
    rows = [ForestRow(HOSTILE, HOSTILE, 1.0)]
    figure = parsed(forest("f", HOSTILE, rows))
    assert not [one for one in figure.iter() if one.tag == "script"]
    assert 'alert("x")' in "".join(figure.itertext())
    assert "\\x1b[31m" in "".join(figure.itertext())
    parsed(legend([HOSTILE]))
    assert escaped("a\x00b") == "a\\x00b"
    assert element("p", escaped("<"), css="a") == '<p class="a">&lt;</p>'
