"""Speed-ups as text, by hand-made cases: a value stands in the column that is nearest to it."""

import pytest

from concbench.report.axis import LogAxis
from concbench.report.whiskers import ASCII, UNICODE, Whisker, axis_of, draw_whisker, scale

AXIS = LogAxis(0.25, 4.0, 0.0, 16.0)
"""Seventeen columns: four for each doubling, and 1 in the middle."""


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Whisker(None), "        :        "),
        (Whisker(1.0), "        o        "),
        (Whisker(2.0), "        :   o    "),
        (Whisker(0.5, 0.25, 0.7072), "[---o-] :        "),
        (Whisker(2.0, 1.4142, 2.8284), "        : [-o-]  "),
        (Whisker(1.4142, 0.7072, 2.8284), "      [-+-o---]  "),
        (Whisker(2.0, 2.0, 2.0), "        :   o    "),
        (Whisker(2.0, 1.0, 100.0), "        [---o--->"),
        (Whisker(0.5, 0.0, float("inf")), "<---o---+------->"),
        (Whisker(100.0, 50.0, 200.0), "        :       >"),
        (Whisker(0.01, 0.005, 0.02), "<       :        "),
    ],
)
def test_a_row_is_drawn_where_its_values_are(row: Whisker, expected: str) -> None:
    """The point covers the interval, and the interval the line at 1; what leaves the axis ends with an arrow."""
    assert draw_whisker(row, AXIS, ASCII) == expected


def test_both_sets_of_signs_draw_the_same() -> None:
    row = Whisker(1.4142, 0.7072, 100.0)
    same = dict(zip(vars(UNICODE).values(), vars(ASCII).values(), strict=True))
    assert "".join(same.get(sign, sign) for sign in draw_whisker(row, AXIS, UNICODE)) == draw_whisker(row, AXIS, ASCII)
    for signs in (UNICODE, ASCII):
        assert len({*vars(signs).values()}) == len(vars(signs))
        assert all(len(sign) == 1 for sign in vars(signs).values())
    assert "".join(vars(ASCII).values()).isascii()


def test_the_header_has_1x_at_its_line_and_the_ends_where_there_is_room() -> None:
    """The line at 1 is more important than the ends."""
    assert scale(AXIS) == "0.25x   1x  4.00x"
    assert scale(LogAxis(0.9, 20.0, 0.0, 16.0)) == " 1x         20.0x"
    assert scale(LogAxis(0.1, 1.1, 0.0, 11.0)) == "0.10x     1x"


@pytest.mark.parametrize("width", [12, 16, 20, 40])
def test_an_axis_has_every_point_and_intervals_of_usual_width(width: int) -> None:
    """From 0.55 to 15 times: every row has its point in a column of its own, and 1 is between them."""
    rows = [Whisker(0.55, 0.5, 0.6), Whisker(1.0), Whisker(1.5, 1.2, 1.9), Whisker(6.5, 5.6, 7.6), Whisker(15, 12, 20)]
    axis = axis_of(rows, width)
    texts = [draw_whisker(row, axis, ASCII) for row in rows]
    assert {len(text) for text in (*texts, scale(axis))} == {width}
    places = [text.index("o") for text in texts]
    assert places == sorted({*places})
    assert not any(sign in text for text in texts for sign in "<>")


def test_an_interval_that_is_very_wide_does_not_squeeze_the_others() -> None:
    usual = [Whisker(1.0), Whisker(2.0, 1.8, 2.2)]
    wide = Whisker(2.0, 0.001, 1000.0)
    axis = axis_of([*usual, wide], 20)
    assert axis.high < 5
    text = draw_whisker(wide, axis, ASCII)
    assert (text[0], text[-1]) == ("<", ">")


def test_equal_runners_look_equal() -> None:
    """The axis has a least length, so that one percent is no distance."""
    rows = [Whisker(1.0), Whisker(1.01, 1.0, 1.02), Whisker(0.99, 0.98, 1.0)]
    axis = axis_of(rows, 17)
    assert len({draw_whisker(row, axis, ASCII).index("o") for row in rows}) == 1


@pytest.mark.parametrize("centre", [1e-300, 1e300, 1e-7, 1e7])
def test_a_point_that_is_far_away_is_an_arrow_at_most(centre: float) -> None:
    row = Whisker(centre, centre / 2, centre * 2)
    text = draw_whisker(row, axis_of([row, Whisker(1.0)], 16), ASCII)
    assert len(text) == 16
    assert {*text} <= {*" :o<>[]-+"}
