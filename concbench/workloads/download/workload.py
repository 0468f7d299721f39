"""The I/O-bound workload: fetch images over HTTP and write each to its own file.

By default they come from an image server of our own, on this machine and in a process of its own; `urls` names real
ones instead. This module imports neither client nor server: each is in a module of its own.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from concbench.errors import BadInput, BadOutput, BadSetting, HostFailure, TasksFailed
from concbench.launch import end_group, start
from concbench.values import COUNT, DIRECTORY, DURATION, NATURAL, SIZE, SWITCH, Declared, one_of
from concbench.workloads.base import Tally, Workload, missing_package
from concbench.workloads.download.body import partial_path
from concbench.workloads.download.file_names import file_names
from concbench.workloads.download.images import LARGEST, SMALLEST, image
from concbench.workloads.download.rules import MOST_RETRIES, canonical, max_task_seconds
from concbench.workloads.download.server import ServerSettings
from concbench.workloads.download.target import DownloadFailed, DownloadLimits, Image
from concbench.workloads.download.urls import URLS, require_url

ARTICLE_NAMES = (
    "5941812700_0f634b136e_b.jpg",
    "3492581209_485d2bfafc_b.jpg",
    "27729662905_e896a3f604_b.jpg",
    "8238430093_eb19b654e0_b.jpg",
    "5618934898_659bc060cd_b.jpg",
    "14877957549_ccb7e55494_b.jpg",
    "11720191564_76f3f56f12_b.jpg",
    "13546560344_835fc79871_b.jpg",
    "389494506_55bcdc3664_b.jpg",
    "15253681909_0cc91c77d5_b.jpg",
    "24085836504_3d850f03e7_b.jpg",
    "26655921703_ee95e3be8e_b.jpg",
    "32290997650_416303457b_b.jpg",
    "37683207504_053315d23f_b.jpg",
    "2454495359_92828d8542_b.jpg",
    "6640810853_22634c6667_b.jpg",
    "17285538029_363c8760ea_b.jpg",
    "16622584999_0654c8d564_b.jpg",
    "6207543047_da2c66c2f6_b.jpg",
    "14251116921_a97d7a46ce_b.jpg",
)
"""The file names of the article's twenty images."""
QUICK_IMAGES = 24
FULL_IMAGES = 5_000
MOST_TO_A_HOST = 10
"""Most connections at once to one host of other people."""
_START_SECONDS = 30.0
_SIZES = one_of("quick", "article", "full")
_LATENCY, _JITTER, _IMAGE_SIZE = 0.020, 0.0, 60_000
_SERVER_DEFAULTS = {"size": "quick", "images": None, "latency": _LATENCY, "jitter": _JITTER, "image_size": _IMAGE_SIZE}
"""Settings that have no meaning with URLs, and their defaults."""


