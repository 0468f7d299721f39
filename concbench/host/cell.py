"""One workload under one runner, ready to be executed any number of times."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concbench.equality import same
from concbench.errors import Inapplicable, WorkerDied, WorkerFailure
from concbench.host.comparison import is_comparable
from concbench.host.resources import counters
from concbench.host.sessions import LoopSession, Phase, Session, idle, take_initializer_times, time_call
from concbench.observing import (
    MEET_SECONDS,
    CoroutineObserver,
    CoroutineRecorder,
    NumberedItem,
    Observation,
    Observer,
    Passes,
    PassesOfCoroutine,
    Recorder,
    create_record,
    items_in_progress,
    meet,
    perf_counter,
)
from concbench.results.passes import Sample
from concbench.runners.base import Runner, require_python, workers_for
from concbench.runners.sequential import Sequential
from concbench.task import attempt, exception_text, short, with_note, with_task_note
from concbench.traits import CALLER, ELSEWHERE, traits_of
from concbench.workloads.base import Workload

MOST_LABELS, LABEL = 10_000, 40
"""Most items stored as text, and the length of each in characters."""
_BATCH, _BATCHES = 200, 5
"""Tasks in a batch, and batches, that measure the cost of observing."""
_COLLECTION_INTERVAL = 10
"""A full collection of garbage may follow another after this many times its length."""


@dataclass(frozen=True)
class Timing:
    """The times and results of one execution."""

    start: Phase
    work: Phase
    stop: Phase
    origin: float
    """perf_counter() at the beginning of the work, minus the seconds of the start."""
    results: list[Any]
    collected: list[Any]
    """The values to compare; empty if they were not collected."""
    initializers: tuple[float, float]
    """Seconds and CPU seconds of the initializers that were called in this process."""

    def figures(self) -> dict[str, Any]:
        """Return the seconds with the names that records use."""
        phases = (self.start, self.work, self.stop)
        cpu = None if any(phase.cpu is None for phase in phases) else sum(phase.cpu or 0.0 for phase in phases)
        return {"start": self.start.seconds, "work": self.work.seconds, "stop": self.stop.seconds, "cpu": cpu}


class HostedCell:
    """A cell within its host. The runner gets the workload's own function, so that timed code is not modified."""

    def __init__(
        self, workload: Workload, runner: Runner, *, warm: bool = False, directory: Path | None = None
    ) -> None:
        """Load the function and its items.

        Args:
            workload: the workload, already running.
            runner: the runner.
            warm: keep workers and connections between executions, and time only the work.
            directory: the directory for temporary files, removed by another process if this one is killed.

        Raises:
            Inapplicable: the runner awaits coroutines and the workload has none, or this Python lacks the runner.
        """
        require_python(runner)
        self.workload = workload
        self.runner = runner
        self.traits = traits_of(runner)
        self.workers = workers_for(runner, workload.tasks)
        self._require_allowed_workers()
        self.awaits = bool(getattr(runner, "awaits", False))
        self._warm = warm
        self._directory = directory
        self._warm_session: Session | None = None
        self._last_collection = 0.0, 0.0
        """When the last full collection of garbage ended, and how many seconds it took."""
        self.function: Callable[[Any], Any]
        if self.awaits:
            coroutine = workload.coroutine
            if coroutine is None:
                raise Inapplicable(f"{workload.name} has no coroutine to await")
            self.function = coroutine
        else:
            self._require_few_clients()
            self.function = workload.function
        self.items = workload.items  # after the function: items may be objects of its module

    def provide(self) -> dict[str, float]:
        """Have the runner prepare workers that must exist before the work; return the seconds as `provided`, if any."""
        if not hasattr(self.runner, "provide"):
            return {}
        return {"provided": time_call(self.runner.provide, self.function, self._directory)[0].seconds}

    def sample(self, *, collect: bool = False, record: str | None = None) -> Timing:
        """Time one execution; `collect` the values to compare, and `record` the items in progress in a file."""
        if record is None or self.traits.where == ELSEWHERE or not 0 < len(self.items) <= MOST_LABELS:
            return self._execute(self.function, collect=collect)
        create_record(record, len(self.items))
        function = (CoroutineRecorder if self.awaits else Recorder)(self.function, record)
        return self._execute(function, collect=collect, record=record)

    def sample_of(self, timing: Timing) -> Sample:
        """Return the record of an execution."""
        tally = self.workload.tally(timing.results)
        seconds, cpu = timing.initializers
        return Sample(
            **timing.figures(),
            failed=tally.failed,
            retries=tally.retries,
            failed_items=tally.items,
            initializer=seconds,
            initializer_cpu=cpu,
        )

    def items_as_text(self) -> list[str]:
        """Return the first items, each as a short text."""
        return [_shorten(short(item, 10 * LABEL)) for item in self.items[:MOST_LABELS]]

    def observe(self, *, collect: bool = False) -> tuple[dict[str, Any], float, list[Any]]:
        """Make an observed pass: execute the cell once with every task recorded.

        Returns:
            Figures named as in `results.records.ObservedPass`, perf_counter() at its beginning, and the values to
            compare, if they were collected.
        """
        recorder = CoroutineObserver if self.awaits else Observer
        before = counters()
        self._last_collection = 0.0, 0.0  # its memory is not to hold garbage of executions before it
        timing = self._execute(recorder(self.function), collect=collect)
        counter_changes = {name: count - before[name] for name, count in counters().items()}
        observations: list[Observation] = timing.results
        workers: dict[tuple[int, int], float] = {}
        for task in sorted(observations, key=lambda task: task.started):
            workers.setdefault(task.worker, task.started - timing.origin)
        initializers = [task.initializer for task in observations if task.initializer is not None]
        worker_indexes = {worker: index for index, worker in enumerate(workers)}
        figures = {
            **timing.figures(),
            **counter_changes,
            "observing": observing_cost(sends=self.traits.pickles is True),
            "figures": dict(getattr(self.runner, "figures", None) or {}),
            "initializer_calls": len(initializers),
            "initializer_seconds": sum(initializers),
            "began": [round(began, 7) for began in workers.values()],
            "tasks": {
                "started": [round(task.started - timing.origin, 7) for task in observations],
                "finished": [round(task.finished - timing.origin, 7) for task in observations],
                "cpu": [round(task.cpu, 7) for task in observations],
                "worker": [worker_indexes[task.worker] for task in observations],
                "failed": [index for index, task in enumerate(observations) if isinstance(task.result, BaseException)],
            },
        }
        return figures, timing.origin, timing.collected

    def reference(self, record: str | None = None) -> tuple[list[Any], Sample | None]:
        """Make a sequential pass, whose results every runner must reproduce.

        Args:
            record: a file for the items in progress, as for a sample; used only if the cell is sequential.

        Returns:
            The results, and the pass as a sample if the cell is sequential.
        """
        if isinstance(self.runner, Sequential):
            timing = self.sample(collect=True, record=record)
            return timing.collected, self.sample_of(timing)
        self._reset()
        runner: Runner = Sequential()
        if self.awaits:
            from concbench.runners.asyncio import Asyncio

            runner = Asyncio(workers=1)
        session = self._session(runner, workers=1)
        session.enter()
        try:
            return self._collect_successful(runner.run(session.with_initializer(self.function), self.items)), None
        finally:
            session.leave()

    def passes(self, most: int) -> list[list[Any]]:
        """Return the results of `most` sequential passes in one worker of this cell's runner, as its first task."""
        items = []
        for _ in range(most):
            self._reset()
            items.append(self.items)
        make_passes = (PassesOfCoroutine if self.awaits else Passes)(self.function)
        session, _ = self._enter_session()
        try:
            (passes,) = self.runner.run(session.with_initializer(make_passes), [items])
            return [self._collect_successful(results) for results in passes]
        finally:
            session.leave()
            self._warm_session = None

    def _collect_successful(self, results: list[Any]) -> list[Any]:
        """The values to compare of results; raises if tasks failed."""
        self.workload.require_success(results)
        return self.workload.collect(results)

    def changed_item(self) -> tuple[str, bool]:
        """Describe the first item that the last execution has changed, and say whether it certainly changed none.

        Items that cannot be compared count as unchanged if their pickles are equal; otherwise it is unknown.
        """
        used_items, certain = self.items, True
        self._reset()
        pairs: Iterable[tuple[Any, Any]] = ()
        if used_items is not self.items:
            pairs = zip(self.items, used_items, strict=True)
        for index, (before, after) in enumerate(pairs):
            equal = same(before, after)
            if equal is False and is_comparable(before) and is_comparable(after):
                return f"item {index} was {short(before)} and is {short(after)}", False
            certain = certain and (equal is True or _same_pickle(before, after))
        return "", certain

    def examine(self) -> None:
        """Check that the function and the items can be sent to the workers, and that the runner accepts them.

        It pickles them, so it must not be called in a process that takes samples.

        Raises:
            Inapplicable: something cannot be sent; the message says what to change.
        """
        if self.traits.pickles:
            if self.workload.unsendable:
                raise Inapplicable(self.workload.unsendable)
            self._require_sendable("the function", self.function)
            self._require_sendable("the initializer", self.workload.initializer)
            for index, item in enumerate(self.items):
                self._require_sendable(f"item {index}", item, show_value=True)
        if hasattr(self.runner, "examine"):
            self.runner.examine(self.function)

    def _require_sendable(self, name: str, value: Any, *, show_value: bool = False) -> None:
        """Pickle and unpickle a value, since not every pickle can be read back."""
        _, unsendable = attempt(lambda: pickle.loads(pickle.dumps(value)))
        if unsendable is not None:
            subject = f"{name}, {short(value)}," if show_value else name
            raise Inapplicable(
                f"{subject} cannot be sent to another process ({exception_text(unsendable)}); everything sent must be "
                "picklable, and functions must be defined at the top level of a module"
            ) from unsendable

    def close(self) -> None:
        """Stop the workers that were kept or provided."""
        try:
            if self._warm_session is not None:
                self._warm_session.leave()
                self._warm_session = None
        finally:
            if hasattr(self.runner, "release"):
                self.runner.release()

    def _execute(self, function: Callable[[Any], Any], *, collect: bool, record: str | None = None) -> Timing:
        session, start = self._enter_session()
        items = [NumberedItem(index, item) for index, item in enumerate(self.items)] if record else self.items
        try:
            function = session.with_initializer(function)
            take_initializer_times()
            began = perf_counter()
            work, results = time_call(self.runner.run, function, items)
            initializers = take_initializer_times()
            self.workload.require_success(_without_observations(results))
            collected = self.workload.collect(_without_observations(results)) if collect else []
        except BaseException as error:
            session.leave()
            self._warm_session = None
            if isinstance(error, WorkerDied) and not hasattr(error, "__notes__"):
                raise self._with_task(error, record) from error.__cause__
            raise
        stop = session.leave() if self._warm_session is None else Phase()
        return Timing(start, work, stop, began - start.seconds, results, collected, initializers)

    def _with_task(self, error: WorkerDied, record: str | None) -> BaseException:
        """The failure with a note on the task of the worker that died."""
        tasks = [index for index, pid in items_in_progress(record).items() if pid == error.process] if record else []
        if tasks:
            return with_task_note(error, tasks[0], self.items)
        return with_note(error, "raised by a task, item unknown")

    def _enter_session(self) -> tuple[Session, Phase]:
        """An entered runner: entered now or, if warm, before the first execution; and the timed start."""
        self._reset()
        session = self._warm_session or self._session(self.runner, self.workers)
        self._collect_garbage()
        if self._warm_session is not None:
            return session, Phase()
        start = session.enter()
        if not self._warm:
            return session, start
        self._warm_session = session
        if not self.awaits and not hasattr(self.runner, "provide"):  # provided workers have run something
            task = session.with_initializer(meet)
            _run_in_every_worker(self.runner, task, self.workers, self.function, self._directory)
        elif self.workload.initializer is not None:
            self.runner.run(session.with_initializer(idle if self.awaits else _return_item), [None] * self.workers)
        return session, Phase()

    def _collect_garbage(self) -> None:
        """Collect the garbage of the execution before, which is not this one's to collect.

        In a process with a large heap a full collection takes long. There it is made rarely, and garbage that has
        survived others waits for it.
        """
        ended, took = self._last_collection
        began = perf_counter()
        if began - ended < _COLLECTION_INTERVAL * took:
            gc.collect(1)
            return
        gc.collect()
        self._last_collection = perf_counter(), perf_counter() - began

    def _session(self, runner: Runner, workers: int) -> Session:
        return (LoopSession if self.awaits else Session)(runner, self.workload, workers)

    def _reset(self) -> None:
        self.workload.reset()
        self.items = self.workload.items

    def _require_allowed_workers(self) -> None:
        most = self.workload.most_workers
        if most is not None and self.workers > most:
            calls = f"{self.workers:,} calls at once"
            raise Inapplicable(f"it would make {calls}, but only {most} are allowed (--max-workers)")

    def _require_few_clients(self) -> None:
        """Check the limit on connections, which the shared client of threads and coroutines enforces by itself."""
        most = self.workload.most_at_once
        one_client = self.traits.where == CALLER or self.traits.interleaves
        if most is not None and not one_client and self.workers > most:
            raise Inapplicable(
                f"{self.workers} workers would open {self.workers} connections at once, but other people's servers "
                f"get at most {most}; use {most} workers"
            )


