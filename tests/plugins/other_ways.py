"""Runners, workloads and a format of another package: what concbench does not have, under names that it does not know.

The folder stands for an installed package: with it on sys.path, its metadata registers them.
"""

from __future__ import annotations

import asyncio
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from concbench.program import CallExpression, Program
from concbench.report.formats import declare
from concbench.runners.look import Look
from concbench.task import Catcher, TaskException, gather
from concbench.traits import ELSEWHERE, LOOP, PROCESSES, THREADS, Traits
from concbench.values import DURATION, Declared
from concbench.workloads.base import Workload

if TYPE_CHECKING:
    from concbench.report.document import Document

Function = Callable[[Any], Any]

_CHILD = """
import pickle, sys
from concurrent.futures import ThreadPoolExecutor
sys.path[:], threads = pickle.load(sys.stdin.buffer)
function, items = pickle.load(sys.stdin.buffer)
with ThreadPoolExecutor(threads) as pool:
    answers = list(pool.map(function, items))
pickle.dump(answers, sys.stdout.buffer)
"""


def started(function: Function, items: Sequence[Any], threads: int = 1) -> subprocess.Popen[bytes]:
    """A program that works on some items: no multiprocessing, and no start method."""
    child = subprocess.Popen([sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.write(pickle.dumps((sys.path, threads)) + pickle.dumps((Catcher(function), list(items))))
    child.stdin.close()
    return child


def answers_of(child: subprocess.Popen[bytes]) -> list[Any]:
    assert child.stdout is not None
    with child.stdout:
        answers: list[Any] = pickle.loads(child.stdout.read())
    child.wait()
    return answers


class _Entered:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


@dataclass
class Helpers(_Entered):
    """A program for each task, in batches."""

    traits: ClassVar[Traits] = Traits(PROCESSES, False, True, True, True, True, 70)
    workers: int = 4

    def run(self, function: Function, items: Sequence[Any]) -> list[Any]:
        return gather(self._answers(function, list(items)), items)

    def _answers(self, function: Function, items: list[Any]) -> Iterator[Any]:
        for first in range(0, len(items), self.workers):
            children = [started(function, [item]) for item in items[first : first + self.workers]]
            for answers in [answers_of(child) for child in children]:
                yield from answers


@dataclass
class Squads(_Entered):
    """A few programs with some threads each, to which the tasks are dealt out beforehand."""

    programs: int = 2
    threads: int = 2

    @property
    def workers(self) -> int:
        return self.programs * self.threads

    @property
    def traits(self) -> Traits:
        """One thread in each is a process for each worker."""
        return Traits(PROCESSES, self.threads > 1, True, False, False, True, 55)

    def run(self, function: Function, items: Sequence[Any]) -> list[Any]:
        items = list(items)
        shares = [range(first, len(items), self.programs) for first in range(self.programs)]
        children = [started(function, [items[index] for index in share], self.threads) for share in shares]
        answers: list[Any] = [None] * len(items)
        for share, child in zip(shares, children, strict=True):
            for index, answer in zip(share, answers_of(child), strict=True):
                answers[index] = answer
        return gather(answers, items)


@dataclass
class Crew:
    """Threads that take tasks from a queue."""

    traits: ClassVar[Traits] = Traits(THREADS, True, False, False, False, simplicity=15)
    workers: int = 3

    @classmethod
    def candidates(cls, look: Look) -> list[Self]:
        return [cls(workers) for workers in look.threads()]

    def program(self, call: CallExpression) -> Program:
        call = call.ordinary()
        return call.program(
            f"with other_ways.Crew({self.workers}) as crew:",
            f"    results = crew.run(lambda item: {call.on_item}, list({call.items}))",
            imports=["import other_ways"],
        )

    def __enter__(self) -> Self:
        self._wanted: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work) for _ in range(self.workers)]
        for thread in self._threads:
            thread.start()
        return self

    def _work(self) -> None:
        while (task := self._wanted.get()) is not None:
            task()

    def run(self, function: Function, items: Sequence[Any]) -> list[Any]:
        caught, answers, left = Catcher(function), [None] * len(items), threading.Semaphore(0)

        def call(index: int) -> None:
            answers[index] = caught(items[index])
            left.release()

        for index in range(len(items)):
            self._wanted.put(lambda index=index: call(index))  # type: ignore[misc]
        for _ in items:
            left.acquire()
        return gather(answers, items)

    def __exit__(self, *exc: object) -> None:
        for _ in self._threads:
            self._wanted.put(None)
        for thread in self._threads:
            thread.join()


