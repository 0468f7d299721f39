"""A pool of interpreters of this process, each with a GIL of its own: concurrent.futures.InterpreterPoolExecutor."""

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
from concbench.task import Caught, exception_text, gather, named, one_line, run_packed, tried, unsent
from concbench.traits import INTERPRETERS, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import Call, Program
    from concbench.runners.look import Look

_REFUSED = re.compile(r"module (\S+) does not support loading in subinterpreters")
"""What Python says of an extension that has not declared that several interpreters may load it."""
_MACHINERY = {"concurrent.interpreters", "concurrent.interpreters._queues", "concurrent.futures.interpreter"}
"""Modules of the exceptions that the executor raises itself: those of tasks come home as values."""


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
    """Neighbouring tasks that are handed over in one go."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers, chunksize=self.chunksize)

    def examine(self, function: Callable[[Any], Any]) -> None:
        """Refuse a function whose module does not load in a subinterpreter; see `base.Runner`."""
        with type(self)(workers=1) as pool:
            unloadable = pool._unloadable(function)  # noqa: SLF001 - it is one of these
        if unloadable:
            raise Inapplicable(unloadable)

    def __enter__(self) -> Self:
        require_python(self)
        from concurrent.futures import InterpreterPoolExecutor  # type: ignore[attr-defined,unused-ignore] # from 3.14 on

        path = tuple(map(str, sys.path))  # a new interpreter has the path that this process was started with
        self._executor = InterpreterPoolExecutor(self.workers, initializer=_set_path, initargs=(path,))
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        with closing(self._answers(function, items)) as answers:
            return gather(answers, items)

    def _answers(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Generator[Any, None, None]:
        """What the tasks return or raise.

        Both come home in a pickle of our own making: the executor does not say why it could not make or read one.
        """
        following = iter(items)
        chunks = iter(lambda: tuple(islice(following, self.chunksize)), ())
        first = 0
        try:
            done = self._executor.map(run_packed, repeat(function), chunks)
            with closing(done):
                for packed in done:
                    answers, unreadable = tried(pickle.loads, packed)
                    if unreadable is not None:
                        count = min(self.chunksize, len(items) - first)
                        raise unsent(exception_text(unreadable), first, items, count) from unreadable
                    yield from answers
                    first += self.chunksize
        except Exception as error:
            if type(error).__module__ not in _MACHINERY:
                raise
            raise self._refused(error, function, first, items) from error

    def _refused(
        self, error: BaseException, function: Callable[[Any], Any], first: int, items: Sequence[Any]
    ) -> BaseException:
        """What it was: an item or the function on its way to an interpreter, or the interpreter itself."""
        for index in range(first, min(first + self.chunksize, len(items))):
            unsendable = tried(lambda: pickle.loads(pickle.dumps((function, items[index]))))[1]  # noqa: B023
            if unsendable is not None:
                return named(unsendable, index, items)
        unloadable = self._unloadable(function)
        if unloadable:
            return Inapplicable(unloadable)
        return WorkerFailure(f"an interpreter of interpreter-pool({self.workers}) failed: {_said_there(error)[1]}")

    def _unloadable(self, function: Callable[[Any], Any]) -> str:
        """Why an interpreter of the pool cannot load the module of a function, in words; empty if it can.

        Python sends the code alone of a function that needs nothing of its module. Within a `Caught`, as within what
        checks and observes functions, it is sent by its name.
        """
        error = tried(lambda: self._executor.submit(run_packed, Caught(function), ()).result())[1]
        if error is None:
            return ""
        text, why = _said_there(error)
        refused = _REFUSED.search(text)
        if refused:
            return f"it imports {refused[1]}, which does not load in a subinterpreter; take process-pool instead"
        return f"it cannot be loaded in a subinterpreter ({why}); take process-pool instead"

    @classmethod
    def candidates(cls, look: "Look") -> list[Self]:
        """One for each core, for work that computes; where tasks are short, with chunks too."""
        sizes = look.up_to([look.cores]) if look.computes else []
        return [cls(workers, chunksize=chunk) for workers in sizes for chunk in look.chunks(workers)]

    def neighbours(self, look: "Look") -> list[Self]:
        """Half and twice the interpreters."""
        sizes = look.beside(self.workers, look.most_processes)
        return [type(self)(workers, chunksize=chunk) for workers in sizes for chunk in look.chunks(workers)]

    def program(self, call: "Call") -> "Program":
        """The pool of the standard library, which hands over tasks one by one: chunks are made by hand.

        A function of the program has the interpreters run it, and so look for modules where it does.
        """
        elsewhere = any(name.directory for name in call.imports if not isinstance(name, str))
        call = call.ordinary().of_one_item(defined=elsewhere and self.chunksize == 1)
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
    """Look for modules where this process does. It needs nothing of its module, so that none is imported for it."""
    import sys

    sys.path[:] = path


def _said_there(error: BaseException) -> tuple[str, str]:
    """What went wrong in an interpreter, as its executor tells it here: all of it, and its last line."""
    text = str(error.__cause__ or error)
    text = text.rpartition("\n\nThe above exception was the direct cause")[0] or text
    return text, one_line(text.strip().rpartition("\n")[2])
