"""Functions that read, write, pack and search, in C: some release the GIL, some hold it."""

from __future__ import annotations

import csv
import decimal
import hashlib
import io
import json
import pickle
import random
import re
import sqlite3
import struct
import zipfile
import zlib
from pathlib import Path

_random = random.Random(1)
_BLOCK = _random.randbytes(1_000_000)
_TEXT = json.dumps([{"id": number, "name": f"name {number}", "tags": ["a", "b"]} for number in range(400)])
_ROWS = "".join(
    f"{number},name {number},{number * 7 % 1000}.{number % 10},town {number % 50}\n" for number in range(8_000)
)
_LOG = "".join(
    f"2024-05-{row % 28 + 1:02} 10.0.{row % 256}.{row % 100} GET /page/{row} {200 + row % 5} {row * 37}\n"
    for row in range(4_000)
)
_LINE = re.compile(r"^(\S+) ((?:\d+\.){3}\d+) (GET|POST) (\S+) 20[13] (\d+)$", re.MULTILINE)
_POINTS = struct.pack("<40000d", *range(40_000))
_ORDERS = [
    {"id": number, "price": number / 7, "lines": [number, number + 1], "who": f"n{number}"} for number in range(8_000)
]


def digest(item: int) -> str:
    """Releases the GIL: a digest of a large block."""
    return hashlib.sha256(_BLOCK * (4 + item % 2)).hexdigest()


def compress(item: int) -> int:
    """Releases the GIL: compression."""
    return len(zlib.compress(_BLOCK[: 400_000 + item], 1))


def parse_json(item: int) -> int:
    """Computes in C, and holds the GIL."""
    return sum(len(json.loads(_TEXT)) for _ in range(10)) + item


def parse_csv(item: int) -> float:
    """Rows of a table, with a sum over one of its columns."""
    return sum(float(row[2]) for row in csv.reader(io.StringIO(_ROWS))) + item


def parse_log(item: int) -> int:
    """A regular expression over the lines of a log: holds the GIL."""
    return sum(int(found[4]) % (item + 7) for found in _LINE.findall(_LOG))


def unpack_points(item: int) -> float:
    """Numbers from bytes."""
    return sum(x * item - y for x, y in struct.iter_unpack("<2d", _POINTS))


def compound(item: int) -> str:
    """Decimals of fifty digits."""
    with decimal.localcontext() as context:
        context.prec = 50
        value, rate = decimal.Decimal(item + 1), decimal.Decimal("1.0000317")
        for _ in range(50_000):
            value *= rate
        return str(value.sqrt())


def copy_orders(item: int) -> int:
    """Pickles objects and reads them again."""
    return len(pickle.loads(pickle.dumps(_ORDERS))) + item


def query(item: int) -> int:
    """A query of a small database in memory."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table numbers (value integer)")
        connection.executemany("insert into numbers values (?)", ((number,) for number in range(5_000)))
        row = connection.execute("select sum(value) from numbers where value % 7 = ?", (item % 7,)).fetchone()
    connection.close()
    return int(row[0])


def query_file(item: tuple[str, int]) -> int:
    """A query of a database in a file: releases the GIL while it searches."""
    path, remainder = item
    connection = sqlite3.connect(path)
    row = connection.execute("select sum(value * value % 13) from numbers where value % 7 = ?", (remainder,)).fetchone()
    connection.close()
    return int(row[0])


def read_file(item: str) -> int:
    """Reads a file that the system has in memory."""
    return len(Path(item).read_bytes())


def read_archive(item: str) -> int:
    """Unpacks the members of an archive, and counts their lines."""
    with zipfile.ZipFile(item) as archive:
        return sum(archive.read(name).count(b"\n") for name in archive.namelist())
