"""A faulty server: both clients name each fault alike, in time, and write only complete images."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import pickle
import resource
import signal
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
from http_faults import FAULTS, IMAGE, LARGE, FaultyServer

from concbench import Asyncio, Download, ProcessPool, Sequential, ThreadPool
from concbench.errors import BadSetting, ResultsDiffer, TasksFailed
from concbench.host.cell import HostedCell
from concbench.host.comparison import require_equal
from concbench.workloads.base import Tally
from concbench.workloads.download import async_client as async_http_client
from concbench.workloads.download import client as http_client
from concbench.workloads.download.body import Arrival
from concbench.workloads.download.decoding import make_decoder
from concbench.workloads.download.rules import redirect_target
from concbench.workloads.download.target import PIECE, DownloadFailed, DownloadLimits, Image, save

SECONDS = 0.4
LIMITS = DownloadLimits(SECONDS, LARGE + 1)
PATIENT = DownloadLimits(10 * SECONDS, LARGE + 1)
"""Limits for tests in which nothing may time out, on a busy machine."""
Outcomes = list[tuple[int, int] | DownloadFailed]
Client = Callable[[list[Image], DownloadLimits], Outcomes]


def with_urllib3(images: list[Image], limits: DownloadLimits) -> Outcomes:
    with http_client.connections(1, None):
        return list(map(http_client.DownloadTask(limits), images))


def with_aiohttp(images: list[Image], limits: DownloadLimits) -> Outcomes:
    async def download() -> Outcomes:
        async with async_http_client.connections(1, None):
            return [await async_http_client.DownloadTask(limits)(image) for image in images]

    return asyncio.run(download())


CLIENTS = pytest.mark.parametrize("client", [with_urllib3, with_aiohttp])


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@CLIENTS
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_name_and_harms_no_other(
    server: FaultyServer, tmp_path: Path, client: Client, fault: str
) -> None:
    """There is one image before it and one after it, over the same connection if that is kept."""
    server.asked.clear()
    images = [Image(server.url(name), str(tmp_path / name)) for name in ("before.png", f"{fault}.png", "after.png")]
    patient = "timed out" not in FAULTS[fault].expected
    before, wrong, after = client(images, PATIENT if patient else LIMITS)
    assert before == after == (len(IMAGE), 1)
    assert (tmp_path / "before.png").read_bytes() == (tmp_path / "after.png").read_bytes() == IMAGE
    written = tmp_path / f"{fault}.png"
    if not FAULTS[fault].expected:
        size = FAULTS[fault].size
        assert wrong == (size, 1)
        assert written.stat().st_size == size
        assert size != len(IMAGE) or written.read_bytes() == IMAGE
    else:
        assert isinstance(wrong, DownloadFailed)
        assert wrong.kind in FAULTS[fault].expected.split(" or ")
        assert wrong.url.startswith(server.url(""))
        assert {path.name for path in tmp_path.iterdir()} == {"before.png", "after.png"}, "nothing is left of it"


@CLIENTS
@pytest.mark.parametrize("error", [IndexError("of a library"), ValueError("of a library"), RecursionError("too deep")])
def test_what_a_library_raises_for_an_answer_is_counted_for_it(
    server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Client, error: Exception
) -> None:
    """Libraries have bugs, so any error counts; only lack of memory is the program's."""
    image = [Image(server.url("image.png"), str(tmp_path / "image.png"))]

    def fail(raised: BaseException) -> None:
        def begin(*_: object) -> None:
            raise raised

        monkeypatch.setattr(http_client._Answer, "begin", begin)
        monkeypatch.setattr(aiohttp.ClientResponse, "start", begin)

    fail(error)
    (failed,) = client(image, LIMITS)
    assert str(failed) == f"{image[0].url} no valid HTTP ({error})"
    fail(MemoryError())
    with pytest.raises(MemoryError):
        client(image, LIMITS)


