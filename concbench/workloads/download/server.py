"""The order to an image server, in a file of its own so that a client need not import a server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServerSettings:
    """The images to serve, and the delay of each answer."""

    names: list[str]
    """The file name of each image; its position is the index of the image."""
    image_size: int
    """Bytes of each image."""
    latency: float = 0.0
    """Seconds before an answer."""
    jitter: float = 0.0
    """Most seconds that are added to the latency, uniformly at random."""
    port: int = 0
    """The port to listen on; 0 for a free one."""
