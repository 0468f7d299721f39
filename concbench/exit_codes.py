"""Exit codes of the command line."""

OK, FAILED, USAGE, MISSED, UNDECIDED, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 4, 130, 143
