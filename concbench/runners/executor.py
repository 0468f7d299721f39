"""The runner of executors of other packages: any object with `map` or `submit`, given by the name of its maker."""

import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import closing
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from concbench.errors import BadSetting, WorkerDied, WorkerFailure, nearest
from concbench.runners.base import as_sequence, require_positive
from concbench.sealing import SealedResult, Sealer, unseal, unsendable_item
from concbench.task import attempt, exception_text, gather, short
from concbench.traits import INTERPRETERS, PROCESSES, THREADS, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program

_PLACES = {
    "InterpreterPoolExecutor": INTERPRETERS, "ThreadPoolExecutor": THREADS, "ProcessPoolExecutor": PROCESSES,
}  # fmt: skip
"""Places where the executors of the standard library and their subclasses run tasks. Order matters: the first is a
subclass of the second."""


@dataclass
class Executor:
    """Any executor: the object that `target` creates from the other settings."""

    collects: ClassVar[str] = "arguments"

    target: str
    """The class or function that makes the executor: `loky:get_reusable_executor`."""
    workers: int | None = None
    """Number of workers, passed as `max_workers`. None: the executor decides; it may be one for each task."""
    where: Literal["threads", "interpreters", "processes", "elsewhere"] | None = None
    """The place where it runs tasks, the basis of explanations. None: known only for subclasses of executors of the
    standard library."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Further arguments of the call."""

    def __post_init__(self) -> None:
        self.arguments = dict(self.arguments)
        self.workers = self.arguments.pop("max_workers", self.workers)
        if self.workers is not None:
            require_positive(workers=self.workers)
        self._directory = str(Path.cwd())
        self._make()

    def _make(self) -> Callable[..., Any]:
        """Import the class or function that makes the executor.

        Raises:
            BadSetting: the target cannot be imported, or cannot be called.
        """
        module, _, path = self.target.partition(":")
        if not all(part.isidentifier() for part in [*module.split("."), *path.split(".")]):
            raise BadSetting(f"target must be module:name, such as loky:get_reusable_executor, not {self.target!r}")
        if self._directory not in sys.path:
            sys.path.append(self._directory)  # last: a user's file must not hide an installed module
        target, error = attempt(import_module, module)
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            raise BadSetting(f"there is no module {error.name!r}: install its package, or correct {self.target!r}")
        if error is not None:
            raise BadSetting(f"{module} cannot be imported: {exception_text(error)}")
        for part in path.split("."):
            if not hasattr(target, part):
                raise BadSetting(f"{module} has no {part!r}; {nearest(part, [*map(str, dir(target))])}")
            target = getattr(target, part)
        if not callable(target):
            raise BadSetting(f"{self.target} is {short(target)}, which cannot be called")
        make: Callable[..., Any] = target
        return make

    @property
    def traits(self) -> Traits:
        """Traits that follow from the place where it runs tasks; all others are unknown."""
        where = self.where or self._inferred_place()
        if where == THREADS:
            return Traits(where=THREADS, shares_interpreter=True, pickles=False)
        if where in {INTERPRETERS, PROCESSES}:
            return Traits(where=where, shares_interpreter=False, pickles=True)
        return Traits(where=where, pickles=None if where is None else True)

    def _inferred_place(self) -> str | None:
        classes = [base.__name__ for base in getattr(self._make(), "__mro__", ()) if "concurrent." in base.__module__]
        return next((place for name, place in _PLACES.items() if name in classes), None)

    def preload(self, function: Callable[[Any], Any]) -> None:
        """Import its module, untimed; see `base.Runner`."""
        del function
        self._make()

    def __enter__(self) -> Self:
        arguments = {**({} if self.workers is None else {"max_workers": self.workers}), **self.arguments}
        make = self._make()
        self._manager, error = attempt(lambda: make(**arguments))
        if error is not None:
            raise WorkerFailure(f"{self.target} did not create an executor: {exception_text(error)}") from error
        self._executor = self._manager.__enter__() if hasattr(self._manager, "__enter__") else self._manager
        if not hasattr(self._executor, "map") and not hasattr(self._executor, "submit"):
            description = short(self._manager)
            self.__exit__()
            raise WorkerFailure(f"{self.target} made {description}, which has neither map nor submit")
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        with closing(self._answers(Sealer(function), items)) as answers:
            return gather(unseal(answers), items)

    def _answers(self, function: Sealer, items: Sequence[Any]) -> Generator[Any, None, None]:
        """Yield results and exceptions of tasks, both as values; an exception raised here is the executor's own."""
        answers: Any = ()
        try:
            map_tasks = getattr(self._executor, "map", self._submit_all)
            answers = map_tasks(function, items)
            for answer in answers.result() if hasattr(answers, "result") else answers:
                is_future = type(answer) is not SealedResult and hasattr(answer, "result")
                yield answer.result() if is_future else answer
        except Exception as error:
            raise self._failure_cause(error, items) from error
        finally:
            if hasattr(answers, "close"):
                answers.close()  # cancels tasks that have not begun

    def _submit_all(self, function: Sealer, items: Sequence[Any]) -> Iterator[Any]:
        futures = [self._executor.submit(function, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    def _failure_cause(self, error: BaseException, items: Sequence[Any]) -> BaseException:
        """The cause of a failure: a worker that died, an item that cannot be sent, or another error."""
        if isinstance(error, BrokenExecutor):
            return WorkerDied(f"the executor of {self.target} is broken: {exception_text(error)}")
        if (unsendable := unsendable_item(items)) is not None:
            return unsendable
        return WorkerFailure(f"the executor of {self.target} failed: {exception_text(error)}")

    def program(self, call: "CallExpression") -> "Program":
        """Write a program that makes the executor in the same way.

        Raises:
            NotImplementedError: it cannot be entered, or has no `map`; a program must use this runner.
        """
        make = self._make()
        if isinstance(make, type) and not (hasattr(make, "__enter__") and hasattr(make, "map")):
            raise NotImplementedError
        call = call.ordinary().of_one_item()
        module, _, name = self.target.partition(":")
        import_line = f"from {module} import {name}" if "." not in name else f"import {module}"
        arguments = {**({} if self.workers is None else {"max_workers": self.workers}), **self.arguments}
        argument_text = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        return call.program(
            f"with {name if '.' not in name else f'{module}.{name}'}({argument_text}) as pool:",
            f"    results = list(pool.map({call.function}, {call.items}))",
            imports=[import_line],
            guarded=True,
        )

    def __exit__(self, *exc: object) -> None:
        manager, self._manager, self._executor = self._manager, None, None
        if hasattr(manager, "__exit__"):
            manager.__exit__(None, None, None)
        else:
            ends = (getattr(manager, name, None) for name in ("shutdown", "close"))
            next((end for end in ends if end is not None), lambda: None)()
        if hasattr(manager, "join"):  # pools of multiprocessing do not wait for their processes on exit
            manager.join()
