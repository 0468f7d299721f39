"""Downloads from the embedded server: real, checked, cleaned up, and honest about failures."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
import urllib3

from concbench import Asyncio, Download, Sequential, ThreadPool
from concbench.errors import BadOutput, BadSetting, ResultsDiffer
from concbench.host.cell import HostedCell
from concbench.host.comparison import require_equal
from concbench.workloads.download.client import download_image
from concbench.workloads.download.images import image
from concbench.workloads.download.server import ServerSettings
from concbench.workloads.download.server_process import ImageServer
from concbench.workloads.download.target import DownloadFailed, Image

RUNNERS = [Sequential(), ThreadPool(workers=4), Asyncio(workers=4)]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Download]:
    with Download(images=6, latency=0.001, image_size=5_000).running(str(tmp_path)) as workload:
        yield workload


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Download]:
    """A server for tests that do not depend on earlier downloads: a server is a process."""
    directory = tmp_path_factory.mktemp("served")
    with Download(images=6, latency=0.001, image_size=5_000).running(str(directory)) as workload:
        yield workload


def require_right(collected: Sequence[object], workload: Download) -> None:
    assert workload.expected is not None
    require_equal(collected, workload.expected)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: type(runner).__name__)
def test_what_arrives_is_what_was_served(served: Download, runner: object) -> None:
    """Name, length and digest of every file agree, whichever the client is."""
    timing = HostedCell(served, runner).sample(collect=True)  # type: ignore[arg-type]
    require_right(timing.collected, served)
    assert timing.results == [(5_000, 1)] * 6


def test_a_wrong_byte_and_swapped_images_are_found(small: Download) -> None:
    """The check can fail: tampered files on disk do not pass."""
    with small.context(1):
        results = Sequential().run(small.function, small.items)
        first, second = (Path(item.path) for item in small.items[:2])
        good_first, good_second = first.read_bytes(), second.read_bytes()
        first.write_bytes(good_first[:-20] + b"x" + good_first[-19:])
        with pytest.raises(ResultsDiffer, match="1 of 6 results differ, first at item 0"):
            require_right(small.collect(results), small)
        first.write_bytes(good_second)
        second.write_bytes(good_first)
        with pytest.raises(ResultsDiffer, match="2 of 6"):
            require_right(small.collect(results), small)
        second.unlink()
        with pytest.raises(ResultsDiffer):
            require_right(small.collect(results), small)


def test_each_sample_begins_without_the_files_of_the_last(small: Download) -> None:
    """A download that did nothing could otherwise pass with the files of the previous sample."""
    HostedCell(small, Sequential()).sample()
    assert all(Path(item.path).exists() for item in small.items)
    small.reset()
    assert not any(Path(item.path).exists() for item in small.items)


def test_the_function_works_without_the_harness(served: Download, tmp_path: Path) -> None:
    """It is an ordinary function of one image."""
    target = tmp_path / "one.png"
    assert download_image(Image(served.items[3].url, str(target))) == 5_000
    assert target.read_bytes() == image(3, 5_000)


def test_a_status_other_than_ok_is_a_failure_and_writes_nothing(served: Download, tmp_path: Path) -> None:
    """An error page is not an image."""
    target = tmp_path / "none.png"
    with pytest.raises(DownloadFailed, match="404"):
        download_image(Image(served.items[0].url + "x", str(target)))
    assert not target.exists()


def test_the_server_counts_what_it_serves(small: Download) -> None:
    """It counts requests, and the most in progress at once."""
    HostedCell(small, ThreadPool(workers=6)).sample()
    base = small.items[0].url.rpartition("/")[0]
    stats = json.loads(urllib3.request("GET", f"{base}/stats").data)
    assert stats["requests"] == 6
    assert 1 <= stats["most_in_progress"] <= 6
    listed = urllib3.request("GET", f"{base}/").data.decode().split()
    assert listed == [item.url for item in small.items]


@pytest.mark.parametrize(
    ("request_line", "headers"),
    [
        ("GET {} HTTP/1.1", "Host: x\r\n"),
        ("GET {} HTTP/1.1", "Host: x\r\nConnection: close\r\n"),
        ("GET {} HTTP/1.0", ""),
        ("GET {} HTTP/1.0", "Connection: keep-alive\r\n"),
        ("HEAD {} HTTP/1.1", "Host: x\r\n"),
        ("HEAD {} HTTP/1.0", ""),
    ],
)
def test_the_image_is_the_same_however_it_is_asked_for(served: Download, request_line: str, headers: str) -> None:
    """Its length is also the same, with or without a body, and twice on a connection that is kept."""
    url = urllib3.util.parse_url(served.items[2].url)
    assert url.path is not None
    request = f"{request_line.format(url.path)}\r\n{headers}\r\n".encode()
    kept = "HTTP/1.1" in request_line and "close" not in headers
    with socket.create_connection(("127.0.0.1", url.port or 0), timeout=10) as connection:
        answers = connection.makefile("rb")
        for _ in range(2 if kept else 1):
            connection.sendall(request)
            assert answers.readline().split()[1] == b"200"
            head = dict(line.strip().lower().split(b": ", 1) for line in iter(answers.readline, b"\r\n"))
            assert head[b"content-length"] == b"5000"
            assert head[b"content-type"] == b"image/png"
            if request_line.startswith("GET"):
                assert answers.read(5_000) == image(2, 5_000)


def test_without_the_token_nothing_is_served(served: Download) -> None:
    """Other users of the machine cannot use it."""
    url = urllib3.util.parse_url(served.items[0].url)
    assert urllib3.request("GET", f"http://127.0.0.1:{url.port}/image-00001.png").status == 404


def test_the_server_is_on_loopback_only(served: Download) -> None:
    """It is bound to 127.0.0.1."""
    port = urllib3.util.parse_url(served.items[0].url).port
    bound = [
        connection.laddr.ip
        for process in psutil.Process().children(recursive=True)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    ]
    assert bound == ["127.0.0.1"]


def test_the_server_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    """The owner is killed without a chance to clean up."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, json.dumps(sys.path), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    (server,) = psutil.Process(owner.pid).children()
    assert urllib3.request("GET", url).status == 200
    owner.kill()
    owner.wait()
    owner.stdout.close()
    _, alive = psutil.wait_procs([server], timeout=10)
    assert not alive, "the server outlived its owner"


