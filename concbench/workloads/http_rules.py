"""What both clients of the download workload keep to, so that they do, and refuse, the same.

Standard library only, and little of it: every worker process that downloads imports this.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_REDIRECTS = 5
PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before the first retry; each further one waits twice as long, up to the second figure."""
MOST_RETRIES = 10
_PORTS = {"http": 80, "https": 443}
UNASKED = {"Accept-Encoding": "identity"}
"""What every request says: what is downloaded is kept as it comes, so nothing is ever decompressed."""

# What went wrong with a download, in words that can follow a number: 13 timed out. Reset is before the headers of the
# answer, cut short is everything that may happen to its body.
TIMED_OUT = "timed out"
NOT_CONNECTED = "not connected"
RESET = "reset"
CUT_SHORT = "cut short"
EMPTY = "empty"
TOO_LARGE = "too large"
COMPRESSED = "compressed unasked"
ELSEWHERE = "redirected elsewhere"
ROUND_AND_ROUND = "redirected too often"
NO_HTTP = "no valid HTTP"
BAD_ADDRESS = "bad address"

_PASSING = {TIMED_OUT, NOT_CONNECTED, RESET, CUT_SHORT, *(f"answered {status}" for status in (429, 500, 502, 503, 504))}
"""What may be gone the next time."""


class Limits:
    """How long a download may take, how large it may be, and how often it is tried again."""

    __slots__ = ("largest", "retries", "seconds")

    def __init__(self, seconds: float = 60.0, largest: int = 100_000_000, retries: int = 0) -> None:
        self.seconds = seconds
        """From connecting to the last byte of the answer; a redirect is a request of its own."""
        self.largest = largest
        """Bytes of a body."""
        self.retries = retries
        """0: a retry changes what is measured."""

    def again_after(self, failure: DownloadFailed, tries: int) -> float | None:
        """Seconds to wait before another try; None if there is none."""
        if tries > self.retries or failure.kind not in _PASSING:
            return None
        return _pause(tries)

    @property
    def longest(self) -> float:
        """Seconds that a download may take at most, with all its redirects and tries."""
        pauses = sum(_pause(tries) for tries in range(1, self.retries + 1))
        return (MOST_REDIRECTS + 1) * self.seconds * (self.retries + 1) + pauses


def _pause(tries: int) -> float:
    return min(LONGEST_PAUSE, PAUSE * float(2 ** (tries - 1)))


class DownloadFailed(Exception):  # noqa: N818 - reads as what happened
    """An image was not downloaded."""

    def __init__(self, kind: str, url: str, detail: str = "") -> None:
        super().__init__(kind, url, detail)
        self.kind = kind
        """One of the words above, or `answered` and a status."""
        self.url = url
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.url} {self.kind}{f' ({self.detail})' if self.detail else ''}"


def detail(kind: str, error: BaseException, limits: Limits) -> str:
    """What there is to say of an error beyond its kind, on one line."""
    if kind == TIMED_OUT:
        return f"after {limits.seconds:g} s"
    while error.__cause__ is not None:
        error = error.__cause__
    told = getattr(error, "strerror", None) or (error.args[-1] if error.args else error)
    return " ".join(str(told).split())[:100]


def redirected(url: str, status: int, headers: Mapping[str, str]) -> str:
    """Where an answer that is no image leads; only within the same host, by the same scheme or by https after http.

    Raises:
        DownloadFailed: it leads elsewhere, or nowhere. What was asked for is what is measured, and what was checked.
    """
    from urllib.parse import urljoin, urlsplit

    if status not in {301, 302, 303, 307, 308} or not headers.get("Location"):
        raise DownloadFailed(f"answered {status}", url)
    try:
        target = urljoin(url, _as_utf8(headers["Location"]))
        here, there = urlsplit(url), urlsplit(target)
        if "@" in there.netloc or "\\" in target:  # clients may read it differently
            raise ValueError(target)
        ports = (here.port or _PORTS.get(here.scheme), there.port or _PORTS.get(there.scheme))
        secured = (here.scheme, there.scheme) == ("http", "https") and ports == (80, 443)
        if here.hostname != there.hostname or not (secured or (here.scheme == there.scheme and ports[0] == ports[1])):
            raise DownloadFailed(ELSEWHERE, url, f"to {target[:100]}; list that address instead")
        return canonical(target)
    except ValueError:
        raise DownloadFailed(BAD_ADDRESS, url, "in a redirect") from None


def canonical(url: str) -> str:
    """The URL as every client is to send it: in ASCII, without dots in its path, what is encoded left encoded.

    Raises:
        ValueError: it is none.
    """
    from urllib3.util import parse_url

    return parse_url(url).url


def _as_utf8(text: str) -> str:
    """A header as it was meant: its bytes are read as latin-1 by some, and are UTF-8 for the most part."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def length_told(url: str, headers: Mapping[str, str], limits: Limits) -> bool:
    """Whether the length of a body is known, so that it can be read in one go.

    Raises:
        DownloadFailed: it must not be read.
    """
    if "Transfer-Encoding" in headers:  # which goes before any length
        return False
    encoding = headers.get("Content-Encoding")
    if encoding is not None and encoding.lower() != "identity":
        raise DownloadFailed(COMPRESSED, url, encoding[:20])
    length = headers.get("Content-Length")
    if length is None or not length.isdecimal():
        return False
    if len(length) > 18 or int(length) > limits.largest:
        raise DownloadFailed(TOO_LARGE, url, f"{length[:18]} bytes")
    return True


def require_allowed(url: str, size: int, limits: Limits) -> None:
    """Refuse a body that is too large already, whatever its headers said.

    Raises:
        DownloadFailed: it is.
    """
    if size > limits.largest:
        raise DownloadFailed(TOO_LARGE, url, f"more than {limits.largest:,} bytes")
