"""The server of the jobs: it waits as its URL says, and answers with the number in it. It ends with its input.

    GET /any/7?wait=15&noise=10      15 ms and noise of 10 ms in the mean (exponential), however many ask
    GET /few/7?wait=20               the same, and eight requests are served at once
    GET /slow/7?wait=20              the same, and each request beyond eight makes all that come then a quarter longer

It prints its port. HTTP/1.1 with connections that are kept, on the loopback interface only.
"""

from __future__ import annotations

import asyncio
import random
import sys
from urllib.parse import parse_qsl, urlsplit

AT_ONCE = 8
"""Number of requests that are served at full speed."""


class Server:
    """The requests in progress, and the answers to them."""

    def __init__(self) -> None:
        self._few = asyncio.Semaphore(AT_ONCE)
        self._in_progress = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it is closed."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = (await self._answer(head.split(b" ", 2)[1].decode())).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the server ends
        finally:
            writer.close()

    async def _answer(self, target: str) -> str:
        url = urlsplit(target)
        asked = {key: float(value) / 1000 for key, value in parse_qsl(url.query)}
        _, way, number = url.path.split("/")
        seconds = asked["wait"]
        if asked.get("noise"):
            seconds += random.expovariate(1 / asked["noise"])
        self._in_progress += 1
        try:
            if way == "few":
                async with self._few:
                    await asyncio.sleep(seconds)
            else:
                beyond = max(0, self._in_progress - AT_ONCE) if way == "slow" else 0
                await asyncio.sleep(seconds * (1 + beyond / 4))
        finally:
            self._in_progress -= 1
        return f"answer {number}"


async def main() -> None:
    """Serve until the input ends."""
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