class Download(Workload):
    """Waiting: downloads of images over HTTP, each written to a file."""

    name = "download"
    kind: ClassVar[str] = "io"
    trusted: ClassVar[bool] = True

    def __init__(  # noqa: PLR0913 - each is an option of its own
        self,
        size: Annotated[str, Declared(_SIZES, "how much work")] = "quick",
        *,
        images: Annotated[int | None, Declared(COUNT, "number of images instead of a size", excludes=("size",))] = None,
        latency: Annotated[float, Declared(DURATION, "delay of each answer of the image server")] = _LATENCY,
        jitter: Annotated[float, Declared(DURATION, "maximum random extra delay")] = _JITTER,
        image_size: Annotated[int, Declared(SIZE, "size of each image")] = _IMAGE_SIZE,
        urls: Annotated[
            Sequence[str] | None,
            Declared(
                URLS,
                "download these URLs, one per line, instead: one round, at most 10 connections to a host",
                excludes=("size", "images", "latency", "jitter", "image_size"),
            ),
        ] = None,
        keep: Annotated[str | None, Declared(DIRECTORY, "keep the images in this new or empty directory")] = None,
        request_timeout: Annotated[float, Declared(DURATION, "time limit for one image")] = 60.0,
        size_limit: Annotated[int, Declared(SIZE, "size limit of one image")] = 100_000_000,
        retries: Annotated[
            int,
            Declared(
                NATURAL,
                "retry a failed download up to N times (at most 10) if the failure may be temporary; retries "
                "change what is measured",
            ),
        ] = 0,
        tolerate: Annotated[bool, Declared(SWITCH, "count failed downloads and continue")] = False,
        follow_redirects: Annotated[
            bool, Declared(SWITCH, "follow redirects to other hosts, too, but not from https to http", needs="urls")
        ] = False,
    ) -> None:
        """Choose the images and the rules of their download.

        Args:
            size: quick: 24 images; article: the article's 20, by its names; full: 5,000.
            images: a number of images, instead of a size.
            latency: seconds that the server waits before each answer.
            jitter: most seconds that it waits longer, at random.
            image_size: bytes of each image.
            urls: real URLs instead of our own server: one round unless said otherwise, and at most 10 connections to
                a host, since other people's servers are not a test bench.
            keep: a new or empty directory in which the images are kept; by default they are removed.
            request_timeout: seconds that one request may take, from connecting to the last byte of the answer.
            size_limit: most bytes of one image.
            retries: how often a download that failed for a reason that may pass is retried; the pauses before (0.1 s,
                then twice as long each time, 5 s at most) are in the times.
            tolerate: count failed downloads and go on, as long as not all of them fail.
            follow_redirects: follow redirects to other hosts, too, by http or https, and never from https
                to http.

        Raises:
            BadSetting: a setting is invalid, or would be ignored.
            BadInput: one of the URLs is not an http or https URL.
        """
        if urls is not None:
            _refuse_with_urls(size=size, images=images, latency=latency, jitter=jitter, image_size=image_size)
        elif images is not None and size != "quick":
            raise BadSetting("give either images or a size, not both")
        self.size = "" if images is not None or urls is not None else size
        self.latency = _at_least_zero("latency", latency)
        self.jitter = _at_least_zero("jitter", jitter)
        self.image_size = image_size
        if not SMALLEST <= image_size <= LARGEST:
            raise BadSetting(f"image_size must be {SMALLEST:,} to {LARGEST:,} bytes, not {image_size:,}")
        self.urls = [require_url(url, "urls") for url in urls] if urls is not None else None
        self.keep = keep
        if keep is not None:
            _require_empty(Path(keep))
        self.limits = DownloadLimits(
            _above_zero("request_timeout", request_timeout), size_limit, retries, follow=follow_redirects
        )
        if size_limit < 1:
            raise BadSetting(f"size_limit must be 1 byte or more, not {size_limit}")
        if not 0 <= retries <= MOST_RETRIES:
            raise BadSetting(f"retries must be 0 to {MOST_RETRIES}, not {retries}")
        if follow_redirects and urls is None:
            raise BadSetting("follow_redirects applies only to urls: the image server never redirects; leave it out")
        self.tolerate = tolerate
        if self.urls is not None:
            self.names = file_names(self.urls)
            self._addresses = [_canonical(url) for url in self.urls]
            self.rounds, self.most_at_once = 1, MOST_TO_A_HOST
            self.longest_task = max_task_seconds(self.limits)
        else:
            self.names = _names(size, images)
        self._images: list[Image] = []

    @property
    def function(self) -> Callable[[Any], Any]:
        """The download task of the urllib3 client."""
        try:
            from concbench.workloads.download import client
        except ModuleNotFoundError as missing:
            raise missing_package(self.name, str(missing.name)) from None

        return client.DownloadTask(self.limits)

    @property
    def coroutine(self) -> Callable[[Any], Awaitable[Any]]:
        """The download task of the aiohttp client."""
        try:
            from concbench.workloads.download import async_client
        except ModuleNotFoundError as missing:
            raise missing_package(self.name, str(missing.name)) from None

        return async_client.DownloadTask(self.limits)

    @property
    def items(self) -> Sequence[Image]:
        """An address and a file for each image; known while this is `running`."""
        return self._images

    @property
    def tasks(self) -> int:
        """Number of images."""
        return len(self.names)

    def title(self) -> str:
        """Number, size, latency and origin of the images."""
        retries = ", up to 1 retry each" if self.limits.retries == 1 else f", up to {self.limits.retries} retries each"
        retries = retries if self.limits.retries else ""
        if self.urls is not None:
            urls = f"{len(self.names):,} URL{'' if len(self.names) == 1 else 's'}"
            return f"{urls}, at most {MOST_TO_A_HOST} connections to a host{retries}"
        jitter = f" + up to {self.jitter * 1000:g} ms" if self.jitter else ""
        return (
            f"{len(self.names):,} images of {self.image_size / 1000:g} kB over HTTP, "
            f"{self.latency * 1000:g} ms{jitter} latency{retries}"
        )

    @contextmanager
    def running(self, directory: str) -> Iterator[Self]:
        """Start the image server, unless the URLs are real; name a file for every image.

        Raises:
            BadOutput: the directory for the images is not empty, or cannot be written.
        """
        files = _keep_directory(self.keep) if self.keep else tempfile.mkdtemp(prefix="images-", dir=directory)
        if self.urls is not None:
            self._set_targets(files, self._addresses)
            yield self
            return
        digests = (image(index, self.image_size) for index in range(len(self.names)))
        self.expected = [_fingerprint(name, data) for name, data in zip(self.names, digests, strict=True)]
        with self._server(Path(directory) / "image-server.log") as base:
            self._set_targets(files, [base + name for name in self.names])
            yield self

    def reset(self) -> None:
        """Remove the files of the previous execution: a download that did nothing must not pass with them."""
        for item in self._images:
            for path in (Path(item.path), partial_path(item.path)):
                path.unlink(missing_ok=True)

    def context(self, workers: int) -> AbstractContextManager[Any]:
        """A fresh urllib3 pool."""
        from concbench.workloads.download.client import connections

        return connections(workers, self.most_at_once)

    def coroutine_context(self, workers: int) -> AbstractAsyncContextManager[Any]:
        """A fresh aiohttp session."""
        from concbench.workloads.download.async_client import connections

        return connections(workers, self.most_at_once)

    def require_success(self, results: list[Any]) -> None:
        """Count the downloads that failed.

        Raises:
            TasksFailed: some failed and that is not tolerated, or all did.
        """
        failures = [result for result in results if isinstance(result, DownloadFailed)]
        if failures and not (self.tolerate and len(failures) < len(results)):
            raise TasksFailed(_failure_counts(failures, len(results), tolerable=not self.tolerate))

    def collect(self, results: list[Any]) -> list[Any]:
        """Name, length and digest of every file as it is on disk; None if the download failed."""
        return [
            None if isinstance(result, DownloadFailed) else _fingerprint(name, _content(item))
            for name, item, result in zip(self.names, self._images, results, strict=True)
        ]

    def notes(self) -> list[str]:
        """Sentences on how retries and failures affect the figures."""
        notes = []
        if self.limits.retries:
            notes.append(
                "Failed downloads were retried if the failure may be temporary; the times include the retries and the "
                "pauses before them."
            )
        if self.tolerate:
            notes.append("Failed downloads are counted (--tolerate), and are not among the results that are compared.")
        return notes

    def same(self, expected: Any, actual: Any) -> bool | None:
        """Whether the same image arrived; an image that did not is counted instead."""
        return expected is None or actual is None or bool(expected == actual)

    def tally(self, results: list[Any]) -> Tally:
        """Failed downloads by what happened, and the retries of the others."""
        failed = [
            (result.kind, item.url)
            for item, result in zip(self._images, results, strict=True)
            if isinstance(result, DownloadFailed)
        ]
        retries = sum(result[1] - 1 for result in results if not isinstance(result, DownloadFailed))
        return Tally.of(failed, retries)

    def facts(self) -> dict[str, float | str]:
        """Bytes of an image, if they are known in advance."""
        return {} if self.urls is not None else {"task_bytes": self.image_size}

    def settings(self) -> dict[str, Any]:
        """The settings of the server or the URLs, and the limits of the clients."""
        rules = {
            "request_timeout": self.limits.seconds,
            "size_limit": self.limits.largest,
            "retries": self.limits.retries,
            "tolerate": self.tolerate,
            "follow_redirects": self.limits.follow,
        }
        if self.urls is not None:
            return {"urls": self.urls, **rules}
        return {
            **rules,
            "images": len(self.names),
            "latency": self.latency,
            "jitter": self.jitter,
            "image_size": self.image_size,
        }

    def _set_targets(self, directory: str, urls: Sequence[str]) -> None:
        paths = (str(Path(directory) / name) for name in self.names)
        self._images = [Image(url, path) for url, path in zip(urls, paths, strict=True)]

    @contextmanager
    def _server(self, log: Path) -> Iterator[str]:
        settings = ServerSettings(self.names, self.image_size, self.latency, self.jitter)
        with log.open("wb") as output:
            process, wire = start("concbench.workloads.download.server_process", output.fileno())
        with process:
            try:
                wire.send(asdict(settings))
                base = wire.receive()
                if base is None:
                    process.wait(_START_SECONDS)
                    log_text = log.read_text(errors="replace")[-500:].strip()
                    raise HostFailure(f"the image server did not start: {log_text}")
                yield base
            finally:
                wire.close()
                process.wait(_START_SECONDS)
                end_group(process.pid)


