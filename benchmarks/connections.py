"""Whether thousands of connections at once work: asyncio:5000 and the image server, which waits 5 s per image.

The server counts the requests that it has in progress; the most it had at once is the figure. One run, on 127.0.0.1.

    python benchmarks/connections.py                                         about 15 seconds
    python benchmarks/connections.py --connections 500 --latency 1

Budget: 5,000 at once, and every image intact. Both processes need as many open files (`ulimit -Hn`).
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from urllib.request import urlopen

from pairs import Columns, verdict

from concbench import Asyncio, Download
from concbench.host.cell import HostedCell
from concbench.host.comparison import require_equal

LEAST = 5_000
SPARE = 200
"""Files that a process may have open beside its connections."""


def main() -> None:
    """Download once and print what the server saw."""
    parser = argparse.ArgumentParser(description="Many connections at once.")
    parser.add_argument("--connections", type=int, default=LEAST)
    parser.add_argument("--latency", type=float, default=5.0, metavar="SECONDS")
    arguments = parser.parse_args()
    require_open_files(arguments.connections)
    images = Download(images=arguments.connections, latency=arguments.latency)
    with tempfile.TemporaryDirectory() as directory, images.running(directory) as running:
        cell = HostedCell(running, Asyncio(arguments.connections))
        timing = cell.sample()
        require_equal(timing.collected, running.expected)
        seen = statistics_of(running)
    print(f"{arguments.connections:,} images, asyncio:{arguments.connections}, {arguments.latency:g} s latency\n")
    most = seen["most_in_progress"]
    table = Columns(("what", 26), ("figure", 10), ("budget", 6))
    wanted = f" (of {arguments.connections:,})" if arguments.connections < LEAST else ""
    table.row("requests at once, at most", f"{most:,}", verdict(met=most >= min(LEAST, arguments.connections)) + wanted)
    table.row("images, all intact", f"{len(timing.collected):,}", "met")
    table.row("seconds", f"{timing.start.seconds + timing.work.seconds + timing.stop.seconds:.2f}", "none")


def statistics_of(running: Download) -> dict[str, int]:
    """The counts of the server."""
    address = running.items[0].url.rpartition("/")[0] + "/stats"
    with urlopen(address, timeout=30) as answer:
        counted: dict[str, int] = json.load(answer)
    return counted


def require_open_files(connections: int) -> None:
    """End with a message if the system does not allow so many open files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < connections + SPARE:
        sys.exit(f"connections: only {most:,} files may be open at once; raise `ulimit -Hn`")


if __name__ == "__main__":
    main()
