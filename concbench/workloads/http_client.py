"""The client of ordinary functions: urllib3, one pool of connections for each process.

In a module of its own because a spawned worker that needs urllib3 must not pay for importing aiohttp, nor for anything
else that a worker has no use for.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

import urllib3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from concbench.workloads.target import Image

TIMEOUT = urllib3.Timeout(connect=30, read=60)
"""Seconds; a slow server fails the task, it does not hang it."""
_RETRIES = urllib3.Retry(total=None, connect=0, read=0, redirect=5, status=0, other=0)
"""None: a retry changes what is measured. Redirects are part of the address."""

_pool: urllib3.PoolManager | None = None
_pool_process: int | None = None
"""Whose the pool is: a forked process must not use its parent's connections."""


def download_image(image: Image) -> int:
    """Fetch an image and write it to its own file.

    Returns:
        The number of bytes.

    Raises:
        DownloadFailed: the server answered with another status than 200.
        urllib3.exceptions.HTTPError: it did not answer at all.
    """
    response = _connections().request("GET", image.url)
    if response.status != 200:
        raise DownloadFailed(f"{image.url} answered {response.status}")
    with open(image.path, "wb") as file:  # noqa: PTH123 - as everyone would write it
        return file.write(response.data)


class DownloadFailed(Exception):  # noqa: N818 - reads as what happened
    """A server answered, and not with the image."""


@contextmanager
def connections(workers: int, most_to_a_host: int | None) -> Iterator[None]:
    """A fresh pool of connections, as many as there are workers."""
    global _pool, _pool_process  # noqa: PLW0603 - one pool for each process is what this module is for
    from concbench.workloads.open_files import allow_open_files

    allow_open_files(workers)
    limit = min(workers, most_to_a_host or workers)
    _pool = urllib3.PoolManager(maxsize=limit, block=most_to_a_host is not None, retries=_RETRIES, timeout=TIMEOUT)
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
        _pool = urllib3.PoolManager(retries=_RETRIES, timeout=TIMEOUT)
        _pool_process = os.getpid()
    return _pool
