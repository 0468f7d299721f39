"""Decoders of Content-Encodings that give pieces of a bounded size, the same for both clients.

gzip and deflate always work; br and zstd if Python or an installed package supports them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, Protocol

from concbench.workloads.download.target import PIECE


class Decoder(Protocol):
    """Decodes one body."""

    complete: bool
    """Whether the data decoded so far may be the whole body."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Decode the next bytes, in pieces of a bounded size.

        Raises:
            ValueError: the bytes are not valid.
        """
        ...


def make_decoder(encoding: str) -> Decoder:
    """The decoder of an encoding, which is in lower case.

    Raises:
        ValueError: it cannot be decoded here; says what to do.
    """
    makers: dict[str, Callable[[], Decoder]] = {
        "gzip": _Gzip, "x-gzip": _Gzip, "deflate": _Deflate, "br": _Brotli, "zstd": _Zstandard,
    }  # fmt: skip
    if encoding not in makers:
        raise ValueError(f"cannot decode the encoding {encoding[:40]}")
    return makers[encoding]()


class _Zlib:
    """Decodes consecutive streams of zlib."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._stream = zlib.decompressobj(window)
        self.complete = True

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data and self._continues(data):
            self.complete = False
            try:
                piece = self._stream.decompress(data, PIECE)
                while piece:
                    yield piece
                    more = len(piece) == PIECE or self._stream.unconsumed_tail
                    piece = self._stream.decompress(self._stream.unconsumed_tail, PIECE) if more else b""
            except zlib.error as error:
                raise ValueError(str(error)) from error
            self.complete = self._stream.eof
            data = self._stream.unused_data

    def _continues(self, data: bytes) -> bool:
        """Whether to decode further data; data after a stream that is not a stream itself is ignored, as is usual."""
        del data
        return not self._stream.eof


class _Gzip(_Zlib):
    def __init__(self) -> None:
        super().__init__(16 + zlib.MAX_WBITS)

    def _continues(self, data: bytes) -> bool:
        if self._stream.eof and data.startswith(b"\x1f"):
            self._stream = zlib.decompressobj(self._window)
        return not self._stream.eof


class _Deflate(_Zlib):
    """Deflate with the header of zlib, as it should be, or without."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._started = False

    def _continues(self, data: bytes) -> bool:
        if not self._started and data[0] & 0x0F != zlib.DEFLATED:
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        self._started = True
        return super()._continues(data)


class _Brotli:
    def __init__(self) -> None:
        self._brotli = _import_first("br", ("brotli", "brotlicffi"), "brotli")
        self._stream = self._brotli.Decompressor()
        self.complete = True

    def decode(self, data: bytes) -> Iterator[bytes]:
        try:
            piece = self._stream.process(data, output_buffer_limit=PIECE)
            while piece or not self._stream.can_accept_more_data():
                yield piece
                piece = self._stream.process(b"", output_buffer_limit=PIECE)
        except TypeError as error:
            raise ValueError("brotli bounds its memory from version 1.2 on; install that") from error
        except self._brotli.error as error:
            raise ValueError(str(error)) from error
        self.complete = self._stream.is_finished()


class _Zstandard:
    def __init__(self) -> None:
        self._zstd = _import_first("zstd", ("compression.zstd", "backports.zstd"), "backports.zstd")
        self._stream = self._zstd.ZstdDecompressor()
        self.complete = True

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._stream.eof:
                self._stream = self._zstd.ZstdDecompressor()
            try:
                yield self._stream.decompress(data, PIECE)
                while not self._stream.needs_input and not self._stream.eof:
                    yield self._stream.decompress(b"", PIECE)
            except self._zstd.ZstdError as error:
                raise ValueError(str(error)) from error
            self.complete = self._stream.eof
            data = self._stream.unused_data


def _import_first(encoding: str, modules: Sequence[str], package: str) -> Any:
    """The first of these modules that can be imported.

    Raises:
        ValueError: none of them can.
    """
    for name in modules:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ValueError(f"the encoding {encoding} needs the package {package}; install it")
