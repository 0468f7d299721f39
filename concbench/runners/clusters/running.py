"""Access to a running cluster: its workers, and a check that they have the modules that the work needs."""

from __future__ import annotations

import asyncio
import logging
import pickle
import pickletools
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from typing import Any

from concbench.errors import BadSetting, Inapplicable, WorkerFailure
from concbench.task import attempt, exception_text, one_line

CONNECT_SECONDS = 3.0
"""Seconds that a scheduler gets to answer."""
_CLOSE_SECONDS = 5.0
_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):(\d{1,5})")
_CREDENTIALS = ("ca-file", "client.cert", "client.key")
"""Settings that Dask needs for TLS, below distributed.comm.tls."""
_PACKAGES = ("concbench", "distributed", "cloudpickle")
"""Packages that workers need, in the same version as here."""
_DESCRIBE = """
import hashlib, importlib, importlib.metadata, pathlib, sys

def package(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        try:
            return str(getattr(importlib.import_module(name), "__version__", ""))
        except ImportError:
            return None

def module(name):
    try:
        loaded = importlib.import_module(name)
    except BaseException as error:
        return {"missing": f"{type(error).__name__}: {error}"}
    file = str(getattr(loaded, "__file__", None) or "")
    digest = hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest() if file.endswith(".py") else ""
    whole = sys.modules.get(name.partition(".")[0], loaded)
    return {"version": str(getattr(whole, "__version__", "")), "digest": digest}

description = {
    "implementation": sys.implementation.name,
    "python": ".".join(map(str, sys.version_info[:3])),
    "packages": {name: package(name) for name in packages},
    "modules": {name: module(name) for name in modules},
}
"""
"""Code that workers execute to describe themselves. It is source text, since other versions of Python cannot read
pickled code, and concbench may be missing there."""


