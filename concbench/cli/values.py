"""Values of argparse: a text that is not of its kind becomes the message of its argument."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from concbench.errors import BadSetting
from concbench.values import Kind


def reading(kind: Kind) -> Callable[[str], Any]:
    """What argparse takes for the type of an argument of this kind."""

    def read(text: str) -> Any:
        try:
            return kind.read(text)
        except BadSetting as bad:
            raise ArgumentTypeError(str(bad)) from None

    return read
