"""Functions that ask a server and block until it answers."""

from __future__ import annotations

import http.client
import threading
from urllib.parse import urlsplit
from urllib.request import urlopen

import urllib3

_pool = urllib3.PoolManager(maxsize=16)
_alone = threading.Lock()
_connection: list[http.client.HTTPConnection] = []


def fetch(item: str) -> str:
    """A connection for each call."""
    with urlopen(item) as response:
        text: bytes = response.read()
    return text.decode()


def fetch_pooled(item: str) -> str:
    """Connections that the module keeps."""
    return _pool.request("GET", item).data.decode()


def fetch_in_turn(item: str) -> str:
    """One connection that the process keeps, and that one thread at a time may use."""
    parts = urlsplit(item)
    with _alone:
        if not _connection:
            _connection.append(http.client.HTTPConnection(parts.netloc))
        _connection[0].request("GET", f"{parts.path}?{parts.query}")
        return _connection[0].getresponse().read().decode()
