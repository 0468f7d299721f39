"""What a download task is made of: where it goes, its limits, and its failure.

In a file of its own, plain classes, nothing imported: every worker process that downloads imports this. The rules that
a download without mishap does not need are in `http_rules`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PIECE = 262_144
"""Bytes of a body that are in memory at once. One that is known to be no longer, and not compressed, is taken whole."""


class Image:
    """One image to fetch."""

    __slots__ = ("path", "url")

    def __init__(self, url: str, path: str) -> None:
        self.url = url
        self.path = path
        """The file that it is written to."""

    def __repr__(self) -> str:
        return f"Image({self.url!r}, {self.path!r})"


class Limits:
    """How long a download may take, how large it may be, how often it is tried again, and where it may lead."""

    __slots__ = ("follow", "largest", "retries", "seconds")

    def __init__(
        self, seconds: float = 60.0, largest: int = 100_000_000, retries: int = 0, *, follow: bool = False
    ) -> None:
        self.seconds = seconds
        """From connecting to the last byte of the answer; a redirect is a request of its own."""
        self.largest = largest
        """Bytes of a body, as it is sent and as it is written."""
        self.retries = retries
        """0: a retry changes what is measured."""
        self.follow = follow
        """Whether redirects are followed to other hosts, too."""


class DownloadFailed(Exception):  # noqa: N818 - reads as what happened
    """An image was not downloaded."""

    def __init__(self, kind: str, url: str, detail: str = "") -> None:
        super().__init__(kind, url, detail)
        self.kind = kind
        """One of the words of `http_rules`, or `answered` and a status."""
        self.url = url
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.url} {self.kind}{f' ({self.detail})' if self.detail else ''}"


def require_clear_end(url: str, lengths: Sequence[str], codings: Sequence[str]) -> None:
    """Refuse an answer of which the head does not say in one way where its body ends.

    Libraries read such a head differently, and so would count the same answer differently.

    Args:
        url: what was asked for.
        lengths: each Content-Length.
        codings: each Transfer-Encoding.

    Raises:
        DownloadFailed: there is more than one of them, or one that is not a number or not `chunked`.
    """
    if codings:
        clear = not lengths and len(codings) == 1 and codings[0].strip().lower() == "chunked"
    else:
        clear = not lengths or (len(lengths) == 1 and _is_length(lengths[0]))
    if not clear:
        from concbench.workloads.http_rules import NO_HTTP

        told = [f"Content-Length {text[:30]}" for text in lengths] + [
            f"Transfer-Encoding {text[:30]}" for text in codings
        ]
        raise DownloadFailed(NO_HTTP, url, ascii(", ".join(told)[:100])[1:-1])


def _is_length(text: str) -> bool:
    """Whether these are digits, of a number that fits into 64 bits."""
    return text.isascii() and text.isdigit() and int(text.lstrip("0")[:21] or "0") < 2**64


def save(path: str, data: bytes) -> int:
    """Write a new file in one go, never through a link; nothing is left of it where that fails.

    Returns:
        The number of bytes.

    Raises:
        OSError: there is such a file, or it cannot be written.
    """
    file = open(path, "xb")  # noqa: SIM115, PTH123 - as everyone would write it
    try:
        with file:
            return file.write(data)
    except BaseException:
        import os

        os.unlink(path)  # noqa: PTH108 - a worker does not import pathlib for it
        raise
