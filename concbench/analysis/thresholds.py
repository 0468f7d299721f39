"""Thresholds that are used in more than one place."""

COMPUTES = 0.85
"""Cores kept busy under `sequential` above which the work computes."""
WAITS = 0.50
"""Cores kept busy under `sequential` below which the work mostly waits."""
MORE_THAN_ONE = 1.15
"""Cores kept busy above which something was computed at the same time."""

FLAGGED, STRONG = 0.15, 0.40
"""Cores used by others above which a table is flagged, and above which its ratios are not those of a quiet machine."""

THROTTLED = 0.01
"""Share of a sample for which a quota kept workers from running, above which that is reported."""

MEMORY_SHARE = 0.8
"""Share of the free memory that a cell may use unless told otherwise."""

FAR_BEHIND = {1: 4.0, 2: 2.0}
"""Multiple of the leader's median, by number of rounds, from which a cell leaves a race; identical runs reach 4 with a
probability of 0.1 %."""
HOPELESS = 10.0
"""Multiple of the shortest warm-up from which a cell is dropped before the first round."""
FIRST_RUN_COSTS = 0.5
"""Seconds by which a warm-up may exceed later executions: imports of worker processes, the start of a fork server."""
