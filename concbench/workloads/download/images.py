"""Real PNG images of deterministic content and any size, all different, made faster than they are sent.

An image is a block of palette indices that all images of a size share, behind a palette of its own: the pixels of two
images differ in colour, the bytes differ in the palette, and making one costs a few microseconds and no memory. So the
server can send thousands a second, and anyone can compute the expected bytes.
"""

import random
import struct
import zlib
from functools import lru_cache
from hashlib import shake_128

SMALLEST = 2_000
"""Least bytes of an image: with fewer, there would be no picture between palette and headers."""
LARGEST = 50_000_000
_SIDE = 256
_PNG = b"\x89PNG\r\n\x1a\n"


def image(index: int, size: int) -> bytes:
    """The image of this index (0 or more), exactly `size` bytes long, as a PNG file of 256 columns."""
    head, tail = _shared(size)
    return head + _chunk(b"PLTE", shake_128(b"concbench image %d" % index).digest(3 * 256)) + tail


@lru_cache(maxsize=8)
def _shared(size: int) -> tuple[bytes, bytes]:
    """The bytes that all images of a size share: those before the palette, and those after it."""
    frame = len(_PNG) + 25 + (12 + 3 * 256) + 12  # signature, IHDR, PLTE, IEND
    rows = (size - frame - 12 - 32) // (_SIDE + 1)
    while True:
        data = _chunk(b"IDAT", zlib.compress(_pixels(rows), 0))
        padding = size - frame - len(data)
        if padding >= 12:
            break
        rows -= 1
    head = _PNG + _chunk(b"IHDR", struct.pack(">IIBBBBB", _SIDE, rows, 8, 3, 0, 0, 0))
    return head, data + _chunk(b"paDd", bytes(padding - 12)) + _chunk(b"IEND", b"")


def _pixels(rows: int) -> bytes:
    noise = random.Random(0)
    return b"".join(b"\0" + noise.randbytes(_SIDE) for _ in range(rows))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
