"""What an image server is told. In a file of its own so that who orders a server need not import one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Serving:
    """What is served, and how slowly."""

    names: list[str]
    """The file name of each image; its index is the image's."""
    image_size: int
    """Bytes."""
    latency: float = 0.0
    """Seconds before an answer."""
    jitter: float = 0.0
    """Seconds at most that are added to the latency, uniformly at random."""
    port: int = 0
    """0: a free one."""
