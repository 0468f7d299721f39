"""The client for ordinary functions: urllib3, with one pool of connections for each process.

It is in a module of its own because a spawned worker that needs urllib3 must not pay for importing aiohttp. Modules
that only a redirect, a failure or a large body needs are imported where they are needed.
"""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from functools import lru_cache
from http.client import HTTPException, HTTPResponse, IncompleteRead, parse_headers
from time import monotonic, sleep

import urllib3
from urllib3 import exceptions

from concbench.workloads.download.target import PIECE, DownloadFailed, DownloadLimits, require_clear_end, save

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from typing import Any

    from concbench.workloads.download.target import Image

_MOST_HOSTS = 100_000
"""Hosts to keep connections to: with urllib3's default of 10, connections would be closed and reopened all the time."""
_NEVER_AGAIN = urllib3.Retry(total=False, redirect=False)
"""Only DownloadTask retries, and counts it."""
_LATE = 0.05
"""Seconds that an answer may be late: setting what is left of its time costs a system call for each read."""
_LONGEST_LINE = 65_537
"""Most bytes of a line, as in http.client."""
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")
_timeout = lru_cache(maxsize=1)(lambda seconds: urllib3.Timeout(total=seconds))
_pool: urllib3.PoolManager | None = None
_pool_process: int | None = None
"""The process of the pool: a forked process must not use its parent's connections."""


def download_image(image: Image, limits: DownloadLimits = DownloadLimits()) -> int:  # noqa: B008 - it is never changed
    """Fetch an image and write it to its own file, which must not exist.

    Returns:
        The number of bytes.

    Raises:
        DownloadFailed: the server did not answer, or not with an image within the limits; there is no file then.
        OSError: the file cannot be written.
    """
    url = image.url
    redirects = 0
    while True:
        try:
            response = _connections().urlopen(
                "GET", url, redirect=False, retries=_NEVER_AGAIN, preload_content=False,
                timeout=_timeout(limits.seconds),
            )  # fmt: skip
            try:
                headers = response.headers
                require_clear_end(url, headers.getlist("Content-Length"), headers.getlist("Transfer-Encoding"))
                if response.status == 200:
                    return _save_body(url, response, image.path, limits)
                from concbench.workloads.download import rules

                url = rules.redirect_target(url, response.status, headers, follow=limits.follow)
            finally:
                if not response.closed:  # the rest of it is not read
                    response.close()
                response.release_conn()
        except (DownloadFailed, OSError, MemoryError):  # a file that cannot be written; those of sockets are wrapped
            raise
        except Exception as error:  # a bad answer: http.client may raise anything
            raise _failure(url, error, limits) from error
        redirects += 1
        if redirects > rules.MOST_REDIRECTS:
            raise DownloadFailed(rules.ROUND_AND_ROUND, url)


class DownloadTask:
    """A download as a task: tried as often as the limits allow; a failure is returned as a result."""

    def __init__(self, limits: DownloadLimits) -> None:
        self.limits = limits

    def __call__(self, image: Image) -> tuple[int, int] | DownloadFailed:
        """The number of bytes and of tries, or the failure."""
        tries = 1
        while True:
            try:
                return download_image(image, self.limits), tries
            except DownloadFailed as failed:
                from concbench.workloads.download.rules import seconds_before_retry

                pause = seconds_before_retry(failed, tries, self.limits)
                if pause is None:
                    return DownloadFailed(*failed.args)  # without its traceback and its cause
            sleep(pause)
            tries += 1


@contextmanager
def connections(workers: int, most_to_a_host: int | None) -> Iterator[None]:
    """A fresh pool with as many connections as workers."""
    global _pool, _pool_process  # noqa: PLW0603 - one pool for each process is what this module is for
    from concbench.workloads.download.open_files import allow_open_files

    allow_open_files(workers)
    _pool = _new_pool(maxsize=min(workers, most_to_a_host or workers), block=most_to_a_host is not None)
    _pool_process = os.getpid()
    try:
        yield
    finally:
        _pool.clear()
        _pool = None


def _connections() -> urllib3.PoolManager:
    """The pool of this process: that of the current context or, in a worker process, one of its own."""
    global _pool, _pool_process  # noqa: PLW0603
    if _pool is None or _pool_process != os.getpid():
        _pool = _new_pool()
        _pool_process = os.getpid()
    return _pool


def _save_body(url: str, response: urllib3.BaseHTTPResponse, path: str, limits: DownloadLimits) -> int:
    """Write the body to the file; returns the number of its bytes."""
    length = None if response.chunked else response.length_remaining  # chunks take precedence over a length
    if length is not None and length > limits.largest:
        from concbench.workloads.download.rules import too_large

        raise too_large(url, limits, length)
    encoding = response.headers.get("Content-Encoding")
    try:
        if length is None or length > PIECE or encoding is not None:
            return _stream_body(url, response, path, encoding, limits)
        data = response.read(decode_content=False)
    except exceptions.ProtocolError as error:
        from concbench.workloads.download import rules

        cut_short = isinstance(error.args[-1], (IncompleteRead, OSError))
        kind = rules.CUT_SHORT if cut_short else rules.NO_HTTP
        raise DownloadFailed(kind, url, rules.detail(kind, error, limits)) from error
    return save(path, data)


