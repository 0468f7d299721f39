"""Figures as written for people."""

import pytest

from concbench import units


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 us"), (6e-8, "60 ns"), (2.5e-6, "2.50 us"),
     (22e-6, "22 us"), (0.000_85, "850 us"), (0.001, "1.00 ms"), (0.0451, "45.1 ms"), (0.999_6, "1.00 s"),
     (2.754, "2.75 s"), (99.96, "100 s"), (1234.5, "1,234 s")],
)  # fmt: skip
def test_times_have_three_digits_and_the_unit_that_fits(value: float, text: str) -> None:
    """Units go from microseconds to seconds."""
    assert units.seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.974, "0.97x"), (1, "1.00x"), (12.24, "12.2x"), (130.4, "130x")])
def test_ratios_have_an_x(value: float, text: str) -> None:
    """Below one, there are two decimals."""
    assert units.ratio(value) == text


@pytest.mark.parametrize(("value", "text"), [(9e6, "9 MB"), (256.4e6, "256 MB"), (1.26e9, "1.3 GB")])
def test_memory_is_in_megabytes(value: float, text: str) -> None:
    """Above a thousand, it is in gigabytes."""
    assert units.memory(value) == text