OWNER = """
import json, sys, time
sys.path[:] = json.loads(sys.argv[1])
from concbench import Download
with Download(images=1).running(sys.argv[2]) as workload:
    print(workload.items[0].url, flush=True)
    time.sleep(60)
"""


def test_the_images_are_removed_unless_they_are_kept(tmp_path: Path) -> None:
    """`keep` names a new or empty directory, and afterwards every image is in it once."""
    kept = tmp_path / "kept"
    with Download(images=3, latency=0, keep=str(kept)).running(str(tmp_path)) as workload:
        for _ in range(2):
            HostedCell(workload, Sequential()).sample()
    assert sorted(path.name for path in kept.iterdir()) == [f"image-0000{n}.png" for n in (1, 2, 3)]
    with pytest.raises(BadOutput, match="not empty"), Download(images=3, keep=str(kept)).running(str(tmp_path)):
        pass


ONLY_OF_THE_SERVER: list[dict[str, object]] = [
    {"size": "full"}, {"images": 3}, {"latency": 0.01}, {"jitter": 0.01}, {"image_size": 5_000},
]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"images": 0}, {"latency": -1}, {"jitter": float("nan")}, {"image_size": 10}, {"size": "huge"},
     {"size": "full", "images": 3}, *({"urls": ["http://127.0.0.1/a"], **one} for one in ONLY_OF_THE_SERVER)],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    """No server is started."""
    with pytest.raises(BadSetting):
        Download(**wrong)  # type: ignore[arg-type]


def test_the_article_size_has_the_articles_names() -> None:
    """There are twenty, all different."""
    names = Download("article").names
    assert len(set(names)) == 20
    assert names[0] == "5941812700_0f634b136e_b.jpg"


class _Slow(BaseHTTPRequestHandler):
    """Serves its path as a body, and counts how many it serves at once."""

    now = most = 0
    lock = threading.Lock()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with _Slow.lock:
            _Slow.now += 1
            _Slow.most = max(_Slow.most, _Slow.now)
        time.sleep(0.02)
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with _Slow.lock:
            _Slow.now -= 1
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = False


@contextmanager
def _other_server() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Slow) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "runner", [ThreadPool(workers=32), Asyncio(workers=32)], ids=lambda runner: type(runner).__name__
)
def test_real_urls_see_at_most_ten_connections(runner: object, tmp_path: Path) -> None:
    """This holds for any number of workers: other people's servers are not a test bench."""
    _Slow.most = 0
    with _other_server() as base:
        urls = [f"{base}/{number}/photo.png" for number in range(40)]
        with Download(urls=urls).running(str(tmp_path)) as workload:
            timing = HostedCell(workload, runner).sample(collect=True)  # type: ignore[arg-type]
    assert _Slow.most <= 10
    assert len({name for name, _, _ in timing.collected}) == 40
    assert all(length > 0 for _, length, _ in timing.collected)


def test_a_port_in_use_is_said_in_one_sentence() -> None:
    """There is no traceback of the server."""
    import asyncio

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        async def serve() -> None:
            async with ImageServer(ServerSettings(["a.png"], 5_000, port=port)):
                pass

        with pytest.raises(BadOutput, match=f"port {port} is in use"):
            asyncio.run(serve())
