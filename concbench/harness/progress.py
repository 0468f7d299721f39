"""The progress of a measurement and its estimated remaining time, announced before every step."""

from __future__ import annotations

from collections.abc import Sequence

from concbench.harness import executions
from concbench.harness.bench import Bench
from concbench.harness.events import Listener, Phase, Step
from concbench.harness.live_cell import LiveCell


class Progress:
    """Counts the executions done, and estimates those that remain."""

    def __init__(self, bench: Bench, listen: Listener) -> None:
        self._bench = bench
        self._listen = listen
        self._done = 0

    def announce(self, cell: LiveCell, phase: Phase, number: int | None) -> None:
        """Announce the next step, in round `number` if it is part of a round."""
        remaining = {one.id: self._remaining(one) for one in self._bench.alive}
        total, seconds = self._done + sum(remaining.values()), None
        if all(one.seconds for one in self._bench.alive):
            seconds = sum(_typical(one.seconds) * remaining[one.id] for one in self._bench.alive)
        workload, shown = self._bench.workload.name, cell.record.shown_without_method
        self._listen(Step(workload, phase, str(cell.id), self._done, total, seconds, number, shown))

    def count(self, phase: Phase) -> None:
        """Count a finished step, whether it succeeded or failed."""
        self._done += phase.executes

    def _remaining(self, cell: LiveCell) -> int:
        bench = self._bench
        compares = bench.referee.compares
        return executions.remaining(bench.plan, cell, compares=compares, relaunches=bench.relaunches).total


def _typical(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]
