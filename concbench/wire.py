"""Communication between processes of concbench: a wire is two pipes that only concbench reads and writes.

A new process gets the numbers of its two ends, and a token, as arguments, and takes them over before anything else.
Standard input and output are avoided where possible, since modules imported at the start of an interpreter may read or
print.

A message is a line with the token and the length, followed by JSON. Any other bytes come from foreign code that writes
to descriptors it does not own, and end the communication. In a forked child both ends are closed. A child that still
uses the wire, since it returned from a function instead of calling os._exit, is ended.

This module uses only a small part of the standard library, since every measuring process imports it. Functions that it
needs while user code runs are bound here by name before, since user code may replace `json.dumps` or `os.getpid`.
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
"""Most bytes of the line before a message."""
_HIGH = 1000
"""Lowest descriptor number, if the limit allows it, to avoid loops that close or try low descriptors."""
_ROOM = 24
"""Distance below the limit of descriptors, where the limit is lower."""


_CLOSED, _CODES = 166, 80
"""The first of the exit codes that indicate a closed wire, and their number; programs hardly use them."""


class WireBroken(Exception):  # noqa: N818
    """Bytes arrived that are not a message of concbench."""


class Wire:
    """One end of a wire, which sends to and receives from the other end."""

    def __init__(self, reading: int, writing: int, token: str, *, permanent: bool = False) -> None:
        """Take ownership of two descriptors.

        Args:
            reading: the descriptor to receive from.
            writing: the descriptor to send to.
            token: the prefix of every message.
            permanent: whether this process keeps both until it ends.
        """
        self._reading, self._writing = reading, writing
        self._token = token.encode("ascii")
        self._owner = getpid()
        self._arrived = bytearray()
        self._permanent = permanent
        if permanent:
            _close_in_children(reading, writing)
        else:
            _closed_in_children().add(self)

    @property
    def closed_exit_code(self) -> int:
        """The exit code of a process whose permanent end was closed by other code.

        It differs between wires, so that a program with its own exit code is not always mistaken for that.
        """
        return _CLOSED + sum(self._token) % _CODES

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            OSError: the other end is closed.
            SystemExit: other code has closed the descriptors of a permanent wire.
        """
        end_if_forked(self._owner)
        body = dumps(message).encode("ascii")
        unsent = memoryview(b"%b %d\n%b" % (self._token, len(body), body))
        while unsent:
            unsent = unsent[self._use(write, self._writing, unsent) :]

    def receive(self) -> Any:
        """Receive the next message; None after the other end was closed.

        Raises:
            WireBroken: the bytes that arrived are not a message.
        """
        end_if_forked(self._owner)
        while b"\n" not in self._arrived[:_HEADER] and len(self._arrived) < _HEADER and self._read_more():
            pass
        if not self._arrived:
            return None
        header = bytes(self._arrived[:_HEADER]).partition(b"\n")[0]
        token, _, length = header.partition(b" ")
        if token != self._token or not length.isdigit():
            raise WireBroken
        del self._arrived[: len(header) + 1]
        size = int(length)
        while len(self._arrived) < size and self._read_more():
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
        """Yield all messages until the other end is closed."""
        while (message := self.receive()) is not None:
            yield message

    def close_writing(self) -> None:
        """Close the sending side, so that the other end knows that no more messages follow."""
        descriptor, self._writing = self._writing, -1
        _close(descriptor)

    def close(self) -> None:
        """Close both descriptors."""
        self.close_writing()
        descriptor, self._reading = self._reading, -1
        _close(descriptor)

    def _read_more(self) -> bool:
        arrived = self._use(read, self._reading, 1 << 16)
        self._arrived += arrived
        return bool(arrived)

    def _use(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        """Call an operation on a descriptor; exit if other code has closed a permanent one."""
        try:
            return operation(*arguments)
        except OSError as error:
            if self._permanent and error.errno == EBADF:
                raise SystemExit(self.closed_exit_code) from None
            raise


def end_if_forked(owner: int) -> None:
    """End this process if it is a forked child of the owner: a child must not continue in the code of concbench."""
    if getpid() != owner:
        _exit(0)  # without flushing: pending output of the parent would appear twice


def take_over() -> Wire:
    """Return the wire of a process that was started with one, and remove it from the arguments."""
    reading, writing, token = sys.argv[1:4]
    del sys.argv[1:4]
    wire = Wire(_move_to_high_number(int(reading)), _move_to_high_number(int(writing)), token, permanent=True)
    if reading == "0":  # where only the standard streams can be inherited
        null_device = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null_device, 0)
        os.close(null_device)
        os.dup2(2, 1)
    return wire


def _move_to_high_number(descriptor: int) -> int:
    """Move a descriptor to a high number, and have it closed in programs that this process starts."""
    try:
        import fcntl
        import resource
    except ImportError:  # Windows
        return os.dup(descriptor)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lowest = max(3, min(_HIGH, limit - _ROOM)) if limit > 0 else _HIGH
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
    os.close(descriptor)
    return moved


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        with suppress(OSError):
            close_descriptor(descriptor)


def _close_in_children(*descriptors: int) -> None:
    """Close descriptors in forked children, which must not use the wires of their parent.

    No Python code runs in the child for that: a child copies the memory that it touches, and forking is part of the
    measured time.
    """
    if hasattr(os, "register_at_fork"):
        for descriptor in descriptors:
            os.register_at_fork(after_in_child=partial(closerange, descriptor, descriptor + 1))


@cache
def _closed_in_children() -> WeakSet[Wire]:
    """Wires to close in forked children that may be closed earlier, after which their numbers may be reused."""
    wires: WeakSet[Wire] = WeakSet()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=partial(_close_all, wires))
    return wires


def _close_all(wires: WeakSet[Wire]) -> None:
    for wire in list(wires):
        wire.close()
