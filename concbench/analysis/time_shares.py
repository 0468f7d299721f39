"""Shares of the workers' time: how much of it was useful, and where the rest went.

The time in tasks is divided into four parts by comparison with the baseline's observed pass; the time between tasks
comes from the timeline. Every part is computed separately; the remainder of the whole is shown as unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from concbench.analysis.costs import seconds_of
from concbench.analysis.places import is_worker_for_each_task
from concbench.errors import nearest
from concbench.results.records import Cell, number
from concbench.stats.timeline import Spans, Timeline, timeline
from concbench.traits import ELSEWHERE

USEFUL, WAITING, CONTENTION, SLOWER = "useful work", "waiting", "contention", "slower CPU"
START_UP, DISPATCH, TAIL, SHUT_DOWN = "start-up", "dispatch", "tail", "shut-down"
UNEXPLAINED = "unexplained"
PARTS = (USEFUL, WAITING, CONTENTION, SLOWER, START_UP, DISPATCH, TAIL, SHUT_DOWN, UNEXPLAINED)
"""All parts, in the order in which they are shown."""
LOSSES = (CONTENTION, SLOWER, START_UP, DISPATCH, TAIL, SHUT_DOWN)
"""Parts that are neither work nor the waiting of the work itself."""


@dataclass(frozen=True)
class TimeShares(Mapping[str, float]):
    """Shares of the workers' time by part, in the order of PARTS; they add up to 1.

    The part `unexplained` is negative if tasks overlapped in one lane.
    """

    by_part: Mapping[str, float]

    def __getitem__(self, part: str) -> float:
        if part not in self.by_part:
            raise KeyError(f"the workers' time has no part {part!r}; {nearest(part, list(PARTS))}")
        return self.by_part[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_part)

    def __len__(self) -> int:
        return len(self.by_part)

    @property
    def largest_loss(self) -> str:
        """The part that lost most."""
        return max(LOSSES, key=lambda part: self[part])


def timeline_of(cell: Cell, *, warm: bool) -> Timeline | None:
    """The timeline of a cell's observed pass; None if its tasks are not known, or their clocks are not ours."""
    observed = cell.observed
    if observed is None or cell.traits.where == ELSEWHERE:
        return None
    if observed.summary is not None:
        return Timeline(**asdict(observed.summary))
    if observed.tasks is None or not observed.tasks.started:
        return None
    tasks = observed.tasks
    return timeline(
        Spans(tasks.started, tasks.finished, tasks.cpu, tasks.worker),
        workers=cell.workers,
        makespan=seconds_of(observed),
        submitted=observed.start,
        workers_kept=warm and not cell.traits.starts_as_it_goes,
        dealt_out=chunk_of(cell) > 1,
        one_task_each=is_worker_for_each_task(cell),
    )


def chunk_of(cell: Cell) -> int:
    """Number of tasks that go to a worker at a time; 1 unless the runner's settings say otherwise."""
    return int(number(cell.settings, "chunksize") or 1)


def time_shares(own: Timeline, baseline: Timeline, observing: float = 0.0) -> TimeShares:
    """Divide the workers' time of a pass by comparison with the same tasks in the baseline's pass.

    Sums over all tasks are compared instead of single tasks, so that noise that lengthens one and shortens another
    cancels out.

    Args:
        own: the timeline of the pass.
        baseline: the timeline of the baseline's pass.
        observing: seconds that recording adds to a task. They lie between tasks and are not a loss: they are
            subtracted from dispatch, and so stay unexplained.
    """
    off_cpu, baseline_off_cpu = (max(0.0, line.busy - line.cpu) for line in (own, baseline))
    areas = {
        USEFUL: min(own.cpu, baseline.cpu),
        WAITING: min(off_cpu, baseline_off_cpu),
        CONTENTION: max(0.0, off_cpu - baseline_off_cpu),
        SLOWER: max(0.0, own.cpu - baseline.cpu),
        START_UP: own.start_up,
        DISPATCH: max(0.0, own.dispatch - observing * own.tasks),
        TAIL: own.tail,
        SHUT_DOWN: own.shut_down,
    }
    shares = {part: area / own.total for part, area in areas.items()}
    return TimeShares({**shares, UNEXPLAINED: 1.0 - sum(shares.values())})
