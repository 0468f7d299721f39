"""How processes of ours speak with each other: a wire is two pipes, on which only we write and read.

A process that is started is told the numbers of its two ends, and a token, by its arguments; it takes them over before
it does anything else. Standard input and output are not used where that can be avoided: whatever is imported when an
interpreter starts may read the one and print on the other.

A message is JSON, after a line with the token and its length. Anything else comes from somebody who writes to
descriptors that are not theirs, and ends the conversation. In a forked child both ends are closed, and a child that
comes back to the wire all the same, since it returned from a function that it should have left by os._exit, ends
there.

Standard library only, and little of it: every measuring process imports this. What it needs while code of the user's
runs is bound by name here, before that code: it may replace `json.dumps` or `os.getpid` for all others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import EBADF
from functools import cache, partial
from json import dumps, loads
from os import _exit, closerange, getpid, read, write
from os import close as close_descriptor
from typing import Any
from weakref import WeakSet

_HEADER = 64
"""Bytes that the line before a message has at most."""
_HIGH = 1000
"""Our descriptors begin here where so many are allowed, out of the way of loops that close or try all of them."""
_ROOM = 24
"""Descriptors below the limit of the system where fewer are allowed."""


_CLOSED, _CODES = 166, 80
"""The first of the exit codes by which a closed wire is told, and how many they are; programs hardly use them."""


class WireBroken(Exception):  # noqa: N818
    """Bytes that are not a message of ours arrived."""


class Wire:
    """One end: what the other sends is received, and the other way round."""

    def __init__(self, reading: int, writing: int, token: str, *, for_good: bool = False) -> None:
        """Own two descriptors from now on.

        Args:
            reading: where what the other sends arrives.
            writing: where what is sent goes.
            token: what messages begin with.
            for_good: whether this process keeps both until it ends.
        """
        self._reading, self._writing = reading, writing
        self._token = token.encode("ascii")
        self._owner = getpid()
        self._arrived = bytearray()
        self._for_good = for_good
        if for_good:
            _close_in_children(reading, writing)
        else:
            _closed_in_children().add(self)

    @property
    def closed(self) -> int:
        """The exit code of a process that was to keep its end for good, and in which somebody has closed it.

        It is another for each wire, so that no program that ends in its own way can be taken for that each time.
        """
        return _CLOSED + sum(self._token) % _CODES

    def send(self, message: Any) -> None:
        """Send it.

        Raises:
            OSError: the other end has gone.
            SystemExit: somebody has closed the descriptors of a wire that was to stay.
        """
        end_if_forked(self._owner)
        body = dumps(message).encode("ascii")
        left = memoryview(b"%b %d\n%b" % (self._token, len(body), body))
        while left:
            left = left[self._open(write, self._writing, left) :]

    def receive(self) -> Any:
        """The next message; None once the other end has gone.

        Raises:
            WireBroken: what arrived is none.
        """
        end_if_forked(self._owner)
        while b"\n" not in self._arrived[:_HEADER] and len(self._arrived) < _HEADER and self._more():
            pass
        if not self._arrived:
            return None
        header = bytes(self._arrived[:_HEADER]).partition(b"\n")[0]
        token, _, length = header.partition(b" ")
        if token != self._token or not length.isdigit():
            raise WireBroken
        del self._arrived[: len(header) + 1]
        size = int(length)
        while len(self._arrived) < size and self._more():
            pass
        body = bytes(self._arrived[:size])
        del self._arrived[:size]
        if len(body) < size:
            return None
        try:
            return loads(body)
        except ValueError:
            raise WireBroken from None

    def __iter__(self) -> Iterator[Any]:
        """All messages, to the end."""
        while (message := self.receive()) is not None:
            yield message

    def close_writing(self) -> None:
        """Tell the other end that no more will come."""
        descriptor, self._writing = self._writing, -1
        _close(descriptor)

    def close(self) -> None:
        """Give back both descriptors."""
        self.close_writing()
        descriptor, self._reading = self._reading, -1
        _close(descriptor)

    def _more(self) -> bool:
        arrived = self._open(read, self._reading, 1 << 16)
        self._arrived += arrived
        return bool(arrived)

    def _open(self, use: Callable[..., Any], *arguments: Any) -> Any:
        """Use a descriptor that is open."""
        try:
            return use(*arguments)
        except OSError as error:
            if self._for_good and error.errno == EBADF:
                raise SystemExit(self.closed) from None
            raise


def end_if_forked(owner: int) -> None:
    """End this process, if it is a forked child of the one that is meant: its way must not go on through our code."""
    if getpid() != owner:
        _exit(0)  # nothing is flushed: what the parent had not yet written would come twice


def take_over() -> Wire:
    """The wire of a process that was started with one; what it was told of it is no longer among its arguments."""
    reading, writing, token = sys.argv[1:4]
    del sys.argv[1:4]
    wire = Wire(_moved(int(reading)), _moved(int(writing)), token, for_good=True)
    if reading == "0":  # where no others can be handed over
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
    return wire


def _moved(descriptor: int) -> int:
    """The same under a high number, closed in programs that are started."""
    try:
        import fcntl
        import resource
    except ImportError:  # Windows
        return os.dup(descriptor)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lowest = max(3, min(_HIGH, most - _ROOM)) if most > 0 else _HIGH
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
    os.close(descriptor)
    return moved


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        with suppress(OSError):
            close_descriptor(descriptor)


def _close_in_children(*descriptors: int) -> None:
    """Forked children have nothing to say to those with whom their parent speaks.

    Without a line of Python: what a child touches it must copy, and forking is in the time that is measured.
    """
    if hasattr(os, "register_at_fork"):
        for descriptor in descriptors:
            os.register_at_fork(after_in_child=partial(closerange, descriptor, descriptor + 1))


@cache
def _closed_in_children() -> WeakSet[Wire]:
    """The same of wires that may be closed before, so that their numbers are others' then."""
    wires: WeakSet[Wire] = WeakSet()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=partial(_close_all, wires))
    return wires


def _close_all(wires: WeakSet[Wire]) -> None:
    for wire in list(wires):
        wire.close()
