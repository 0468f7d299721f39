"""The client of coroutines: aiohttp, one session for each event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from concbench.workloads.open_files import allow_open_files
from concbench.workloads.target import Image

TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60)
"""Seconds; a slow server fails the task, it does not hang it."""

_session: aiohttp.ClientSession | None = None


async def download_image(image: Image) -> int:
    """Fetch an image and write it to its own file; within `connections`, whose session it uses.

    Returns:
        The number of bytes.

    Raises:
        aiohttp.ClientError: the server did not answer, or with another status than 200.
    """
    if _session is None:
        raise RuntimeError("no session is open: call download_image within connections(...)")
    async with _session.get(image.url, max_redirects=5) as response:
        if response.status != 200:
            raise aiohttp.ClientResponseError(
                response.request_info, response.history, status=response.status, message=response.reason or ""
            )
        return Path(image.path).write_bytes(await response.read())  # noqa: ASYNC240 - as a person writes it


@asynccontextmanager
async def connections(workers: int, most_to_a_host: int | None) -> AsyncIterator[None]:
    """A fresh session with as many connections as workers."""
    global _session  # noqa: PLW0603 - a coroutine finds its session here, as a function finds its pool
    allow_open_files(workers)
    connector = aiohttp.TCPConnector(limit=workers, limit_per_host=most_to_a_host or 0)
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as _session:
        yield
    _session = None
