"""A server with every fault that servers have, and the word that a client must find for each.

    with FaultyServer() as server:
        server.url("dripping_body")

It runs on 127.0.0.1, a free port, in one thread; every path except those of faults is an image of a few bytes. To add a
fault, add its line to FAULTS.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
import threading
import zlib
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

IMAGE = b"an image, for all that a client can tell\n" * 20
LARGE = 50_000_000
_PAUSE = 0.05


def head(status: str = "200 OK", **headers: object) -> bytes:
    """Status line and headers."""
    lines = (f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode("latin-1")


def whole(body: bytes = IMAGE, status: str = "200 OK") -> bytes:
    """A complete answer."""
    return head(status, Content_Length=len(body)) + body


def to(location: str) -> bytes:
    """A redirect."""
    return head("302 Found", Location=location, Content_Length=0)


def piece(data: bytes) -> bytes:
    """A chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


@dataclass(frozen=True)
class Talk:
    """One request, and the connection for its answer."""

    path: str
    writer: StreamWriter
    server: FaultyServer

    async def drip(self, first: bytes, then: bytes) -> None:
        """Send something at once, then one byte at a time, without an end."""
        self.writer.write(first)
        for _ in range(10_000):
            self.writer.write(then)
            await self.writer.drain()
            await asyncio.sleep(_PAUSE)

    async def pour(self, first: bytes, then: bytes, times: int) -> None:
        """Send something at once, then as much as the client takes."""
        self.writer.write(first)
        for _ in range(times):
            self.writer.write(then)
            await self.writer.drain()

    async def reset(self, first: bytes = b"") -> None:
        """Close the connection so that the other side gets an error."""
        self.writer.write(first)
        await self.writer.drain()
        await asyncio.sleep(_PAUSE if first else 0)
        connection: socket.socket = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def pause(self, first: bytes, then: bytes) -> None:
        """Send something at once, and the rest after that has been read."""
        self.writer.write(first)
        await self.writer.drain()
        await asyncio.sleep(_PAUSE)
        self.writer.write(then)

    async def slow(self) -> None:
        """Answer slowly, but not too slowly."""
        await asyncio.sleep(0.2)
        self.writer.write(whole())

    async def slow_redirect(self) -> None:
        """Answer slowly with a redirect."""
        await asyncio.sleep(0.2)
        self.writer.write(to("/slow"))

    async def elsewhere(self) -> None:
        """Redirect to another host that serves the image: this one, by another name."""
        self.writer.write(to(f"http://localhost:{self.server.port}/there.png"))

    async def every_other(self) -> None:
        """Answer with an error and with the image in turn."""
        self.server.asked[self.path] += 1
        self.writer.write(whole() if self.server.asked[self.path] % 2 == 0 else whole(b"", "503 Service Unavailable"))


@dataclass(frozen=True)
class Fault:
    """An answer, and the word that a client must find for it."""

    expected: str = ""
    """The words of the client for it, or several that are as good; empty if the image arrives."""
    answer: bytes = b""
    size: int = len(IMAGE)
    """Number of bytes that arrive."""
    closes: bool = False
    """Whether the connection is closed afterwards."""
    act: Callable[[Talk], Awaitable[None]] | None = None
    """An action instead of an answer."""


def compressed(encoding: str, data: bytes) -> bytes:
    """An answer in an encoding that was not requested."""
    return head(Content_Length=len(data), Content_Encoding=encoding) + data


def framed(body: bytes = IMAGE, *lines: str) -> bytes:
    """An answer with any header lines."""
    return b"".join([b"HTTP/1.1 200 OK\r\n", *(f"{line}\r\n".encode("latin-1") for line in lines), b"\r\n", body])


def chunks(first: bytes, then: bytes) -> Callable[[Talk], Awaitable[None]]:
    """A chunked body in two parts, the second once the first has been read."""
    return lambda talk: talk.pause(head(Transfer_Encoding="chunked") + first, then)


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """100 kB that decompress to 100 MB."""
    data = gzip.compress(bytes(100_000_000), 1)
    return compressed("gzip", data)


