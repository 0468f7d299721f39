"""Formatting of figures for users."""

from collections.abc import Iterable, Sequence


def seconds(value: float) -> str:
    """A time with three digits and the unit that fits: 60 ns, 850 us, 45.1 ms, 2.75 s, 110 s."""
    if 0 < value < 0.000_000_999_5:
        return f"{value * 1e9:.0f} ns"
    if 0 < value < 0.000_009_995:
        return f"{value * 1e6:.2f} us"
    if value < 0.000_999_5:
        return f"{value * 1e6:.0f} us"
    if value < 0.999_5:
        return f"{_three_digits(value * 1e3)} ms"
    return f"{_three_digits(value)} s"


def ratio(value: float) -> str:
    """A speed-up: 0.97x, 1.53x, 12.2x, 130x."""
    return f"{_three_digits(value)}x"


def span(low: float, high: float) -> str:
    """The confidence interval of a speed-up: `1.81, 1.95`; an unbounded end is 0 or `?`."""
    return f"{_three_digits(low)}, {_three_digits(high) if high < 10_000 else '?'}"


def memory(value: float) -> str:
    """Bytes as whole megabytes, or gigabytes with one decimal."""
    return f"{value / 1e9:.1f} GB" if value >= 9.995e8 else f"{value / 1e6:.0f} MB"


def instead_of(figure: str, baseline: str, noun: str) -> str:
    """A comparison of two formatted figures: `1.83 s of CPU time instead of 1.30 s`, or `the same CPU time`."""
    return f"the same {noun}" if figure == baseline else f"{figure} of {noun} instead of {baseline}"


def data(value: float) -> str:
    """Bytes with the unit that fits: 28 bytes, 1.20 kB, 2.00 MB."""
    if value < 999.5:
        return f"{value:.0f} bytes"
    return f"{_three_digits(value / 1e3)} kB" if value < 999_500 else f"{_three_digits(value / 1e6)} MB"


def percent(share: float) -> str:
    """A share as whole percent."""
    return f"{100 * share:.0f} %"


def listed(parts: Iterable[str]) -> str:
    """Names in a sentence: `a, b and c`."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def few(parts: Sequence[str], most: int = 3) -> str:
    """The first names in a sentence, and the number of the others if there are several: `a, b, c and 4 others`."""
    others = len(parts) - most
    return listed(parts) if others < 2 else listed([*parts[:most], f"{others:,} others"])


def _three_digits(value: float) -> str:
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
