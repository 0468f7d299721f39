"""The client for coroutines: aiohttp, with one session for each event loop."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from importlib import import_module
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import set_exception
from aiohttp.http_exceptions import BadHttpMessage, ContentLengthError, TransferEncodingError
from yarl import URL

from concbench.workloads.download import rules
from concbench.workloads.download.body import Arrival
from concbench.workloads.download.open_files import allow_open_files
from concbench.workloads.download.rules import seconds_before_retry
from concbench.workloads.download.target import PIECE, DownloadFailed, DownloadLimits, Image, require_clear_end, save

_HEADERS = {"Accept-Encoding": "identity"}
"""The default of urllib3: images do not become smaller, and the download itself is measured."""
_VERSIONS = {aiohttp.HttpVersion10, aiohttp.HttpVersion11}
_CUT_SHORT = (ContentLengthError, TransferEncodingError)
"""Messages that ended too early; other BadHttpMessages are malformed."""
_session: aiohttp.ClientSession | None = None
_semaphores: defaultdict[URL, asyncio.Semaphore] | None = None
"""For each origin, as many places as it may have connections, if they are limited. A task that waits here waits off the
clock of its request, which would run in aiohttp's own queue."""


@lru_cache(maxsize=1)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, ceil_threshold=float("inf"))


async def download_image(image: Image, limits: DownloadLimits = DownloadLimits()) -> int:  # noqa: B008 - it is never changed
    """Fetch an image and write it to its own file, which must not exist; within `connections`, whose session it uses.

    Returns:
        The number of bytes.

    Raises:
        DownloadFailed: the server did not answer, or not with an image within the limits; there is no file then.
        OSError: the file cannot be written.
    """
    if _session is None:
        raise RuntimeError("no session is open: call download_image within connections(...)")
    address = image.url
    for _ in range(rules.MOST_REDIRECTS + 1):
        try:
            url = URL(address, encoded=True)
            if _semaphores is None:
                answer = await _answer(_session, url, image.path, limits)
            else:
                async with _semaphores[url.origin()]:
                    answer = await _answer(_session, url, image.path, limits)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _failure(address, error, limits) from error
        except (DownloadFailed, OSError, MemoryError):  # a file that cannot be written
            raise
        except Exception as error:  # any error that the library raises for a bad answer
            raise _failure(address, error, limits) from error
        if isinstance(answer, int):
            return answer
        address = answer
    raise DownloadFailed(rules.ROUND_AND_ROUND, address)


class DownloadTask:
    """A download as a task: tried as often as the limits allow; a failure is returned as a result."""

    def __init__(self, limits: DownloadLimits) -> None:
        self.limits = limits

    async def __call__(self, image: Image) -> tuple[int, int] | DownloadFailed:
        """The number of bytes and of tries, or the failure."""
        tries = 1
        while True:
            try:
                return await download_image(image, self.limits), tries
            except DownloadFailed as failed:
                pause = seconds_before_retry(failed, tries, self.limits)
                if pause is None:
                    return DownloadFailed(*failed.args)  # without its traceback and its cause
            await asyncio.sleep(pause)
            tries += 1


class _Protocol(ResponseHandler):
    """A protocol that, unlike that of aiohttp, tells the coroutine that waits for a body that it is malformed."""

    def set_exception(self, exc: Any, exc_cause: Any = None) -> None:
        super().set_exception(exc, *([] if exc_cause is None else [exc_cause]))
        if self._payload is not None and isinstance(exc_cause, BadHttpMessage) and not self._payload.is_eof():
            set_exception(self._payload, aiohttp.ClientPayloadError(str(exc_cause)), exc_cause)


@asynccontextmanager
async def connections(workers: int, most_to_a_host: int | None) -> AsyncIterator[None]:
    """A fresh session with as many connections as workers."""
    global _session, _semaphores  # noqa: PLW0603 - a coroutine finds its session here, as a function finds its pool
    allow_open_files(workers)
    if most_to_a_host is not None:
        import_module("urllib3.util")  # else the first redirect would import it on the clock
        _semaphores = defaultdict(lambda: asyncio.Semaphore(most_to_a_host))
    connector = aiohttp.TCPConnector(limit=workers, limit_per_host=most_to_a_host or 0)
    protocol: Any = partial(_Protocol, loop=asyncio.get_running_loop())
    connector._factory = protocol  # noqa: SLF001 - there is no other way
    async with aiohttp.ClientSession(
        connector=connector,
        headers=_HEADERS,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as _session:
        _session._retry_connection = False  # noqa: SLF001 - only DownloadTask retries, and counts it
        try:
            yield
        finally:
            _session = _semaphores = None


async def _answer(session: aiohttp.ClientSession, url: URL, path: str, limits: DownloadLimits) -> int | str:
    """The number of bytes written to the file, or the address to which the answer redirects."""
    async with session.get(url, allow_redirects=False, timeout=_timeout(limits.seconds)) as response:
        _require_http(response)
        if response.status == 200:
            return await _save_body(response, path, limits)
        return rules.redirect_target(str(url), response.status, response.headers, follow=limits.follow)


def _require_http(response: aiohttp.ClientResponse) -> None:
    """Refuse answers that http.client refuses."""
    headers, url = response.headers, str(response.url)
    require_clear_end(url, headers.getall("Content-Length", ()), headers.getall("Transfer-Encoding", ()))
    if response.version not in _VERSIONS or response.status < 100:
        raise DownloadFailed(rules.NO_HTTP, url, f"{response.version}, status {response.status}")


async def _save_body(response: aiohttp.ClientResponse, path: str, limits: DownloadLimits) -> int:
    """Write the body to the file; returns the number of its bytes."""
    headers = response.headers
    length = None if "Transfer-Encoding" in headers else response.content_length  # chunks take precedence over a length
    if length is not None and length > limits.largest:
        raise rules.too_large(str(response.url), limits, length)
    encoding = ", ".join(headers.getall("Content-Encoding", ())) or None
    try:
        if length is None or length > PIECE or encoding is not None:
            with Arrival(str(response.url), path, encoding, limits) as arrival:
                async for piece in response.content.iter_any():
                    arrival.take(piece)
            return arrival.size
        data = await response.read()
    except aiohttp.ClientError as error:
        malformed = isinstance(error.__cause__, BadHttpMessage) and not isinstance(error.__cause__, _CUT_SHORT)
        kind = rules.NO_HTTP if malformed else rules.CUT_SHORT
        raise DownloadFailed(kind, str(response.url), rules.detail(kind, error, limits)) from error
    return save(path, data)


def _failure(url: str, error: Exception, limits: DownloadLimits) -> DownloadFailed:
    kinds = (
        (TimeoutError, rules.TIMED_OUT),
        (aiohttp.ClientConnectorError, rules.NOT_CONNECTED),
        ((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError), rules.RESET),
        ((aiohttp.InvalidURL, UnicodeError), rules.BAD_ADDRESS),
    )
    kind = next((kind for types, kind in kinds if isinstance(error, types)), rules.NO_HTTP)
    return DownloadFailed(kind, url, rules.detail(kind, error, limits))
