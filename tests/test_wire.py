"""Wires: messages arrive, foreign bytes end the conversation, and forked children take no part in it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench.launch import start
from concbench.wire import Wire, WireBroken, end_if_forked

TOKEN = "0123456789abcdef"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
).filter(lambda value: value is not None)


class Pair:
    """Two ends, and a way to write beside them."""

    def __init__(self) -> None:
        reading, self.aside = os.pipe()
        back, writing = os.pipe()
        self.far = Wire(reading, writing, TOKEN)
        self.near = Wire(back, os.dup(self.aside), TOKEN)

    def close(self) -> None:
        self.far.close()
        self.near.close()
        os.close(self.aside)


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


@given(st.lists(JSON, max_size=5))
def test_messages_arrive_in_order_and_then_the_end(messages: list[Any]) -> None:
    """This holds for any content."""
    pair = Pair()
    try:
        for message in messages:
            pair.far.send(message)
        pair.far.close_writing()
        assert list(pair.near) == messages
        assert pair.near.receive() is None
    finally:
        pair.close()


@given(st.binary(min_size=1), st.booleans())
def test_what_is_no_message_ends_the_conversation(stray: bytes, after: bool) -> None:
    """They come before the first message or after it; a message that is cut off is the end, and never a message."""
    pair = Pair()
    try:
        if after:
            pair.near.send({"ok": 1})
            assert pair.far.receive() == {"ok": 1}
        os.write(pair.aside, stray + (b"" if stray.endswith(b"\n") else b"\n"))
        pair.near.send({"ok": 2})
        with pytest.raises(WireBroken):
            pair.far.receive()
    finally:
        pair.close()


def test_a_message_that_is_cut_off_is_the_end(pair: Pair) -> None:
    """Its sender died in the middle of it."""
    os.write(pair.aside, f"{TOKEN} 100\n{{".encode())
    os.close(pair.aside)
    pair.near.close_writing()
    pair.aside = os.open(os.devnull, os.O_RDONLY)
    assert pair.far.receive() is None


def test_bytes_in_the_middle_of_a_message_end_the_conversation(pair: Pair) -> None:
    """The length is right, but the bytes are not JSON."""
    os.write(pair.aside, f'{TOKEN} 8\n{{"ok" stray'.encode())
    with pytest.raises(WireBroken):
        pair.far.receive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forks beside threads
def test_a_forked_child_has_no_wire_and_ends_when_it_comes_back_to_it(pair: Pair) -> None:
    """Only the parent reads its messages, and the other end sees the end although the child lives."""
    child = os.fork()
    if child == 0:
        try:
            pair.far.send("from the child")
        finally:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    pair.far.send("from the parent")
    assert pair.near.receive() == "from the parent"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forks beside threads
@pytest.mark.parametrize("forked", [False, True])
def test_only_a_forked_child_is_ended(forked: bool) -> None:
    """The number of the process decides."""
    owner = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            end_if_forked(owner if forked else os.getpid())
        finally:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (0 if forked else 7)


PEER = """
import os, sys
from concbench.wire import take_over
def main():
    wire = take_over()
    print("printed")
    os.write(1, b"written")
    for message in wire:
        wire.send([message, sys.argv, sys.stdin.read()])
"""


@pytest.mark.parametrize("at_start", ["", "print('early', flush=True); import sys; sys.stdin.read()"])
def test_standard_streams_are_not_the_wire(at_start: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs may print and read when an interpreter starts; no argument is left over."""
    (tmp_path / "peer.py").write_text(PEER)
    (tmp_path / "sitecustomize.py").write_text(at_start)
    (tmp_path / "json.py").write_text("raise ImportError('the wrong one')")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    (tmp_path / "site").mkdir()
    (tmp_path / "sitecustomize.py").rename(tmp_path / "site" / "sitecustomize.py")
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        process, wire = start("peer", log.fileno())
    wire.send({"asked": 1})
    assert wire.receive() == [{"asked": 1}, ["-c"], ""]
    wire.close_writing()
    assert process.wait(10) == 0
    wire.close()
    printed = (tmp_path / "log").read_text()
    assert "printed" in printed
    assert "written" in printed
    assert printed.startswith("early" if at_start else "")


FORKS = """
import os, time
from concbench.wire import take_over
def main():
    wire = take_over()
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    wire.send(child)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_child_that_lives_on_does_not_hold_its_parents_wire(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the parent is the end of the conversation."""
    (tmp_path / "forks.py").write_text(FORKS)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    process, wire = start("forks", subprocess.DEVNULL)
    try:
        child = wire.receive()
        assert process.wait(10) == 0
        assert wire.receive() is None
        os.kill(child, signal.SIGKILL)
    finally:
        wire.close()


def test_a_process_that_cannot_be_started_leaves_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of processes is reached, for example."""

    def refused(*arguments: object, **options: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)
    lowest = os.dup(0)
    os.close(lowest)
    with pytest.raises(BlockingIOError):
        start("peer", subprocess.DEVNULL)
    again = os.dup(0)
    os.close(again)
    assert again == lowest
