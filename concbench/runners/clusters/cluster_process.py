"""Dask workers on this machine: a LocalCluster in a separate process, which leaves nothing behind when it ends.

In the user's process, it would leave threads behind, and its scheduler would compete for the GIL. As a separate
process, it ends as soon as the other end of its wire is closed for any reason.
"""

from __future__ import annotations

import logging
import multiprocessing
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from concbench.errors import WorkerFailure
from concbench.launch import end_group, start
from concbench.task import exception_text
from concbench.wire import Wire, take_over

_END_SECONDS = 10.0
_STANDARD_ERROR = 2
"""The descriptor for the output of workers."""
_SHARED = Path("/dev/shm")  # noqa: S108 - where Linux keeps semaphores
_QUIET: dict[str, Any] = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}
"""Settings for less self-monitoring: by default it keeps 3 % of a core busy in every idle process of a cluster, which
would disturb measurements."""


class LocalCluster:
    """A scheduler and worker processes with one thread each, on the loopback interface, without a dashboard."""

    def __init__(self, workers: int, directory: Path | None = None) -> None:
        """Start the cluster, and wait for its workers.

        Args:
            workers: number of worker processes.
            directory: directory for its temporary files; None: the default of the system.

        Raises:
            WorkerFailure: it cannot be started; the message says why.
        """
        self._process: subprocess.Popen[bytes] | None = None
        self._semaphores = f"{_semaphore_prefix()}-{secrets.token_hex(4)}"
        self._directory = tempfile.mkdtemp(prefix="concbench-dask-", dir=directory)
        try:
            self._process, self._wire = start("concbench.runners.clusters.cluster_process", _STANDARD_ERROR)
            self._wire.send({"workers": workers, "directory": self._directory, "semaphores": self._semaphores})
            answer = self._wire.receive() or {"failed": "its process died"}
        except BaseException as error:
            self.close(0.0)
            if isinstance(error, OSError):
                answer = {"failed": exception_text(error)}
            else:
                raise
        if "failed" in answer:
            self.close()
            raise WorkerFailure(f"a Dask cluster of this machine cannot be started: {answer['failed']}")
        self.address: str = answer["address"]

    def close(self, seconds: float = _END_SECONDS) -> None:
        """End the cluster with all its processes, after `seconds` to end by itself."""
        process, self._process = self._process, None
        if process is not None:
            self._wire.close()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
            finally:
                end_group(process.pid)
                process.kill()
                process.wait()
            for path in _SHARED.glob(f"sem.{self._semaphores[1:]}*"):
                path.unlink(missing_ok=True)
        shutil.rmtree(self._directory, ignore_errors=True)


def _semaphore_prefix() -> str:
    """The prefix of the names of this process's semaphores, by which they are found if all processes are killed."""
    config: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined] # noqa: SLF001
    return str(config.get("semprefix", "/mp"))


def main() -> None:
    """Run the cluster until the process that started it has closed the wire, or has ended."""
    wire = take_over()
    settings = wire.receive()
    if settings is None:
        return
    multiprocessing.current_process()._config["semprefix"] = settings["semaphores"]  # type: ignore[attr-defined] # noqa: SLF001
    try:
        _serve(wire, settings["workers"], settings["directory"])
    finally:
        shutil.rmtree(settings["directory"], ignore_errors=True)


def _serve(wire: Wire, workers: int, directory: str) -> None:
    try:
        import dask
        import distributed

        dask.config.set({**_QUIET, "temporary-directory": directory})
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address=None,
            scheduler_kwargs={"dashboard": False, "allowed_failures": 0},
            local_directory=directory,
            silence_logs=logging.CRITICAL,
        )
    except Exception as error:  # noqa: BLE001 - another package may raise anything
        wire.send({"failed": exception_text(error)})
        return
    with cluster:
        wire.send({"address": cluster.scheduler_address})
        for _ in wire:
            pass
