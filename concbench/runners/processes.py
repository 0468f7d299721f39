"""A process for each task, all at once, each sending its result back: the article's cure for computing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ClassVar, Self

from concbench import task
from concbench.errors import Inapplicable, WorkerFailure
from concbench.runners import start_method as starting
from concbench.runners.base import as_sequence, require_positive
from concbench.task import name_item


@dataclass
class Processes:
    """A process for each task, all started at once; results are sent back."""

    workers: ClassVar[None] = None
    start_method: str = starting.DEFAULT
    """fork, forkserver or spawn."""
    limit: int = 256
    """Refuse to start more processes than this at once."""

    def __post_init__(self) -> None:
        require_positive(limit=self.limit)
        starting.require_start_method(self.start_method)

    def __enter__(self) -> Self:
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        if len(items) > self.limit:
            raise Inapplicable(
                f"{len(items):,} tasks would start {len(items):,} processes at once; "
                f"allow it with processes:limit={len(items)}, or use process-pool"
            )
        started: list[tuple[BaseProcess, Connection[Any, Any]]] = []
        try:
            started += map(self._starter(function), items)
            return [_result(process, answers, index, items[index]) for index, (process, answers) in enumerate(started)]
        except BaseException:
            for process, _ in started:
                process.terminate()
            raise
        finally:
            for process, answers in started:
                answers.close()
                process.join()
                process.close()

    def __exit__(self, *exc: object) -> None:
        pass

    def _starter(self, function: Callable[[Any], Any]) -> Callable[[Any], tuple[BaseProcess, Connection[Any, Any]]]:
        context = starting.context(self.start_method)

        def start(item: Any) -> tuple[BaseProcess, Connection[Any, Any]]:
            answers, answer = context.Pipe(duplex=False)
            process = context.Process(  # type: ignore[attr-defined] # every context has one
                target=task.answer, args=(answer, function, item)
            )
            process.start()
            answer.close()  # the child's copy is then the last: when it dies, the parent reads the end of the file
            return process, answers

        return start


def _result(process: BaseProcess, answers: Connection[Any, Any], index: int, item: Any) -> Any:
    try:
        ok, result = answers.recv()
    except EOFError:
        process.join()
        error: BaseException = WorkerFailure(f"a worker process died with exit code {process.exitcode}")
    else:
        if ok:
            return result
        error = result
    name_item(error, index, item)
    raise error
