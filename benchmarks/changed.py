"""A plain process that calls a function on its items line by line, changed in some of the ways that a host is changed.

    python changed.py CHANGE,CHANGE MODULE:FUNCTION ITEMS WORKLOAD

`host_state.py` starts it and says what the changes are for. Without changes, nothing of concbench is imported, and the
process is one that a person would write. Both are in one file so that they differ only in the change. It has no budget
of its own.
"""

import gc
import importlib
import os
import sys
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    Work = tuple[Callable[[Any], Any], list[Any]]


def main() -> None:
    """Do the work once for each line of standard input."""
    changes = set(sys.argv[1].split(","))
    ballast: list[Any] = []
    if "modules" in changes:
        ballast = importlib.import_module("concbench.host.host_process").exclude_from_collection()
    if "first" in changes:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:  # noqa: PTH123 - pathlib is a change too
            score.write("1000")
    requests, answers = pipes(changes)
    work = as_concbench() if "workload" in changes else by_hand()
    answers.write("ready\n")
    answers.flush()
    for _ in requests:
        function, items = work()
        if "collect" in changes:
            gc.collect()
        seconds = measured(function, items) if "usage" in changes else timed(function, items)
        answers.write(f'{{"seconds": {seconds!r}}}\n')
        answers.flush()
    del ballast


def pipes(changes: "set[str]") -> "tuple[TextIO, TextIO]":
    """The streams from which requests are read and to which answers are written."""
    if "streams" in changes:
        kept = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end
        return kept
    if "descriptors" in changes:
        return os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    return sys.stdin, sys.stdout


def by_hand() -> "Callable[[], Work]":
    """A maker of the function and its items as in a program, which makes them once."""
    module, name = sys.argv[2].split(":")
    found = importlib.import_module(module)
    function, items = getattr(found, name), getattr(found, sys.argv[3])()
    return lambda: (function, items)


def as_concbench() -> "Callable[[], Work]":
    """A maker of the function and its items as in a host, which reads the items again if they can be changed."""
    import pickle
    from pathlib import Path

    workload, _ = pickle.loads(Path(sys.argv[4]).read_bytes())

    def fresh() -> "Work":
        workload.reset()
        return workload.function, workload.items

    return fresh


def timed(function: "Callable[[Any], Any]", items: "list[Any]") -> float:
    """Seconds of one run; the results are dropped as soon as the clock has stopped."""
    begin = perf_counter()
    results = [function(item) for item in items]
    seconds = perf_counter() - begin
    del results
    return seconds


def measured(function: "Callable[[Any], Any]", items: "list[Any]") -> float:
    """The same, with the CPU time read before and after."""
    from concbench.host.resources import cpu_seconds

    cpu_seconds()
    seconds = timed(function, items)
    cpu_seconds()
    return seconds


if __name__ == "__main__":
    main()
