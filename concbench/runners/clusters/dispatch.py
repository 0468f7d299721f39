"""One run on a cluster: tasks go out in chunks, and come home in the order of the items."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from concbench.errors import WorkerDied, WorkerFailure
from concbench.runners.clusters.chunks import Call, Reply
from concbench.task import Raised, exception_text, gather, named, noted, one_line, tried, unsent

_CHUNK_SECONDS = 0.05
"""That the tasks of a chunk take: beside it, the 2 ms that an engine takes to hand it over are little."""
_CHUNKS_EACH = 4
"""Chunks for each worker at least, so that none waits long for the last."""
_MOST_LOOKED_AT = 100
"""Tasks that are sent for a look at what they take."""
_NO_WARNING = 1 << 60
"""Bytes of items below which Dask gives no advice on other ways to send them: what that costs is measured."""
_MOST_NAMED = 5
"""Tasks of a worker that died."""
_AT_ONCE = 256
"""Chunks for each worker whose results are fetched in one go."""


class Dispatch:
    """The tasks of one run, and what is known of them."""

    def __init__(
        self, client: Any, function: Callable[[Any], Any], items: Sequence[Any], workers: int, only: Sequence[str]
    ) -> None:
        """Think of it; nothing is sent yet.

        Args:
            client: of the engine.
            function: called on each item.
            items: as they are.
            workers: tasks in progress at most.
            only: the workers that are to do them; empty: any.
        """
        self._client = client
        self._function = function
        self._items = items
        self._workers = workers
        self._only = list(only) or None
        self._sent: dict[int, tuple[range, Any]] = {}
        self._began = perf_counter()
        self.figures: dict[str, float] = dict.fromkeys(
            ("chunks", "tasks_seconds", "cpu_seconds", "longest", "sent", "received", "sending", "first"), 0.0
        )
        """What it came to: seconds that workers were at tasks, bytes on the wire, seconds to the first answer beside
        the tasks in it."""

    def results(self, chunksize: int | None) -> list[Any]:
        """Do all of it.

        Args:
            chunksize: neighbouring tasks that go to a worker in one go; None: that is found out first.
        """
        if chunksize is None:
            self._look()
        else:
            self._send(range(len(self._items)), chunksize)
        return gather(self._answers(), self._items)

    def cancel(self) -> None:
        """Forget what has not come home."""
        futures = [future for _, future in self._sent.values()]
        self._sent = {}
        if futures:
            self._client.cancel(futures)

    def _look(self) -> None:
        """Each worker begins with a few tasks, by which the first to answer tells how many make a chunk."""
        from distributed import as_completed

        tasks = len(self._items)
        most = math.ceil(tasks / (self._workers * _CHUNKS_EACH))
        few = min(most, _MOST_LOOKED_AT)
        looked_at = min(tasks, few * self._workers)
        self._send(range(looked_at), few, look=True)
        size = 0  # as long as nothing is known
        by_future = {future: span for span, future in self._sent.values()}
        for future in as_completed(list(by_future), loop=self._client.loop):
            span = by_future[future]
            (reply,) = self._fetched([(span, future)])
            if not size:
                self._notes_first(reply)
                typical = max(reply.typical, 1e-9)
                size = max(1, min(most, math.ceil(_CHUNK_SECONDS / typical)))
                self._send(range(looked_at, tasks), size)
            left = span[reply.done :]
            self._sent[span.start] = span[: reply.done], future
            self._send(left, size)

    def _send(self, indexes: range, size: int, *, look: bool = False) -> None:
        import dask

        began = perf_counter()
        spans = [indexes[at : at + size] for at in range(0, len(indexes), size)]
        packed = [pickle.dumps(Call(self._packed(span), look=look)) for span in spans]
        if not spans:
            return
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": _NO_WARNING}):
            futures = self._client.map(pickle.loads, packed, pure=False, retries=0, key="concbench", workers=self._only)
        self._sent.update((span.start, (span, future)) for span, future in zip(spans, futures, strict=True))
        self.figures["chunks"] += len(spans)
        self.figures["sent"] += sum(map(len, packed))
        self.figures["sending"] += perf_counter() - began

    def _packed(self, span: range) -> bytes:
        from distributed.protocol.pickle import dumps

        packed, unsendable = tried(dumps, (self._function, [self._items[index] for index in span]))
        if unsendable is None:
            return bytes(packed)
        for index in span:
            _, unsendable_one = tried(dumps, (self._function, self._items[index]))
            if unsendable_one is not None:
                raise named(unsendable_one, index, self._items)
        raise unsendable

    def _answers(self) -> Generator[Any, None, None]:
        """What the tasks return or raise: both come back as values."""
        order = sorted(self._sent)
        size = 1  # the first alone, which tells how long an answer takes
        while order:
            chunks = [self._sent.pop(index) for index in order[:size]]
            replies = self._fetched(chunks)
            self._notes_first(replies[0])
            for (span, _), reply in zip(chunks, replies, strict=True):
                self._count(reply)
                yield from self._read(span, reply)
            order, size = order[size:], _AT_ONCE * self._workers

    def _notes_first(self, reply: Reply) -> None:
        self.figures["first"] = self.figures["first"] or max(1e-9, perf_counter() - self._began - reply.seconds)

    def _count(self, reply: Reply) -> None:
        self.figures["tasks_seconds"] += reply.seconds
        self.figures["cpu_seconds"] += reply.cpu
        self.figures["received"] += len(reply.answers)
        self.figures["longest"] = max(self.figures["longest"], reply.longest)

    def _read(self, span: range, reply: Reply) -> list[Any]:
        if isinstance(reply.answers, str):
            raise unsent(reply.answers, span.start, self._items, len(span))
        answers, unreadable = tried(pickle.loads, reply.answers)
        if unreadable is not None:
            raise unsent(exception_text(unreadable), span.start, self._items, len(span)) from unreadable
        short = len(answers) < len(span) and not (answers and type(answers[-1]) is Raised)
        assert not short, "a chunk ends early where a task raised, and nowhere else"
        return list(answers)

    def _fetched(self, chunks: Sequence[tuple[range, Any]]) -> list[Reply]:
        """What chunks gave.

        Raises:
            WorkerDied: the engine has given up on one, since its workers died.
            WorkerFailure: it cannot do it; says why.
        """
        from asyncio import CancelledError
        from concurrent.futures import CancelledError as Cancelled

        try:
            return [Reply(*reply) for reply in self._client.gather([future for _, future in chunks])]
        except (Exception, CancelledError, Cancelled) as error:
            raise self._failure(error, chunks) from error

    def _failure(self, error: BaseException, chunks: Sequence[tuple[range, Any]]) -> BaseException:
        if type(error).__name__ == "KilledWorker":
            sent = [*chunks, *self._sent.values()]
            return self._death(error, [span for span, future in sent if future.status == "error"])
        with suppress(Exception):
            if self._client.status != "running" or self._client.scheduler_comm.comm.closed():
                return WorkerFailure("the Dask scheduler has gone, and its tasks are lost")
        return WorkerFailure(f"the Dask cluster could not do the tasks: {one_line(exception_text(error), 200)}")

    def _death(self, error: BaseException, spans: Sequence[range]) -> BaseException:
        """Which tasks the worker had, and which process it was, as far as that is known.

        Dask gives up on all that it had, what it had not begun included.
        """
        tasks = sorted({index for span in spans for index in span})
        these = ", ".join(map(str, tasks[:_MOST_NAMED])) + (" ..." if len(tasks) > _MOST_NAMED else "")
        died = WorkerDied("a worker of the Dask cluster died, and Dask has given up on its tasks")
        died.process = getattr(getattr(error, "last_worker", None), "pid", None)
        if len(tasks) == 1:
            return named(died, tasks[0], self._items)
        return noted(died, f"raised by one of the tasks {these}") if tasks else died
