"""Argument types of argparse: a text that is not of the kind becomes the error message of its argument."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass
from typing import Any

from concbench.errors import BadSetting
from concbench.values import Kind


@dataclass(frozen=True)
class reading:  # noqa: N801 - it is called where an argument is declared, as a function would be
    """The argparse type of an argument of a kind."""

    kind: Kind

    def __call__(self, text: str) -> Any:
        """Convert a text to its value."""
        try:
            return self.kind.read(text)
        except BadSetting as bad:
            raise ArgumentTypeError(str(bad)) from None


@dataclass(frozen=True)
class spelling:  # noqa: N801 - as reading
    """The same for an argument whose text is read later, by each of the workloads that take it."""

    kind: Kind
    others: tuple[Kind, ...] = ()
    """Further kinds as which it may be read."""

    def __call__(self, text: str) -> str:
        """Return the text unchanged."""
        return text
