"""A Dask cluster as another user runs it: a scheduler and workers as processes of their own, on loopback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

SHOP = "def double(item):\n    return item * 2\n"
"""The module `dask_shop` of the workers."""


ROOT = Path(__file__).parents[2]


def import_path(*first: Path) -> str:
    """The import path of the processes, with whatever tests import; their interpreters may differ from this one."""
    return os.pathsep.join(map(str, [*first, Path(__file__).parent, ROOT, *_own_path()]))


def _own_path() -> list[str]:
    """The entries of PYTHONPATH without concbench itself, which a scheduler need not have."""
    return [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry not in {"", str(ROOT)}]


class Cluster:
    """A scheduler at an address."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.directory = directory
        self._stack = stack
        self._file = directory / "scheduler.json"
        (directory / "there").mkdir()
        (directory / "there" / "dask_shop.py").write_text(SHOP)
        self.scheduler = self.start(sys.executable, "scheduler", "--scheduler-file", str(self._file), "--no-dashboard")

    @property
    def address(self) -> str:
        """The address, once the scheduler listens."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._file.exists() and self._file.read_text():
                return str(json.loads(self._file.read_text())["address"])
            time.sleep(0.02)
        raise AssertionError("the scheduler did not start")

    def worker(self, python: str = sys.executable) -> "subprocess.Popen[bytes]":
        """Start a worker of one thread; it joins when it is ready."""
        options = ["--scheduler-file", str(self._file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        return self.start(python, "worker", *options, "--local-directory", str(self.directory))

    def start(self, python: str, what: str, *options: str) -> "subprocess.Popen[bytes]":
        """Start a process of the cluster, which ends with it."""
        command = [python, "-m", f"distributed.cli.dask_{what}", "--host", "127.0.0.1", *options]
        process = subprocess.Popen(
            [*command, "--port", "0"] if what == "scheduler" else command,
            cwd=self.directory,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *_own_path()])
                if what == "scheduler"
                else import_path(self.directory / "there"),
                "DASK_TEMPORARY_DIRECTORY": str(self.directory),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    def wait_for(self, workers: int) -> dict[str, int]:
        """Wait until it has this many workers; returns their threads by address."""
        from concbench.errors import BadSetting
        from concbench.runners.clusters.running import worker_threads

        found: dict[str, int] = {}
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                found = worker_threads(self.address)
            except BadSetting:  # it has none
                found = {}
            if len(found) == workers:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{len(found)} workers instead of {workers}")

    def holds(self) -> tuple[int, int, int]:
        """Tasks that the scheduler knows, clients other than the asking one, and results that workers keep."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            tasks, clients = client.run_on_scheduler(held_by_scheduler)
            kept = client.run(held_by_worker)
        return tasks, clients, sum(kept.values())

    def forgets(self) -> bool:
        """Whether nothing of any client is left, within seconds."""
        deadline = time.monotonic() + 10
        while (left := self.holds()) != (0, 0, 0) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left == (0, 0, 0)


def held_by_scheduler(dask_scheduler: Any) -> tuple[int, int]:
    """The tasks and clients in the scheduler."""
    clients = [name for name in dask_scheduler.clients if name != "fire-and-forget"]
    return len(dask_scheduler.tasks), len(clients) - 1


def held_by_worker(dask_worker: Any) -> int:
    """The results in a worker."""
    return len(dask_worker.data)


@contextmanager
def cluster(directory: Path, workers: int) -> Iterator[Cluster]:
    """Start a cluster."""
    with ExitStack() as stack:
        made = Cluster(directory, stack)
        for _ in range(workers):
            made.worker()
        made.wait_for(workers)
        yield made
