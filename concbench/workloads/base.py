"""The base class of workloads. Standard library only: the measuring process imports this."""

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


def missing_package(workload: str, package: str) -> Lacking:
    """The error for a built-in workload that needs a package which the interpreter lacks."""
    from shlex import join  # here: few processes need it

    return Lacking(f"{workload} needs {package}: {join([sys.executable, '-m', 'pip', 'install', package])}")


@dataclass(frozen=True)
class Tally:
    """Failures and retries of one execution that are counted and do not end it."""

    failed: dict[str, int] = field(default_factory=dict)
    """Number of tolerated failures, by what happened."""
    retries: int = 0
    """Tries of tasks beyond their first."""
    items: dict[str, list[str]] = field(default_factory=dict)
    """The first items of each kind of failure, as texts."""

    @classmethod
    def of(cls, failed: Iterable[tuple[str, str]], retries: int = 0) -> Self:
        """Count failures, and keep the first items.

        Args:
            failed: what happened to each failed task, and its item as a text; in the order of the items.
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
    """A function, its items, and how the results are checked.

    An instance travels to the measuring processes as a pickle, so it holds only settings and plain data. The modules of
    its functions are imported when a function is requested, which happens only in the measuring process.
    """

    name: str
    """The registered name, or that of the function."""
    kind: ClassVar[str]
    """`io` (waits), `cpu` (computes) or `mixed`."""
    size: str = ""
    """The name of its size, such as quick; empty if it has none."""
    expected: Sequence[Any] | None = None
    """What `collect` must return, if known without running the function; otherwise the sequential results count."""
    rounds: int | None = None
    """Default number of rounds, if this workload needs one of its own."""
    most_at_once: int | None = None
    """Most tasks in progress at once, if more would harm others; None leaves that to the runner."""

    longest_task: float | None = None
    """Most seconds of one task, for a workload that has its own timeouts; None if it has none."""
    most_workers: int | None = None
    """Runners with more workers than this are not measured; None for any number."""
    unsendable: str = ""
    """Why tasks cannot be sent to other processes; empty if they can."""
    compares: bool = True
    """Whether results are compared at all."""
    trusted: ClassVar[bool] = False
    """Whether its tasks are known to be independent, so that known results need no comparison before the first sample:
    that of the observed pass suffices."""
    examined: ClassVar[bool] = False
    """Whether a sequential pass is made before anything is timed even if nothing is compared, to examine the results of
    the function and its effects on items."""

    @property
    @abstractmethod
    def function(self) -> Callable[[Any], Any]:
        """The function: an ordinary one that a worker process can import."""

    @property
    def coroutine(self) -> Callable[[Any], Awaitable[Any]] | None:
        """The coroutine function that does the same, if there is one."""
        return None

    @property
    def initializer(self) -> Callable[[], object] | None:
        """A function to call once in each worker before its first task, on the clock; None if there is none."""
        return None

    @property
    def awaitable(self) -> bool:
        """Whether there is a coroutine function."""
        return self.coroutine is not None

    @property
    @abstractmethod
    def items(self) -> Sequence[Any]:
        """The items on which the function is called, each once per execution."""

    @property
    def tasks(self) -> int:
        """Number of items."""
        return len(self.items)

    @abstractmethod
    def title(self) -> str:
        """One line that says how many tasks there are, and of what kind."""

    @contextmanager
    def running(self, directory: str) -> Iterator[Self]:
        """Keep running what the measurement needs, in the parent; yields the workload that is to be measured.

        Args:
            directory: a private directory that is removed afterwards.
        """
        del directory
        yield self

    def reset(self) -> None:  # noqa: B027 - most leave nothing
        """Undo what an earlier execution left, before each execution and outside the timed part."""

    def context(self, workers: int) -> AbstractContextManager[Any]:
        """A context manager that is entered around every sample of an ordinary runner, outside the timed part."""
        del workers
        return nullcontext()

    def coroutine_context(self, workers: int) -> AbstractAsyncContextManager[Any]:
        """The same for a runner that awaits; entered in its event loop."""
        del workers
        return nullcontext()

    def require_success(self, results: list[Any]) -> None:  # noqa: B027 - most tasks raise where they fail
        """Raise if results report failed tasks; called after every execution, within the context.

        It runs in processes in which samples are taken, so it must leave nothing behind.
        """

    def collect(self, results: list[Any]) -> list[Any]:
        """Turn results into the values that are compared, one for each item.

        Called within the context, after the clock has stopped, and only where results are compared.
        """
        return results

    def knowing(self, found: ReferencePass) -> Self:
        """The same workload, adapted to the findings of a sequential pass."""
        del found
        return self

    def tally(self, results: list[Any]) -> Tally:
        """Count the tolerated failures and the retries of an execution."""
        del results
        return Tally()

    def same(self, expected: Any, actual: Any) -> bool | None:
        """Whether a result is as expected; None if that cannot be decided."""
        return equality.same(expected, actual)

    def notes(self) -> list[str]:
        """Sentences that a reader of the table must know."""
        return []

    def facts(self) -> dict[str, float | str]:
        """Facts about the work itself, with the unit in the name; the advice knows these:

        - `task_bytes`: bytes that a task moves.
        - `other_algorithm`, `other_algorithm_seconds`: an algorithm with the same results ("a sieve"), and the seconds
          that it takes for all tasks together.
        """
        return {}

    def settings(self) -> dict[str, Any]:
        """The settings of this workload for the results file: plain JSON values."""
        return {}
