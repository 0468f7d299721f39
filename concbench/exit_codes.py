"""The exit codes of the command line and their precedence; docs/reference/cli.md has them as a table."""

OK = 0
FAILED = 1
USAGE = 2
MISSED = 3
UNDECIDED = 4
HANGUP = 129
INTERRUPTED = 130
TERMINATED = 143

PRECEDENCE = (TERMINATED, HANGUP, INTERRUPTED, USAGE, FAILED, MISSED, UNDECIDED, OK)
"""If several apply, the first of these is returned."""


def worst(*codes: int) -> int:
    """Return the exit code with the highest precedence."""
    return min(codes, key=PRECEDENCE.index)
