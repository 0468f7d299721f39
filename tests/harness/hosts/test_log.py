"""The log of a process: both ends are kept, and no more."""

import os
from pathlib import Path

import pytest

from concbench.harness.hosts.log import END_BYTES, MAX_BYTES, BoundedLog, empty_logs


@pytest.mark.parametrize(("lines", "looks"), [(1, 3), (300, 3), (300, 0), (50_000, 1), (50_000, 20), (23_001, 23)])
def test_both_ends_are_kept_and_the_file_stays_small(tmp_path: Path, lines: int, looks: int) -> None:
    """This holds however much was printed, and however often it was read meanwhile."""
    log = BoundedLog(tmp_path / "log")
    printing = os.fdopen(log.open(), "wb", buffering=0)
    every = lines // looks if looks else lines + 1
    with printing:
        for number in range(lines):
            printing.write(b"line %06d, which is longer than it need be\n" % number)
            if every and number % every == every - 1:
                empty_logs()
    text, whole = log.text(), 44 * lines
    assert text.startswith("line 000000,")
    assert text.endswith(f"line {lines - 1:06}, which is longer than it need be")
    assert len(text) < 3 * END_BYTES
    assert ("bytes were not kept" in text) == (whole > 2 * END_BYTES)
    assert (tmp_path / "log").stat().st_size <= MAX_BYTES + every * 44 if looks else True


def test_nothing_printed_is_nothing(tmp_path: Path) -> None:
    """The same holds for a file that could not be opened."""
    log = BoundedLog(tmp_path / "log")
    assert log.text() == ""
    os.close(log.open())
    assert log.text() == ""
    assert not empty_logs()


def test_the_last_line_is_of_what_has_come_since(tmp_path: Path) -> None:
    """This holds even if the file was emptied meanwhile."""
    log = BoundedLog(tmp_path / "log")
    descriptor = log.open()
    os.write(descriptor, b"before\n")
    asked = log.printed_bytes()
    assert log.last_line(asked) == ""
    os.write(descriptor, b"one\ntwo\n \n")
    assert log.last_line(asked) == "two"
    os.write(descriptor, b"x" * MAX_BYTES + b"\nthree\n")
    assert log.empty()
    assert log.last_line(asked) == "three"
    assert log.last_line(log.printed_bytes()) == ""
    os.write(descriptor, b"\n")
    assert log.last_line(asked) == "three"
    os.close(descriptor)
