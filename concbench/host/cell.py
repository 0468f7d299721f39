"""One workload under one runner, ready to be executed as often as asked."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from concbench.errors import Inapplicable, ResultsDiffer
from concbench.host.usage import cpu_seconds
from concbench.runners.base import Runner, workers_for
from concbench.runners.sequential import Sequential
from concbench.task import Observation, Observed, ObservedCoroutine, short
from concbench.workloads.base import Workload

MOST_TASKS_KEPT = 10_000
"""An observed pass of more tasks than this keeps what is known of the workers, and no list of tasks."""


@dataclass
class Timing:
    """One execution: when its parts began, and what came out."""

    entered: float
    """perf_counter() before the runner was entered."""
    start: float
    work: float
    stop: float
    cpu: float | None
    results: list[Any]
    collected: list[Any]

    def figures(self) -> dict[str, float | None]:
        """Seconds, as a results file has them."""
        return {"start": self.start, "work": self.work, "stop": self.stop, "cpu": self.cpu}


class HostedCell:
    """A cell as its host holds it. The runner gets the workload's own function: what is timed is untouched."""

    def __init__(self, workload: Workload, runner: Runner) -> None:
        """Find the function, which imports what it needs.

        Raises:
            Inapplicable: the runner awaits coroutines and the workload has none.
        """
        self.workload = workload
        self.runner = runner
        self.items = workload.items
        self.workers = workers_for(runner, len(self.items))
        self.awaits = bool(getattr(runner, "awaits", False))
        self.function: Callable[[Any], Any]
        if self.awaits:
            coroutine = workload.coroutine
            if coroutine is None:
                raise Inapplicable(f"{workload.name} computes and never waits: it has no coroutine to await")
            self.function = coroutine
        else:
            self._require_few_processes()
            self.function = workload.function

    def sample(self) -> Timing:
        """Execute the cell once, timed."""
        return self._execute(self.function)

    def observe(self) -> dict[str, Any]:
        """Execute the cell once with every task recorded; the figures are as `results.records.Observed` has them."""
        recorder = ObservedCoroutine if self.awaits else Observed
        timing = self._execute(recorder(self.function))
        seen: list[Observation] = timing.results
        workers: dict[tuple[int, int], float] = {}
        for task in sorted(seen, key=lambda task: task.started):
            workers.setdefault(task.worker, task.started - timing.entered)
        places = {worker: place for place, worker in enumerate(workers)}
        tasks = None
        if len(seen) <= MOST_TASKS_KEPT:
            tasks = {
                "started": [round(task.started - timing.entered, 6) for task in seen],
                "finished": [round(task.finished - timing.entered, 6) for task in seen],
                "cpu": [round(task.cpu, 6) for task in seen],
                "worker": [places[task.worker] for task in seen],
            }
        return {**timing.figures(), "began": [round(began, 6) for began in workers.values()], "tasks": tasks}

    def reference(self) -> list[Any]:
        """What the workload's ordinary function gives, one task after another: what every runner must agree with."""
        with self.workload.context(1):
            return self.workload.collect(Sequential().run(self.workload.function, self.items))

    def _require_few_processes(self) -> None:
        """Threads and coroutines share a client that keeps to the limit; each process has a client of its own."""
        most = self.workload.most_at_once
        if most is not None and hasattr(self.runner, "start_method") and self.workers > most:
            raise Inapplicable(
                f"{self.workers} processes would open {self.workers} connections at once, and other people's servers "
                f"get {most} at most; process-pool:{most} keeps to that"
            )

    def _execute(self, function: Callable[[Any], Any]) -> Timing:
        gc.collect()  # the garbage of the sample before is not this one's to sweep
        if self.awaits:
            return self._execute_in_loop(function)
        with self.workload.context(self.workers):
            cpu = cpu_seconds()
            entered = perf_counter()
            with self.runner as runner:
                begun = perf_counter()
                results = runner.run(function, self.items)
                done = perf_counter()
            left = perf_counter()
            cpu = _difference(cpu, cpu_seconds())
            collected = self._collect(results)
        return Timing(entered, begun - entered, done - begun, left - done, cpu, results, collected)

    def _execute_in_loop(self, function: Callable[[Any], Any]) -> Timing:
        """The same where the context belongs to the runner's event loop: entered and left in it, off the clock."""
        context = self.workload.coroutine_context(self.workers)
        clock = [_now()]
        with self.runner as runner:
            clock.append(_now())
            runner.run(_enter, [context])
            try:
                clock.append(_now())
                results = runner.run(function, self.items)
                clock.append(_now())
                collected = self._collect(results)
            finally:
                runner.run(_leave, [context])
            clock.append(_now())
        clock.append(_now())
        (start, start_cpu), (work, work_cpu), (stop, stop_cpu) = _phases(clock)
        cpu = None if start_cpu is None else start_cpu + work_cpu + stop_cpu
        return Timing(clock[2][0] - start, start, work, stop, cpu, results, collected)

    def _collect(self, results: list[Any]) -> list[Any]:
        if results and isinstance(results[0], Observation):
            return self.workload.collect([task.result for task in results])
        return self.workload.collect(results)


def require_equal(collected: list[Any], expected: Any) -> None:
    """Compare what came out with what must.

    Raises:
        ResultsDiffer: says how many differ, and how the first does.
    """
    if len(collected) != len(expected):
        raise ResultsDiffer(f"{len(collected):,} results instead of {len(expected):,}")
    wrong = [index for index, (seen, due) in enumerate(zip(collected, expected, strict=True)) if seen != due]
    if wrong:
        first = wrong[0]
        raise ResultsDiffer(
            f"{len(wrong):,} of {len(expected):,} results differ, first at item {first}: "
            f"expected {short(expected[first])}, got {short(collected[first])}"
        )


def _now() -> tuple[float, float | None]:
    return perf_counter(), cpu_seconds()


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _phases(clock: list[tuple[float, float | None]]) -> list[tuple[float, Any]]:
    """Wall and CPU seconds between the first and second reading, the third and fourth, and so on."""
    pairs = zip(clock[::2], clock[1::2], strict=True)
    return [(end - begin, _difference(begin_cpu, end_cpu)) for (begin, begin_cpu), (end, end_cpu) in pairs]


async def _enter(context: AbstractAsyncContextManager[Any]) -> None:
    await context.__aenter__()


async def _leave(context: AbstractAsyncContextManager[Any]) -> None:
    await context.__aexit__(None, None, None)
