"""Receives a body and writes it to its file in pieces: imported for large, compressed or unknown lengths."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Self

from concbench.workloads.download.rules import NOT_DECODED, too_large
from concbench.workloads.download.target import DownloadFailed, DownloadLimits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concbench.workloads.download.decoding import Decoder


class Arrival:
    """Decodes, counts and writes the pieces of a body; the file has another name until it is complete.

    The file is removed on failure: of the `with` block, or if a limit is exceeded.
    """

    def __init__(self, url: str, path: str, encoding: str | None, limits: DownloadLimits) -> None:
        """Begin the file.

        Args:
            url: where the body comes from.
            path: the file, which must not exist.
            encoding: its Content-Encoding.
            limits: the limits of the download; the largest size holds for the body as it is sent and for the file.

        Raises:
            DownloadFailed: the encoding cannot be decoded here.
            OSError: the file exists, or cannot be written.
        """
        self.size = 0
        """Bytes of the file."""
        self._url, self._path, self._limits = url, Path(path), limits
        self._received = 0
        self._decoder = self._choose_decoder(encoding)
        if self._path.exists() or self._path.is_symlink():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        self._file = partial_path(path).open("xb", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        """Give the file its name, or remove it."""
        try:
            if kind is None and self._decoder is not None and not self._decoder.complete:
                raise DownloadFailed(NOT_DECODED, self._url, "its compressed data is cut short")
            self._file.close()
            if kind is None:
                partial_path(self._path).rename(self._path)
                return
        except BaseException:
            self._remove()
            raise
        self._remove()

    def take(self, piece: bytes) -> None:
        """Decode and write the next piece.

        Raises:
            DownloadFailed: it is too large, or cannot be decoded.
            OSError: it cannot be written.
        """
        self._received += len(piece)
        if self._received > self._limits.largest:
            raise too_large(self._url, self._limits)
        if self._decoder is None:
            self._write(piece)
            return
        try:
            for data in self._decoder.decode(piece):
                self._write(data)
        except ValueError as error:
            raise DownloadFailed(NOT_DECODED, self._url, str(error)) from error

    def _write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limits.largest:
            raise too_large(self._url, self._limits)
        unwritten = memoryview(data)
        while unwritten:
            unwritten = unwritten[self._file.write(unwritten) :]

    def _remove(self) -> None:
        self._file.close()
        partial_path(self._path).unlink()

    def _choose_decoder(self, encoding: str | None) -> Decoder | None:
        if encoding is None or encoding.strip().lower() in {"", "identity"}:
            return None
        from concbench.workloads.download.decoding import make_decoder

        try:
            return make_decoder(encoding.strip().lower())
        except ValueError as error:
            raise DownloadFailed(NOT_DECODED, self._url, str(error)) from error


def partial_path(path: str | Path) -> Path:
    """The name of a file until it is complete: in the same directory, with a leading dot, unlike any image."""
    return Path(path).with_name(f".{Path(path).name}")
