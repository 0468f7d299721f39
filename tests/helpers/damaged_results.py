"""Damaged results files, and the outcome of each: for the tests and for benchmarks/reliability/fuzz.py.

Values of the JSON of real files are replaced by nasty ones, removed, repeated and swapped; bytes are flipped, cut and
repeated.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from concbench import Run, measure
from concbench.errors import BadResults
from concbench.harness.thinning import thinned
from concbench.report.formats import format_of
from concbench.report.formats.markdown import summary
from concbench.report.terminal import plain
from concbench.report.trace import trace
from concbench.results.files import from_json, to_json
from concbench.results.records import ObservedPass, RunRecord, Table, Tasks
from concbench.testing import SimulatedHosts
from concbench.workloads.primes import Primes
from concbench.workloads.synthetic import Sleep

LONGEST = 5.0
"""Seconds that one file may take."""
NASTY: tuple[Any, ...] = (
    None, True, False, 0, 1, 2, -1, 3, 100, 101, 10**9, -(10**9), 2**31, 2**63, -(2**63) - 1, 10**20, 10**299, 10**301,
    10**400, 0.0, -0.0, 0.5, -0.5, 1e-9, 1e-300, 5e-324, 1e9, 1e18, 1e300, -1e300, 1.7976931348623157e308,
    float("nan"), float("inf"), float("-inf"), "", " ", "x", "\n", "\0", "\ud800", "\x1b[31mred", "\x1b]0;title\x07",
    "[bold]x[/bold]", "[/]", "a: b", "é" * 50, "x" * 20_000, "thread-pool:2", "sequential", "ok", "failed", "__class__",
    "../../etc/passwd", "{0.__class__}", "%s%n", [], [None], [0], [0.0], [[]], [1e300, -1e300], [[1, 2, 3]], {},
    {"": ""}, {"x": {"y": []}}, {"cores": 0}, {"gil": "yes"}, {"chunksize": "many"}, {"start_method": []},
)  # fmt: skip
"""Values that replace others."""
FACTS: tuple[tuple[str, str], ...] = (
    ("facts", "native_threads"), ("facts", "pickling_seconds"), ("facts", "function_seconds"),
    ("facts", "function_bytes"), ("facts", "function_holds"), ("facts", "item_bytes"), ("facts", "result_bytes"),
    ("facts", "other_algorithm"), ("facts", "other_algorithm_seconds"), ("facts", "task_bytes"),
    ("settings", "chunksize"), ("settings", "start_method"), ("settings", "workers"), ("interpreter", "cores"),
    ("interpreter", "quota"), ("interpreter", "gil"), ("environment", "memory"), ("environment", "timer_resolution"),
)  # fmt: skip
"""Keys that the format does not fix, and that something reads."""
PIECES = (b"[" * 100_000, b'{"a":' * 500 + b"1" + b"}" * 500, b"1e999", b"NaN", b"\xff", b"9" * 5_000, b'"')
"""Bytes that are inserted between two others."""


def seconds_of(label: str, number: int) -> float:
    """Seconds of a simulated execution."""
    return 0.1 * (1 + len(label) % 5) * (1 + number % 3 / 50)


def originals() -> list[str]:
    """Texts of real results files: measured, simulated, with tasks, without, with a summary of them."""
    runners = ["sequential", "threads", "thread-pool:2", "process-pool:2"]
    real = measure(Sleep(), runners=runners, rounds=3, seed=1).record
    computed = measure(Primes(limits=[3_000] * 8), runners=[*runners, "batched-threads:2"], rounds=1, seed=1).record
    simulated = measure(Primes(limits=[10, 20]), runners=runners, hosts=SimulatedHosts(seconds_of), seed=1).record
    many = replace(real, tables=[with_many_tasks(real), *map(with_failures, computed.tables)])
    return [to_json(record) for record in (real, computed, simulated, many, replace(real, interrupted=True))]


def with_failures(table: Table) -> Table:
    """The same table with some failed tasks."""
    samples = ([replace(sample, failed={"timed out": 1, "reset": 2}, retries=3) for sample in cell.samples]
               for cell in table.cells)  # fmt: skip
    return replace(table, cells=[replace(cell, samples=one) for cell, one in zip(table.cells, samples, strict=True)])


def with_many_tasks(record: RunRecord) -> Any:
    """The first table with so many tasks in every pass that only their summary is kept."""
    table, count = record.tables[0], 10_001
    tasks = Tasks([0.0001 * place for place in range(count)], [0.0001 * (place + 1) for place in range(count)],
                  [0.00005] * count, [0] * count)  # fmt: skip
    observed = ObservedPass(start=0.0, work=1.1, stop=0.0, cpu=1.0, began=[0.0], tasks=tasks)
    cells = [thinned(replace(cell, observed=observed), 1, warm=False) for cell in table.cells]
    for cell in cells:
        assert cell.observed is not None
        assert cell.observed.tasks is not None
        for values in (cell.observed.tasks.started, cell.observed.tasks.finished, cell.observed.tasks.cpu,
                       cell.observed.tasks.worker, cell.observed.tasks.index or []):  # fmt: skip
            del values[20:]
    return replace(table, cells=cells)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: its container, and its key or index there."""
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from places(inner)


