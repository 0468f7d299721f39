"""Rules of both clients of the download workload, so that they accept and refuse the same answers.

Workers import this only for something out of the ordinary: a redirect or a failure.
"""

from __future__ import annotations

from concbench.workloads.download.target import DownloadFailed, DownloadLimits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_REDIRECTS = 5
PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before the first retry; each further one waits twice as long, up to the second figure."""
MOST_RETRIES = 10
_PORTS = {"http": 80, "https": 443}

# Kinds of failed downloads, in words that can follow a number: 13 timed out. `RESET` is before the headers of the
# answer, `CUT_SHORT` is anything that may happen to its body.
TIMED_OUT = "timed out"
NOT_CONNECTED = "not connected"
RESET = "reset"
CUT_SHORT = "cut short"
TOO_LARGE = "too large"
NOT_DECODED = "not decoded"
ELSEWHERE = "redirected elsewhere"
ROUND_AND_ROUND = "redirected too often"
NO_HTTP = "no valid HTTP"
BAD_ADDRESS = "bad address"

_PASSING = {TIMED_OUT, NOT_CONNECTED, RESET, CUT_SHORT, *(f"answered {status}" for status in (429, 500, 502, 503, 504))}
"""Failures that may not occur at the next try."""


def seconds_before_retry(failure: DownloadFailed, tries: int, limits: DownloadLimits) -> float | None:
    """Seconds to wait before the next try; None if there is no further try."""
    if tries > limits.retries or failure.kind not in _PASSING:
        return None
    return _pause(tries)


def max_task_seconds(limits: DownloadLimits) -> float:
    """Most seconds that a download may take, with all its redirects and retries."""
    pauses = sum(_pause(tries) for tries in range(1, limits.retries + 1))
    return (MOST_REDIRECTS + 1) * limits.seconds * (limits.retries + 1) + pauses


def _pause(tries: int) -> float:
    return min(LONGEST_PAUSE, PAUSE * float(2 ** (tries - 1)))


def detail(kind: str, error: BaseException, limits: DownloadLimits) -> str:
    """The details of an error beyond its kind, on one line."""
    if kind == TIMED_OUT:
        return f"after {limits.seconds:g} s"
    while error.__cause__ is not None:
        error = error.__cause__
    details = getattr(error, "strerror", None) or (error.args[-1] if error.args else error)
    return " ".join(str(details).split())[:100]


def redirect_target(url: str, status: int, headers: Mapping[str, str], *, follow: bool = False) -> str:
    """The target of a redirect: within the same host, by the same scheme or by https after http.

    Args:
        url: the requested address.
        status: the status of the answer.
        headers: the headers of the answer.
        follow: whether it may lead to other hosts and ports, too; by http or https, and never from https to http.

    Raises:
        DownloadFailed: the answer is not a redirect, or its target is not allowed: the requested address is what is
            measured, and what was checked.
    """
    from urllib.parse import urljoin, urlsplit

    if status not in {301, 302, 303, 307, 308} or not headers.get("Location"):
        raise DownloadFailed(f"answered {status}", url)
    try:
        target = urljoin(url, _as_utf8(headers["Location"]))
        here, there = urlsplit(url), urlsplit(target)
        if "@" in there.netloc or "\\" in target:  # clients may read it differently
            raise ValueError(target)
        if there.scheme not in _PORTS or (here.scheme, there.scheme) == ("https", "http"):
            raise DownloadFailed(ELSEWHERE, url, f"to {target[:100]}, which is never followed")
        ports = (here.port or _PORTS[here.scheme], there.port or _PORTS[there.scheme])
        secured = (here.scheme, there.scheme) == ("http", "https") and ports == (80, 443)
        same = secured or (here.scheme == there.scheme and ports[0] == ports[1])
        if not follow and (here.hostname != there.hostname or not same):
            raise DownloadFailed(ELSEWHERE, url, f"to {target[:100]}; list that address, or add --follow-redirects")
        if not there.hostname or there.port == 0:
            raise ValueError(target)
        return canonical(target)
    except ValueError:
        raise DownloadFailed(BAD_ADDRESS, url, "in a redirect") from None


def canonical(url: str) -> str:
    """The URL as every client sends it: in ASCII, without dot segments in its path, with its escapes unchanged.

    Raises:
        ValueError: it is not a URL.
    """
    from urllib3.util import parse_url

    return parse_url(url).url


def _as_utf8(text: str) -> str:
    """A header as it was meant: some libraries read its bytes as latin-1, and they are mostly UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def too_large(url: str, limits: DownloadLimits, length: int | None = None) -> DownloadFailed:
    """The failure of a body that exceeds the limits.

    Args:
        url: the address of the body.
        limits: the limits that it exceeds.
        length: its announced length in bytes, if nothing of it was read.
    """
    details = f"more than {limits.largest:,} bytes" if length is None else f"{length:,} bytes"
    return DownloadFailed(TOO_LARGE, url, details)
