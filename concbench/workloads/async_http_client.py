"""The client of coroutines: aiohttp, one session for each event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import aiohttp
from yarl import URL

from concbench.workloads import http_rules
from concbench.workloads.http_rules import DownloadFailed, Limits
from concbench.workloads.open_files import allow_open_files
from concbench.workloads.target import Image

_session: aiohttp.ClientSession | None = None


async def download_image(image: Image, limits: Limits = Limits()) -> int:  # noqa: B008 - it is never changed
    """Fetch an image and write it to its own file, which must not exist; within `connections`, whose session it uses.

    Returns:
        The number of bytes.

    Raises:
        DownloadFailed: the server did not answer, or not with an image within the limits; nothing is written then.
        OSError: the file cannot be written.
    """
    if _session is None:
        raise RuntimeError("no session is open: call download_image within connections(...)")
    data = await _fetched(_session, image.url, limits)
    with open(image.path, "xb") as file:  # noqa: ASYNC230, PTH123 - as a person writes it; x: never through a link
        return file.write(data)


class DownloadTask:
    """A download as a task: tried as often as the limits allow, and a failure is a result."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    async def __call__(self, image: Image) -> tuple[int, int] | DownloadFailed:
        """The number of bytes and of tries, or what went wrong."""
        tries = 1
        while True:
            try:
                return await download_image(image, self.limits), tries
            except DownloadFailed as failed:
                pause = self.limits.again_after(failed, tries)
                if pause is None:
                    return DownloadFailed(*failed.args)  # without what it has seen on its way
            await asyncio.sleep(pause)
            tries += 1


@asynccontextmanager
async def connections(workers: int, most_to_a_host: int | None) -> AsyncIterator[None]:
    """A fresh session with as many connections as workers."""
    global _session  # noqa: PLW0603 - a coroutine finds its session here, as a function finds its pool
    allow_open_files(workers)
    if most_to_a_host is not None:
        import_module("urllib3.util")  # what the first redirect would import on the clock
    connector = aiohttp.TCPConnector(limit=workers, limit_per_host=most_to_a_host or 0)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),  # each download has its own
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[_waiting_apart()] if most_to_a_host is not None else [],
    ) as _session:
        try:
            yield
        finally:
            _session = None


async def _fetched(session: aiohttp.ClientSession, url: str, limits: Limits) -> bytes:
    """The body, after redirects."""
    for _ in range(http_rules.MOST_REDIRECTS + 1):
        try:
            async with (
                asyncio.timeout(limits.seconds) as allowed,
                session.get(
                    URL(url, encoded=True),
                    headers=http_rules.UNASKED,
                    allow_redirects=False,
                    trace_request_ctx=(allowed, limits.seconds),
                ) as response,
            ):
                if response.status == 200:
                    return await _body(url, response, limits)
                url = http_rules.redirected(url, response.status, response.headers)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            kind = _kind(error)
            raise DownloadFailed(kind, url, http_rules.detail(kind, error, limits)) from error
    raise DownloadFailed(http_rules.ROUND_AND_ROUND, url)


async def _body(url: str, response: aiohttp.ClientResponse, limits: Limits) -> bytes:
    try:
        if http_rules.length_told(url, response.headers, limits):
            data = await response.read()
        else:
            pieces, size = [], 0
            async for piece in response.content.iter_any():
                pieces.append(piece)
                size += len(piece)
                http_rules.require_allowed(url, size, limits)
            data = b"".join(pieces)
    except aiohttp.ClientError as error:
        kind = http_rules.CUT_SHORT
        raise DownloadFailed(kind, url, http_rules.detail(kind, error, limits)) from error
    if not data:
        raise DownloadFailed(http_rules.EMPTY, url)
    return data


def _waiting_apart() -> aiohttp.TraceConfig:
    """Waiting for one of the few connections to a host is no fault of the host, and does not count."""
    watch = aiohttp.TraceConfig()

    async def begins(_: object, context: Any, __: object) -> None:
        allowed, _seconds = context.trace_request_ctx
        allowed.reschedule(None)

    async def ends(_: object, context: Any, __: object) -> None:
        allowed, seconds = context.trace_request_ctx
        allowed.reschedule(asyncio.get_running_loop().time() + seconds)

    watch.on_connection_queued_start.append(begins)
    watch.on_connection_queued_end.append(ends)
    return watch


def _kind(error: Exception) -> str:
    kinds = (
        (TimeoutError, http_rules.TIMED_OUT),
        (aiohttp.ClientConnectorError, http_rules.NOT_CONNECTED),
        ((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError), http_rules.RESET),
        ((aiohttp.InvalidURL, ValueError), http_rules.BAD_ADDRESS),
    )
    return next((kind for types, kind in kinds if isinstance(error, types)), http_rules.NO_HTTP)
