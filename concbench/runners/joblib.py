"""The runner of joblib.Parallel with its own backends. It is an extra: pip install "concbench[joblib]"."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from joblib import Parallel, delayed, parallel_config

from concbench.errors import BadSetting, WorkerDied, WorkerFailure
from concbench.machine import usable_cores
from concbench.runners.base import as_sequence, require_positive
from concbench.sealing import call_sealed, unseal, unsendable_item
from concbench.task import attempt, exception_text, gather
from concbench.traits import CALLER, PROCESSES, THREADS, Traits
from concbench.values import COUNT, Declared, Kind

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program

_AUTO = "auto"
_BATCH_SIZE = Kind(
    f"{_AUTO}, or {COUNT.description}", lambda text: text if text == _AUTO else COUNT.read(text), (int, str), "N"
)
_EXIT_CODES = re.compile(r"exit codes of the workers are \{(.*)\}")
"""The exit codes in loky's message on workers that died."""


@dataclass
class Joblib:
    """joblib.Parallel: processes of loky that are sent tasks in batches, threads, or processes of multiprocessing."""

    workers: int = field(default_factory=usable_cores)
    """Processes or threads; by default one for each core that this process may use. A single one is the calling
    thread."""
    backend: Literal["loky", "threading", "multiprocessing"] = "loky"
    """The backend that provides them."""
    batch_size: Annotated[int | str, Declared(_BATCH_SIZE, "neighbouring tasks that are handed over in one go")] = _AUTO
    """Neighbouring tasks that are sent together; auto: more and more, until a batch takes 0.2 s."""
    inner_max_num_threads: int | None = None
    """For loky: threads of libraries such as BLAS in each process. None: so many that the cores are shared evenly."""

    def __post_init__(self) -> None:
        require_positive(workers=self.workers)
        if self.backend not in {"loky", "threading", "multiprocessing"}:
            raise BadSetting(f"backend must be loky, threading or multiprocessing, not {self.backend!r}")
        if self.batch_size != _AUTO:
            require_positive(batch_size=self.batch_size)  # type: ignore[arg-type] # other types are rejected
        if self.inner_max_num_threads is not None:
            require_positive(inner_max_num_threads=self.inner_max_num_threads)
            if self.backend != "loky":
                raise BadSetting("inner_max_num_threads applies only to the backend loky: leave it out")

    @property
    def chunksize(self) -> int:
        """Number of neighbouring tasks that certainly run in one worker."""
        return 1 if self.batch_size == _AUTO else int(self.batch_size)

    @property
    def hangs(self) -> str:
        """The reason why a run may never end; empty if it always does. See `base.Runner`."""
        processes = self.backend == "multiprocessing" and self.workers > 1
        return "this backend of joblib never answers when a worker process has died" if processes else ""

    @property
    def traits(self) -> Traits:
        """Traits of the backend; a single worker is the calling thread.

        Whether processes of multiprocessing are reaped depends on the start method, the default of the platform.
        """
        if self.workers == 1:
            return Traits(CALLER, True, False, False, False, simplicity=46)
        if self.backend == "threading":
            return Traits(THREADS, True, False, False, False, simplicity=46)
        return Traits(
            where=PROCESSES, shares_interpreter=False, pickles=True, worker_per_task=False, barriers=False,
            reaped=True if self.backend == "loky" else None, simplicity=58,
            sends=None if self.batch_size == _AUTO else True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        threads = self.inner_max_num_threads
        limit_threads = nullcontext() if threads is None else parallel_config("loky", inner_max_num_threads=threads)
        with limit_threads:
            self._parallel = Parallel(
                n_jobs=self.workers, backend=None if threads else self.backend, batch_size=self.batch_size
            )
        self._parallel.__enter__()
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`.

        When a task fails, the others still run, so that the first failure in order is known.
        """
        items = as_sequence(items)
        backend = self._parallel._backend  # noqa: SLF001
        if hasattr(backend, "reset_batch_stats"):
            backend.reset_batch_stats()  # let batches grow anew, as in a new call of Parallel
        call = delayed(call_sealed)
        answers, error = attempt(self._parallel, (call(function, item) for item in items))
        if error is not None:
            raise self._failure_cause(error, items) from error
        return gather(unseal(answers), items)

    def _failure_cause(self, error: BaseException, items: Sequence[Any]) -> BaseException:
        """The cause of a failure: a worker that died, or an item that cannot be sent; tasks do not raise here."""
        codes = _EXIT_CODES.search(str(error))
        if isinstance(error, BrokenExecutor) and codes:
            return WorkerDied(f"a worker process of joblib({self.workers}) died ({codes[1]})")
        if (unsendable := unsendable_item(items)) is not None:
            return unsendable
        return WorkerFailure(f"joblib({self.workers}) failed: {exception_text(error)}")

    def program(self, call: "CallExpression") -> "Program":
        """Write a program that calls Parallel, with the settings that are not its defaults."""
        call = call.ordinary(by_value=self.backend == "loky").of_one_item()
        settings = [f"n_jobs={self.workers}"]
        settings += [f'backend="{self.backend}"'] if self.backend != "loky" else []
        settings += [f"batch_size={self.batch_size}"] if self.batch_size != _AUTO else []
        names = "Parallel, delayed"
        lines = [f"parallel = Parallel({', '.join(settings)})"]
        if self.inner_max_num_threads is not None:
            names += ", parallel_config"
            limit = f'parallel_config("loky", inner_max_num_threads={self.inner_max_num_threads})'
            lines = [f"with {limit}:", f"    {lines[0]}"]
        return call.program(
            *lines,
            f"results = parallel(delayed({call.function})(item) for item in {call.items})",
            imports=[f"from joblib import {names}"],
            guarded=self.backend != "threading",
        )

    def __exit__(self, *exc: object) -> None:
        pool = getattr(self._parallel._backend, "_pool", None)  # noqa: SLF001
        self._parallel.__exit__(None, None, None)
        del self._parallel
        if pool is not None:
            pool.join()  # joblib does not wait for the threads of its pool
        if self.backend == "loky" and self.workers > 1:
            from joblib.externals.loky import get_reusable_executor

            executor = get_reusable_executor(reuse=True)  # its processes would stay for five minutes
            getattr(executor, "terminate", executor.shutdown)()  # terminate() removes its temporary folders, too
