"""Whether the image server holds the clients back: images per second from it, and from nginx with the same bytes.

Our clients download the same images, without latency, from our image server and from nginx on 127.0.0.1 (one worker
process, connections kept, no access log), in pairs. The contents of every download are compared. All files are kept in
memory (/dev/shm) where the system has that, since else the disk is what is measured. It needs `nginx` on the PATH
(Debian: nginx-light) and starts one of its own.

    python benchmarks/servers.py                                             about 1 minute
    python benchmarks/servers.py --images 500 --pairs 3 --runners asyncio:32

Budget, for each line: ours / nginx is 0.9 at least, in images a second; 8 pairs or more.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from pairs import Columns, Measure, Pair, ratio_of, take_pairs, typical, verdict

from concbench import Download
from concbench.harness.planning.runner_specs import PlannedCell, parse
from concbench.host.cell import HostedCell
from concbench.host.comparison import require_equal
from concbench.workloads.download.images import image

LEAST = 0.9
START_SECONDS = 10.0
MEMORY = "/dev/shm"

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    types {{ image/png png; }}
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 65;
    keepalive_requests 1000000;
    open_file_cache max=10000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {directory}/images;
    }}
}}
"""


class FromAddress(Download):
    """The download workload, from a server that runs already."""

    def __init__(self, original: Download, base: str, directory: str) -> None:
        super().__init__(images=len(original.names), latency=0.0, image_size=original.image_size)
        self.expected = original.expected
        self._set_targets(directory, [base + name for name in self.names])


def main() -> None:
    """Start both servers and print a line for each client."""
    arguments = parse_arguments()
    if shutil.which("nginx") is None:
        sys.exit("servers: there is no nginx on the PATH; install it (Debian: apt-get install nginx-light)")
    print(f"{arguments.images:,} images of {arguments.image_size / 1000:g} kB, no latency, ", end="")
    print(f"{arguments.pairs} pairs a line, seed {arguments.seed}\n")
    table = Columns(("client", 20), ("ours", 10), ("nginx", 10), ("ours / nginx", 22), ("budget", 6))
    order = random.Random(arguments.seed)
    images = Download(images=arguments.images, latency=0.0, image_size=arguments.image_size)
    with tempfile.TemporaryDirectory(dir=arguments.directory) as directory, images.running(directory) as ours:
        write_images(ours, Path(directory) / "images")
        files = Path(directory) / "from-nginx"
        files.mkdir()
        with nginx(Path(directory)) as base:
            theirs = FromAddress(ours, base, str(files))
            met = [compare(parse(spec), ours, theirs, arguments, order, table) for spec in arguments.runners]
    print(f"\n{sum(met)} of {len(met)} within the budget ({LEAST} at least)")


def parse_arguments() -> argparse.Namespace:
    """The images, the clients and the number of pairs."""
    parser = argparse.ArgumentParser(description="Our image server against nginx.")
    parser.add_argument("--images", type=int, default=2_000)
    parser.add_argument("--image-size", type=int, default=60_000, metavar="BYTES")
    parser.add_argument("--runners", nargs="+", metavar="SPEC", default=["sequential", "thread-pool:32", "asyncio:32"])
    parser.add_argument(
        "--directory", default=MEMORY if Path(MEMORY).is_dir() else None, help="where files are written"
    )
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--warm-up", type=int, default=1, metavar="PAIRS")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    return parser.parse_args()


def compare(
    planned: PlannedCell,
    ours: Download,
    theirs: Download,
    arguments: argparse.Namespace,
    order: random.Random,
    table: Columns,
) -> bool:
    """Take the pairs of one client and print its line; returns whether the budget is met."""
    pairs = take_pairs(
        downloader(ours, planned),
        downloader(theirs, planned),
        pairs=arguments.pairs,
        warm_up=arguments.warm_up,
        order=order,
    )
    ratio = ratio_of([Pair(ours=pair.theirs, theirs=pair.ours) for pair in pairs])  # speeds, not seconds
    table.row(
        planned.label,
        f"{arguments.images / typical([pair.ours for pair in pairs]):,.0f} / s",
        f"{arguments.images / typical([pair.theirs for pair in pairs]):,.0f} / s",
        ratio,
        verdict(met=ratio.centre >= LEAST),
    )
    return ratio.centre >= LEAST


def downloader(workload: Download, planned: PlannedCell) -> Measure:
    """A measure that downloads all images once and compares them."""
    cell = HostedCell(workload, planned.runner)

    def seconds() -> float:
        timing = cell.sample()
        require_equal(timing.collected, workload.expected)
        return timing.start.seconds + timing.work.seconds + timing.stop.seconds

    return seconds


def write_images(workload: Download, directory: Path) -> None:
    """Write the images that nginx serves."""
    directory.mkdir()
    for index, name in enumerate(workload.names):
        (directory / name).write_bytes(image(index, workload.image_size))


@contextmanager
def nginx(directory: Path) -> Iterator[str]:
    """Start an nginx; yields the base address of its images."""
    port = free_port()
    directory.chmod(0o755)
    configuration = directory / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port, user=user), encoding="utf-8")
    command = ["nginx", "-p", str(directory), "-e", str(directory / "error.log"), "-c", str(configuration)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()


def free_port() -> int:
    """A port on which nothing listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until something listens on a port."""
    patience = monotonic() + START_SECONDS
    while process.poll() is None and monotonic() < patience:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.01)
    sys.exit("servers: nginx did not start")


if __name__ == "__main__":
    main()