def require_address(address: str) -> None:
    """Reject a text that is not an address of a scheduler, and a TLS address without credentials.

    Raises:
        BadSetting: the address is invalid; the message says what to write.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[3]) < 1 << 16:
        raise BadSetting(f"address must be that of a running scheduler, such as tcp://HOST:8786, not {address!r}")
    if match[1] == "tls":
        import dask

        missing = [key for key in _CREDENTIALS if not dask.config.get(f"distributed.comm.tls.{key}", None)]
        if missing:
            names = ", ".join(key.replace(".", "__").replace("-", "_").upper() for key in missing)
            raise BadSetting(
                f"{address} requires TLS, but Dask has no credentials here; set the paths of its files in "
                f"environment variables (DASK_DISTRIBUTED__COMM__TLS__ with {names}), or give a tcp:// address"
            )


def worker_threads(address: str) -> dict[str, int]:
    """The number of threads of each worker of a scheduler, by the worker's address.

    Raises:
        BadSetting: no scheduler answers at the address, or it has no workers.
    """
    require_address(address)
    try:
        with ThreadPoolExecutor(1) as executor:  # an event loop may be running in this thread, as in a notebook
            identity = executor.submit(asyncio.run, _identity(address)).result()
        workers = identity["workers"]
    except Exception as error:  # another package may raise anything
        raise BadSetting(
            f"no Dask scheduler answers at {address} ({one_line(exception_text(error), 120)}); start one with "
            "`dask scheduler` there, or give the address that it prints"
        ) from error
    if not workers:
        raise BadSetting(f"the scheduler at {address} has no workers; start some with `dask worker {address}`")
    return {worker: int(description["nthreads"]) for worker, description in workers.items()}


async def _identity(address: str) -> Mapping[str, Any]:
    import distributed

    arguments = distributed.Security().get_connection_args("client")
    async with distributed.rpc(address, timeout=CONNECT_SECONDS, connection_args=arguments) as scheduler:
        identity: Mapping[str, Any] = await asyncio.wait_for(scheduler.identity(), CONNECT_SECONDS)
        return identity


def choose_workers(threads: Mapping[str, int], count: int | None) -> dict[str, int]:
    """Choose whole workers that have exactly `count` threads together; None: all workers.

    Raises:
        BadSetting: no choice of workers has that number of threads.
    """
    if count is None:
        return dict(threads)
    chosen: dict[str, int] = {}
    for worker, thread_count in sorted(threads.items(), key=lambda pair: (-pair[1], pair[0])):
        if sum(chosen.values()) + thread_count <= count:
            chosen[worker] = thread_count
    if sum(chosen.values()) != count:
        available = "+".join(map(str, sorted(threads.values(), reverse=True)))
        raise BadSetting(
            f"workers must be the number of threads of one or more workers of the cluster, not {count}: they have "
            f"{available} threads"
        )
    return chosen


class Connection:
    """A client of a scheduler with an event loop in a separate thread, which ends when the connection is closed.

    A client with its own thread would leave it behind after it has lost its scheduler, or if it never had one.
    """

    def __init__(self, address: str) -> None:
        """Connect to the scheduler at an address.

        Raises:
            WorkerFailure: the scheduler does not answer.
        """
        import distributed

        self.client: Any = None
        self._log = logging.getLogger("distributed.client")
        self._level = self._log.level
        self._log.setLevel(logging.CRITICAL)  # errors are reported as failures
        self._serving: Future[tuple[Any, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = Thread(target=asyncio.run, args=[self._serve()], name="concbench-dask", daemon=True)
        self._thread.start()
        try:
            loop = self._serving.result()[0]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about other versions, which are checked later
                self.client = distributed.Client(
                    address, loop=loop, timeout=CONNECT_SECONDS, set_as_default=False, name="concbench"
                )
        except BaseException as error:
            self.close()
            if not isinstance(error, Exception):
                raise
            raise WorkerFailure(f"the scheduler at {address} does not answer: {exception_text(error)}") from error

    async def _serve(self) -> None:
        from tornado.ioloop import IOLoop

        ended = asyncio.Event()
        self._serving.set_result((IOLoop.current(), asyncio.get_running_loop(), ended))
        await ended.wait()

    def close(self) -> None:
        """Disconnect from the scheduler, which then forgets all data of this client."""
        try:
            if self.client is not None:
                with suppress(Exception):  # the scheduler has ended, which was reported already
                    self.client.close(_CLOSE_SECONDS)
        finally:
            _, loop, ended = self._serving.result()
            loop.call_soon_threadsafe(ended.set)
            self._thread.join(_CLOSE_SECONDS)
            self._log.setLevel(self._level)


def require_same_modules(client: Any, workers: list[str], function: Callable[[Any], Any] | None) -> None:
    """Have workers import the modules of the work, and reject workers that lack one or have another version.

    Raises:
        Inapplicable: a worker differs; the message says what the first of them lacks.
        WorkerFailure: a worker cannot be asked.
    """
    names = {"packages": list(_PACKAGES), "modules": modules_of(function)}
    expression = f"(lambda names: (exec({_DESCRIBE!r}, names), names['description'])[1])({names!r})"
    local = eval(expression, {})  # noqa: S307 - the text is ours
    descriptions = client.run(eval, expression, workers=workers, on_error="return")
    for worker in workers:
        remote = descriptions.get(worker)
        if not isinstance(remote, dict):
            raise WorkerFailure(f"the worker {worker} cannot report its packages and modules: {exception_text(remote)}")
        difference = _difference(local, remote)
        if difference:
            raise Inapplicable(f"the worker {worker} {difference}")


def modules_of(function: object) -> list[str]:
    """The modules that a worker must import for a function, except those of the standard library."""
    packed, _ = attempt(pickle.dumps, function, 2)
    names = {argument.partition(" ")[0] for code, argument, _ in _codes(packed or b"") if code.name == "GLOBAL"}
    excluded = {"__main__", "__builtin__", "copy_reg", "concbench", *sys.stdlib_module_names}
    return sorted(name for name in names if name.partition(".")[0] not in excluded)


def _codes(packed: bytes) -> Any:
    return pickletools.genops(packed) if packed else ()


def _difference(local: Mapping[str, Any], remote: Mapping[str, Any]) -> str:
    """Describe a package or module that a worker lacks or has in another version, and the remedy; empty if none."""
    pythons = [(one["implementation"], *one["python"].split(".")[:2]) for one in (local, remote)]
    if pythons[0] != pythons[1]:
        ours, theirs = (f"{one['implementation']} {one['python']}" for one in (local, remote))
        return f"runs {theirs}, but this is {ours}: start it with the same Python"
    for name, version in local["packages"].items():
        other = remote["packages"].get(name)
        if other is None:
            return f"lacks {name}: pip install {name}=={version} where it runs"
        if other != version:
            return f"has {name} {other}, but this machine has {version}: pip install {name}=={version} where it runs"
    for name, local_module in local["modules"].items():
        remote_module = remote["modules"].get(name, {})
        if "missing" in local_module:
            continue
        if "missing" in remote_module:
            reason = one_line(remote_module["missing"], 120)
            return f"cannot import {name} ({reason}): put it where its Python finds it, as with PYTHONPATH"
        if local_module != remote_module:
            both_versions = f" ({remote_module['version']} there, {local_module['version']} here)"
            versions = both_versions if local_module["version"] != remote_module["version"] else ""
            return f"has a different {name} from this machine{versions}: use the same version there, and restart it"
    return ""
