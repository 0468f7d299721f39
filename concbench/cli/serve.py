"""`concbench serve`: the image server alone, for use with other clients."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import TYPE_CHECKING

from concbench.cli.output import printing
from concbench.cli.values import reading
from concbench.exit_codes import OK
from concbench.harness.interruption import INTERRUPTION
from concbench.values import COUNT, DURATION, PORT, SIZE

if TYPE_CHECKING:
    from concbench.workloads.download.server import ServerSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--images", type=reading(COUNT), default=24, metavar="N", help="number of images (default: 24)")
    parser.add_argument(
        "--latency", type=reading(DURATION), default=0.020, metavar="TIME", help="delay of each answer (default: 20ms)"
    )
    parser.add_argument(
        "--jitter", type=reading(DURATION), default=0.0, metavar="TIME", help="maximum random extra delay (default: 0)"
    )
    parser.add_argument(
        "--image-size", type=reading(SIZE), default=60_000, metavar="SIZE", help="size of each image (default: 60kB)"
    )
    parser.add_argument(
        "--port", type=reading(PORT), default=0, metavar="PORT", help="port on 127.0.0.1 (default: a free one)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C; returns the exit code."""
    from concbench.workloads.download.server import ServerSettings
    from concbench.workloads.download.workload import Download

    download = Download(
        images=arguments.images,
        latency=arguments.latency,
        jitter=arguments.jitter,
        image_size=arguments.image_size,
    )
    settings = ServerSettings(download.names, download.image_size, download.latency, download.jitter, arguments.port)
    INTERRUPTION.release()  # asyncio handles Ctrl-C itself
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, download.title()))
    return OK


async def _serve(settings: ServerSettings, title: str) -> None:
    from concbench.workloads.download.server_process import ImageServer

    async with ImageServer(settings) as server:
        with printing():
            print(f"Serving {title}.")
            print(f"All addresses, one per line: {server.url}")
            print("Ctrl-C stops it.")
        await asyncio.Event().wait()
