"""What one look at the work shows: from it, runners say with how many workers they are worth a race."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_THREADS = 256
_MOST_CORES_TIMES = 2
"""Times the usable cores, that a pool of processes has workers at most where the work computes."""
_MOST_PROCESSES = 61
"""Worker processes at most, whatever they do: as many as Windows can wait for."""
_SHORT_TASK = 0.005
"""Seconds below which handing tasks to processes one at a time may cost more than the task."""
_WORTH_CHUNKS = 0.25
"""Of a task, that sending the function with it takes, from which it is worth sending it less often."""
_SENDING_SHARE, _SENDING_SECONDS = 0.1, 0.0005
"""Of a task, and in seconds, from which sending its item is worth avoiding."""
_CHUNKS_EACH = 4
"""Chunks for each worker: few enough to be cheap, enough that none waits long for the last."""


@dataclass(frozen=True)
class Look:
    """What was seen of the work."""

    tasks: int
    seconds: float
    """Of one task, in the mean."""
    computes: bool
    """Whether it keeps a core busy, near enough."""
    waits: bool
    """Whether it waits for most of its time; work may do neither."""
    awaitable: bool
    """Whether there is a coroutine function."""
    cores: int
    """That may be used."""
    busy: float = 1.0
    """That one task keeps busy: more than one, if native libraries or programs compute on several."""
    native_threads: float | None = None
    """Of the largest pool of a native library; None: that is not known."""
    pickling: float = 0.0
    """Seconds that it takes to pickle and unpickle an item and its result; 0 if that is not known."""
    sending: float = 0.0
    """The part of `pickling` that is for the item."""
    carrying: float = 0.0
    """Seconds that it takes to send what the function holds, with each task or chunk of tasks; 0 likewise."""
    most_workers: int | None = None
    """That are allowed."""
    in_memory: int | None = None
    """Worker processes for which there is memory; None: that is not known."""
    outdone: int = 0
    """Tasks that something waits for at the same time already, so that fewer processes cannot win."""
    python: tuple[int, int] = sys.version_info[:2]
    """The version of the interpreter that does the work: a runner that needs a newer one takes no part."""

    @property
    def most(self) -> int:
        """Workers that make sense at all."""
        return min(self.tasks, self.most_workers or self.tasks)

    def up_to(self, counts: Sequence[int]) -> list[int]:
        """Those numbers of workers that are allowed; the largest allowed in place of those that are not."""
        return sorted({min(count, self.most) for count in counts if min(count, self.most) > 1})

    def beside(self, workers: int, most: int) -> list[int]:
        """Half and twice so many workers, where that is still sensible, and of a power of 2 three quarters."""
        between = workers * 3 // 4 if workers.bit_count() == 1 else 0
        return self.up_to([count for count in (workers // 2, between, workers * 2) if 2 <= count <= most])

    def waiting_workers(self) -> list[int]:
        """Numbers of workers that wait: by powers of 4."""
        return self.up_to([4**power for power in range(1, 20) if 4**power <= _MOST_THREADS])

    def threads(self) -> list[int]:
        """Numbers of threads: about as many as cores for work that computes, up to 256 for work that may wait."""
        if self.computes:
            return self.up_to([self.cores, 2 * self.cores])
        return self.up_to([self.cores, *self.waiting_workers()])

    @property
    def most_threads(self) -> int:
        """Threads or coroutines at most."""
        return _MOST_THREADS

    @property
    def most_processes(self) -> int:
        """Worker processes at most: twice the cores for work that computes, else as many as there is memory for."""
        most = _MOST_CORES_TIMES * self.cores if self.computes else _MOST_PROCESSES
        fit = most if self.in_memory is None else self.in_memory
        return max(self.cores, min(most, _MOST_PROCESSES, fit))

    def processes(self) -> list[int]:
        """Numbers of worker processes: one where they can hardly win, to show that; several where they may."""
        if self.outdone:
            more = 2 ** math.ceil(math.log2(self.outdone + 1))
            return self.up_to([count for count in (more, 2 * more) if count <= self.most_processes])
        hardly = self.waits or self.pickling + self.carrying > self.seconds
        return self.up_to([self.cores, self.cores if hardly else _MOST_CORES_TIMES * self.cores])

    @property
    def items_are_large(self) -> bool:
        """Whether sending them to other processes takes a good part of what the work does."""
        return self.sending > _SENDING_SHARE * self.seconds and self.sending > _SENDING_SECONDS

    def chunks(self, workers: int) -> list[int]:
        """Numbers of tasks that are handed over in one go: 1; more where tasks are short, or much is sent with each.

        What the function holds is sent once with every chunk: there are as few of these as there are workers then.
        """
        carries = self.carrying > _WORTH_CHUNKS * self.seconds
        chunk = math.ceil(self.tasks / (workers * (1 if carries else _CHUNKS_EACH)))
        return [1, chunk] if (carries or self.seconds < _SHORT_TASK) and chunk > 1 else [1]
