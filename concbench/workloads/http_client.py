"""The client of ordinary functions: urllib3, one pool of connections for each process.

In a module of its own because a spawned worker that needs urllib3 must not pay for importing aiohttp, nor for anything
else that a worker has no use for.
"""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from http.client import HTTPResponse
from time import monotonic, sleep

import urllib3
from urllib3 import exceptions

from concbench.workloads import http_rules
from concbench.workloads.http_rules import DownloadFailed, Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from typing import Any

    from concbench.workloads.target import Image

_PIECE = 65_536
_MOST_HOSTS = 100_000
"""To keep connections to: those of urllib3's own 10 would be closed and opened again all the time."""
_pool: urllib3.PoolManager | None = None
_pool_process: int | None = None
"""Whose the pool is: a forked process must not use its parent's connections."""


def download_image(image: Image, limits: Limits = Limits()) -> int:  # noqa: B008 - it is never changed
    """Fetch an image and write it to its own file, which must not exist.

    Returns:
        The number of bytes.

    Raises:
        DownloadFailed: the server did not answer, or not with an image within the limits; nothing is written then.
        OSError: the file cannot be written.
    """
    data = _fetched(image.url, limits)
    with open(image.path, "xb") as file:  # noqa: PTH123 - as everyone would write it; x: never through a link
        return file.write(data)


class DownloadTask:
    """A download as a task: tried as often as the limits allow, and a failure is a result."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def __call__(self, image: Image) -> tuple[int, int] | DownloadFailed:
        """The number of bytes and of tries, or what went wrong."""
        tries = 1
        while True:
            try:
                return download_image(image, self.limits), tries
            except DownloadFailed as failed:
                pause = self.limits.again_after(failed, tries)
                if pause is None:
                    return DownloadFailed(*failed.args)  # without what it has seen on its way
            sleep(pause)
            tries += 1


@contextmanager
def connections(workers: int, most_to_a_host: int | None) -> Iterator[None]:
    """A fresh pool of connections, as many as there are workers."""
    global _pool, _pool_process  # noqa: PLW0603 - one pool for each process is what this module is for
    from concbench.workloads.open_files import allow_open_files

    allow_open_files(workers)
    _pool = _new_pool(maxsize=min(workers, most_to_a_host or workers), block=most_to_a_host is not None)
    _pool_process = os.getpid()
    try:
        yield
    finally:
        _pool.clear()
        _pool = None


def _connections() -> urllib3.PoolManager:
    """This process's pool: that of the context in progress, else (in a worker process) one of its own."""
    global _pool, _pool_process  # noqa: PLW0603
    if _pool is None or _pool_process != os.getpid():
        _pool = _new_pool()
        _pool_process = os.getpid()
    return _pool


def _fetched(url: str, limits: Limits) -> bytes:
    """The body, after redirects."""
    for _ in range(http_rules.MOST_REDIRECTS + 1):
        try:
            response = _connections().request(
                "GET", url, headers=http_rules.UNASKED, preload_content=False, redirect=False, retries=False,
                timeout=urllib3.Timeout(total=limits.seconds),
            )  # fmt: skip
            try:
                if response.status == 200:
                    return _body(url, response, limits)
                url = http_rules.redirected(url, response.status, response.headers)
            finally:
                if not response.closed:  # what is left of it is not read
                    response.close()
                response.release_conn()
        except (exceptions.HTTPError, UnicodeError) as error:
            kind = _kind(error)
            raise DownloadFailed(kind, url, http_rules.detail(kind, error, limits)) from error
    raise DownloadFailed(http_rules.ROUND_AND_ROUND, url)


def _body(url: str, response: urllib3.BaseHTTPResponse, limits: Limits) -> bytes:
    try:
        if http_rules.length_told(url, response.headers, limits):
            data = response.read(decode_content=False)
        else:
            pieces, size = [], 0
            while piece := response.read(_PIECE, decode_content=False):
                pieces.append(piece)
                size += len(piece)
                http_rules.require_allowed(url, size, limits)
            data = b"".join(pieces)
    except exceptions.ProtocolError as error:
        kind = http_rules.CUT_SHORT
        raise DownloadFailed(kind, url, http_rules.detail(kind, error, limits)) from error
    if not data:
        raise DownloadFailed(http_rules.EMPTY, url)
    return data


def _kind(error: Exception) -> str:
    cause = error.args[1] if isinstance(error, exceptions.ProtocolError) and len(error.args) > 1 else error
    kinds: tuple[tuple[Any, str], ...] = (
        ((exceptions.NewConnectionError, exceptions.SSLError), http_rules.NOT_CONNECTED),
        ((exceptions.TimeoutError, TimeoutError), http_rules.TIMED_OUT),
        (ConnectionError, http_rules.RESET),
        ((exceptions.LocationValueError, exceptions.URLSchemeUnknown, UnicodeError), http_rules.BAD_ADDRESS),
    )
    return next((kind for types, kind in kinds if isinstance(cause, types)), http_rules.NO_HTTP)


class _Response(HTTPResponse):
    """An answer that must have arrived, headers and body, within the timeout of the socket at its beginning.

    A timeout for each read alone would let an answer drip for ever.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        deadline = monotonic() + (sock.gettimeout() or Limits().seconds)

        def readinto(buffer: Any) -> int:
            left = deadline - monotonic()
            if left <= 0:
                raise TimeoutError("the time is up")
            sock.settimeout(left)
            return sock.recv_into(buffer)

        raw: Any = self.fp.detach()
        raw.readinto = readinto
        self.fp = io.BufferedReader(raw)


def _new_pool(**settings: Any) -> urllib3.PoolManager:
    pool = urllib3.PoolManager(num_pools=_MOST_HOSTS, **settings)
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pool


class _Connection(urllib3.connection.HTTPConnection):
    response_class = _Response


class _SecureConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
