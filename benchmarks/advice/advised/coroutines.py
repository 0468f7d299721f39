"""Coroutine functions."""

from __future__ import annotations

import asyncio

import aiohttp

_eight = asyncio.Semaphore(8)
_session: list[aiohttp.ClientSession] = []


async def wait(item: int) -> int:
    """Waits for something that answers any number at once."""
    await asyncio.sleep(0.01)
    return item


async def wait_for_eight(item: int) -> int:
    """Keeps to a limit with a semaphore that the module holds: once it is waited for, it belongs to one loop."""
    async with _eight:
        await asyncio.sleep(0.02)
    return item


async def fetch_shared(item: str) -> str:
    """A session that the module keeps, and that belongs to the loop of the first call."""
    if not _session:
        _session.append(aiohttp.ClientSession())
    async with _session[0].get(item) as response:
        return await response.text()


async def compute(item: int) -> int:
    """Computes, and never gives another coroutine a turn."""
    return sum(number * number % 7 for number in range(100_000 + item % 3))
