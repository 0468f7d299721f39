"""What `measure()` and `advise()` can be told beyond their own parameters, as types: each refuses any other name.

None is as good as left out where it is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict


class _Options(TypedDict, total=False):
    """What both can be told."""

    max_rounds: int | None
    """A runner that has no verdict by then stays undecided; 3 to 100. None: 30."""
    warm: bool
    """Keep workers and connections from round to round, and time the work alone."""
    fresh: bool
    """Take every execution in a new measuring process, so that what the function keeps in its process is cold."""
    observe: bool
    """Whether each runner's work is executed once more with every task recorded. Left out: it is."""
    seed: int | None
    """Of everything that is drawn: the order of the runners in each round, and the hashes of texts. None: one is drawn;
    it is recorded."""
    timeout: float | None
    """Seconds that one execution may take at most. None: 20 times what the baseline's first took, and 10 at least."""
    import_timeout: float | None
    """Seconds that a process may take to import the function and to load its items. None: 300."""
    memory_limit: int | None
    """Bytes that all processes of a runner may use together. None: 80 % of what is available."""
    max_calls: int | None
    """Calls of the function at most. None: as many as it takes."""
    coroutine: str | Callable[..., Any] | None
    """Of a function: its twin as a coroutine function, for asyncio; or where it is found (`"app:fetch_later"`)."""
    context: str | Callable[..., Any] | None
    """Of a function: called for a context manager that is entered around every execution, off the clock; told the
    number of workers if it takes an argument."""
    check: str | Callable[[Any, Any], Any] | None
    """Of a function: called with an expected and an actual result, says whether the actual one is right."""
    compare: bool
    """Of a function: whether its results are compared at all. Left out: they are."""
    star: bool
    """Of a function: each item is unpacked into several arguments."""
    tolerate: bool
    """Of a function: exceptions are results like any other, and are counted."""
    max_workers: int | None
    """Of a function: calls at once at most. None: 10 if items are addresses of other machines, else any number."""
    repeat: int | None
    """Of a function without items: how often it is called in an execution. None: once."""


class MeasureOptions(_Options, total=False):
    """The options of `measure()`."""

    baseline: str | None
    """The runner that the others are compared with, as on the command line. None: `sequential` if it takes part, else
    the first."""
    budget: float | None
    """Seconds for each workload, after which no further round is begun, but for the first three. None: 60."""
    precision: float | None
    """Go on until the half-width of every interval is this share of its ratio: 0.05 for plus or minus 5 %."""
    rounds: int | None
    """Exactly so many rounds of every runner, whatever is known and whatever they take; 1 to 100. If it is 1, that
    round is also the warm-up, and its results are compared afterwards."""


class AdviseOptions(_Options, total=False):
    """The options of `advise()`: the race itself decides on the baseline, the precision and the rounds."""

    budget: float | None
    """Seconds for everything together; at least three rounds are taken in any case. None: 60."""
