"""Small realistic functions of every kind that advice must be right about. Imported, never run."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import subprocess
import tempfile
import threading
import time
import zlib
from pathlib import Path

_lock = threading.Lock()
_BLOCK = random.Random(1).randbytes(1_000_000)
_TEXT = json.dumps([{"id": number, "name": f"name {number}", "tags": ["a", "b"]} for number in range(400)])


def wait(item: int) -> int:
    """Waits for something that answers any number at once."""
    time.sleep(0.02)
    return item


def wait_for_five(item: int) -> int:
    """Waits for something that answers five at once."""
    with _five:
        time.sleep(0.01)
    return item


_five = threading.BoundedSemaphore(5)


def wait_long_tailed(item: int) -> int:
    """Stragglers: one in ten takes ten times as long."""
    time.sleep(0.1 if item % 10 == 7 else 0.01)
    return item


def compute(item: int) -> int:
    """Pure Python that holds the GIL."""
    return sum(number * number % 7 for number in range(60_000 + item % 3))


def compute_unevenly(item: int) -> int:
    """The same, the last ones longest."""
    return sum(number * number % 7 for number in range(4_000 * (1 + item)))


def digest(item: int) -> str:
    """Releases the GIL: a digest of a large block."""
    return hashlib.sha256(_BLOCK * (4 + item % 2)).hexdigest()


def compress(item: int) -> int:
    """Releases the GIL: compression."""
    return len(zlib.compress(_BLOCK[: 400_000 + item], 1))


def mixed(item: int) -> int:
    """Half waiting, half computing."""
    time.sleep(0.005)
    return sum(number * number % 7 for number in range(50_000 + item % 3))


def parse_json(item: int) -> int:
    """Computes in C, and holds the GIL."""
    return sum(len(json.loads(_TEXT)) for _ in range(10)) + item


def tiny(item: int) -> int:
    """Tasks that are shorter than handing them out."""
    return item * 2


def short(item: int) -> int:
    """Tasks of a hundred microseconds: worth it in chunks, perhaps."""
    return sum(range(8_000)) + item


def big_argument(item: bytes) -> int:
    """Sending it costs more than using it."""
    return item.count(b"x")


def big_result(item: int) -> bytes:
    """Sending it back costs more than making it."""
    return b"x" * (2_000_000 + item)


def contended(item: int) -> int:
    """One at a time, whatever the runner in a process."""
    with _lock:
        return sum(number * number % 7 for number in range(40_000 + item % 3))


def read_file(item: str) -> int:
    """Reads a file that the system has in memory."""
    return len(Path(item).read_bytes())


def query(item: int) -> int:
    """A query of a small database in memory."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table numbers (value integer)")
        connection.executemany("insert into numbers values (?)", ((number,) for number in range(5_000)))
        row = connection.execute("select sum(value) from numbers where value % 7 = ?", (item % 7,)).fetchone()
    connection.close()
    return int(row[0])


def run_program(item: int) -> int:
    """Waits for another program."""
    return subprocess.run(["sleep", "0.03"], check=True).returncode + item


def files() -> list[str]:
    """Some files to read, in a directory that stays."""
    directory = Path(tempfile.gettempdir()) / "concbench-advice-files"
    directory.mkdir(exist_ok=True)
    paths = [directory / f"{number}.bin" for number in range(60)]
    for path in paths:
        if not path.exists():
            path.write_bytes(_BLOCK[:200_000])
    return [str(path) for path in paths]


JOBS: dict[str, tuple[str, object]] = {
    "wait": ("wait", range(100)),
    "wait for five": ("wait_for_five", range(60)),
    "wait, long tail": ("wait_long_tailed", range(60)),
    "compute": ("compute", range(24)),
    "compute, uneven": ("compute_unevenly", range(24)),
    "digest": ("digest", range(40)),
    "compress": ("compress", range(24)),
    "mixed": ("mixed", range(24)),
    "parse json": ("parse_json", range(24)),
    "tiny": ("tiny", range(20_000)),
    "short": ("short", range(600)),
    "big argument": ("big_argument", [b"x" * 2_000_000] * 24),
    "big result": ("big_result", range(60)),
    "contended": ("contended", range(24)),
    "read file": ("read_file", files),
    "query": ("query", range(24)),
    "run program": ("run_program", range(30)),
}
"""The function's name and its items, or what returns them."""