@dataclass
class Gangs(_Entered):
    """Pools of threads, one after another: a batch is a pool."""

    traits: ClassVar[Traits] = Traits(THREADS, True, False, True, True, simplicity=35)
    workers: int = 4

    def run(self, function: Function, items: Sequence[Any]) -> list[Any]:
        return gather(self._answers(Catcher(function), list(items)), items)

    def _answers(self, function: Function, items: list[Any]) -> Iterator[Any]:
        for first in range(0, len(items), self.workers):
            answers: list[Any] = [None] * len(items[first : first + self.workers])

            def call(index: int, item: Any, answers: list[Any] = answers) -> None:
                answers[index] = function(item)

            threads = [
                threading.Thread(target=call, args=(index, item))
                for index, item in enumerate(items[first : first + self.workers])
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            yield from answers


@dataclass
class OneLoop(_Entered):
    """Coroutines of a loop that is made for each execution."""

    awaits: ClassVar[bool] = True
    traits: ClassVar[Traits] = Traits(LOOP, True, False, False, False, simplicity=45)
    workers: int = 8

    def run(self, function: Function, items: Sequence[Any]) -> list[Any]:
        answers: list[Any] = [None] * len(items)

        async def everything() -> None:
            free = asyncio.Semaphore(self.workers)

            async def one(index: int, item: Any) -> None:
                async with free:
                    try:
                        answers[index] = await function(item)
                    except BaseException as error:
                        answers[index] = TaskException(error)

            await asyncio.gather(*(one(index, item) for index, item in enumerate(items)))

        asyncio.run(everything())
        return gather(answers, items)


@dataclass
class FarAway(Squads):
    """What stands for a cluster: nobody here can look at what it uses."""

    @property
    def traits(self) -> Traits:
        return Traits(ELSEWHERE, None, True, False, False, None, 90)


@dataclass
class Unnamed(Crew):
    """It says nothing of itself."""

    traits: ClassVar[Traits | None] = None  # type: ignore[assignment]


@dataclass
class Strange(Crew):
    """It says what no concbench of today knows."""

    traits: ClassVar[Traits] = Traits("gpu", simplicity=None)


def spelt(word: str) -> str:
    return "-".join(word)


class Spelling(Workload):
    """Words, letter by letter; its settings are declared by plain types, but for one."""

    name = "spelling"
    kind: ClassVar[str] = "mixed"

    def __init__(  # type: ignore[no-untyped-def] # of `note`, the default says what it is
        self,
        words: Sequence[str] = ("one", "two"),
        times: int = 1,
        *,
        lengths: tuple[int, ...] | None = None,
        share: float = 1.0,
        loud: bool = False,
        order: Literal["as-given", "sorted"] = "as-given",
        pause: Annotated[float, Declared(DURATION, "before a word")] = 0.0,
        note="none",
    ) -> None:
        if times < 1:
            raise ValueError(f"times must be 1 or more, not {times}")
        self.told = {
            "words": words, "times": times, "lengths": lengths, "share": share, "loud": loud, "order": order,
            "pause": pause, "note": note,
        }  # fmt: skip

    @property
    def function(self) -> Function:
        return spelt

    @property
    def items(self) -> Sequence[str]:
        return [*self.told["words"]] * self.told["times"]

    def title(self) -> str:
        return f"{len(self.items)} words"

    def settings(self) -> dict[str, Any]:
        return dict(self.told)


class Recited(Spelling):
    """The same of words that must be given."""

    def __init__(self, words: list[str]) -> None:
        super().__init__(words)


def haiku(document: Document) -> str:
    """Three lines."""
    runners = [row[0].text for section in document.sections for row in section.times.rows]
    return "\n".join([document.sections[0].title, ", ".join(runners), f"explained: {document.explains}"])


@declare(suffixes=(".conf", ".txt"), explains=False)
def conf(document: Document) -> str:
    """A line for each workload."""
    return "\n".join(f"{section.title} = {len(section.times.rows)}" for section in document.sections)


def clumsy(document: Document) -> str:
    """It has a mistake."""
    return document.title  # type: ignore[attr-defined, no-any-return]


def silent(document: Document) -> None:
    """It returns nothing."""


NO_FUNCTION = "a text"
