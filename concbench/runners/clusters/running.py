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
_NEEDED = ("concbench", "distributed", "cloudpickle")
"""Packages that workers need, in the same version as here."""
_LOOK = """
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
        found = importlib.import_module(name)
    except BaseException as error:
        return {"missing": f"{type(error).__name__}: {error}"}
    file = str(getattr(found, "__file__", None) or "")
    digest = hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest() if file.endswith(".py") else ""
    whole = sys.modules.get(name.partition(".")[0], found)
    return {"version": str(getattr(whole, "__version__", "")), "digest": digest}

seen = {
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
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found[3]) < 1 << 16:
        raise BadSetting(f"address must be that of a running scheduler, such as tcp://HOST:8786, not {address!r}")
    if found[1] == "tls":
        import dask

        missing = [key for key in _CREDENTIALS if not dask.config.get(f"distributed.comm.tls.{key}", None)]
        if missing:
            names = ", ".join(key.replace(".", "__").replace("-", "_").upper() for key in missing)
            raise BadSetting(
                f"{address} requires TLS, but Dask has no credentials here; set the paths of its files in "
                f"environment variables (DASK_DISTRIBUTED__COMM__TLS__ with {names}), or give a tcp:// address"
            )


def threads_at(address: str) -> dict[str, int]:
    """The number of threads of each worker of a scheduler, by the worker's address.

    Raises:
        BadSetting: no scheduler answers at the address, or it has no workers.
    """
    require_address(address)
    try:
        with ThreadPoolExecutor(1) as aside:  # an event loop may be running in this thread, as in a notebook
            identity = aside.submit(asyncio.run, _identity(address)).result()
        workers = identity["workers"]
    except Exception as error:  # another package may raise anything
        raise BadSetting(
            f"no Dask scheduler answers at {address} ({one_line(exception_text(error), 120)}); start one with "
            "`dask scheduler` there, or give the address that it prints"
        ) from error
    if not workers:
        raise BadSetting(f"the scheduler at {address} has no workers; start some with `dask worker {address}`")
    return {worker: int(told["nthreads"]) for worker, told in workers.items()}


async def _identity(address: str) -> Mapping[str, Any]:
    import distributed

    arguments = distributed.Security().get_connection_args("client")
    async with distributed.rpc(address, timeout=CONNECT_SECONDS, connection_args=arguments) as scheduler:
        told: Mapping[str, Any] = await asyncio.wait_for(scheduler.identity(), CONNECT_SECONDS)
        return told


def chosen(threads: Mapping[str, int], wanted: int | None) -> dict[str, int]:
    """Choose whole workers that have exactly `wanted` threads together; None: all workers.

    Raises:
        BadSetting: no choice of workers has that number of threads.
    """
    if wanted is None:
        return dict(threads)
    taken: dict[str, int] = {}
    for worker, count in sorted(threads.items(), key=lambda pair: (-pair[1], pair[0])):
        if sum(taken.values()) + count <= wanted:
            taken[worker] = count
    if sum(taken.values()) != wanted:
        there = "+".join(map(str, sorted(threads.values(), reverse=True)))
        raise BadSetting(
            f"workers must be the number of threads of one or more workers of the cluster, not {wanted}: they have "
            f"{there} threads"
        )
    return taken


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


def require_alike(client: Any, workers: list[str], function: Callable[[Any], Any] | None) -> None:
    """Have workers import the modules of the work, and reject workers that lack one or have another version.

    Raises:
        Inapplicable: a worker differs; the message says what the first of them lacks.
        WorkerFailure: a worker cannot be asked.
    """
    names = {"packages": list(_NEEDED), "modules": modules_of(function)}
    expression = f"(lambda names: (exec({_LOOK!r}, names), names['seen'])[1])({names!r})"
    here = eval(expression, {})  # noqa: S307 - the text is ours
    seen = client.run(eval, expression, workers=workers, on_error="return")
    for worker in workers:
        there = seen.get(worker)
        if not isinstance(there, dict):
            raise WorkerFailure(f"the worker {worker} cannot report its packages and modules: {exception_text(there)}")
        difference = _difference(here, there)
        if difference:
            raise Inapplicable(f"the worker {worker} {difference}")


def modules_of(function: object) -> list[str]:
    """The modules that a worker must import for a function, except those of the standard library."""
    packed, _ = attempt(pickle.dumps, function, 2)
    names = {argument.partition(" ")[0] for code, argument, _ in _codes(packed or b"") if code.name == "GLOBAL"}
    passed_over = {"__main__", "__builtin__", "copy_reg", "concbench", *sys.stdlib_module_names}
    return sorted(name for name in names if name.partition(".")[0] not in passed_over)


def _codes(packed: bytes) -> Any:
    return pickletools.genops(packed) if packed else ()


def _difference(here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """Describe a package or module that a worker lacks or has in another version, and the remedy; empty if none."""
    pythons = [(one["implementation"], *one["python"].split(".")[:2]) for one in (here, there)]
    if pythons[0] != pythons[1]:
        ours, theirs = (f"{one['implementation']} {one['python']}" for one in (here, there))
        return f"runs {theirs}, but this is {ours}: start it with the same Python"
    for name, version in here["packages"].items():
        other = there["packages"].get(name)
        if other is None:
            return f"lacks {name}: pip install {name}=={version} where it runs"
        if other != version:
            return f"has {name} {other}, but this machine has {version}: pip install {name}=={version} where it runs"
    for name, own in here["modules"].items():
        other = there["modules"].get(name, {})
        if "missing" in own:
            continue
        if "missing" in other:
            why = one_line(other["missing"], 120)
            return f"cannot import {name} ({why}): put it where its Python finds it, as with PYTHONPATH"
        if own != other:
            both = f" ({other['version']} there, {own['version']} here)"
            versions = both if own["version"] != other["version"] else ""
            return f"has a different {name} from this machine{versions}: use the same version there, and restart it"
    return ""
