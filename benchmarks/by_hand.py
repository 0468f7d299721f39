"""Concurrent calls as written by hand without concbench: the standard-library call of each runner. Imported, never run.

Workers import this file for their task, so it imports nothing itself; each function imports what it needs. It has no
budget of its own: `dispatch.py` and `memory.py` compare the runners with these calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from multiprocessing.connection import Connection
    from multiprocessing.pool import Pool
    from typing import Any


def same(item: int) -> int:
    """A task that does nothing."""
    return item


async def same_awaited(item: int) -> int:
    """A coroutine that does nothing."""
    return item


def in_a_loop(items: Sequence[int]) -> list[int]:
    """Run tasks sequentially."""
    return [same(item) for item in items]


def in_an_executor(executor: Executor, items: Sequence[int], chunksize: int = 1) -> list[int]:
    """Run tasks in a pool of threads, processes or interpreters."""
    return list(executor.map(same, items, chunksize=chunksize))


def in_a_pool(pool: Pool, items: Sequence[int]) -> list[int]:
    """Run tasks in the older pool of processes."""
    return pool.map(same, items, chunksize=1)


def in_joblib(parallel: Callable[[Iterable[object]], list[int]], items: Sequence[int]) -> list[int]:
    """Run tasks by joblib.Parallel, which already has its workers."""
    from joblib import delayed

    return parallel(delayed(same)(item) for item in items)


def in_threads(items: Sequence[int], at_once: int) -> list[int | None]:
    """Run tasks in a thread each, `at_once` of them at once."""
    from threading import Thread

    results: list[int | None] = [None] * len(items)
    for first in range(0, len(items), at_once):
        threads = []
        for index, item in enumerate(items[first : first + at_once], start=first):
            thread = Thread(target=store, args=(results, index, item))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
    return results


def store(results: list[int | None], index: int, item: int) -> None:
    """Run one task in its thread, and store its result."""
    results[index] = same(item)


def in_processes(items: Sequence[int], start_method: str) -> list[int]:
    """Run tasks in a process each, all at once, each with a pipe for its result."""
    from multiprocessing import get_context

    context = get_context(start_method)
    processes = []
    receivers = []
    for item in items:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=send, args=(sender, item))  # type: ignore[attr-defined]
        process.start()
        sender.close()
        processes.append(process)
        receivers.append(receiver)
    results = []
    for receiver in receivers:
        results.append(receiver.recv())
        receiver.close()
    for process in processes:
        process.join()
    return results


def send(sender: Connection, item: int) -> None:
    """Run one task in its process, and send its result."""
    sender.send(same(item))
    sender.close()


async def in_coroutines(
    items: Sequence[int], workers: int, function: Callable[[int], Awaitable[int]] = same_awaited
) -> list[int]:
    """Run tasks by `workers` coroutines that share one iterator."""
    from asyncio import TaskGroup

    results = [0] * len(items)
    tasks = enumerate(items)
    async with TaskGroup() as group:
        for _ in range(workers):
            group.create_task(take_in_turn(function, tasks, results))
    return results


async def take_in_turn(
    function: Callable[[int], Awaitable[int]], tasks: Iterator[tuple[int, int]], results: list[int]
) -> None:
    """Run tasks from the iterator until none is left."""
    for index, item in tasks:
        results[index] = await function(item)


async def in_threads_of_a_loop(items: Sequence[int], workers: int) -> list[int]:
    """Run tasks by coroutines that share one iterator, each with one call in a thread of the loop's executor."""
    from asyncio import to_thread
    from functools import partial

    return await in_coroutines(items, workers, partial(to_thread, same))


def peak_bytes() -> int:
    """Peak memory of this process so far: VmHWM if the system provides it, otherwise ru_maxrss.

    On Linux, ru_maxrss begins with the memory of the parent, so that a small child would look as large as its parent.
    """
    import sys

    if sys.platform == "linux":
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib is memory too
            return kilobytes(status) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def kilobytes(status: Iterable[str]) -> int:
    """The number of kilobytes in the line VmHWM."""
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def nap(seconds: float, item: int) -> int:
    """A task that waits."""
    import time

    time.sleep(seconds)
    return item


def same_chunk(items: list[int]) -> list[int]:
    """A chunk of tasks that do nothing."""
    return [same(item) for item in items]


def in_a_cluster(client: Any, items: list[int], chunksize: int = 1) -> list[int]:
    """Run tasks by the client of a Dask cluster."""
    if chunksize == 1:
        results: list[int] = client.gather(client.map(same, items, pure=False))
        return results
    chunks = [items[at : at + chunksize] for at in range(0, len(items), chunksize)]
    return [one for each in client.gather(client.map(same_chunk, chunks, pure=False)) for one in each]
