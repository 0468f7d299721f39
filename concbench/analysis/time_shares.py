"""Shares of the workers' time: how much of it was useful, and where the rest went.

Compared with the baseline's own observed pass, what is in tasks divides into four; what is between them is the
timeline's. Every part is computed for itself; what they leave of the whole is shown as unexplained.
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
"""In the order in which they are shown."""
LOSSES = (CONTENTION, SLOWER, START_UP, DISPATCH, TAIL, SHUT_DOWN)
"""Those that neither did the work nor waited for what the work waits for."""


@dataclass(frozen=True)
class TimeShares(Mapping[str, float]):
    """Shares of the workers' time by part, in the order of PARTS; they add up to 1.

    The part `unexplained` is below 0 where tasks overlapped in one lane.
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
    """What a cell's observed pass came to; None where nothing is known of its tasks, or their clocks are not ours."""
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
        kept=warm and not cell.traits.starts_as_it_goes,
        dealt_out=chunk_of(cell) > 1,
        one_task_each=is_worker_for_each_task(cell),
    )


def chunk_of(cell: Cell) -> int:
    """Tasks that go to a worker at a time; 1 unless the runner says otherwise."""
    return int(number(cell.settings, "chunksize") or 1)


def time_shares(own: Timeline, baseline: Timeline, observing: float = 0.0) -> TimeShares:
    """Divide the workers' time of a pass, by what the same tasks took in the baseline's.

    Sums over all tasks are compared, not task by task, so that noise which makes one longer and another shorter is
    taken for what it is.

    Args:
        own: the pass.
        baseline: the baseline's.
        observing: seconds that recording adds to a task. They lie between tasks and are nobody's loss: they are taken
            off dispatch, and so stay unexplained.
    """
    off, baseline_off = (max(0.0, line.busy - line.cpu) for line in (own, baseline))
    areas = {
        USEFUL: min(own.cpu, baseline.cpu),
        WAITING: min(off, baseline_off),
        CONTENTION: max(0.0, off - baseline_off),
        SLOWER: max(0.0, own.cpu - baseline.cpu),
        START_UP: own.start_up,
        DISPATCH: max(0.0, own.dispatch - observing * own.tasks),
        TAIL: own.tail,
        SHUT_DOWN: own.shut_down,
    }
    shares = {part: area / own.total for part, area in areas.items()}
    return TimeShares({**shares, UNEXPLAINED: 1.0 - sum(shares.values())})
