"""Safe file names for any addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # device names on Windows
_LONGEST = 120


def file_names(urls: Iterable[str]) -> list[str]:
    """A file name for each URL: its last segment made safe, all of them different, none with a path in it.

    Upper and lower case count as the same, since they are on macOS and Windows.
    """
    used: set[str] = set()
    counts: dict[str, int] = {}
    names = []
    for url in urls:
        name = _safe(unquote(urlsplit(url).path).rpartition("/")[2])
        stem, dot, ending = name.rpartition(".")
        candidate, count = name, counts.get(name.lower(), 1)
        while candidate.lower() in used:
            count += 1
            candidate = f"{stem}-{count}.{ending}" if dot else f"{name}-{count}"
        used.add(candidate.lower())
        counts[name.lower()] = count
        names.append(candidate)
    return names


def _safe(segment: str) -> str:
    name = _UNSAFE.sub("_", segment).lstrip(".")[:_LONGEST].rstrip(".") or "image"  # Windows drops dots at the end
    return f"_{name}" if _RESERVED.fullmatch(name) else name