def _stream_body(
    url: str, response: urllib3.BaseHTTPResponse, path: str, encoding: str | None, limits: DownloadLimits
) -> int:
    from concbench.workloads.download.body import Arrival

    with Arrival(url, path, encoding, limits) as arrival:
        while piece := response.read(PIECE, decode_content=False):
            arrival.take(piece)
    return arrival.size


def _failure(url: str, error: Exception, limits: DownloadLimits) -> DownloadFailed:
    from concbench.workloads.download import rules

    cause = error.args[1] if isinstance(error, exceptions.ProtocolError) and len(error.args) > 1 else error
    kinds: tuple[tuple[Any, str], ...] = (
        ((exceptions.NewConnectionError, exceptions.SSLError), rules.NOT_CONNECTED),
        ((exceptions.TimeoutError, TimeoutError), rules.TIMED_OUT),
        (ConnectionError, rules.RESET),
        ((exceptions.LocationValueError, exceptions.URLSchemeUnknown, UnicodeError), rules.BAD_ADDRESS),
    )
    kind = next((kind for types, kind in kinds if isinstance(cause, types)), rules.NO_HTTP)
    return DownloadFailed(kind, url, rules.detail(kind, error, limits))


class _Punctual:
    """A socket whose answer must arrive, headers and body, within the timeout that it has at the beginning.

    A timeout for each read alone would let an answer drip for ever.
    """

    __slots__ = ("_socket",)

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        """Like `makefile` of a socket, for reading bytes."""
        del mode
        sock = self._socket
        timeout = sock.gettimeout() or DownloadLimits().seconds
        deadline = monotonic() + timeout

        def readinto(buffer: Any) -> int:
            nonlocal timeout
            remaining = deadline - monotonic()
            if remaining <= 0:
                raise TimeoutError("the time is up")
            if timeout - remaining > _LATE:
                sock.settimeout(remaining)
                timeout = remaining
            return sock.recv_into(buffer)

        raw: Any = sock.makefile("rb", buffering=0)
        raw.readinto = readinto
        return io.BufferedReader(raw)


class _Answer(HTTPResponse):
    """An answer that arrives in time and is checked as strictly as by aiohttp; http.client is more lenient."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_Punctual(sock), *args, **kwargs)  # type: ignore[arg-type]

    def _read_status(self) -> tuple[str, int, str]:
        """The status of the answer itself: interim answers, such as 103, are skipped until the time is up."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if version not in {"HTTP/1.0", "HTTP/1.1"}:
                raise HTTPException(f"the answer is {version}")
            if not 101 < status < 200:  # 100 is skipped by http.client
                return version, status, reason
            parse_headers(self.fp)

    def begin(self) -> None:
        super().begin()
        if self.headers.defects:  # checked first, since it costs nothing
            from email.errors import MissingHeaderBodySeparatorDefect

            if any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in self.headers.defects):
                raise HTTPException("a header line is malformed")

    def _read_next_chunk_size(self) -> int:
        """The length of a chunk in hexadecimal digits; http.client accepts -1, which would read on without a limit.

        Raises:
            ValueError: the line is cut short; http.client reports it as such.
        """
        line = self.fp.readline(_LONGEST_LINE)
        size = line.partition(b";")[0].strip()
        if line.endswith(b"\n") and not (size and len(size) <= 16 and _HEXADECIMAL.issuperset(size)):
            raise HTTPException(f"{ascii(size[:20])[1:]} is not a valid chunk length")
        if len(line) == _LONGEST_LINE:
            raise HTTPException("a line that begins a chunk is too long")
        if not line.endswith(b"\n"):
            raise ValueError(line)
        return int(size, 16)


def _new_pool(**settings: Any) -> urllib3.PoolManager:
    pool: Any = urllib3.PoolManager(num_pools=_MOST_HOSTS, **settings)
    pool.pool_classes_by_scheme = {
        "http": _punctual_pool(urllib3.HTTPConnectionPool), "https": _punctual_pool(urllib3.HTTPSConnectionPool),
    }  # fmt: skip
    return pool  # type: ignore[no-any-return]


def _punctual_pool(kind: Any) -> Any:
    """A maker of pools of this kind with punctual sockets; it avoids classes, for which every worker would pay."""

    def pool_of(*args: Any, **kwargs: Any) -> Any:
        pool = kind(*args, **kwargs)
        connect = pool.ConnectionCls

        def connection_of(**settings: Any) -> Any:
            connection = connect(**settings)
            connection.response_class = _Answer
            return connection

        pool.ConnectionCls = connection_of
        return pool

    return pool_of
