"""Jobs on which advice must be right: functions of `advised/`, their items, and facts about their optimum.

Jobs are added and never removed or made easier, so that accuracies of different versions refer to the same jobs.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Place:
    """The place where a job finds what its items name."""

    directory: Path
    """A directory for files; the caller makes and removes it."""
    server: str
    """The address of `server.py`."""


@dataclass(frozen=True)
class Job:
    """A function and its items."""

    function: str
    """Its module in `advised`, and its name."""
    items: Callable[[Place], Iterable[Any]]
    bound: float | None = None
    """Seconds that no runner can undercut, if that is known from how the work is made."""
    keeps_state: bool = False
    """Whether the question is the cost in a program that does this once; every sample then has a new process."""
    large_items: bool = False
    """Whether worker processes that inherit the items, instead of receiving them, are an alternative."""
    fails: bool = False
    """Whether some of its tasks raise, which is tolerated."""

    def called(self) -> Callable[[Any], Any]:
        """The function itself."""
        module, _, name = self.function.partition(":")
        return getattr(import_module(f"advised.{module}"), name)  # type: ignore[no-any-return]

    @property
    def awaitable(self) -> bool:
        """Whether it is a coroutine function."""
        return iscoroutinefunction(self.called())


def numbers(count: int) -> Callable[[Place], Iterable[int]]:
    """The numbers from 0."""
    return lambda _: range(count)


def urls(count: int, way: str) -> Callable[[Place], Iterable[str]]:
    """Addresses of the server, such as any/7?wait=15."""
    path, _, query = way.partition("?")
    return lambda place: [f"{place.server}/{path}/{number}?{query}" for number in range(count)]


def files(place: Place) -> Iterable[str]:
    """Sixty files of 200 kB."""
    content = random.Random(1).randbytes(200_000)
    return [_made(place, f"{number}.bin", lambda path: path.write_bytes(content)) for number in range(60)]


def archives(place: Place) -> Iterable[str]:
    """Archives of some members each."""
    one = Path(_made(place, "0.zip", _pack))
    return [_made(place, f"{number}.zip", partial(shutil.copyfile, one)) for number in range(24)]


def database(place: Place) -> Iterable[tuple[str, int]]:
    """A database, and the queries to it."""
    path = _made(place, "numbers.sqlite", _fill)
    return [(path, number % 7) for number in range(24)]


def _made(place: Place, name: str, make: Callable[[Path], object]) -> str:
    """The path of a file, which is made if it is missing; while it is being made, it has another name."""
    path = place.directory / name
    if not path.exists():
        unfinished = path.with_suffix(".part")
        make(unfinished)
        unfinished.rename(path)
    return str(path)


def _pack(path: Path) -> None:
    lines = "".join(f"{number * 7919 % 10_007} line {number}\n" for number in range(60_000))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in range(2):
            archive.writestr(f"{member}.txt", lines)


def _fill(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("create table numbers (value integer)")
        connection.executemany("insert into numbers values (?)", ((number,) for number in range(150_000)))
    connection.close()


def lists(_: Place) -> Iterable[list[int]]:
    """Lists of many numbers."""
    return [list(range(item, item + 120_000)) for item in range(24)]


def blocks(_: Place) -> Iterable[bytes]:
    """Blocks of 3 MB."""
    return [bytes([item]) * 3_000_000 for item in range(24)]


class Searching(Job):
    """A method of an object that holds much data."""

    def called(self) -> Callable[[Any], Any]:
        """The bound method."""
        from advised.transfer import Index

        return Index(20_000).search


JOBS: dict[str, Job] = {
    # waiting
    "wait": Job("waiting:wait", numbers(100), bound=0.02),
    "wait for five": Job("waiting:wait_for_five", numbers(60), bound=60 * 0.01 / 5),
    "wait, two waves": Job("waiting:wait_for_twenty", numbers(40), bound=2 * 0.02),
    "wait, long tail": Job("waiting:wait_long_tailed", numbers(60), bound=0.1),
    "wait, long last": Job("waiting:wait_long_last", numbers(40), bound=0.15),
    "wait in turn": Job("waiting:wait_in_turn", numbers(24)),
    "wait and fail": Job("waiting:wait_and_fail", numbers(40), bound=0.01, fails=True),
    "wait mostly": Job("waiting:wait_mostly", numbers(40)),
    "mixed": Job("waiting:mixed", numbers(24)),
    "run program": Job("waiting:run_program", numbers(30)),
    # pure Python
    "compute": Job("computing:compute", numbers(24)),
    "compute, uneven": Job("computing:compute_unevenly", numbers(24)),
    "tiny": Job("computing:tiny", numbers(20_000)),
    "short": Job("computing:short", numbers(600)),
    "1 ms": Job("computing:one_millisecond", numbers(400)),
    "3 ms": Job("computing:three_milliseconds", numbers(150)),
    "1 ms, stragglers": Job("computing:short_with_stragglers", numbers(200)),
    "contended": Job("computing:contended", numbers(24)),
    # in C
    "digest": Job("formats:digest", numbers(40)),
    "compress": Job("formats:compress", numbers(24)),
    "parse json": Job("formats:parse_json", numbers(24)),
    "parse csv": Job("formats:parse_csv", numbers(40)),
    "parse log": Job("formats:parse_log", numbers(60)),
    "unpack": Job("formats:unpack_points", numbers(100)),
    "decimals": Job("formats:compound", numbers(40)),
    "pickle": Job("formats:copy_orders", numbers(24)),
    "query": Job("formats:query", numbers(24)),
    "query file": Job("formats:query_file", database),
    "read file": Job("formats:read_file", files),
    "read archive": Job("formats:read_archive", archives),
    # large
    "big argument": Job("transfer:big_argument", lambda _: [b"x" * 2_000_000] * 24, large_items=True),
    "big result": Job("transfer:big_result", numbers(60)),
    "large blocks": Job("transfer:checksum", blocks, large_items=True),
    "large lists": Job("transfer:spread", lists, large_items=True),
    "records": Job("transfer:records", numbers(24)),
    "large self": Searching("transfer:Index.search", numbers(40), large_items=True),
    "memory": Job("transfer:fill_memory", numbers(12)),
    # numpy
    "sort": Job("arrays:sort", numbers(24)),
    "matrices": Job("arrays:multiply", numbers(16)),
    # state
    "cache, each item": Job("state:factor", numbers(40), keeps_state=True),
    "cache, few keys": Job("state:convert", numbers(200), keeps_state=True),
    "lazy model": Job("state:predict", numbers(60), keeps_state=True),
    "lazy login": Job("state:ask", numbers(30), bound=0.17, keeps_state=True),
    # clients that block
    "fetch, pooled": Job("clients:fetch_pooled", urls(40, "any?wait=10&noise=10"), keeps_state=True),
    "fetch, eight": Job("clients:fetch", urls(40, "few?wait=15"), bound=40 * 0.015 / 8),
    "fetch, slowing": Job("clients:fetch", urls(40, "slow?wait=15"), bound=40 * 0.015 / 8),
    "fetch in turn": Job("clients:fetch_in_turn", urls(24, "any?wait=25"), keeps_state=True),
    # coroutine functions
    "async wait": Job("coroutines:wait", numbers(60), bound=0.01),
    "async wait, eight": Job("coroutines:wait_for_eight", numbers(40), bound=40 * 0.01 / 8, keeps_state=True),
    "async fetch, shared": Job("coroutines:fetch_shared", urls(40, "any?wait=15&noise=5"), keeps_state=True),
    "async compute": Job("coroutines:compute", numbers(24)),
}