_GZIP = gzip.compress(IMAGE)
_LENGTH = f"Content-Length: {len(IMAGE)}"
_SHORT = head(Content_Length=2 * len(IMAGE)) + IMAGE
FAULTS: dict[str, Fault] = {
    "not_found": Fault("answered 404", whole(b"no such image\n", "404 Not Found")),
    "server_error": Fault("answered 500", whole(b"sorry\n", "500 Internal Server Error")),
    "no_content": Fault("answered 204", head("204 No Content")),
    "unavailable_at_first": Fault("answered 503", act=Talk.every_other),
    "slow": Fault("", act=Talk.slow),
    "slow_redirect": Fault("", act=Talk.slow_redirect),
    "silent": Fault("timed out", act=lambda _: asyncio.sleep(3600)),
    "dripping_headers": Fault("timed out", act=lambda talk: talk.drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"z")),
    "dripping_body": Fault("timed out", act=lambda talk: talk.drip(head(Content_Length=60_000), b"z")),
    "dripping_pieces": Fault("timed out", act=lambda talk: talk.drip(head(Transfer_Encoding="chunked"), piece(b"z"))),
    "truncated_body": Fault("cut short", _SHORT, closes=True),
    "truncated_pieces": Fault("cut short", head(Transfer_Encoding="chunked") + piece(IMAGE)[:-20], closes=True),
    "malformed_pieces": Fault(
        "no valid HTTP", head(Transfer_Encoding="chunked") + b"many\r\n" + IMAGE, closes=True
    ),
    "malformed_pieces_later": Fault("no valid HTTP", act=chunks(piece(IMAGE), b"many\r\n" + IMAGE), closes=True),
    "negative_piece": Fault("no valid HTTP", head(Transfer_Encoding="chunked") + b"-5\r\n" + IMAGE, closes=True),
    "endless_negative_piece": Fault(
        "no valid HTTP",
        act=lambda talk: talk.pour(head(Transfer_Encoding="chunked") + b"-1\r\n", bytes(1_000_000), 10**6),
    ),
    "signed_piece": Fault("no valid HTTP", head(Transfer_Encoding="chunked") + b"+" + piece(IMAGE), closes=True),
    "huge_piece": Fault("no valid HTTP", head(Transfer_Encoding="chunked") + b"F" * 18 + b"\r\n", closes=True),
    "truncated_pieces_later": Fault("cut short", act=chunks(piece(IMAGE), b"1"), closes=True),
    "pieces_with_more": Fault(
        "", head(Transfer_Encoding="Chunked") + b"%x;a=b\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(IMAGE), IMAGE)
    ),
    "length_too_short": Fault("", whole() + whole(b"this is no answer to anything")),
    "reset": Fault("reset", act=Talk.reset),
    "reset_in_body": Fault("cut short", act=lambda talk: talk.reset(_SHORT)),
    "hung_up": Fault("reset", closes=True),
    "redirect_loop": Fault("redirected too often", to("/redirect_loop")),
    "redirect_here": Fault("", to("/there.png")),
    "redirect_with_a_cookie": Fault("", to("/there.png").replace(b"\r\n", b"\r\nSet-Cookie: a=b; Path=/\r\n", 1)),
    "redirect_in_utf_8": Fault("", to("/b\xc3\xbccher%2C.png")),
    "redirect_to_another_host": Fault("redirected elsewhere", to("http://localhost/there.png")),
    "redirect_to_a_neighbour": Fault("redirected elsewhere", act=Talk.elsewhere),
    "redirect_to_another_port": Fault("redirected elsewhere", to("http://127.0.0.1:1/there.png")),
    "redirect_to_a_file": Fault("redirected elsewhere", to("file:///etc/hostname")),
    "redirect_to_a_user": Fault("bad address", to("http://127.0.0.1@localhost/there.png")),
    "redirect_nowhere": Fault("bad address", to("http://[::1/there.png")),
    "chunked": Fault(
        "", head(Transfer_Encoding="chunked") + piece(IMAGE[:100]) + piece(IMAGE[100:]) + b"0\r\n\r\n"
    ),
    "http_1_0": Fault("", b"HTTP/1.0 200 OK\r\n\r\n" + IMAGE, closes=True),
    "empty_body": Fault("", whole(b""), size=0),
    "empty_pieces": Fault("", head(Transfer_Encoding="chunked") + b"0\r\n\r\n", size=0),
    "large_body": Fault("", size=LARGE, act=lambda talk: talk.pour(head(Content_Length=LARGE), bytes(1_000_000), 50)),
    "announced_too_large": Fault("too large", head(Content_Length=10**15) + IMAGE),
    "endless_body": Fault(
        "too large", act=lambda talk: talk.pour(b"HTTP/1.0 200 OK\r\n\r\n", bytes(1_000_000), 10**6)
    ),
    "length_and_pieces": Fault(
        "no valid HTTP",
        act=lambda talk: talk.pour(
            head(Content_Length=10, Transfer_Encoding="chunked"), piece(bytes(1_000_000)), 10**6
        ),
    ),
    "early_hints": Fault("", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 3 + whole()),
    "continued": Fault("", b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + whole()),
    "endless_hints": Fault("timed out", act=lambda talk: talk.drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")),
    "switched": Fault("answered 101", head("101 Switching Protocols", Upgrade="x", Connection="upgrade"), closes=True),
    "two_lengths": Fault("no valid HTTP", framed(IMAGE, _LENGTH, "Content-Length: 7"), closes=True),
    "length_twice": Fault("no valid HTTP", framed(IMAGE, _LENGTH, _LENGTH), closes=True),
    "listed_length": Fault("no valid HTTP", head(Content_Length=f"{len(IMAGE)}, {len(IMAGE)}") + IMAGE, closes=True),
    "negative_length": Fault("no valid HTTP", head(Content_Length=-5) + IMAGE, closes=True),
    "signed_length": Fault("no valid HTTP", head(Content_Length=f"+{len(IMAGE)}") + IMAGE, closes=True),
    "text_as_length": Fault("no valid HTTP", head(Content_Length="many") + IMAGE, closes=True),
    "other_digits_as_length": Fault("no valid HTTP", head(Content_Length="82\xb2") + IMAGE, closes=True),
    "no_digits_as_length": Fault("no valid HTTP", head(Content_Length="") + IMAGE, closes=True),
    "huge_length": Fault("no valid HTTP", head(Content_Length=10**22) + IMAGE, closes=True),
    "thousands_of_digits_as_length": Fault("no valid HTTP", head(Content_Length="9" * 5000) + IMAGE, closes=True),
    "zeros_before_length": Fault("", head(Content_Length=f"{len(IMAGE):030}") + IMAGE),
    "compressed_transfer": Fault("no valid HTTP", head(Transfer_Encoding="gzip, chunked") + piece(_GZIP), closes=True),
    "compressed_transfer_twice": Fault(
        "no valid HTTP", framed(piece(_GZIP), "Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), closes=True
    ),
    "transfer_not_encoded": Fault("no valid HTTP", head(Transfer_Encoding="identity") + IMAGE, closes=True),
    "not_found_with_two_lengths": Fault(
        "no valid HTTP", b"HTTP/1.1 404 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", closes=True
    ),
    "header_without_a_name": Fault("no valid HTTP", framed(IMAGE, "X A b", _LENGTH), closes=True),
    "mail": Fault("", framed(IMAGE, "Content-Type: message/rfc822", _LENGTH)),
    "parts": Fault("", framed(IMAGE, "Content-Type: multipart/mixed; boundary=b", _LENGTH)),
    "status_of_zero": Fault("no valid HTTP", whole(status="000 Odd")),
    "status_of_999": Fault("answered 999", whole(status="999 Odd")),
    "http_2_0": Fault("no valid HTTP", whole().replace(b"HTTP/1.1", b"HTTP/2.0"), closes=True),
    "http_0_9": Fault("no valid HTTP", whole().replace(b"HTTP/1.1", b"HTTP/0.9"), closes=True),
    "compressed_in_two_headers": Fault(
        "not decoded",
        framed(_GZIP, "Content-Encoding: identity", "Content-Encoding: gzip", f"Content-Length: {len(_GZIP)}"),
    ),
    "compressed": Fault("", compressed("gzip", _GZIP)),
    "compressed_in_members": Fault("", compressed("x-gzip", gzip.compress(IMAGE[:100]) + gzip.compress(IMAGE[100:]))),
    "compressed_in_pieces": Fault(
        "",
        head(Transfer_Encoding="chunked", Content_Encoding="GZIP") + piece(_GZIP[:9]) + piece(_GZIP[9:]) + piece(b""),
    ),
    "compressed_by_zlib": Fault("", compressed("deflate", zlib.compress(IMAGE))),
    "compressed_without_a_header": Fault("", compressed("deflate", zlib.compress(IMAGE)[2:-4])),
    "compressed_to_nothing": Fault("", compressed("gzip", b""), size=0),
    "compressed_not_at_all": Fault("", compressed("identity", IMAGE)),
    "compressed_cut_short": Fault("not decoded", compressed("gzip", _GZIP[:-9])),
    "compressed_wrongly": Fault("not decoded", compressed("deflate", b"x" + IMAGE)),
    "compressed_unheard_of": Fault("not decoded", compressed("other", IMAGE)),
    "compressed_bomb": Fault("too large", act=lambda talk: talk.pour(bomb(), b"", 1)),
    "no_http": Fault("no valid HTTP", b"220 mail.example ESMTP\r\n" * 3, closes=True),
    "endless_header": Fault(
        "no valid HTTP", act=lambda talk: talk.pour(b"HTTP/1.1 200 OK\r\nX-Long: ", b"z" * 100_000, 10**6)
    ),
}  # fmt: skip


class FaultyServer:
    """Serves in a thread until the `with` block ends."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: Counter[str] = Counter()
        """Number of requests by path, for faults that count them."""
        self.heads: list[bytes] = []
        """The heads of all requests."""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def url(self, name: str) -> str:
        """The address of a fault, or of an image."""
        return f"http://127.0.0.1:{self.port}/{name}"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        talks: set[asyncio.Task[None]] = set()

        def begin(reader: StreamReader, writer: StreamWriter) -> None:
            task = asyncio.ensure_future(self._talk(reader, writer))
            talks.add(task)
            task.add_done_callback(talks.discard)

        server = await asyncio.start_server(begin, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0)  # lets connections close

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                request = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(request)
                path = request.split()[1].decode()
                fault = FAULTS.get(path.strip("/").partition(".")[0], Fault("", whole()))
                if fault.act is not None:
                    await fault.act(Talk(path, writer, self))
                writer.write(fault.answer)
                await writer.drain()
                if fault.closes:
                    break
