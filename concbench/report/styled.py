"""Where texts become texts of rich: the one place where a terminal is protected from what is in them."""

from __future__ import annotations

from rich.text import Text

from concbench.report.visible import printable, visible


def styled(text: str, style: str = "") -> Text:
    """A text that is wrapped where it is too long."""
    return Text(visible(text), style)


def unbroken(text: str) -> Text:
    """Lines that stay as they are, however long, so that they can be copied."""
    return Text(printable(text), no_wrap=True, overflow="ignore")
