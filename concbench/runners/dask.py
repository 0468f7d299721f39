"""The runner of dask.distributed: workers of a Dask cluster, on this machine or on others."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from concbench.errors import Inapplicable
from concbench.machine import usable_cores
from concbench.runners.base import as_sequence, require_positive
from concbench.traits import ELSEWHERE, PROCESSES, Traits

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression, Program
    from concbench.runners.clusters.cluster_process import LocalCluster
    from concbench.runners.clusters.running import Connection

if find_spec("distributed") is None:
    raise ModuleNotFoundError("No module named 'distributed'", name="distributed")


@dataclass
class Dask:
    """Workers of a Dask cluster: one that is started on this machine, or the one at an address."""

    workers: int | None = None
    """Tasks in progress at once; by default one for each core that this process may use, or for each thread of the
    cluster at the address."""
    address: str = ""
    """Address of a running scheduler, such as tcp://HOST:8786; empty: a cluster is started on this machine."""
    chunksize: int | None = None
    """Neighbouring tasks sent together; None: as many as take 50 ms, estimated from the first."""

    def __post_init__(self) -> None:
        settings = {"workers": self.workers, "chunksize": self.chunksize}
        require_positive(**{name: value for name, value in settings.items() if value is not None})
        self._threads: dict[str, int] = {}
        if self.address:
            self._choose_workers(self.address)
            self.workers = sum(self._threads.values())
        elif self.workers is None:
            self.workers = usable_cores()
        self._reset()

    def _choose_workers(self, address: str) -> None:
        """Choose the workers; if all are chosen, workers that join later may take part, too."""
        from concbench.runners.clusters.running import choose_workers, worker_threads

        threads = worker_threads(address)
        self._threads = choose_workers(threads, self.workers)
        self._chosen_addresses: list[str] = [*self._threads] if len(self._threads) < len(threads) else []

    def _reset(self) -> None:
        self._chosen_addresses = []
        self._cluster: LocalCluster | None = None
        self._connection: Connection | None = None
        self._provided = False
        self._releases_on_exit = False
        self.figures: dict[str, float] = {}
        """Figures of the last run, reported by its workers."""

    def __getstate__(self) -> dict[str, Any]:
        """Copy the settings alone, without a cluster."""
        return {name: vars(self)[name] for name in ("workers", "address", "chunksize", "_threads")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._reset()

    @property
    def traits(self) -> Traits:
        """Traits that depend on the address: such a cluster may be anywhere, with several threads in a process.

        Whether its processes are reaped is unknown.
        """
        several = max(self._threads.values(), default=1) > 1
        return Traits(
            where=ELSEWHERE if self.address else PROCESSES, shares_interpreter=several, pickles=True, sends=True,
            worker_per_task=False, barriers=False, simplicity=70,
        )  # fmt: skip

    def provide(self, function: Callable[[Any], Any] | None = None, directory: Path | None = None) -> None:
        """Prepare the workers, untimed; see `base.Runner`."""
        from concbench.runners.clusters import running

        if not self.address:
            from concbench.runners.clusters.cluster_process import LocalCluster

            self._cluster = LocalCluster(self.workers or 1, directory)
        self._provided = True
        self._choose_workers(self._scheduler_address)
        with closing(running.Connection(self._scheduler_address)) as connection:
            running.require_same_modules(connection.client, list(self._threads), function)

    def release(self) -> None:
        """End the cluster that `provide` has started; see `base.Runner`."""
        cluster, self._cluster, self._provided = self._cluster, None, False
        if cluster is not None:
            cluster.close()

    def __enter__(self) -> Self:
        from concbench.runners.clusters.running import Connection

        self._releases_on_exit = not self._provided
        try:
            if self._releases_on_exit:
                self.provide()
            self._connection = Connection(self._scheduler_address)
        except BaseException:
            if self._releases_on_exit:
                self.release()
            raise
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        if inspect.iscoroutinefunction(function):
            raise Inapplicable(f"dask runs ordinary functions; {function.__name__} is a coroutine function (async def)")
        items = as_sequence(items)
        if not items:
            return []
        from concbench.runners.clusters.dispatch import Dispatch

        assert self._connection is not None, "it has been entered"
        dispatch = Dispatch(self._connection.client, function, items, self.workers or 1, self._chosen_addresses)
        try:
            results = dispatch.results(self.chunksize)
        except BaseException:
            dispatch.cancel()
            raise
        self.figures = dispatch.figures
        return results

    def program(self, call: CallExpression) -> Program:
        """Write a program with a client, and with chunks if they are set."""
        call = call.ordinary(by_value=True).of_one_item()
        cluster_expression = f"LocalCluster(n_workers={self.workers}, threads_per_worker=1, dashboard_address=None)"
        client_expression = (
            f'Client("{self.address}")' if self.address else f"{cluster_expression} as cluster, Client(cluster)"
        )
        imports = ["from distributed import Client" + ("" if self.address else ", LocalCluster")]
        lines = [f"with {client_expression} as client:"]
        if self.chunksize in {None, 1}:
            lines.append(f"    results = client.gather(client.map({call.function}, {call.items}, pure=False))")
            return call.program(*lines, imports=imports, guarded=True)
        chunk = f"def chunk_of(items):\n    return [{call.function}(item) for item in items]"
        lines += [
            f"    items = list({call.items})",
            f"    chunks = [items[at : at + {self.chunksize}] for at in range(0, len(items), {self.chunksize})]",
            "    results = [one for each in client.gather(client.map(chunk_of, chunks, pure=False)) for one in each]",
        ]
        return call.program(*lines, imports=imports, definitions=[chunk], guarded=True)

    def __exit__(self, *exc: object) -> None:
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                connection.close()
        finally:
            if self._releases_on_exit:
                self.release()

    @property
    def _scheduler_address(self) -> str:
        return self._cluster.address if self._cluster is not None else self.address
