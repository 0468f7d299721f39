"""The types of the public interface, as a user writes it. Not executed: checked by mypy, as a tested feature."""

from pathlib import Path
from typing import assert_type

from concbench import (
    Advice,
    Asyncio,
    Download,
    Primes,
    ProcessPool,
    Run,
    Sequential,
    ThreadPool,
    advise,
    load,
    measure,
)
from concbench.advice.recommendation import Recommendation
from concbench.api import Told
from concbench.harness.events import CallsPlanned, Phase, Step
from concbench.results.records import Sample, Table


def length(text: str) -> int:
    return len(text)


async def length_later(text: str) -> int:
    return len(text)


with ThreadPool(workers=4) as pool:
    assert_type(pool, ThreadPool)
    pool.run(length, ["a", "bc"])
with Asyncio() as loop:
    loop.run(length_later, ["a", "bc"])

run = measure(
    "download",
    Primes(limits=[10]),
    Download(images=3, latency=0.01),
    runners=["sequential", Sequential(), ProcessPool(workers=2, start_method="spawn")],
    rounds=3,
)
assert_type(run, Run)


def follow(event: Told) -> None:
    if isinstance(event, CallsPlanned):
        assert_type(event.calls, int)
    elif isinstance(event, Step):
        assert_type(event.phase, Phase)


measure(length, items=["a", "bc"], listen=follow)
assert_type(run.tables, list[Table])
assert_type(run.tables[0].cells[0].samples, list[Sample])
assert_type(run.tables[0].cells[0].samples[0].seconds, float)
run.save(Path("run.json"))
assert_type(measure(length, items=["a", "bc"], runners=["sequential"], rounds=1), Run)
advice = advise(length, items=["a", "bc"], budget=1.0)
assert_type(advice, Advice)
assert_type(advice.recommendation, Recommendation | None)
assert_type(load("run.json"), Run)