@CLIENTS
@pytest.mark.parametrize("fault", ["hung_up", "reset", "reset_in_body", "silent"])
@pytest.mark.parametrize("retries", [0, 1])
def test_no_request_is_repeated_but_by_us(
    server: FaultyServer, tmp_path: Path, client: Client, fault: str, retries: int
) -> None:
    """They do not even if a kept connection ends before any byte of the answer; both clients retry by default."""
    server.heads.clear()
    images = [Image(server.url(name), str(tmp_path / name)) for name in ("before.png", f"{fault}.png", "after.png")]
    client(images, DownloadLimits(SECONDS, retries=retries))
    asked = [head.split()[1].decode().strip("/") for head in server.heads]
    assert asked == ["before.png", *[f"{fault}.png"] * (1 + retries), "after.png"]


@CLIENTS
def test_a_large_body_is_never_in_memory(server: FaultyServer, tmp_path: Path, client: Client) -> None:
    """Of 50 MB, a few are in memory: pieces of both sides, since the server is in this process."""
    tracemalloc.start()
    try:
        assert client([Image(server.url("large_body"), str(tmp_path / "large"))], PATIENT) == [(LARGE, 1)]
        assert tracemalloc.get_traced_memory()[1] < LARGE / 5
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_has_its_name_once_it_is_whole(tmp_path: Path, fails: bool) -> None:
    """Until then it has another name, and if it fails, nothing is left."""
    path = tmp_path / "image.png"
    with contextlib.suppress(DownloadFailed), Arrival("http://x/image.png", str(path), None, LIMITS) as arrival:
        arrival.take(IMAGE)
        assert not path.exists()
        if fails:
            arrival.take(bytes(LIMITS.largest))
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([] if fails else [IMAGE])


def in_pieces(path: str, data: bytes) -> None:
    with Arrival("http://x/image.png", path, None, LIMITS) as arrival:
        arrival.take(data)


@pytest.mark.parametrize("write", [save, in_pieces])
def test_what_cannot_be_written_is_not_kept(tmp_path: Path, write: Callable[[str, bytes], object]) -> None:
    """A full disk is an example."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="large"):
            write(str(tmp_path / "image.png"), bytes(5_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE])
@pytest.mark.parametrize("step", [1, 1000, 10_000_000])
def test_what_is_decoded_is_what_was_encoded(size: int, step: int) -> None:
    """This holds for any division into pieces, and no more than a piece of it is decoded at once."""
    data = bytes(size)
    for encoding, encoded in {"gzip": gzip.compress(data), "deflate": zlib.compress(data)}.items():
        decoding = make_decoder(encoding)
        pieces = [piece for at in range(0, len(encoded), step) for piece in decoding.decode(encoded[at : at + step])]
        assert b"".join(pieces) == data
        assert max(map(len, pieces), default=0) <= PIECE
        assert decoding.complete


@CLIENTS
def test_redirects_lead_to_other_hosts_if_that_is_wanted(server: FaultyServer, tmp_path: Path, client: Client) -> None:
    """The file has the name of the listed address."""
    images = [Image(server.url("redirect_to_a_neighbour"), str(tmp_path / "image.png"))]
    limits = DownloadLimits(10 * SECONDS, follow=True)
    assert client(images, limits) == [(len(IMAGE), 1)]
    assert (tmp_path / "image.png").read_bytes() == IMAGE
    fails = client([Image(server.url("redirect_to_a_file"), str(tmp_path / "file.png"))], limits)
    assert [getattr(failed, "kind", None) for failed in fails] == ["redirected elsewhere"]


@CLIENTS
def test_what_passes_is_tried_again_if_that_is_wanted(server: FaultyServer, tmp_path: Path, client: Client) -> None:
    """Tries are counted; a permanent failure is not retried."""
    server.asked.clear()
    names = ("unavailable_at_first.png", "not_found.png")
    images = [Image(server.url(name), str(tmp_path / name)) for name in names]
    again, gone = client(images, DownloadLimits(SECONDS, retries=2))
    assert again == (len(IMAGE), 2)
    assert isinstance(gone, DownloadFailed)


@CLIENTS
def test_nobody_listens(tmp_path: Path, client: Client) -> None:
    """A port is closed, or an address is impossible."""
    urls = ("http://127.0.0.1:1/a.png", f"http://{'a' * 64}.invalid/a.png")
    outcomes = client([Image(url, str(tmp_path / "a.png")) for url in urls], LIMITS)
    assert [getattr(outcome, "kind", None) for outcome in outcomes] == ["not connected", "bad address"]


@CLIENTS
def test_a_file_that_is_there_is_not_written_through(server: FaultyServer, tmp_path: Path, client: Client) -> None:
    """A link in the place of an image is not followed."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "image.png").symlink_to(victim)
    with pytest.raises(FileExistsError):
        client([Image(server.url("image.png"), str(tmp_path / "image.png"))], LIMITS)
    assert victim.read_text() == "precious"