def damaged_value(draw: random.Random, content: dict[str, Any]) -> None:
    """Make one change in the JSON value. The shorter the list that holds a place, the likelier the place."""
    everywhere = [(holder, key) for holder, key in places(content) if not isinstance(key, int) or key < 4]
    holder, key = draw.choice(everywhere)
    way = draw.randrange(9)
    if way <= 1:
        holder[key] = json.loads(json.dumps(draw.choice(NASTY)))
    elif way <= 3:
        alike = [one for one in NASTY if type(one) is type(holder[key])]
        holder[key] = json.loads(json.dumps(draw.choice(alike or NASTY)))
    elif way == 4:
        del holder[key]
    elif way == 5:
        other, there = draw.choice(everywhere)
        try:
            holder[key], other[there] = other[there], holder[key]
        except (KeyError, IndexError):
            return
    elif way == 6 and isinstance(holder, list):
        holder.insert(key, json.loads(json.dumps(holder[key])))
    elif way == 7 and isinstance(holder[key], (int, float)):
        holder[key] = draw.choice([-holder[key], holder[key] * 10 ** draw.randrange(12), type(holder[key])(0)])
    else:
        among, name = draw.choice(FACTS)
        holders = [one[there] for one, there in everywhere if there == among and isinstance(one[there], dict)]
        if holders:
            draw.choice(holders)[name] = draw.choice([*NASTY, 2, 0.001, 60_000])


def damaged_text(draw: random.Random, text: str) -> str:
    """Make one change in the bytes."""
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    at = draw.randrange(len(raw))
    match draw.randrange(6):
        case 0:
            del raw[at:]
        case 1:
            raw[at] ^= 1 << draw.randrange(8)
        case 2:
            raw[at:at] = draw.choice(PIECES)
        case 3:
            end = min(len(raw), at + draw.randrange(1, 200))
            raw[at:at] = raw[at:end]
        case 4:
            del raw[at : at + draw.randrange(1, 50)]
        case _:  # a digit for a digit: most likely to be accepted
            digits = [place for place in range(at, min(len(raw), at + 500)) if chr(raw[place]).isdigit()]
            for place in digits[:3]:
                raw[place] = ord(draw.choice("0123456789e-."))
    return raw.decode("utf-8", "replace")


def deep(draw: random.Random, content: dict[str, Any]) -> None:
    """Put a deeply nested value where the format leaves the content open."""
    value: Any = 1
    for _ in range(draw.choice([10, 50, 90, 200, 330, 500, 900])):
        value = [value] if draw.randrange(2) else {"deeper": value}
    content["environment"]["deep"] = value


def example(texts: list[str], seed: int, number: int) -> str:
    """The text of one hostile file; the same for the same arguments."""
    draw = random.Random(f"{seed}-{number}")
    text = draw.choice(texts)
    if draw.randrange(5) == 0:
        return damaged_text(draw, text)
    content = json.loads(text)
    for _ in range(draw.choice([1, 1, 1, 2, 3, 8])):
        damaged_value(draw, content)
    if draw.randrange(40) == 0 and isinstance(content.get("environment"), dict):
        deep(draw, content)
    try:
        text = json.dumps(content)
    except (RecursionError, ValueError):  # it would not have been a text
        return text
    return damaged_text(draw, text) if draw.randrange(10) == 0 else text


FORMATS: tuple[Callable[[RunRecord], str], ...] = (
    lambda record: str(Run(record)),
    lambda record: plain(Run(record).document(why=True, environment=True)),
    lambda record: plain(Run(record).document(why=True), width=200),
    lambda record: Run(record).to("markdown", why=True),
    lambda record: Run(record).to("csv"),
    lambda record: Run(record).to("csv-samples"),
    lambda record: trace(Run(record).analyses),
    lambda record: json.dumps([Run(record).rows(), Run(record).rows("samples")]),
    lambda record: Run(record).to("json"),
    lambda record: Run(record).to("pytest-benchmark"),
    lambda record: Run(record).to("hyperfine"),
    lambda record: "".join(format_of("pyperf").of_each(Run(record).document()).values()),
    lambda record: Run(record).to("bencher"),
    lambda record: Run(record).to("github-action-benchmark"),
    lambda record: summary(Run(record).document()),
)


def outcome(text: str) -> str:
    """The outcome of a file: refused or shown; anything else that is raised is left to the caller."""
    try:
        record = from_json(text)
    except BadResults as refused:
        if not str(refused).startswith("the results "):
            raise AssertionError("refused without a sentence that says of what") from None
        return "refused"
    for form in FORMATS:
        shown = form(record)
        if not all(character.isprintable() or character == "\n" for character in shown):
            raise AssertionError("what is shown has characters that are not printable")
    again = from_json(to_json(record))
    if again != record:
        raise AssertionError("what is saved is not what was loaded")
    return "shown"


class TooLong(BaseException):
    """Raised after more than five seconds."""


def interrupt(*_: object) -> None:
    raise TooLong
