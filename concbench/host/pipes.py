"""The two pipes to the parent, out of reach of the user's function."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def take_over_pipes() -> tuple[TextIO, TextIO]:
    """Keep the two pipes to ourselves: functions find an empty standard input, and print to standard error's file.

    Returns:
        Where requests are read and answers are written.
    """
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, open to the end
    return requests, answers