def _names(size: str, images: int | None) -> list[str]:
    if images is not None:
        if images < 1:
            raise BadSetting(f"images must be a whole number, 1 or more, not {images}")
        return [f"image-{number:05}.png" for number in range(1, images + 1)]
    if size == "article":
        return list(ARTICLE_NAMES)
    if size not in {"quick", "full"}:
        raise BadSetting(f"size must be quick, article or full, not {size!r}")
    return _names(size, QUICK_IMAGES if size == "quick" else FULL_IMAGES)


def _refuse_with_urls(**settings: float | str | None) -> None:
    """Refuse settings of the built-in server that differ from their defaults."""
    for name, value in settings.items():
        if value != _SERVER_DEFAULTS[name]:
            raise BadSetting(f"{name} is a setting of the built-in image server; leave it out with urls")


def _at_least_zero(name: str, seconds: float) -> float:
    if not 0 <= seconds < 3600:
        raise BadSetting(f"{name} must be a time of 0 or more (such as 20ms), not {seconds:g} s")
    return seconds


def _above_zero(name: str, seconds: float) -> float:
    if not 0 < seconds < math.inf:
        raise BadSetting(f"{name} must be a time of more than 0 (such as 30s), not {seconds:g} s")
    return seconds


def _canonical(url: str) -> str:
    try:
        return canonical(url)
    except ValueError as error:
        raise BadInput(f"{url!r} is not a URL that can be requested: {error}") from error


