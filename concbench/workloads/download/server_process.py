"""The image server: aiohttp on 127.0.0.1, in a process of its own that ends with its owner.

In the measuring process it would share the GIL that is being measured. It ends when its wire ends; the operating system
closes that, whatever happens to the owner.

    GET /TOKEN/             the addresses of all images, one per line
    GET /TOKEN/<name>       an image, after the latency
    GET /TOKEN/stats        {"requests": ..., "in_progress": ..., "most_in_progress": ...}
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import secrets

from aiohttp import HttpVersion11, web

from concbench.errors import BadOutput
from concbench.launch import end_group
from concbench.wire import Wire, take_over
from concbench.workloads.download.images import image
from concbench.workloads.download.open_files import allow_open_files
from concbench.workloads.download.server import ServerSettings

_MOST_CONNECTIONS = 20_000
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"


class _Ready(web.StreamResponse):
    """A response of prepared bytes: building a response costs aiohttp more than sending it."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    @property
    def keep_alive(self) -> bool:
        """True: it is only used for connections that are kept."""
        return True

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send everything, unless the client has gone."""
        if request.transport is not None:
            request.transport.write(self._data)

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: nothing is left to send."""


class ImageServer:
    """The images of a `ServerSettings` under an address with a token, which other users of the machine do not know."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.prefix = f"/{secrets.token_urlsafe(12)}/"
        self.url = ""
        self._images = {self.prefix + name: index for index, name in enumerate(settings.names)}
        self._head = _HEAD % settings.image_size
        self._requests = self._in_progress = self._most_in_progress = 0

    async def __aenter__(self) -> ImageServer:
        allow_open_files(_MOST_CONNECTIONS)
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self.settings.port, backlog=4096).start()
        except OSError as error:
            await self._runner.cleanup()
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            reason = "is in use" if error.errno == errno.EADDRINUSE else "may not be used by you"
            raise BadOutput(f"port {self.settings.port} {reason}; choose another, or 0 for a free one") from error
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}{self.prefix}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        index = self._images.get(request.path)
        if index is None:
            return self._about(request.path)
        self._requests += 1
        self._in_progress += 1
        self._most_in_progress = max(self._most_in_progress, self._in_progress)
        try:
            delay = self.settings.latency + random.uniform(0, self.settings.jitter)
            if delay > 0:
                await asyncio.sleep(delay)
            data = image(index, self.settings.image_size)
            if request.method == "GET" and request.version == HttpVersion11 and request.keep_alive:
                return _Ready(self._head + data)
            return web.Response(body=data, content_type="image/png")
        finally:
            self._in_progress -= 1

    def _about(self, path: str) -> web.Response:
        if path == self.prefix:
            return web.Response(text="".join(f"{self.url}{name}\n" for name in self.settings.names))
        if path == self.prefix + "stats":
            stats = {
                "requests": self._requests,
                "in_progress": self._in_progress,
                "most_in_progress": self._most_in_progress,
            }
            return web.Response(text=json.dumps(stats), content_type="application/json")
        return web.Response(status=404, text="no such image\n")


async def serve_owner(wire: Wire) -> None:
    """Serve as the first message says, answer with the address, and end with the wire."""
    async with ImageServer(ServerSettings(**wire.receive())) as server:
        wire.send(server.url)
        await asyncio.get_running_loop().run_in_executor(None, wire.receive)


def main() -> None:
    """Run the server process."""
    asyncio.run(serve_owner(take_over()))
    end_group(os.getpid())  # the owner may have been killed