@CLIENTS
@pytest.mark.parametrize("name", ["bild-ä-ü.png", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a%20b%00c.png"])
def test_odd_names_are_asked_for_and_stay_in_the_directory(
    server: FaultyServer, tmp_path: Path, client: Client, name: str
) -> None:
    """This holds for any address."""
    with Download(urls=[server.url(name)]).running(str(tmp_path)) as workload:
        assert client(list(workload.items), LIMITS) == [(len(IMAGE), 1)]
        assert [path.read_bytes() for path in tmp_path.glob("images-*/*")] == [IMAGE]


@pytest.mark.parametrize(
    "name", ["a%2Cb%7ec.png", "bücher.png", "x/../y/./z.png?q=%2F&r=a/b", "redirect_with_a_cookie", "redirect_in_utf_8"]
)
def test_clients_ask_for_the_same(server: FaultyServer, tmp_path: Path, name: str) -> None:
    """They use the same words, and nothing of earlier answers."""
    asked = []
    for client in (with_urllib3, with_aiohttp):
        server.heads.clear()
        with Download(urls=[server.url(name)]).running(str(tmp_path)) as workload:
            assert client(list(workload.items), LIMITS) == [(len(IMAGE), 1)]
        asked.append([head.split(b"\r\n")[0] for head in server.heads])
        assert not any(b"\r\ncookie:" in head.lower() for head in server.heads)
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("url", "location", "leads"),
    [
        ("http://host/a", "b", "http://host/b"),
        ("http://host/a", "http://host:80/b", "http://host:80/b"),
        ("http://host/a", "https://host/a", "https://host/a"),
        ("http://host:8080/a", "http://host:8080/b", "http://host:8080/b"),
        ("http://host/a", "//other/a", None),
        ("http://host:8080/a", "https://host:22/b", None),
        ("http://host/a", "http://host:8080/a", None),
        ("https://host/a", "http://host/a", None),
        ("http://host/a", "ftp://host/a", None),
        ("http://host/a", "http://other@host/a", None),
        ("http://host/a", "http://host\\@other/a", None),
    ],
)
def test_redirects_stay_with_their_host(url: str, location: str, leads: str | None) -> None:
    """They stay with its port as well, unless they go from http to https."""
    if leads is not None:
        assert redirect_target(url, 302, {"Location": location}) == leads
        return
    with pytest.raises(DownloadFailed):
        redirect_target(url, 302, {"Location": location})


@pytest.mark.parametrize(
    ("url", "location", "leads"),
    [
        ("http://host/a", "//other/b", "http://other/b"),
        ("http://host:8080/a", "https://other:22/b", "https://other:22/b"),
        ("https://host/a", "https://other/b", "https://other/b"),
        ("https://host/a", "http://other/b", None),
        ("http://host/a", "ftp://other/b", None),
        ("http://host/a", "file:///etc/hostname", None),
        ("http://host/a", "http://somebody@other/b", None),
        ("http://host/a", "http://other:0/b", None),
    ],
)
def test_redirects_to_other_hosts_keep_to_the_rules_for_addresses(url: str, location: str, leads: str | None) -> None:
    """They never go from https to http."""
    if leads is not None:
        assert redirect_target(url, 302, {"Location": location}, follow=True) == leads
        return
    with pytest.raises(DownloadFailed):
        redirect_target(url, 302, {"Location": location}, follow=True)


def test_a_failure_survives_the_trip_from_another_process() -> None:
    """All its details survive."""
    failed = DownloadFailed("timed out", "http://x/a.png", "after 3 s")
    assert str(pickle.loads(pickle.dumps(failed))) == str(failed) == "http://x/a.png timed out (after 3 s)"


RUNNERS = [Sequential(), ThreadPool(workers=2), ProcessPool(workers=2), Asyncio(workers=2)]


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: type(runner).__name__)
def test_failures_are_counted_whatever_the_runner(server: FaultyServer, tmp_path: Path, runner: object) -> None:
    """With --tolerate the count is beside the images that arrived; without it they end the row, with the same count."""
    urls = [server.url(name) for name in ("1.png", "not_found.png", "2.png", "silent.png", "not_found.png?again")]
    with Download(urls=urls, request_timeout=SECONDS, tolerate=True).running(str(tmp_path)) as workload:
        timing = HostedCell(workload, runner).sample(collect=True)  # type: ignore[arg-type]
        assert workload.tally(timing.results) == Tally(
            {"answered 404": 2, "timed out": 1}, 0, {"answered 404": [urls[1], urls[4]], "timed out": [urls[3]]}
        )
        assert [image is not None for image in timing.collected] == [True, False, True, False, False]
        other = ("other.png", 1, "")
        require_equal(timing.collected, [None if image else other for image in timing.collected], workload.same)
        with pytest.raises(ResultsDiffer, match="2 of 5"):
            require_equal(timing.collected, [other] * 5, workload.same)
    with (
        Download(urls=urls, request_timeout=SECONDS).running(str(tmp_path)) as workload,
        pytest.raises(TasksFailed) as failed,
    ):
        HostedCell(workload, runner).sample()  # type: ignore[arg-type]
    assert str(failed.value) == (
        f"2 of 5 downloaded; 2 answered 404, 1 timed out (the first: {urls[1]} answered 404); "
        "--tolerate counts failures and continues"
    )


