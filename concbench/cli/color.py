"""`--color`, and how colours are decided if it is `auto`."""

from __future__ import annotations

import argparse
import os
from typing import TextIO

WHEN = ("auto", "always", "never")


def add_color(parser: argparse.ArgumentParser) -> None:
    """Declare the option, for every command that prints with rich."""
    parser.add_argument("--color", choices=WHEN, default=WHEN[0], help="colours (default: auto, on a terminal only)")


def gets_color(color: str, stream: TextIO) -> bool:
    """Whether a stream gets colours, by the option, NO_COLOR, FORCE_COLOR and the terminal, in this order."""
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
