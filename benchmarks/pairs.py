"""Pairs: two ways of doing the same work, measured in turn, and the ratio of their times. Imported, never run.

The two sides of a pair are measured one right after the other, in an order drawn anew for every pair, so that whatever
slows the machine slows both. The ratio and its interval are those of the rounds of a table (docs/methodology.md): the
trimmed mean of the logs. A side may be a process that is told to do its work line by line (`Script`); it keeps what
chance gave it at its start (addresses, hashes), which can be worth some percent, so such sides are started afresh
several times, and the interval is over these launches.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from concbench.stats.intervals import ratio_interval

LEAST, MOST = 0.95, 1.05
"""Bounds between which a ratio counts as 1."""

Measure = Callable[[], float]
"""Does the work once and returns the seconds it took."""
Side = Callable[[], AbstractContextManager[Measure]]
"""Starts one side of a comparison, and ends it."""


@dataclass(frozen=True)
class Pair:
    """Seconds of both sides."""

    ours: float
    theirs: float


@dataclass(frozen=True)
class Ratio:
    """Ours divided by theirs: the typical ratio, its interval, and the plain median for comparison."""

    centre: float
    low: float
    high: float
    median: float

    def __str__(self) -> str:
        return f"{self.centre:.3f} [{self.low:.3f}, {self.high:.3f}]"


def take_pairs(ours: Measure, theirs: Measure, *, pairs: int, warm_up: int, order: random.Random) -> list[Pair]:
    """Measure both sides `pairs` times in turn; the pairs of the warm-up are left out."""
    taken = [_take_pair(ours, theirs, ours_first=order.random() < 0.5) for _ in range(warm_up + pairs)]
    return taken[warm_up:]


def _take_pair(ours: Measure, theirs: Measure, *, ours_first: bool) -> Pair:
    gc.collect()
    if ours_first:
        first = ours()
        gc.collect()
        return Pair(first, theirs())
    first = theirs()
    gc.collect()
    return Pair(ours(), first)


def ratio_of(pairs: Sequence[Pair], confidence: float = 0.95) -> Ratio:
    """The typical ours / theirs and its interval, valid for a single look."""
    logs = np.log([pair.ours / pair.theirs for pair in pairs])
    interval = ratio_interval(logs, 1 - confidence)
    assert interval is not None, "three pairs are the least"
    return Ratio(interval.centre, interval.low, interval.high, float(np.exp(np.median(logs))))


def typical(seconds: Sequence[float]) -> float:
    """The median."""
    return statistics.median(seconds)


def add_launches(parser: argparse.ArgumentParser, *, pairs: int, launches: int) -> None:
    """Declare the options of `take_launches`, with these defaults."""
    parser.add_argument("--pairs", type=int, default=pairs, help="of a line in all; each launch has three at least")
    parser.add_argument("--launches", type=int, default=launches, help="of both processes; three at least")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))


def take_launches(ours: Side, theirs: Side, arguments: argparse.Namespace, order: random.Random) -> list[Pair]:
    """Start both sides once per launch, and take their pairs after one pair of warm-up.

    Returns:
        A pair for each launch, whose ratio is the typical one of that launch.
    """
    each = max(3, -(-arguments.pairs // arguments.launches))
    return [_launch(ours, theirs, each, order) for _ in range(max(3, arguments.launches))]


def _launch(ours: Side, theirs: Side, pairs: int, order: random.Random) -> Pair:
    with theirs() as their_seconds, ours() as our_seconds:
        taken = take_pairs(our_seconds, their_seconds, pairs=pairs, warm_up=1, order=order)
    seconds = typical([pair.theirs for pair in taken])
    return Pair(ours=seconds * ratio_of(taken).centre, theirs=seconds)


class Script:
    """A process that does its work once for each line that it reads, and answers with a line of JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        require(self._line() == "ready", "a process did not start; what it said is above")

    def seconds(self) -> float:
        """Do the work once; returns its seconds."""
        return float(self._answer("")["seconds"])

    def check(self) -> str:
        """Do the work once more; returns the checksum of its results."""
        return str(self._answer("check")["check"])

    def _answer(self, request: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{request}\n")
        self._process.stdin.flush()
        line = self._line()
        require(bool(line), "a process ended before its time; what it said is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def started(command: Sequence[str], kind: type[Script] = Script, **options: Any) -> Iterator[Script]:
    """A process that is asked line by line; it ends with the `with` block."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            yield kind(process)
        finally:
            assert process.stdin is not None
            with suppress(OSError):  # it has already ended
                process.stdin.close()
            process.wait()


def serve(measure: Measure) -> None:
    """Serve as such a process, without checks."""
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps({"seconds": measure()}), flush=True)


def program(module: str, *paths: Path) -> list[str]:
    """The command that runs the main() of a module without loading it as a script; it is found on these paths first."""
    return [
        sys.executable,
        "-c",
        f"import sys; sys.path[0:1] = {list(map(str, paths))}; import {module}; {module}.main()",
    ]


def checkout(text: str) -> Path:
    """The directory of another version of concbench, from an argument of the command line."""
    path = Path(text).absolute()
    if not (path / "concbench" / "__init__.py").is_file():
        raise argparse.ArgumentTypeError(f"{path} has no concbench/__init__.py")
    return path


def found_first(*paths: Path) -> dict[str, str]:
    """The environment of a process that imports from these paths first; a fork server sees no other import path."""
    found = [*map(str, paths), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(found)}


def equal(ratio: Ratio) -> str:
    """A verdict on two sides that must take the same time: too quick is as wrong as too slow."""
    if ratio.high < 1:
        return "MISSED: ours is faster, so the work differs"
    if ratio.low > 1:
        return "MISSED: ours is slower"
    return "met" if ratio.low >= LEAST and ratio.high <= MOST else "MISSED: too wide: take more pairs"


def no_slower(ratio: Ratio) -> str:
    """A verdict on a side that may be faster."""
    if ratio.high <= MOST:
        return "met"
    return "MISSED: ours is slower" if ratio.low > 1 else "MISSED: too wide: take more pairs"


def milliseconds(seconds: Sequence[float]) -> str:
    """The median in milliseconds, for a table."""
    return f"{typical(seconds) * 1000:.1f} ms"


def require(fact: bool, otherwise: str) -> None:
    """End with a message unless a fact is true."""
    if not fact:
        sys.exit(f"{Path(sys.argv[0]).stem}: {otherwise}")


class Columns:
    """A plain table, printed line by line as its figures come in; the first column is text, aligned left."""

    def __init__(self, *titles: tuple[str, int]) -> None:
        self._widths = [width for _, width in titles]
        self.row(*(title for title, _ in titles))
        print("-" * (sum(self._widths) + 2 * (len(titles) - 1)))

    def row(self, *cells: object) -> None:
        """Print one line; the last column may have any length."""
        first, *rest = (str(cell) for cell in cells)
        texts = [first.ljust(self._widths[0])]
        texts += [text.rjust(width) for text, width in zip(rest[:-1], self._widths[1:-1], strict=True)]
        print("  ".join([*texts, rest[-1]]), flush=True)


def verdict(*, met: bool) -> str:
    """The word for a budget that is met or missed."""
    return "met" if met else "MISSED"
