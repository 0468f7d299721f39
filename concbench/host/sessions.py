"""Sessions: a runner and the context of a workload, entered and left explicitly, with each part timed separately."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import count
from typing import Any

from concbench.host.resources import cpu_seconds
from concbench.observing import perf_counter
from concbench.runners.base import Runner
from concbench.workloads.base import Workload

_SESSION_NUMBERS = count(int.from_bytes(os.urandom(6), "big"))
"""Numbers of sessions, unique across processes, since workers of a cluster outlive the process that they serve."""


@dataclass(frozen=True)
class Phase:
    """One timed part of an execution."""

    seconds: float = 0.0
    cpu: float | None = 0.0


class Session:
    """A runner within the workload's context, for as long as its workers are kept."""

    awaits = False

    def __init__(self, runner: Runner, workload: Workload, workers: int) -> None:
        self._runner = runner
        self._context: Any = self._context_of(workload, workers)
        self._initializer = workload.initializer
        self._number = next(_SESSION_NUMBERS)

    def _context_of(self, workload: Workload, workers: int) -> Any:
        return workload.context(workers)

    def enter(self) -> Phase:
        """Enter the context, then the runner; only the runner is timed."""
        self._context.__enter__()
        return time_call(self._runner.__enter__)[0]

    def leave(self) -> Phase:
        """Leave the runner, timed, then the context."""
        try:
            return time_call(self._runner.__exit__, None, None, None)[0]
        finally:
            self._context.__exit__(None, None, None)

    def with_initializer(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return the function; if there is an initializer, it is called before the first call in each worker."""
        if self._initializer is None:
            return function
        from concbench.workloads.function.adapters import CoroutineWithInitializer, WithInitializer

        return (CoroutineWithInitializer if self.awaits else WithInitializer)(function, self._initializer, self._number)


def take_initializer_times() -> tuple[float, float]:
    """Seconds and CPU seconds that initializers have taken in this process since the last call."""
    adapters = sys.modules.get("concbench.workloads.function.adapters")  # None: there was no initializer
    if adapters is None or not adapters.initializing:
        return 0.0, 0.0
    times, adapters.initializing = adapters.initializing, []  # type: ignore[attr-defined]
    return sum(seconds for seconds, _ in times), sum(cpu for _, cpu in times)


class LoopSession(Session):
    """A session whose context is entered and left in the runner's event loop, untimed."""

    awaits = True

    def _context_of(self, workload: Workload, workers: int) -> Any:
        return workload.coroutine_context(workers)

    def enter(self) -> Phase:
        """Enter the runner, timed, then the context."""
        start = time_call(self._runner.__enter__)[0]
        self._runner.run(enter, [self._context])
        return start

    def leave(self) -> Phase:
        """Leave the context, then the runner, timed."""
        try:
            self._runner.run(leave, [self._context])
        finally:
            stop = time_call(self._runner.__exit__, None, None, None)[0]
        return stop


def time_call(action: Callable[..., Any], *arguments: Any) -> tuple[Phase, Any]:
    """Call the action; return its times and its result."""
    cpu = cpu_seconds()
    began = perf_counter()
    result = action(*arguments)
    seconds = perf_counter() - began
    after = cpu_seconds()
    return Phase(seconds, None if cpu is None or after is None else after - cpu), result


async def idle(item: object) -> None:
    """A task that does nothing."""
    del item


async def enter(context: AbstractAsyncContextManager[Any]) -> None:
    """A task that enters a context."""
    await context.__aenter__()


async def leave(context: AbstractAsyncContextManager[Any]) -> None:
    """A task that leaves a context."""
    await context.__aexit__(None, None, None)
