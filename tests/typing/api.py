"""The types of the public interface, as a user writes it. Not executed: checked by mypy, as a tested feature.

What is wrong must be an error: a comment that ignores an error which is none is an error itself.
"""

from pathlib import Path
from typing import Literal, assert_type

from concbench import (
    Advice,
    AdviseOptions,
    Asyncio,
    Download,
    MeasureOptions,
    Primes,
    ProcessPool,
    Run,
    Sequential,
    Tally,
    ThreadPool,
    advise,
    load,
    measure,
)
from concbench.advice.recommendation import Recommendation
from concbench.campaign import ListenerEvent
from concbench.harness.events import CallsPlanned, Phase, Step
from concbench.results.records import Outcome, Sample, Table


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


def follow(event: ListenerEvent) -> None:
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


def same(expected: object, actual: object) -> bool:
    return expected == actual


measure(length, items=["a"], check=same, coroutine=length_later, context="app:session", star=False, tolerate=True)
measure(length, items=["a"], baseline="threads", max_rounds=9, budget=5, precision=0.1, warm=True, max_workers=None)
advise(length, items=["a"], budget=5, max_rounds=9, observe=False, seed=1, timeout=2.5, memory_limit=10**9, max_calls=9)
measure(length, items=["a"], max_round=9)  # type: ignore[call-arg]
measure(length, items=["a"], budget="5 s")  # type: ignore[arg-type]
measure(length, items=["a"], check=length)  # type: ignore[arg-type]
measure(length, items=["a"], arguments=False)  # type: ignore[call-arg]
advise(length, items=["a"], rounds=5)  # type: ignore[call-arg]
advise(length, items=["a"], precision=0.1)  # type: ignore[call-arg]
advise(length, items=["a"], baseline="threads")  # type: ignore[call-arg]
advise(length, items=["a"], runners=["threads"])  # type: ignore[call-arg]
advise(length, items=["a"], resume=run)  # type: ignore[call-arg]

careful: MeasureOptions = {"rounds": 9, "timeout": 60.0, "compare": False}
measure(length, items=["a"], **careful)
quick: AdviseOptions = {"budget": 5.0, "max_calls": 100}
advise(length, items=["a"], **quick)
wrong: AdviseOptions = {"rounds": 5}  # type: ignore[typeddict-unknown-key]

assert_type(run.tables[0].cells[0].outcome.kind, Literal["ok", "inapplicable", "failed"])
print(run.tables[0].cells[0].outcome.kind == "broken")  # type: ignore[comparison-overlap]
print(run.tables[0].stopped == "finished")  # type: ignore[comparison-overlap]
Outcome("broken")  # type: ignore[arg-type]


class Counted(Primes):
    def tally(self, results: list[int]) -> Tally:
        return Tally(failed={"odd": sum(result % 2 for result in results)}, retries=0)


assert_type(Counted().tally([1]).failed, dict[str, int])
