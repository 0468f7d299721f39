"""The console of rich for a stream: what it does is decided here, and not by the version of rich."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console

from concbench.cli.color import wanted

COLUMNS = 80
"""Of what is no terminal, where nothing else is said."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the command line see it, as it sees that of print; rich would end the program."""
        raise BrokenPipeError


def console_of(stream: TextIO, color: str) -> Console:
    """The console that prints on standard output or standard error.

    Its is_terminal says whether to lay out for a terminal: the stream is one, or it gets colours as if it were.
    """
    colored, terminal = wanted(color, stream), stream.isatty()
    return _Console(
        file=stream,
        force_terminal=terminal or colored,
        force_jupyter=False,
        color_system="standard" if colored else None,
        no_color=not colored,
        width=None if terminal else _columns(),
        height=None if terminal else 25,  # without it, rich has no use for the width where TERM is dumb
    )


def _columns() -> int:
    """Of a stream that is no terminal, though it may be laid out as one."""
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) else COLUMNS
