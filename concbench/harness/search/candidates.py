"""The candidates of a race: every registered runner proposes the numbers of workers that are worth trying."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from math import inf

import numpy as np

from concbench.analysis.thresholds import COMPUTES
from concbench.errors import Inapplicable
from concbench.harness.planning.runner_specs import PlannedCell, plan_cells
from concbench.harness.stop_rules import Samples
from concbench.machine import POOL_VARIABLES
from concbench.registry import runner_class, runner_names
from concbench.results.records import CellId, Sample
from concbench.runners.base import Runner, exists_in, workers_for
from concbench.runners.look import Look
from concbench.stats.verdicts import BAND
from concbench.traits import CALLER, INTERPRETERS, PROCESSES, THREADS, traits_of
from concbench.variants import DEFAULT_VARIANT, ONE_INNER_THREAD, Variant

Offer = Callable[[Look], Iterable[Runner]]
"""A hook that proposes runners for work with the given properties."""
_COMPUTING = {THREADS, INTERPRETERS, PROCESSES}
"""Kinds of workers in which native libraries may start threads of their own."""
_ON_THREADS = 1.05
"""Busy cores above which work certainly computes on more than one thread."""
_MOST_CELLS = 1_000
"""Most cells visited, from neighbour to neighbour, to find the largest possible number of workers."""


class RaceField:
    """The cells that a race begins with, and those that may join it."""

    def __init__(
        self, look: Look, offers: Sequence[Offer] | None = None, variants: Sequence[Variant] = (DEFAULT_VARIANT,)
    ) -> None:
        """Collect the candidates that the hooks offer; `offers` None: the hooks of every registered class."""
        self.look = look
        self._offers = offers
        self._variants = variants
        self.candidates = self._offered(look)
        """The cells that the race begins with, grouped by variant, the simplest runners first."""
        self.proposed = {cell.id: cell for cell in self.candidates}
        """All cells proposed so far."""
        self.left_out: list[PlannedCell] = []
        """Candidates that the budget has no time for."""

    def with_tasks(self, tasks: int) -> RaceField:
        """The field of the same work with so many tasks."""
        return RaceField(replace(self.look, tasks=tasks), self._offers, self._variants)

    def restricted_to(self, candidates: list[PlannedCell]) -> RaceField:
        """The same field, reduced to these candidates."""
        part = copy(self)
        part.candidates = candidates
        part.left_out = [cell for cell in self.candidates if cell not in candidates]
        return part

    def neighbours_of(self, leader: CellId) -> list[PlannedCell]:
        """The neighbours of a leader that are worth trying, under its variant."""
        offer = getattr(self.proposed[leader].runner, "neighbours", None)
        cells = _cells(_offered_runners(offer, self.look), self.look, [self.proposed[leader].variant])
        self.proposed = {**{cell.id: cell for cell in cells}, **self.proposed}
        return cells

    def cells_to_join(self, samples: Samples) -> list[PlannedCell]:
        """The cells that are worth trying, given the samples of the others.

        They are the neighbours of the leader, and of the cell with the fewest workers among the equally fast ones of
        its kind. Where more threads or coroutines gain nothing although no core is busy, more processes join as well.
        """
        seconds = {cell: float(np.median([one.seconds for one in taken])) for cell, taken in samples.items() if taken}
        leader = min(seconds, key=lambda cell: seconds[cell])
        kind = self._kind(leader)
        equal = [cell for cell in seconds if self._kind(cell) == kind and seconds[cell] <= BAND * seconds[leader]]
        joining = [*self.neighbours_of(leader), *self.neighbours_of(min(equal, key=self._workers))]
        if self._waits_for_its_process(leader, samples[leader][-1], seconds):
            joining += self._more_processes(
                seconds[self.candidates[0].id] / seconds[leader], self.proposed[leader].variant
            )
        return list({cell.id: cell for cell in joining if cell.id not in samples}.values())

    def _waits_for_its_process(self, leader: CellId, last: Sample, seconds: Mapping[CellId, float]) -> bool:
        """Whether no core is busy, and processes lead or more threads than the leader has gain nothing."""
        busy = last.cpu is None or last.cpu / last.repeats / last.seconds > COMPUTES
        if self.look.computes or busy or self.candidates[0].id not in seconds:
            return False
        if self.proposed[leader].traits.isolates:
            return True
        if not self._shares_process(leader):
            return False
        same_process = [cell for cell in seconds if cell.variant == leader.variant and self._shares_process(cell)]
        more = [cell for cell in same_process if self._workers(cell) > self._workers(leader)]
        return any(seconds[cell] * BAND > seconds[leader] for cell in more)

    def _more_processes(self, outdone: float, variant: Variant) -> list[PlannedCell]:
        """Cells with enough processes to win if each does one task at a time."""
        offered = self._offered(replace(self.look, outdone=math.ceil(outdone)))
        cells = [cell for cell in offered if cell.traits.isolates and cell.variant == variant]
        self.proposed = {**{cell.id: cell for cell in cells}, **self.proposed}
        return cells

    def _offered(self, look: Look) -> list[PlannedCell]:
        """The cells that the hooks offer under each variant, for runners that exist in its interpreter."""
        cells = []
        for variant in self._variants:
            variant_look = replace(look, python=variant.version or look.python)
            offers = _offers_of_classes(variant_look.python) if self._offers is None else self._offers
            runners = [runner for offer in offers for runner in _offered_runners(offer, variant_look)]
            offered = _cells(sorted(runners, key=_simplicity), variant_look, [variant])
            if variant.of_workers:
                offered = [cell for cell in offered if _computes_at_once(cell, variant_look)]
            cells += offered
        return cells

    def _kind(self, cell: CellId) -> tuple[str, str]:
        """The runner and the variant of a cell, without its settings."""
        return self.proposed[cell].name, cell.variant

    def _workers(self, cell: CellId) -> int:
        return workers_for(self.proposed[cell].runner, self.look.tasks)

    def _shares_process(self, cell: CellId) -> bool:
        """Whether all tasks of a cell run in one process."""
        traits = self.proposed[cell].traits
        return traits.interleaves or traits.where == CALLER

    @property
    def ruled_out(self) -> list[PlannedCell]:
        """The candidates that were left out because of the limit on workers."""
        allowed = {cell.id for cell in [*self.candidates, *self.left_out]}
        unlimited = self._offered(replace(self.look, most_workers=None))
        return [cell for cell in unlimited if cell.id not in allowed]

    @property
    def peak_calls(self) -> int:
        """Most calls in progress at the same time, including those of neighbours that may join."""
        reached: dict[CellId, PlannedCell] = {}
        new = self.candidates
        while new:
            reached |= {cell.id: cell for cell in new}
            if len(reached) > _MOST_CELLS:
                return self.look.most
            neighbours = {one.id: one for cell in new for one in self.neighbours_of(cell.id)}
            new = [cell for key, cell in neighbours.items() if key not in reached]
        return max(workers_for(cell.runner, self.look.tasks) for cell in reached.values())


def variants_to_race(look: Look, requested: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """The requested variants; if there are none and native libraries use threads, one inner thread as well.

    Where any variable for the size of their thread pools is set, the number of inner threads is decided already.
    """
    pools = look.native_threads
    on_threads = look.busy > _ON_THREADS if pools is None else look.computes and pools > 1
    if not on_threads or requested != (DEFAULT_VARIANT,) or any(os.environ.get(name) for name in POOL_VARIABLES):
        return requested
    return (DEFAULT_VARIANT, ONE_INNER_THREAD)


def _offers_of_classes(python: tuple[int, int]) -> list[Offer]:
    """The hooks of every registered runner that exists in a version of Python."""
    offers: list[Offer] = []
    for name in runner_names():
        with suppress(Inapplicable):  # a package that it needs is not installed
            runner = runner_class(name)
            offers += filter(None, [getattr(runner, "candidates", None)] if exists_in(runner, python) else [])
    return offers


def _offered_runners(offer: Offer | None, look: Look) -> list[Runner]:
    """The runners that a hook offers; none if it raises, since the race of the others must not end with it."""
    if offer is None:
        return []
    try:
        return [runner for runner in offer(look) if hasattr(runner, "run")]
    except Exception:  # noqa: BLE001 - code of another package may raise anything
        return []


def _cells(runners: Iterable[Runner], look: Look, variants: Sequence[Variant]) -> list[PlannedCell]:
    """One cell for each runner and variant, without runners that have more workers than make sense."""
    sensible = [runner for runner in runners if (getattr(runner, "workers", 1) or look.tasks) <= look.most]
    cells = [cell for variant in variants for runner in sensible for cell in plan_cells([runner], [variant])]
    return list({cell.id: cell for cell in cells}.values())


def _computes_at_once(cell: PlannedCell, look: Look) -> bool:
    """Whether a cell has several workers that can compute in parallel, with a core for each."""
    return cell.traits.where in _COMPUTING and 1 < workers_for(cell.runner, look.tasks) <= look.cores


def _simplicity(runner: Runner) -> float:
    simplicity = traits_of(runner).simplicity
    return inf if simplicity is None else simplicity
