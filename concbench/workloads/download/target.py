"""The parts of a download task: its target, its limits, and its failure.

This file has plain classes and imports nothing, since every worker process that downloads imports it. Rules that only
redirects and failures need are in `rules`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PIECE = 262_144
"""Most bytes of a body in memory at once. A body known to be no longer, and not compressed, is read in one piece."""


class Image:
    """One image to fetch."""

    __slots__ = ("path", "url")

    def __init__(self, url: str, path: str) -> None:
        self.url = url
        self.path = path
        """The file to which it is written."""

    def __repr__(self) -> str:
        return f"Image({self.url!r}, {self.path!r})"


class DownloadLimits:
    """Limits of a download: its time, its size, its retries, and where it may lead."""

    __slots__ = ("follow", "largest", "retries", "seconds")

    def __init__(
        self, seconds: float = 60.0, largest: int = 100_000_000, retries: int = 0, *, follow: bool = False
    ) -> None:
        self.seconds = seconds
        """Seconds from connecting to the last byte of the answer; a redirect is a request of its own."""
        self.largest = largest
        """Most bytes of a body, as it is sent and as it is written."""
        self.retries = retries
        """Number of retries; 0 by default, since a retry changes what is measured."""
        self.follow = follow
        """Whether redirects are followed to other hosts, too."""


class DownloadFailed(Exception):  # noqa: N818 - reads as what happened
    """An image was not downloaded."""

    def __init__(self, kind: str, url: str, detail: str = "") -> None:
        super().__init__(kind, url, detail)
        self.kind = kind
        """One of the kinds in `rules`, or `answered` and a status."""
        self.url = url
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.url} {self.kind}{f' ({self.detail})' if self.detail else ''}"


def require_clear_end(url: str, lengths: Sequence[str], codings: Sequence[str]) -> None:
    """Refuse an answer whose headers do not say unambiguously where its body ends.

    Libraries read such headers differently, and so would count the same answer differently.

    Args:
        url: the requested address.
        lengths: each Content-Length.
        codings: each Transfer-Encoding.

    Raises:
        DownloadFailed: there are several of them, or one that is not a number or not `chunked`.
    """
    if codings:
        clear = not lengths and len(codings) == 1 and codings[0].strip().lower() == "chunked"
    else:
        clear = not lengths or (len(lengths) == 1 and _is_length(lengths[0]))
    if not clear:
        from concbench.workloads.download.rules import NO_HTTP

        details = [f"Content-Length {text[:30]}" for text in lengths] + [
            f"Transfer-Encoding {text[:30]}" for text in codings
        ]
        raise DownloadFailed(NO_HTTP, url, ascii(", ".join(details)[:100])[1:-1])


def _is_length(text: str) -> bool:
    """Whether these are digits, of a number that fits into 64 bits."""
    return text.isascii() and text.isdigit() and int(text.lstrip("0")[:21] or "0") < 2**64


def save(path: str, data: bytes) -> int:
    """Write a new file in one go, never through a link; nothing is left of it if that fails.

    Returns:
        The number of bytes.

    Raises:
        OSError: the file exists, or cannot be written.
    """
    file = open(path, "xb")  # noqa: SIM115, PTH123 - as everyone would write it
    try:
        with file:
            return file.write(data)
    except BaseException:
        import os

        os.unlink(path)  # noqa: PTH108 - a worker does not import pathlib for it
        raise
