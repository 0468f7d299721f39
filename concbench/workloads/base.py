"""What every workload tells the harness. Standard library only: the measuring process imports this."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from concbench import equality
from concbench.errors import Lacking
from concbench.results.passes import MOST_FAILED, ReferencePass
from concbench.task import one_line


def lacking(workload: str, package: str) -> Lacking:
    """What to raise where the interpreter that is to do the work lacks a package that a workload of ours needs."""
    from shlex import join  # here: few processes need it

    return Lacking(f"{workload} needs {package}: {join([sys.executable, '-m', 'pip', 'install', package])}")


@dataclass(frozen=True)
class Tally:
    """What happened in one execution that is counted, and does not end it."""

    failed: dict[str, int] = field(default_factory=dict)
    """Tasks that failed where that is tolerated: for each thing that happened, how many."""
    retries: int = 0
    """Tries of tasks beyond their first."""
    items: dict[str, list[str]] = field(default_factory=dict)
    """For each thing that happened, the first items to which it did, as texts."""

    @classmethod
    def of(cls, failed: Iterable[tuple[str, str]], retries: int = 0) -> Self:
        """Count them, and keep the first items.

        Args:
            failed: for each task that failed what happened, and its item as a text; in the order of the items.
            retries: tries of tasks beyond their first.
        """
        counts: Counter[str] = Counter()
        items: dict[str, list[str]] = {}
        for happened, item in failed:
            counts[happened] += 1
            if counts.total() <= MOST_FAILED or counts[happened] == 1:
                items.setdefault(happened, []).append(one_line(item))
        return cls(dict(counts), retries, items)


class Workload(ABC):
    """What is done: a function, its items, and how the results are checked.

    An instance travels to the measuring processes as a pickle, so it holds settings and plain data only; the modules
    that its functions live in are imported when a function is asked for, which is in the measuring process alone.
    """

    name: str
    """The registered name, or that of the function."""
    kind: ClassVar[str]
    """`io` (waits), `cpu` (computes) or `mixed`."""
    size: str = ""
    """Which of its sizes this is, such as quick; empty where it has none."""
    expected: Sequence[Any] | None = None
    """What `collect` must return, where it is known without running the function; else the sequential results are."""
    rounds: int | None = None
    """Rounds unless said otherwise, where this workload has a reason of its own."""
    most_at_once: int | None = None
    """Tasks that may be in progress at once, where others would suffer from more; None: as many as the runner likes."""

    longest_task: float | None = None
    """Seconds that one task may take because it sees to its own timeouts; None: it does not."""
    most_workers: int | None = None
    """Runners with more workers than this are not measured; None: any number."""
    unsendable: str = ""
    """Why tasks cannot be sent to other processes; empty if they can."""
    compares: bool = True
    """Whether results are compared at all."""
    examined: ClassVar[bool] = False
    """Whether a sequential pass is made before anything is timed even where nothing is compared, to see what the
    function returns and what it does to its items."""

    @property
    @abstractmethod
    def function(self) -> Callable[[Any], Any]:
        """The function, an ordinary one that can be imported by a worker process."""

    @property
    def coroutine(self) -> Callable[[Any], Awaitable[Any]] | None:
        """Its twin as a coroutine function, if it has one."""
        return None

    @property
    def initializer(self) -> Callable[[], object] | None:
        """What is called once in each worker before its first task, on the clock, if there is something."""
        return None

    @property
    def awaitable(self) -> bool:
        """Whether there is a coroutine function."""
        return self.coroutine is not None

    @property
    @abstractmethod
    def items(self) -> Sequence[Any]:
        """What the function is called on, each item once a sample."""

    @property
    def tasks(self) -> int:
        """How many items there are."""
        return len(self.items)

    @abstractmethod
    def title(self) -> str:
        """One line for a person: how many of what."""

    @contextmanager
    def running(self, directory: str) -> Iterator[Self]:
        """What must be running while this is measured, in the parent: yields the workload as it is to be measured.

        Args:
            directory: a private directory that is removed afterwards.
        """
        del directory
        yield self

    def reset(self) -> None:  # noqa: B027 - most leave nothing
        """Undo what an earlier execution left, before each execution and outside the timed part."""

    def context(self, workers: int) -> AbstractContextManager[Any]:
        """Entered around every sample of an ordinary runner, outside the timed part."""
        del workers
        return nullcontext()

    def coroutine_context(self, workers: int) -> AbstractAsyncContextManager[Any]:
        """The same for a runner that awaits; entered in its event loop."""
        del workers
        return nullcontext()

    def require_success(self, results: list[Any]) -> None:  # noqa: B027 - most tasks raise where they fail
        """Raise if tasks failed and say so in their results; called after every execution, within the context.

        It runs in processes in which samples are taken, so it must leave nothing behind.
        """

    def collect(self, results: list[Any]) -> list[Any]:
        """What is compared, one value for each item.

        Called within the context, after the clock has stopped, and only where results are compared.
        """
        return results

    def knowing(self, found: ReferencePass) -> Self:
        """The same workload, knowing what a sequential pass showed."""
        del found
        return self

    def tally(self, results: list[Any]) -> Tally:
        """Which tasks of an execution failed and were tolerated, and how many tries were repeated."""
        del results
        return Tally()

    def same(self, expected: Any, actual: Any) -> bool | None:
        """Whether a result is what it must be; None where that cannot be told."""
        return equality.same(expected, actual)

    def notes(self) -> list[str]:
        """Sentences that a reader of the table must know."""
        return []

    def facts(self) -> dict[str, float | str]:
        """What is known of the work itself, unit in the name; of these something is said:

        - `task_bytes`: bytes that a task moves.
        - `other_algorithm`, `other_algorithm_seconds`: another way to the same results ("a sieve"), and what all tasks
          together take by it.
        """
        return {}

    def settings(self) -> dict[str, Any]:
        """The settings that this was made with, for the results file: plain JSON values."""
        return {}
