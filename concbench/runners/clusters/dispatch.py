"""One run on a cluster: tasks are sent in chunks, and results are returned in the order of the items."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from concbench.errors import WorkerDied, WorkerFailure
from concbench.runners.clusters.chunks import Call, Reply
from concbench.task import (
    TaskException,
    attempt,
    exception_text,
    gather,
    one_line,
    unsendable_results,
    with_note,
    with_task_note,
)

_CHUNK_SECONDS = 0.05
"""Seconds of tasks in a chunk; compared with it, the 2 ms that an engine needs to send a chunk are short."""
_CHUNKS_EACH = 4
"""Least number of chunks for each worker, so that no worker waits long for the last."""
_MAX_LOOK_TASKS = 100
"""Most tasks that each worker gets for the look at their time."""
_LARGE_GRAPH_BYTES = 1 << 60
"""Bytes of items below which Dask gives no advice on other ways to send them, since that cost is measured."""
_MAX_NAMED_TASKS = 5
"""Most tasks of a dead worker that a message names."""
_FETCHED_CHUNKS = 256
"""Chunks for each worker whose results are fetched together."""


class Dispatch:
    """The tasks of one run, with their futures and figures."""

    def __init__(
        self, client: Any, function: Callable[[Any], Any], items: Sequence[Any], workers: int, addresses: Sequence[str]
    ) -> None:
        """Describe a run without sending anything.

        Args:
            client: the client of the engine.
            function: the function to call on each item.
            items: the items.
            workers: most tasks in progress at the same time.
            addresses: addresses of the workers to use; empty: any.
        """
        self._client = client
        self._function = function
        self._items = items
        self._workers = workers
        self._addresses = list(addresses) or None
        self._chunks: dict[int, tuple[range, Any]] = {}
        self._began = perf_counter()
        self.figures: dict[str, float] = dict.fromkeys(
            ("chunks", "tasks_seconds", "cpu_seconds", "longest", "sent", "received", "sending", "first"), 0.0
        )
        """Figures of the run, such as worker-seconds in tasks, bytes sent and received, and the seconds until the first
        answer without the tasks in it."""

    def results(self, chunksize: int | None) -> list[Any]:
        """Execute all tasks, and return their results in order.

        Args:
            chunksize: neighbouring tasks sent to a worker together; None: chosen after a look at their time.
        """
        if chunksize is None:
            self._look()
        else:
            self._send(range(len(self._items)), chunksize)
        return gather(self._answers(), self._items)

    def cancel(self) -> None:
        """Cancel the chunks whose results have not been fetched."""
        futures = [future for _, future in self._chunks.values()]
        self._chunks = {}
        if futures:
            self._client.cancel(futures)

    def _look(self) -> None:
        """Send a few tasks to each worker; the first answer decides the size of chunks for the rest."""
        from distributed import as_completed

        tasks = len(self._items)
        most = math.ceil(tasks / (self._workers * _CHUNKS_EACH))
        per_worker = min(most, _MAX_LOOK_TASKS)
        look_tasks = min(tasks, per_worker * self._workers)
        self._send(range(look_tasks), per_worker, look=True)
        size = 0  # unknown
        by_future = {future: span for span, future in self._chunks.values()}
        for future in as_completed(list(by_future), loop=self._client.loop):
            span = by_future[future]
            (reply,) = self._fetch([(span, future)])
            if not size:
                self._note_first_answer(reply)
                typical = max(reply.typical, 1e-9)
                size = max(1, min(most, math.ceil(_CHUNK_SECONDS / typical)))
                self._send(range(look_tasks, tasks), size)
            rest = span[reply.finished :]
            self._chunks[span.start] = span[: reply.finished], future
            self._send(rest, size)

    def _send(self, indexes: range, size: int, *, look: bool = False) -> None:
        import dask

        began = perf_counter()
        spans = [indexes[start : start + size] for start in range(0, len(indexes), size)]
        packed = [pickle.dumps(Call(self._pack(span), look=look)) for span in spans]
        if not spans:
            return
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": _LARGE_GRAPH_BYTES}):
            futures = self._client.map(
                pickle.loads, packed, pure=False, retries=0, key="concbench", workers=self._addresses
            )
        self._chunks.update((span.start, (span, future)) for span, future in zip(spans, futures, strict=True))
        self.figures["chunks"] += len(spans)
        self.figures["sent"] += sum(map(len, packed))
        self.figures["sending"] += perf_counter() - began

    def _pack(self, span: range) -> bytes:
        from distributed.protocol.pickle import dumps

        packed, unsendable = attempt(dumps, (self._function, [self._items[index] for index in span]))
        if unsendable is None:
            return bytes(packed)
        for index in span:
            _, item_error = attempt(dumps, (self._function, self._items[index]))
            if item_error is not None:
                raise with_task_note(item_error, index, self._items)
        raise unsendable

    def _answers(self) -> Generator[Any, None, None]:
        """Yield results and exceptions of tasks, both as values."""
        order = sorted(self._chunks)
        size = 1  # the first alone, to time its answer
        while order:
            chunks = [self._chunks.pop(index) for index in order[:size]]
            replies = self._fetch(chunks)
            self._note_first_answer(replies[0])
            for (span, _), reply in zip(chunks, replies, strict=True):
                self._count(reply)
                yield from self._answers_of(span, reply)
            order, size = order[size:], _FETCHED_CHUNKS * self._workers

    def _note_first_answer(self, reply: Reply) -> None:
        self.figures["first"] = self.figures["first"] or max(1e-9, perf_counter() - self._began - reply.seconds)

    def _count(self, reply: Reply) -> None:
        self.figures["tasks_seconds"] += reply.seconds
        self.figures["cpu_seconds"] += reply.cpu
        self.figures["received"] += len(reply.answers)
        self.figures["longest"] = max(self.figures["longest"], reply.longest)

    def _answers_of(self, span: range, reply: Reply) -> list[Any]:
        if isinstance(reply.answers, str):
            raise unsendable_results(reply.answers, span.start, self._items, len(span))
        answers, unreadable = attempt(pickle.loads, reply.answers)
        if unreadable is not None:
            raise unsendable_results(exception_text(unreadable), span.start, self._items, len(span)) from unreadable
        incomplete = len(answers) < len(span) and not (answers and type(answers[-1]) is TaskException)
        assert not incomplete, "a chunk may end early only at a task that raised, but the last one here did not raise"
        return list(answers)

    def _fetch(self, chunks: Sequence[tuple[range, Any]]) -> list[Reply]:
        """Fetch the replies of chunks.

        Raises:
            WorkerDied: the engine has given up on a chunk, since its workers died.
            WorkerFailure: the engine failed; the message says why.
        """
        from asyncio import CancelledError
        from concurrent.futures import CancelledError as Cancelled

        try:
            replies = self._client.gather([future for _, future in chunks])
            return [Reply(*pickle.loads(reply)) for reply in replies]
        except (Exception, CancelledError, Cancelled) as error:
            raise self._failure(error, chunks) from error

    def _failure(self, error: BaseException, chunks: Sequence[tuple[range, Any]]) -> BaseException:
        if type(error).__name__ == "KilledWorker":
            in_progress = [*chunks, *self._chunks.values()]
            return self._death(error, [span for span, future in in_progress if future.status == "error"])
        with suppress(Exception):
            if self._client.status != "running" or self._client.scheduler_comm.comm.closed():
                return WorkerFailure("the Dask scheduler has gone, and its tasks are lost")
        return WorkerFailure(f"the Dask cluster could not do the tasks: {one_line(exception_text(error), 200)}")

    def _death(self, error: BaseException, spans: Sequence[range]) -> BaseException:
        """The failure of a dead worker, with its tasks and its process as far as they are known.

        Dask gives up on all tasks that the worker had, including those it had not begun.
        """
        tasks = sorted({index for span in spans for index in span})
        names = ", ".join(map(str, tasks[:_MAX_NAMED_TASKS])) + (" ..." if len(tasks) > _MAX_NAMED_TASKS else "")
        failure = WorkerDied("a worker of the Dask cluster died, and Dask has given up on its tasks")
        failure.process = getattr(getattr(error, "last_worker", None), "pid", None)
        if len(tasks) == 1:
            return with_task_note(failure, tasks[0], self._items)
        return with_note(failure, f"raised by one of the tasks {names}") if tasks else failure
