"""The rounds of a measurement: the cells of each round, their order, and the executions in a sample."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf

from concbench.analysis.comparability import comparable_cells
from concbench.analysis.noise import noise_of
from concbench.analysis.pairs import baseline_of, sampled_comparisons
from concbench.analysis.thresholds import FAR_BEHIND, FIRST_RUN_COSTS
from concbench.harness import executions
from concbench.harness.bench import NO_TIME, Bench
from concbench.harness.live_cell import LiveCell
from concbench.harness.outdone import end_reconsidered, no_longer_outdone
from concbench.harness.planning.runner_specs import PlannedCell
from concbench.harness.repeats import repeats_for, shortest_sample
from concbench.harness.stop_rules import NextRound, Samples, Standings
from concbench.results.records import CellId, Outcome, Stopped, Table
from concbench.stats.intervals import FEWEST

Sampler = Callable[[LiveCell, int, int], None]
"""Takes the sample of a cell; called with the cell, the round, and the position in the round."""
Joiner = Callable[[PlannedCell], LiveCell]
"""Adds a cell and prepares it for sampling."""


class Rounds:
    """Takes rounds until the stop rule ends them."""

    def __init__(self, bench: Bench) -> None:
        self.done = 0
        """Whole rounds taken."""
        self.stopped: Stopped = ""
        """The reason for the end, as in results.records.Table."""
        self.load: list[float] = []
        """Cores used by other processes, by round."""
        self._bench = bench
        self._rule = bench.plan.stop_rule
        self._earlier_repeats: int | None = None

    def resume(self, earlier: Table) -> None:
        """Continue after the earlier rounds, with the same number of executions in a sample."""
        self.done, self.stopped, self.load = earlier.rounds, earlier.stopped, list(earlier.load)
        taken = [sample for cell in earlier.cells for sample in cell.samples]
        self._earlier_repeats = max((sample.repeats for sample in taken), default=1)
        self._bench.clock.put_forward(sum(sample.seconds * sample.repeats for sample in taken))

    def begin_again(self) -> None:
        """Forget all rounds; their time still counts against the budget."""
        self.done, self.stopped, self.load = 0, "", []

    def give_up_hopeless(self) -> None:
        """End the cells that were too slow in their first execution to win the race, even after first-run costs."""
        bench = self._bench
        seconds = bench.typical_seconds()
        least = min(seconds.values(), default=inf)
        for cell in bench.alive:
            own = seconds.get(cell.id, 0.0)
            if cell.id != bench.plan.baseline and own - FIRST_RUN_COSTS > self._rule.hopeless * least:
                times = f"{self._rule.hopeless:,.0f} times as long as the shortest"
                why = f"given up after its first execution, which took more than {times}"
                cell.record = replace(cell.record, warmup=cell.first_run)
                cell.end(Outcome("inapplicable", why))

    def give_up_unaffordable(self, first: Mapping[CellId, float], *, warm_up: bool) -> None:
        """End the slowest cells until the executions that the others need fit into the remaining time.

        For each variant and each place where tasks run, the fastest cell is ended after all others.

        Args:
            first: seconds of the first execution of each cell in its process.
            warm_up: whether the rounds are preceded by a warm-up, which is a first execution in another process.
        """
        bench = self._bench
        if bench.plan.limit is None or not first:
            return
        seconds = {cell.id: bench.later(cell, first[cell.id]) for cell in bench.alive if cell.id in first}
        behind = FAR_BEHIND[1] * min(seconds.values())
        warm_ups = FEWEST - 1 if bench.relaunches else 0
        enough = FEWEST + warm_up + warm_ups
        needed = {cell: one * (1 if one > behind else enough) for cell, one in seconds.items()}
        needed = {cell: one + warm_ups * bench.starting for cell, one in needed.items()}
        if warm_up:
            needed = {cell: total + first[cell] - seconds[cell] for cell, total in needed.items()}
        rivals = [cell for cell in bench.alive if cell.id in seconds and cell.id != bench.plan.baseline]
        rivals.sort(key=lambda one: -seconds[one.id])
        fastest = {(cell.record.variant, cell.record.traits.where): cell.id for cell in rivals}
        for cell in sorted(rivals, key=lambda one: one.id in fastest.values())[:-1]:
            if bench.fits(sum(needed.values())):
                return
            needed.pop(cell.id)
            cell.record = replace(cell.record, warmup=cell.record.warmup or cell.first_run)
            cell.end(Outcome("inapplicable", NO_TIME))

    def choose_repeats(self) -> None:
        """Choose the executions in a sample for all but slow cells; reject cells that are too short even so.

        In a single round, which proves nothing, every sample is one execution.
        """
        bench = self._bench
        if bench.plan.max_rounds == 1:
            return
        if self._earlier_repeats is not None:
            bench.repeats = self._earlier_repeats
            return
        self.give_up_hopeless()
        self.give_up_unaffordable({cell.id: cell.seconds[0] for cell in bench.alive}, warm_up=False)
        cells = bench.alive
        wanted, allowed = repeats_for([cell.seconds[0] for cell in cells]), self._repeats_allowed(len(cells))
        bench.repeats = min(wanted, allowed)
        shortest = shortest_sample()
        for cell in cells:
            if cell.seconds[0] * bench.repeats < shortest:
                cell.end(Outcome("inapplicable", _too_short(cell, bench.repeats, limited=allowed < wanted)))

    def _repeats_allowed(self, cells: int) -> int:
        """The most executions in a sample with which three rounds of so many cells fit into the allowed calls."""
        left = self._bench.calls.remaining()
        if left is None or not cells:
            return 10**9
        warm_ups = (FEWEST - 1) * cells if self._bench.relaunches else 0
        return max(1, (left - self._bench.observed_later - warm_ups) // (FEWEST * cells))

    def next_cells(self, join: Joiner) -> list[LiveCell]:
        """Return the cells of the next round; none once the measurement is over, with the reason in `stopped`."""
        decided = self._decided()
        self.stopped = decided.why_none
        alive = {cell.id: cell for cell in self._bench.alive}
        cells = [alive[cell] for cell in decided.cells]
        if cells and not self._bench.affords(self._executions(cells)):
            self.stopped = "calls"
            return []
        known = {cell.id for cell in self._bench.cells}
        joining = [planned for planned in decided.joining if planned.id not in known] if cells else []
        if cells or self.stopped == "verdicts":
            joining += no_longer_outdone(self._bench)
        for planned in joining:
            if self._affords_joining(cells):
                cells += [cell for cell in [join(planned)] if cell.alive]
        if cells:
            self.stopped = ""
        else:
            end_reconsidered(self._bench)
        return cells

    def _executions(self, cells: Sequence[LiveCell]) -> int:
        """Executions needed for a round of these cells."""
        warm_ups = sum(cell.sampled for cell in cells) if self._bench.relaunches else 0
        return sum(map(self._bench.repeats_of, cells)) + warm_ups

    def _affords_joining(self, others: Sequence[LiveCell]) -> bool:
        bench = self._bench
        least = min((cell.seconds[-1] for cell in bench.alive if cell.seconds), default=0.0)
        if not bench.fits(bench.starting * 2 + least * (FEWEST + 2)):
            return False
        unsendable, next_round = bool(bench.referee.unsendable), self._executions(others)
        joining = executions.to_join(next_round, bench.repeats, own_reference=unsendable, relaunches=bench.relaunches)
        return bench.affords(joining.total)

    def take(self, cells: Sequence[LiveCell], sample: Sampler) -> None:
        """Sample every cell once, in an order that is shuffled for every round and determined by the seed.

        A cell sampled for this round already, to find out whether the function keeps state, holds the first position.
        """
        order = [cell for cell in cells if all(taken.round != self.done for taken in cell.record.samples)]
        random.Random(f"{self._bench.plan.options['seed']} {self.done}").shuffle(order)
        watch = self._bench.hosts.load_watch()
        for position, cell in enumerate(order, len(cells) - len(order)):
            sample(cell, self.done, position)
        load = watch.cores() if watch else None
        if load is not None:
            self.load.append(round(load, 3))
        self.done += 1

    def _decided(self) -> NextRound:
        """The decision of the stop rule, with another chance for cells that have no comparable sample yet."""
        plan, cells = self._bench.plan, self._bench.cells
        if self.done >= plan.max_rounds:  # the rule counts comparable rounds only
            return NextRound([], "rounds")
        samples = self._samples()
        records = [cell.record for cell in cells]
        baseline = baseline_of(records, plan.baseline)
        made = sampled_comparisons(records, baseline)
        noise = noise_of(comparable_cells(records, self._bench.workload.tasks))
        begins = self._bench.clock.elapsed() + sum(cell.relaunch_seconds for cell in self._bench.alive)
        decided = self._rule.next_round(Standings(baseline, samples, made, begins, noise))
        left_out = self._left_out(samples)
        if baseline in left_out:
            return replace(decided, cells=[*samples, *left_out], why_none="")
        return replace(decided, cells=[*decided.cells, *left_out]) if baseline in decided.cells else decided

    def _left_out(self, samples: Samples) -> list[CellId]:
        """Cells without a comparable sample, since tasks failed, for as long as that may have been chance."""
        alive = self._bench.alive
        return [cell.id for cell in alive if cell.id not in samples and len(cell.record.samples) < FEWEST]

    def _samples(self) -> Samples:
        """The comparable samples of the live cells, without cells whose samples are all incomparable."""
        cells = [cell.record for cell in self._bench.alive]
        fair = zip(cells, comparable_cells(cells, self._bench.workload.tasks), strict=True)
        return {after.id: after.samples for before, after in fair if after.samples or not before.samples}


def _too_short(cell: LiveCell, repeats: int, *, limited: bool) -> str:
    in_a_row = f"too short to time even {repeats} times in a row" if repeats > 1 else "too short to time"
    if limited:
        in_a_row += ", and --max-calls allows no more"
    return f"one execution takes {1e6 * cell.seconds[0]:.0f} us, {in_a_row}: use more items or longer tasks"
