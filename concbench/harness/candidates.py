"""Which runners and how many workers are worth a race, from what one look at the work shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.harness.runner_specs import PlannedCell, parse
from concbench.results.records import CellId
from concbench.runners.base import workers_for

MOST_THREADS = 256
MOST_CORES_TIMES = 2
"""Times the usable cores, that a pool of processes has workers at most."""
SHORT_TASK = 0.005
"""Seconds below which handing tasks to processes one at a time may cost more than the task."""
_CHUNKS_EACH = 4
"""Chunks for each worker: few enough to be cheap, enough that none waits long for the last."""


@dataclass(frozen=True)
class Look:
    """What was seen of the work."""

    tasks: int
    seconds: float
    """Of one task, in the mean."""
    busy: float
    """Cores that `sequential` kept busy."""
    awaitable: bool
    """Whether there is a coroutine function."""
    cores: int
    """That may be used."""
    pickling: float = 0.0
    """Seconds that it takes to pickle and unpickle an item and its result; 0 if that is not known."""
    most_workers: int | None = None
    """That are allowed."""

    @property
    def most(self) -> int:
        """Workers that make sense at all."""
        return min(self.tasks, self.most_workers or self.tasks)


def candidates(look: Look) -> list[str]:
    """Runners with their workers, as they are written on the command line; sequential first."""
    specs = ["sequential"]
    specs += [f"thread-pool:{count}" for count in _threads(look)]
    if look.busy <= COMPUTES and look.tasks <= min(look.most, MOST_THREADS):
        specs.append("threads")
    if look.awaitable:
        specs += [f"asyncio:{count}" for count in _up_to(look, _powers(4, MOST_THREADS))]
    for count in _processes(look):
        specs += _pools(look, count)
    return specs


def neighbours(look: Look, leader: CellId) -> list[PlannedCell]:
    """Half and twice the workers of a leader, where that is still sensible."""
    cell = parse(leader.label)
    workers, most = cell.settings.get("workers"), _most(look).get(cell.name)
    if most is None or not workers:
        return []
    counts = _up_to(look, [count for count in (workers // 2, workers * 2) if 2 <= count <= most])
    if cell.name == "process-pool":
        return [parse(spec) for count in counts for spec in _pools(look, count)]
    return [parse(f"{cell.name}:{count}") for count in counts]


def ruled_out(look: Look) -> list[str]:
    """The candidates that were left out because of the number of workers that is allowed."""
    allowed = set(candidates(look))
    return [spec for spec in candidates(replace(look, most_workers=None)) if spec not in allowed]


def most_at_once(look: Look) -> int:
    """Calls that may be in progress at the same time in a race, those of neighbours that join included."""
    cells = [parse(spec) for spec in candidates(look)]
    joined = [min(look.most, _most(look).get(cell.name, 1)) for cell in cells]
    return max(*joined, *(workers_for(cell.runner, look.tasks) for cell in cells))


def _most(look: Look) -> dict[str, int]:
    """Workers at most of the runners whose number of workers is searched for."""
    return {
        "thread-pool": MOST_THREADS,
        "asyncio": MOST_THREADS,
        "process-pool": MOST_CORES_TIMES * look.cores,
    }


def _threads(look: Look) -> list[int]:
    """By powers of 4 for work that waits; about as many as cores for work that computes."""
    if look.busy > COMPUTES:
        return _up_to(look, [look.cores, 2 * look.cores])
    return _up_to(look, [look.cores, *_powers(4, MOST_THREADS)])


def _processes(look: Look) -> list[int]:
    """One pool where it can hardly win, to show that; several where it may."""
    hardly = look.busy < WAITS or look.pickling > look.seconds
    most = look.cores if hardly else MOST_CORES_TIMES * look.cores
    return _up_to(look, sorted({look.cores, most}))


def _pools(look: Look, workers: int) -> list[str]:
    """A pool that hands out one task at a time, and one that hands out several where tasks are short."""
    specs = [f"process-pool:{workers}"]
    chunk = math.ceil(look.tasks / (workers * _CHUNKS_EACH))
    if look.seconds < SHORT_TASK and chunk > 1:
        specs.append(f"process-pool:workers={workers},chunksize={chunk}")
    return specs


def _powers(base: int, most: int) -> list[int]:
    return [base**power for power in range(1, 20) if base**power <= most]


def _up_to(look: Look, counts: Sequence[int]) -> list[int]:
    """Those that are allowed, each once; the largest allowed in place of those that are not."""
    return sorted({min(count, look.most) for count in counts if min(count, look.most) > 1})
