"""Values as people write them on a command line. A ValueError's text becomes the message of the argument."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

_NUMBER = r"([-+]?\d+(?:\.\d+)?)\s*"
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "": 1.0, "min": 60.0}
_BYTES = {
    "": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip


def duration(text: str) -> float:
    """Seconds of `20ms`, `1.5s`, `0`; a bare number is seconds."""
    return _with_unit(text, _SECONDS, "a time such as 20ms or 1.5s")


def size(text: str) -> int:
    """Bytes of `60kB`, `1MB`, `64KiB`; a bare number is bytes."""
    return round(_with_unit(text, _BYTES, "a size such as 60kB or 1MB"))


def count(text: str) -> int:
    """A whole number, 1 or more."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """A whole number, 0 or more."""
    return _whole(text, 0)


def counts(text: str) -> list[int]:
    """Whole numbers of 1 or more with commas between them."""
    return [count(part) for part in text.split(",")]


def limits(text: str) -> list[int]:
    """Whole numbers of 2 or more with commas between them."""
    return [_whole(part, 2) for part in text.split(",")]


def share(text: str) -> float:
    """A share of `5%`, or of `0.05`."""
    match = re.fullmatch(_NUMBER + "(%?)", text.strip())
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a share such as 5%")
    return float(match[1]) / (100 if match[2] else 1)


def port(text: str) -> int:
    """A port number; 0 for a free one."""
    number = natural(text)
    if number > 65_535:
        raise ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return number


def _whole(text: str, least: int) -> int:
    if not re.fullmatch(r"\s*\d{1,18}\s*", text) or int(text) < least:
        raise ArgumentTypeError(f"{text.strip()!r} is not a whole number of {least} or more")
    return int(text)


def _with_unit(text: str, units: dict[str, float] | dict[str, int], what: str) -> float:
    match = re.fullmatch(_NUMBER + r"([a-zA-Z]*)", text.strip())
    if match is None or match[2].lower() not in units:
        raise ArgumentTypeError(f"{text!r} is not {what}")
    value = float(match[1]) * units[match[2].lower()]
    if value < 0:
        raise ArgumentTypeError(f"{text!r} is negative; give {what}")
    return value
