"""URLs to download, and files of them, one per line; blank lines and `#` comments are ignored."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from concbench.errors import BadInput
from concbench.values import Kind, relocate_path
from concbench.workloads.function.item_text import is_url_line, lines_of, read_file

_SERVER = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]+)(:\d*)?")
"""A host name or an IPv4 address, or an IPv6 address in brackets, and perhaps a port."""


def read_urls(path: str) -> list[str]:
    """The URLs of a file, in its order.

    URLs with a user name or a backslash are refused, too: clients may read them differently, so that one would ask
    another server than the next does. A password would also end up in the results file.

    Raises:
        BadInput: the file is missing, not text, or empty, or a line is not an http or https URL; names the line.
    """
    text, _ = read_file(Path(path), f"the URL file {path}")
    lines = enumerate(lines_of(text), start=1)
    urls = [require_url(line.strip(), f"{path}, line {number}") for number, line in lines if is_url_line(line)]
    if not urls:
        raise BadInput(f"the URL file {path} has no URLs: write one per line")
    return urls


URLS = Kind("a file of URLs", read_urls, (list, tuple), "FILE", relocate=relocate_path)


def require_url(text: str, where: str) -> str:
    """The text, if it is an http or https URL that every client reads alike.

    Raises:
        BadInput: it is not; the message begins with `where`.
    """
    if not isinstance(text, str):
        raise BadInput(f"{where}: {text!r} is not a string")
    try:
        parts = urlsplit(text)
        if "@" in parts.netloc or "\\" in text:
            raise BadInput(f"{where}: a URL must have no user name and no backslash")
        valid = parts.scheme in {"http", "https"} and bool(_SERVER.fullmatch(parts.netloc)) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or any(character.isspace() or not character.isprintable() for character in text):
        raise BadInput(f"{where}: {text!r} is not an http or https URL")
    return text