def observing_cost(*, sends: bool) -> float:
    """Seconds that recording adds to a task: the median of a few batches of tasks that do nothing.

    Args:
        sends: whether observations travel from another process, as a pickle.
    """
    costs = []
    for _ in range(_BATCHES):
        plain_seconds = time_call(lambda: [_return_item(item) for item in range(_BATCH)])[0].seconds
        observed, observations = time_call(lambda: [Observer(_return_item)(item) for item in range(_BATCH)])
        sending = 0.0
        if sends:
            pickled = time_call(lambda: [pickle.loads(pickle.dumps(each)) for each in observations])[0]  # noqa: B023
            sending = pickled.seconds
        costs.append((observed.seconds + sending - plain_seconds) / _BATCH)
    return max(0.0, sorted(costs)[_BATCHES // 2])


def _shorten(text: str) -> str:
    """Shorten a text to LABEL characters; the end is kept, since addresses differ there."""
    half = (LABEL - 3) // 2
    return text if len(text) <= LABEL else f"{text[:half]}...{text[-half:]}"


def _without_observations(results: list[Any]) -> list[Any]:
    """The results without the observations of an observed pass around them."""
    return [task.result for task in results] if results and isinstance(results[0], Observation) else results


def _return_item(item: Any) -> Any:
    return item


def _run_in_every_worker(
    runner: Runner, task: Callable[[Any], Any], workers: int, function: Callable[[Any], Any], directory: Path | None
) -> None:
    """Have every worker run something: pools start lazily, and a worker that was never used is not warm.

    The function is sent along so that its module is imported, but it is not called.

    Raises:
        WorkerFailure: some workers did not begin a task in time.
    """
    import tempfile  # imported here, since few processes need it, and it takes a tenth of their import time

    tasks = workers * (getattr(runner, "chunksize", 1) or 1)  # neighbouring tasks of a chunk run in one worker
    with tempfile.TemporaryDirectory(prefix="concbench-meet-", dir=directory) as meeting_place:
        began = runner.run(task, [(meeting_place, workers, function)] * tasks)
    if not all(began):
        raise WorkerFailure(f"not all of the {workers} workers began a task within {MEET_SECONDS:g} s")


def _same_pickle(one: Any, other: Any) -> bool:
    try:
        return pickle.dumps(one) == pickle.dumps(other)
    except Exception:  # noqa: BLE001 - without a pickle, equality is unknown
        return False
