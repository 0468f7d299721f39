"""Controls: work with a known answer, to see whether this machine and this harness can show it.

`sleep` only waits: threads and coroutines must overlap it, however few cores there are. `spin` only computes, in pure
Python that holds the GIL: processes must overlap it wherever there are two cores, and threads must not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from time import sleep as wait
from typing import Annotated, Any, ClassVar

from concbench.values import COUNT, DURATION, NATURAL, Declared
from concbench.workloads.base import Workload


def sleep(seconds: float) -> float:
    """Wait, and do nothing else."""
    wait(seconds)
    return seconds


async def sleep_later(seconds: float) -> float:
    """Wait in an event loop."""
    import asyncio

    await asyncio.sleep(seconds)
    return seconds


def spin(turns: int) -> int:
    """Turn a loop: pure Python that holds the GIL all along."""
    total = 0
    for turn in range(turns):
        total += turn & 3
    return total


class Sleep(Workload):
    """Control: tasks that wait and do nothing else."""

    name = "sleep"
    kind: ClassVar[str] = "io"

    def __init__(
        self,
        tasks: Annotated[int, Declared(COUNT, "how many tasks")] = 8,
        seconds: Annotated[float, Declared(DURATION, "time that each task waits")] = 0.025,
    ) -> None:
        """Create `tasks` tasks that wait for `seconds` seconds each."""
        self._items = [seconds] * tasks
        self.expected = self._items

    @property
    def function(self) -> Callable[[Any], Any]:
        """A function that calls time.sleep."""
        return sleep

    @property
    def coroutine(self) -> Callable[[Any], Awaitable[Any]]:
        """A coroutine function that awaits asyncio.sleep."""
        return sleep_later

    @property
    def items(self) -> Sequence[float]:
        """The seconds of each task."""
        return self._items

    def title(self) -> str:
        """Number of tasks, and how long each waits."""
        return f"{len(self._items)} tasks that wait {1000 * self._items[0]:g} ms each"

    def settings(self) -> dict[str, Any]:
        """Number of tasks, and how long each waits."""
        return {"tasks": len(self._items), "seconds": self._items[0]}


class Spin(Workload):
    """Control: tasks that compute in pure Python and hold the GIL all along."""

    name = "spin"
    kind: ClassVar[str] = "cpu"

    def __init__(
        self,
        tasks: Annotated[int, Declared(COUNT, "how many tasks")] = 4,
        turns: Annotated[int, Declared(NATURAL, "loop iterations in each task")] = 1_000_000,
    ) -> None:
        """Create `tasks` tasks of `turns` turns of a loop each."""
        self._items = [turns] * tasks
        self.expected = [6 * (turns // 4) + sum(range(turns % 4))] * tasks

    @property
    def function(self) -> Callable[[Any], Any]:
        """A function that runs a loop."""
        return spin

    @property
    def items(self) -> Sequence[int]:
        """The turns of each task."""
        return self._items

    def title(self) -> str:
        """Number of tasks, and turns of each."""
        return f"{len(self._items)} tasks of {self._items[0]:,} loop iterations"

    def settings(self) -> dict[str, Any]:
        """Number of tasks, and turns of each."""
        return {"tasks": len(self._items), "turns": self._items[0]}
