"""A headless Chromium that is driven through its debugging protocol, for tests of pages."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""None where there is no such browser."""
_ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run",
    "--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars",
]  # fmt: skip


@dataclass
class Look:
    """What a page looks like in a window."""

    overflow: int
    """Pixels by which the page is wider than the window."""
    messages: list[str] = field(default_factory=list)
    """What the browser wrote on its console."""
    picture: bytes = b""
    """A PNG of the whole page."""


@contextmanager
def browser() -> Iterator[str]:
    """Run a browser; gives the address of its protocol."""
    with tempfile.TemporaryDirectory(dir="/tmp") as profile:  # the name of a socket in it may not be long
        command = [str(CHROMIUM), *_ARGUMENTS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env={**os.environ, "TMPDIR": profile}
        )
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"DevTools listening on ws://([^/]+)/", line):
                    yield found[1]
                    break
        finally:
            process.terminate()
            process.communicate(timeout=30)


def look(address: str, page: Path, *, width: int, dark: bool = False, picture: bool = False) -> Look:
    """Open a page in a window of this width."""
    return asyncio.run(_look(address, page.absolute().as_uri(), width, dark=dark, picture=picture))


async def _look(address: str, page: str, width: int, *, dark: bool, picture: bool) -> Look:
    async with aiohttp.ClientSession() as session:
        async with session.put(f"http://{address}/json/new?about:blank") as answer:
            target = await answer.json(content_type=None)
        async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            seen = _Session(socket)
            for domain in ("Page", "Runtime", "Log"):
                await seen.ask(f"{domain}.enable")
            await seen.ask(
                "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
            )
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            await seen.ask("Emulation.setEmulatedMedia", features=[scheme])
            await seen.ask("Page.navigate", url=page)
            while "Page.loadEventFired" not in seen.events:
                await seen.hear()
            wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            overflow = (await seen.ask("Runtime.evaluate", expression=wider))["result"]["value"]
            shot = b""
            if picture:
                import base64

                taken = await seen.ask("Page.captureScreenshot", captureBeyondViewport=True, format="png")
                shot = base64.b64decode(taken["data"])
        async with session.get(f"http://{address}/json/close/{target['id']}"):
            pass
    return Look(overflow, seen.messages, shot)


class _Session:
    """Requests to one page, and what it tells meanwhile."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.events: set[str] = set()
        self.messages: list[str] = []

    async def ask(self, method: str, **parameters: Any) -> Any:
        """The result of a method."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while (told := await self.hear()).get("id") != self._number:
            pass
        assert "error" not in told, told
        return told["result"]

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        told: dict[str, Any] = json.loads((await asyncio.wait_for(self._socket.receive(), 30)).data)
        method = told.get("method", "")
        self.events.add(method)
        if method in {"Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
            self.messages.append(json.dumps(told["params"]))
        return told
