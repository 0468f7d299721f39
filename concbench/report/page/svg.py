"""SVG as text: small functions from numbers to elements.

Positions along the width are percentages, and those along the height are pixels. So a figure fills any width without a
script, and its text keeps its size. Every text is escaped here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from concbench.report.visible import visible

TEXT = 16
"""Pixels from one line of text to the next."""


def escaped(text: str) -> str:
    """A text that reads as it is written, in an element or an attribute."""
    return escape(visible(text))


def element(tag: str, content: str = "", **attributes: str | float) -> str:
    """An element. An underscore in the name of an attribute is a hyphen, and `css` is its class."""
    pairs = "".join(f' {_name(name)}="{_value(value)}"' for name, value in attributes.items() if value != "")
    return f"<{tag}{pairs}>{content}</{tag}>" if content else f"<{tag}{pairs}/>"


def words(x: float, y: float, text: str, *, css: str = "", anchor: str = "", title: str = "") -> str:
    """A line of text.

    Args:
        x: percent of the width.
        y: pixels to its base line.
        text: the text.
        css: its class.
        anchor: `middle` or `end`, unless it begins at x.
        title: the whole text, if the other was shortened; shown under the pointer.
    """
    whole = element("title", escaped(title)) if title not in {"", text} else ""
    return element("text", f"{escaped(text)}{whole}", x=_percent(x), y=y, css=css, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A line; x in percent, y in pixels."""
    return element("line", x1=_percent(x1), y1=y1, x2=_percent(x2), y2=y2, css=css)


def box(x: float, y: float, width: float, height: float, css: str, title: str = "") -> str:
    """A rectangle; x and width in percent, y and height in pixels. The title is shown where the pointer rests."""
    tooltip = element("title", escaped(title)) if title else ""
    return element("rect", tooltip, x=_percent(x), y=y, width=_percent(width), height=height, css=css)


def dot(x: float, y: float, radius: float, css: str) -> str:
    """A circle; x in percent, y and radius in pixels."""
    return element("circle", cx=_percent(x), cy=y, r=radius, css=css)


def figure(identity: str, title: str, description: str, height: float, parts: Sequence[str]) -> str:
    """A whole figure, as wide as its place, which a screen reader reads as its title and description.

    Args:
        identity: what no other figure of the page is called.
        title: its name.
        description: what it shows, in a sentence.
        height: pixels.
        parts: its elements; what comes later covers what came before.
    """
    title_element = element("title", escaped(title), id=f"{identity}-title")
    description_element = element("desc", escaped(description), id=f"{identity}-desc")
    return element(
        "svg", "".join([title_element, description_element, *parts]), width="100%", height=height, role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
    )  # fmt: skip


def _name(name: str) -> str:
    return "class" if name == "css" else name.replace("_", "-")


def _value(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def _percent(value: float) -> str:
    return f"{_value(float(value))}%"
