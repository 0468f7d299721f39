"""The result of a look at the work, from which runners choose the numbers of workers that are worth a race."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_THREADS = 256
_MOST_CORES_TIMES = 2
"""Most workers of a pool of processes for CPU-bound work, as a multiple of the usable cores."""
_MOST_PROCESSES = 61
"""Most worker processes for any work: as many as Windows can wait for."""
_SHORT_TASK = 0.005
"""Seconds below which sending tasks to processes one at a time may cost more than the task."""
_WORTH_CHUNKS = 0.25
"""Share of the task's time that sending the function must take so that it is worth sending it less often."""
_SENDING_SHARE, _SENDING_SECONDS = 0.1, 0.0005
"""Share of the task's time, and seconds, that sending an item must exceed so that it is worth avoiding."""
_CHUNKS_EACH = 4
"""Chunks for each worker: few enough to be cheap, and enough that no worker waits long for the last."""


@dataclass(frozen=True)
class Look:
    """The properties of the work, as measured in a look."""

    tasks: int
    seconds: float
    """Mean seconds of one task."""
    computes: bool
    """Whether it is CPU-bound: it keeps a core busy nearly all the time."""
    waits: bool
    """Whether it waits for most of its time; work may be neither."""
    awaitable: bool
    """Whether there is a coroutine function."""
    cores: int
    """Usable cores."""
    busy: float = 1.0
    """Cores that one task keeps busy; more than one if native libraries or programs compute on several."""
    native_threads: float | None = None
    """Threads in the largest pool of a native library; None if unknown."""
    pickling: float = 0.0
    """Seconds to pickle and unpickle an item and its result; 0 if unknown."""
    sending: float = 0.0
    """The part of `pickling` for the item."""
    carrying: float = 0.0
    """Seconds to send the data held by the function, with each task or chunk of tasks; 0 if unknown."""
    most_workers: int | None = None
    """Most workers allowed; None: any number."""
    in_memory: int | None = None
    """Worker processes that fit into memory; None if unknown."""
    outdone: int = 0
    """Tasks that another runner already waits for at the same time; fewer processes than this cannot win."""
    python: tuple[int, int] = sys.version_info[:2]
    """The version of the interpreter that does the work; runners that need a newer one do not take part."""

    @property
    def most(self) -> int:
        """Most workers that make sense."""
        return min(self.tasks, self.most_workers or self.tasks)

    def up_to(self, counts: Sequence[int]) -> list[int]:
        """The allowed numbers of workers among `counts`; the largest allowed number replaces those above it."""
        return sorted({min(count, self.most) for count in counts if min(count, self.most) > 1})

    def beside(self, workers: int, most: int) -> list[int]:
        """Half and twice the workers, where that makes sense; for a power of 2 also three quarters."""
        between = workers * 3 // 4 if workers.bit_count() == 1 else 0
        return self.up_to([count for count in (workers // 2, between, workers * 2) if 2 <= count <= most])

    def waiting_workers(self) -> list[int]:
        """Numbers of workers for work that waits: powers of 4, up to 256."""
        return self.up_to([4**power for power in range(1, 20) if 4**power <= _MOST_THREADS])

    def threads(self) -> list[int]:
        """Numbers of threads: about as many as cores for CPU-bound work, up to 256 for work that may wait."""
        if self.computes:
            return self.up_to([self.cores, 2 * self.cores])
        return self.up_to([self.cores, *self.waiting_workers()])

    @property
    def most_threads(self) -> int:
        """Most threads or coroutines."""
        return _MOST_THREADS

    @property
    def most_processes(self) -> int:
        """Most worker processes: twice the cores for CPU-bound work, else as many as fit into memory."""
        most = _MOST_CORES_TIMES * self.cores if self.computes else _MOST_PROCESSES
        fit = most if self.in_memory is None else self.in_memory
        return max(self.cores, min(most, _MOST_PROCESSES, fit))

    def processes(self) -> list[int]:
        """Numbers of worker processes: a single number where they can hardly win, to show that; else several."""
        if self.outdone:
            enough = 2 ** math.ceil(math.log2(self.outdone + 1))
            return self.up_to([count for count in (enough, 2 * enough) if count <= self.most_processes])
        unlikely = self.waits or self.pickling + self.carrying > self.seconds
        return self.up_to([self.cores, self.cores if unlikely else _MOST_CORES_TIMES * self.cores])

    @property
    def items_are_large(self) -> bool:
        """Whether sending items to other processes takes a considerable share of the work's time."""
        return self.sending > _SENDING_SHARE * self.seconds and self.sending > _SENDING_SECONDS

    def chunks(self, workers: int) -> list[int]:
        """Numbers of tasks in a chunk: 1, and a larger one if tasks are short, or if much data is sent with each.

        The data held by the function is sent once with every chunk; if it is large, there is one chunk per worker. If a
        task takes less than half as long as pickling it, chunks of 1 cannot win.
        """
        carries = self.carrying > _WORTH_CHUNKS * self.seconds
        chunk = math.ceil(self.tasks / (workers * (1 if carries else _CHUNKS_EACH)))
        if chunk == 1 or not (carries or self.seconds < _SHORT_TASK):
            return [1]
        return [chunk] if self.pickling > 2 * self.seconds else [1, chunk]