def test_nothing_at_all_is_no_measurement(server: FaultyServer, tmp_path: Path) -> None:
    """This holds even if failures are tolerated."""
    urls = [server.url("not_found.png"), server.url("reset.png")]
    with (
        Download(urls=urls, tolerate=True).running(str(tmp_path)) as workload,
        pytest.raises(TasksFailed, match="0 of 2 downloaded; 1 answered 404, 1 reset"),
    ):
        HostedCell(workload, Sequential()).sample()


@pytest.mark.parametrize("runner", [ThreadPool(workers=30), Asyncio(workers=30)], ids=["threads", "coroutines"])
def test_waiting_for_a_connection_is_no_fault_of_the_server(
    server: FaultyServer, tmp_path: Path, runner: object
) -> None:
    """There are at most ten connections, each busy for a good part of the time limit; half of the requests redirect."""
    urls = [server.url(f"{'slow' if number % 2 else 'slow_redirect'}.{number}") for number in range(30)]
    with Download(urls=urls, request_timeout=SECONDS).running(str(tmp_path)) as workload:
        results = HostedCell(workload, runner).sample().results  # type: ignore[arg-type]
    assert results == [(len(IMAGE), 1)] * 30


@pytest.mark.parametrize(
    "wrong", [{"request_timeout": 0}, {"request_timeout": float("nan")}, {"size_limit": 0}, {"retries": -1}]
)
def test_a_limit_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    """Nothing is requested."""
    with pytest.raises(BadSetting):
        Download(**wrong)  # type: ignore[arg-type]
