"""The runner of InterpreterPoolExecutor: a pool of interpreters in this process, each with its own GIL."""

import pickle
import re
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any, ClassVar, Self

from concbench.errors import Inapplicable, WorkerFailure
from concbench.machine import usable_cores
from concbench.runners.base import as_sequence, require_positive, require_python
from concbench.task import (
    Catcher,
    attempt,
    exception_text,
    gather,
    one_line,
    run_packed,
    unsendable_results,
    with_task_note,
)
from concbench.traits import INTERPRETERS, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program
    from concbench.runners.look import Look

_UNSUPPORTED = re.compile(r"module (\S+) does not support loading in subinterpreters")
"""Python's message on an extension that does not declare support for several interpreters."""
_MACHINERY = {"concurrent.interpreters", "concurrent.interpreters._queues", "concurrent.futures.interpreter"}
"""Modules of the exceptions that the executor raises itself; exceptions of tasks are returned as values."""


@dataclass
class InterpreterPool:
    """A pool of interpreters in this process that take the tasks as they come free; Python has it from 3.14 on."""

    needs: ClassVar[tuple[int, int]] = (3, 14)
    traits: ClassVar[Traits] = Traits(
        where=INTERPRETERS, shares_interpreter=False, pickles=True, sends=True, worker_per_task=False,
        barriers=False, simplicity=55,
    )  # fmt: skip

    workers: int = field(default_factory=usable_cores)
    """Interpreters; by default one for each core that this process may use."""
    chunksize: int = 1
    """Neighbouring tasks that are sent together."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers, chunksize=self.chunksize)

    def examine(self, function: Callable[[Any], Any]) -> None:
        """Reject a function whose module does not load in a subinterpreter; see `base.Runner`."""
        with type(self)(workers=1) as pool:
            unloadable = pool._unloadable(function)  # noqa: SLF001 - of the same class
        if unloadable:
            raise Inapplicable(unloadable)

    def __enter__(self) -> Self:
        require_python(self)
        from concurrent.futures import InterpreterPoolExecutor  # type: ignore[attr-defined,unused-ignore] # from 3.14 on

        path = tuple(map(str, sys.path))  # a new interpreter has the initial path of this process
        self._executor = InterpreterPoolExecutor(self.workers, initializer=_set_path, initargs=(path,))
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        with closing(self._answers(function, items)) as answers:
            return gather(answers, items)

    def _answers(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Generator[Any, None, None]:
        """Yield results and exceptions of tasks, both as values.

        They are pickled by concbench, since the executor does not report why it could not make or read a pickle.
        """
        remaining_items = iter(items)
        chunks = iter(lambda: tuple(islice(remaining_items, self.chunksize)), ())
        first = 0
        try:
            packed_chunks = self._executor.map(run_packed, repeat(function), chunks)
            with closing(packed_chunks):
                for packed in packed_chunks:
                    answers, unreadable = attempt(pickle.loads, packed)
                    if unreadable is not None:
                        count = min(self.chunksize, len(items) - first)
                        raise unsendable_results(exception_text(unreadable), first, items, count) from unreadable
                    yield from answers
                    first += self.chunksize
        except Exception as error:
            if type(error).__module__ not in _MACHINERY:
                raise
            raise self._failure_cause(error, function, first, items) from error

    def _failure_cause(
        self, error: BaseException, function: Callable[[Any], Any], first: int, items: Sequence[Any]
    ) -> BaseException:
        """The cause of a failure: an item or the function cannot be sent, or the interpreter failed."""
        for index in range(first, min(first + self.chunksize, len(items))):
            unsendable = attempt(lambda: pickle.loads(pickle.dumps((function, items[index]))))[1]  # noqa: B023
            if unsendable is not None:
                return with_task_note(unsendable, index, items)
        unloadable = self._unloadable(function)
        if unloadable:
            return Inapplicable(unloadable)
        return WorkerFailure(f"an interpreter of interpreter-pool({self.workers}) failed: {_reported_error(error)[1]}")

    def _unloadable(self, function: Callable[[Any], Any]) -> str:
        """Describe why an interpreter of the pool cannot load the module of a function; empty if it can.

        Python sends only the code of a function that does not use its module. Wrapped in a `Catcher`, as in checks and
        observed passes, a function is sent by its name.
        """
        error = attempt(lambda: self._executor.submit(run_packed, Catcher(function), ()).result())[1]
        if error is None:
            return ""
        text, last_line = _reported_error(error)
        match = _UNSUPPORTED.search(text)
        if match:
            return f"it imports {match[1]}, which does not load in a subinterpreter; use process-pool instead"
        return f"it cannot be loaded in a subinterpreter ({last_line}); use process-pool instead"

    @classmethod
    def candidates(cls, look: "Look") -> list[Self]:
        """Offer one interpreter for each core, for CPU-bound work; with chunks as well, if tasks are short."""
        sizes = look.up_to([look.cores]) if look.computes else []
        return [cls(workers, chunksize=chunk) for workers in sizes for chunk in look.chunks(workers)]

    def neighbours(self, look: "Look") -> list[Self]:
        """Offer half and twice the interpreters."""
        sizes = look.beside(self.workers, look.most_processes)
        return [type(self)(workers, chunksize=chunk) for workers in sizes for chunk in look.chunks(workers)]

    def program(self, call: "CallExpression") -> "Program":
        """Write a program with the pool of the standard library; it makes chunks itself, since the pool has none.

        A function defined in the program makes the interpreters run the program, and so use its module path.
        """
        needs_directory = any(name.directory for name in call.imports if not isinstance(name, str))
        call = call.ordinary().of_one_item(defined=needs_directory and self.chunksize == 1)
        imports = ["from concurrent.futures import InterpreterPoolExecutor"]
        pool = f"with InterpreterPoolExecutor({self.workers}) as pool:"
        if self.chunksize == 1:
            results = f"    results = list(pool.map({call.function}, {call.items}))"
            return call.program(pool, results, imports=imports, guarded=True)
        return call.program(
            pool,
            f"    done = pool.map(work, itertools.batched({call.items}, {self.chunksize}))",
            "    results = list(itertools.chain.from_iterable(done))",
            imports=["import itertools", *imports],
            definitions=[f"def work(items):\n    return [{call.function}(item) for item in items]"],
            guarded=True,
        )

    def __exit__(self, *exc: object) -> None:
        self._executor.shutdown()
        del self._executor


def _set_path(path: tuple[str, ...]) -> None:
    """Use the module path of this process. It uses nothing from its module, which is therefore not imported for it."""
    import sys

    sys.path[:] = path


def _reported_error(error: BaseException) -> tuple[str, str]:
    """The error in an interpreter as reported by its executor: the whole text, and its last line."""
    text = str(error.__cause__ or error)
    text = text.rpartition("\n\nThe above exception was the direct cause")[0] or text
    return text, one_line(text.strip().rpartition("\n")[2])
