"""The console of rich for a stream; its behaviour is decided here, whatever the version of rich."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console

from concbench.cli.color import gets_color

COLUMNS = 80
"""Width of a stream that is not a terminal, unless COLUMNS gives one."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, as print does, for the command line to handle; rich would end the program."""
        raise BrokenPipeError


def console_of(stream: TextIO, color: str) -> Console:
    """The console that prints on standard output or standard error.

    Its `is_terminal` is true if the stream is a terminal, or if it gets colours as if it were one.
    """
    colored, terminal = gets_color(color, stream), stream.isatty()
    return _Console(
        file=stream,
        force_terminal=terminal or colored,
        force_jupyter=False,
        color_system="standard" if colored else None,
        no_color=not colored,
        width=None if terminal else _columns(),
        height=None if terminal else 25,  # without it, rich ignores the width if TERM is dumb
    )


def _columns() -> int:
    """The width for a stream that is not a terminal, in columns: COLUMNS if it is set, else 80."""
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) else COLUMNS