def _failure_counts(failures: list[DownloadFailed], tasks: int, *, tolerable: bool) -> str:
    """The counts as text, such as "4,987 of 5,000 downloaded; 13 timed out", and the first failure."""
    kinds = Counter(failure.kind for failure in failures).most_common()
    counts = ", ".join(f"{count:,} {kind}" for kind, count in kinds)
    advice = "; --tolerate counts failures and continues" if tolerable and len(failures) < tasks else ""
    return f"{tasks - len(failures):,} of {tasks:,} downloaded; {counts} (the first: {failures[0]}){advice}"


def _keep_directory(directory: str) -> str:
    path = Path(directory).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOutput(f"cannot keep images in {directory}: {error.strerror or error}") from error
    _require_empty(path)
    return str(path)


def _require_empty(directory: Path) -> None:
    try:
        if directory.exists() and any(directory.iterdir()):
            raise BadOutput(f"the directory {directory} is not empty; name a new or an empty one to keep images in")
    except OSError as error:
        raise BadOutput(f"cannot keep images in {directory}: {error.strerror or error}") from error


def _content(image: Image) -> bytes:
    path = Path(image.path)
    return path.read_bytes() if path.is_file() else b""


def _fingerprint(name: str, content: bytes) -> tuple[str, int, str]:
    return (name, len(content), sha256(content).hexdigest())
