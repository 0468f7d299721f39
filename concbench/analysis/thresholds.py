"""Figures from which something is said or decided, in more than one place."""

COMPUTES = 0.85
"""Cores that the work keeps busy when it is run by `sequential`, above which it is computing."""
WAITS = 0.50
"""And below which it is waiting, for the most part."""
MORE_THAN_ONE = 1.15
"""Cores above which something was computed at the same time."""

FLAGGED, STRONG = 0.15, 0.40
"""Cores used by others above which a table is flagged, and above which its ratios are not those of a quiet machine."""

THROTTLED = 0.01
"""Share of a sample for which a quota kept workers from running, above which that is said."""

MEMORY_SHARE = 0.8
"""Of the memory that is left, that a cell may use unless said otherwise."""

FAR_BEHIND = {1: 4.0, 2: 2.0}
"""Times the leader's median after so many rounds, from which a cell is out of a race; identical runs reach 4 with a
chance of 0.1 %."""
HOPELESS = 10.0
"""Times the least warm-up, from which a cell is given up before the first round."""
FIRST_RUN_COSTS = 0.5
"""Seconds that a warm-up may take beyond what follows: the imports of worker processes, the start of a fork server."""
