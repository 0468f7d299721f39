"""Values of argparse: a text that is not of its kind becomes the message of its argument."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass
from typing import Any

from concbench.errors import BadSetting
from concbench.values import Kind


@dataclass(frozen=True)
class reading:  # noqa: N801 - it is called where an argument is declared, as a function would be
    """What argparse takes for the type of an argument of this kind."""

    kind: Kind

    def __call__(self, text: str) -> Any:
        """The value of a text."""
        try:
            return self.kind.read(text)
        except BadSetting as bad:
            raise ArgumentTypeError(str(bad)) from None


@dataclass(frozen=True)
class spelling:  # noqa: N801 - as reading
    """The same of an argument whose text is read later, by each of those that take it."""

    kind: Kind
    others: tuple[Kind, ...] = ()
    """More kinds that it is read as."""

    def __call__(self, text: str) -> str:
        """The text itself."""
        return text
