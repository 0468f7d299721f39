"""State that the function keeps in its process from one execution to the next, and its effect on the table.

State such as a cache, or a model that is loaded at first use, makes later executions shorter in a process that is
reused, but not in worker processes, which are new each time. An object bound to an event loop fails under asyncio from
the second execution on, although a program that runs one loop would work. In both cases every execution gets a new
process: the state is then cold under all runners.
"""

from __future__ import annotations

import re

from concbench.errors import ConcbenchError
from concbench.harness.bench import Bench
from concbench.harness.events import Phase
from concbench.harness.hosts.base import CellEnded
from concbench.harness.live_cell import LiveCell
from concbench.harness.planning.plan import BASELINE
from concbench.harness.rounds import Sampler
from concbench.results.records import KeptState, Outcome
from concbench.units import seconds

FIRST_USE_RATIO, FIRST_USE_SECONDS = 1.5, 0.005
"""Ratio and difference in seconds by which a first execution must exceed a later one to indicate kept state."""
CONFIRMING_EXECUTIONS = 2
"""Executions in another new process that confirm it."""
_SEVERAL_LOOPS = "each of its workers has an event loop, and the function keeps an object that works in only one"
_LATER_EXECUTIONS = 3
"""Later executions in one process; one of them fails if an object works in one event loop only."""


class BeginAgain(ConcbenchError):  # noqa: N818 - reads as an instruction
    """The measurement must begin again in new processes, because of state that the function keeps."""


class StateDetector:
    """Detects state that the function keeps, unless an option says how it is to be measured."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.is_active = bench.hosts.starts_processes and not bench.plan.options["warm"]
        """Whether detection is on; a resumed run continues as it began."""

    def detect(self, sample: Sampler) -> None:
        """Take the first sample of `sequential` before the first round, and compare it with its first executions.

        Raises:
            BeginAgain: the function keeps state, and processes were not asked to be kept.
        """
        bench = self._bench
        sequential_cells = [cell for cell in bench.alive if cell.planned.name == BASELINE]
        # a JIT compiler warms up as well
        cell = next((cell for cell in sequential_cells if not cell.record.interpreter.get("jit")), None)
        if cell is None or not self.is_active or bench.fresh or bench.kept.kind:
            return
        sample(cell, 0, 0)
        if not cell.record.samples:  # it has failed
            return
        first, later = [run.seconds for run in cell.first_runs], [cell.record.samples[-1].seconds]
        shows = all(_shows_state(one, later[0]) for one in first)
        if shows and (another := self._confirming_seconds(cell)):
            first, later = [*first, another[0]], [another[1]]
            shows = _shows_state(*another)
        elif shows:
            bench.kept = KeptState("", first, later)
            return
        bench.kept = KeptState("state" if shows else "nothing", first, later)
        if bench.fresh:
            raise BeginAgain

    def reconsider(self, cell: LiveCell, phase: Phase, outcome: Outcome) -> None:
        """Check whether a cell failed because an object works in one event loop only: later executions have others.

        Raises:
            BeginAgain: that is the cause, and processes were not asked to be kept.
        """
        bench = self._bench
        if not self.is_active or bench.fresh or not cell.awaits or outcome.kind != "failed":
            return
        hangs = outcome.cause == "timeout" and phase in {Phase.ROUND, Phase.OBSERVE}
        if phase not in {Phase.CHECK, Phase.ROUND, Phase.OBSERVE} or (outcome.cause and not hangs):
            return
        if self._fails_later(cell):
            bench.kept = KeptState("loop", bench.kept.first, bench.kept.later, outcome.reason)
            if bench.fresh:
                raise BeginAgain

    def begin_again(self) -> None:
        """Discard all samples; end the cells whose workers have several event loops if only one loop works."""
        for cell in self._bench.cells:
            cell.begin_again()
            several = cell.record.workers > 1 and cell.planned.traits.shares_state and not cell.awaits
            if self._bench.kept.kind == "loop" and several:
                cell.end(Outcome("inapplicable", _SEVERAL_LOOPS))

    def _confirming_seconds(self, cell: LiveCell) -> tuple[float, float] | None:
        """Seconds of a first and a later execution in another new process; None where they cannot be measured."""
        bench = self._bench
        is_chosen = bench.plan.options["fresh"] is not None
        rounds = 0 if is_chosen else bench.plan.fewest_rounds  # if it keeps state, all rounds are taken again
        if not bench.affords(CONFIRMING_EXECUTIONS + rounds * len(bench.alive) * bench.repeats):
            return None
        if not bench.fits(bench.starting + CONFIRMING_EXECUTIONS * cell.first_runs[-1].seconds):
            return None
        try:
            with bench.host(cell) as host:
                host.prepare()
                bench.allow_passes(host)
                bench.calls.count(CONFIRMING_EXECUTIONS)
                return host.sample().seconds, host.sample().seconds
        except CellEnded:
            return None

    def _fails_later(self, cell: LiveCell) -> bool:
        """Whether the first execution in another new process succeeds, and a later one fails."""
        bench = self._bench
        succeeded = False
        try:
            with bench.host(cell) as host:
                host.prepare()
                bench.allow_passes(host)
                for _ in range(1 + _LATER_EXECUTIONS):
                    if not bench.affords(1):
                        return False
                    bench.calls.count()
                    host.sample()
                    succeeded = True
        except CellEnded:
            return succeeded
        return False


def _shows_state(first: float, later: float) -> bool:
    return first > FIRST_USE_RATIO * later and first - later > FIRST_USE_SECONDS


def _briefly(reason: str) -> str:
    """Shorten text in angle brackets to its first word: representations of tasks and addresses do not help a user."""
    parts, depth = list[str](), 0
    for part in re.split("([<>])", reason):
        depth += (part == "<") - (part == ">")
        if depth == 0:
            parts.append(" ...>" if part == ">" else part)
        elif depth == 1 and part == "<":
            parts.append(part)
        elif depth == 1 and parts[-1] == "<":
            parts.append(part.partition(" ")[0])
    return "".join(parts) if depth == 0 else reason


def state_sentence(name: str, kept: KeptState, *, fresh: bool) -> str:
    """Describe the state that a function keeps and its effect on the measurement; empty if there is none."""
    if kept.kind == "state":
        finding = (
            f"{name} keeps state in its process: the first execution took {seconds(kept.first[-1])} under sequential, "
            f"a later one {seconds(kept.later[-1])}"
        )
        consequence = "worker processes pay for the first one each time, and other workers do not"
    elif kept.kind == "loop":
        reason = _briefly(kept.reason)
        finding = f"State that {name} keeps works only in the event loop of its first execution ({reason})"
        consequence = "asyncio, which has a new loop for each execution, fails"
    elif kept.first and not kept.kind and not fresh:
        return (
            f"{name} may keep state in its process: the first execution took {seconds(kept.first[-1])} under "
            f"sequential, a later one {seconds(kept.later[-1])}. There were no calls or no time left to confirm this: "
            "--fresh measures every execution in a new process."
        )
    else:
        return ""
    if fresh:
        return f"{finding}. So every execution is in a new process (--no-fresh keeps one for each runner)."
    return f"{finding}. Processes are kept anyway (--no-fresh): {consequence}."
