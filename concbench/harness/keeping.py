"""What the function keeps in its process from one execution to the next, and what follows for the table.

State (a cache, a model that is loaded at first use) makes later executions shorter in a process that is kept, and not
in worker processes, which are new each time. An object that is bound to an event loop fails under asyncio from the
second execution on, though a program that runs one loop would work. In both cases every execution gets a new process:
what the function keeps is then cold under all runners.
"""

from __future__ import annotations

import re

from concbench.errors import ConcbenchError
from concbench.harness.bench import Bench
from concbench.harness.events import Phase
from concbench.harness.hosts import CellEnded
from concbench.harness.live_cell import LiveCell
from concbench.harness.plan import BASELINE
from concbench.harness.rounds import Sampler
from concbench.results.records import Kept, Outcome
from concbench.units import seconds

TIMES, LEAST = 1.5, 0.005
"""A first execution shows state that takes so many times a later one, and so many seconds more."""
LOOKED = 2
"""Executions in another new process, by which it is made sure."""
_SEVERAL_LOOPS = "each of its workers has an event loop, and the function keeps an object that works in one only"
_LATER = 3
"""Later executions of one process, of which one fails if an object works in one event loop only."""


class BeginAgain(ConcbenchError):  # noqa: N818 - reads as what is to be done
    """Everything is to be measured in new processes, because of what the function keeps."""


class Keeping:
    """Finds out what the function keeps, unless somebody has said how it is to be measured."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.decides = bench.hosts.renews and not bench.plan.options["warm"]
        """Whether it is still to be found out; a run that is resumed goes on as it began."""

    def look(self, sample: Sampler) -> None:
        """Before the first round: sample `sequential` for it, and compare that with its first executions.

        Raises:
            BeginAgain: it keeps state, and nobody has said that processes are to be kept.
        """
        bench = self._bench
        alike = [cell for cell in bench.alive if cell.planned.name == BASELINE]
        cell = next((cell for cell in alike if not cell.record.interpreter.get("jit")), None)  # else it only warms up
        if cell is None or not self.decides or bench.fresh or bench.kept.kind:
            return
        sample(cell, 0, 0)
        if not cell.record.samples:  # it has failed
            return
        first, later = [run.seconds for run in cell.first_runs], [cell.record.samples[-1].seconds]
        shows = all(_shows_state(one, later[0]) for one in first)
        if shows and (another := self._in_another(cell)):
            first, later = [*first, another[0]], [another[1]]
            shows = _shows_state(*another)
        elif shows:
            bench.kept = Kept("", first, later)
            return
        bench.kept = Kept("state" if shows else "nothing", first, later)
        if bench.fresh:
            raise BeginAgain

    def reconsider(self, cell: LiveCell, phase: Phase, outcome: Outcome) -> None:
        """A cell has failed: perhaps for what works in one event loop only, as its second execution has another.

        Raises:
            BeginAgain: so it is, and nobody has said that processes are to be kept.
        """
        bench = self._bench
        if not self.decides or bench.fresh or not cell.awaits or outcome.kind != "failed":
            return
        hangs = outcome.cause == "timeout" and phase in {Phase.ROUND, Phase.OBSERVE}
        if phase not in {Phase.CHECK, Phase.ROUND, Phase.OBSERVE} or (outcome.cause and not hangs):
            return
        if self._fails_later(cell):
            bench.kept = Kept("loop", bench.kept.first, bench.kept.later, outcome.reason)
            if bench.fresh:
                raise BeginAgain

    def begin_again(self) -> None:
        """Forget what was sampled; end the cells whose workers have several event loops where one is all that works."""
        for cell in self._bench.cells:
            cell.begin_again()
            several = cell.record.workers > 1 and cell.planned.traits.shares_state and not cell.awaits
            if self._bench.kept.kind == "loop" and several:
                cell.end(Outcome("inapplicable", _SEVERAL_LOOPS))

    def _in_another(self, cell: LiveCell) -> tuple[float, float] | None:
        """Seconds of a first and a later execution in another new process; None where that cannot be found out."""
        bench = self._bench
        asked = bench.plan.options["fresh"] is not None
        rounds = 0 if asked else bench.plan.fewest_rounds  # they are taken anew if it shows state
        if not bench.affords(LOOKED + rounds * len(bench.alive) * bench.repeats):
            return None
        if not bench.fits(bench.starting + LOOKED * cell.first_runs[-1].seconds):
            return None
        try:
            with bench.host(cell) as host:
                host.prepare()
                bench.allow_passes(host)
                bench.calls.count(LOOKED)
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
                for _ in range(1 + _LATER):
                    if not bench.affords(1):
                        return False
                    bench.calls.count()
                    host.sample()
                    succeeded = True
        except CellEnded:
            return succeeded
        return False


def _shows_state(first: float, later: float) -> bool:
    return first > TIMES * later and first - later > LEAST


def _briefly(reason: str) -> str:
    """Without what is in angle brackets, but for the first word: tasks and addresses tell a user nothing."""
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


def sentence(name: str, kept: Kept, *, fresh: bool) -> str:
    """What was found out of a function, and how it is measured because of that; empty if there is nothing to say."""
    if kept.kind == "state":
        found = (
            f"{name} keeps state in its process: the first execution took {seconds(kept.first[-1])} under sequential, "
            f"a later one {seconds(kept.later[-1])}"
        )
        mixed = "workers that are processes pay for the first one each time, and others do not"
    elif kept.kind == "loop":
        found = f"State that {name} keeps works only in the event loop of its first execution ({_briefly(kept.reason)})"
        mixed = "asyncio, which has a new loop for each execution, fails"
    elif kept.first and not kept.kind and not fresh:
        return (
            f"{name} may keep state in its process: the first execution took {seconds(kept.first[-1])} under "
            f"sequential, a later one {seconds(kept.later[-1])}. There were no calls or no time left to confirm this: "
            "--fresh measures every execution in a new process."
        )
    else:
        return ""
    if fresh:
        return f"{found}. So every execution is in a new process (--no-fresh keeps one for each runner)."
    return f"{found}. Processes are kept anyway (--no-fresh): {mixed}."
