"""Conversion of texts for rich: the one place where a terminal is protected from escape sequences in them."""

from __future__ import annotations

from rich.text import Text

from concbench.report.visible import printable, visible


def styled(text: str, style: str = "") -> Text:
    """A text that is wrapped if it is too long."""
    return Text(visible(text), style)


def unbroken(text: str) -> Text:
    """Lines that are never wrapped, so that they can be copied."""
    return Text(printable(text), no_wrap=True, overflow="ignore")
