"""Private directories: removed in any case, and never while they are in use."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from concbench import measure
from concbench.errors import HostFailure
from concbench.harness.hosts.private_directory import PREFIX, private_directory, sockets_in
from concbench.host.descendants import MARK
from concbench.workloads.synthetic import Sleep

MADE = "0123456789abcdef"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="what a process is marked with cannot be read elsewhere")
def test_what_a_killed_measurement_has_left_is_ended_and_removed_by_the_next(temporary: Path) -> None:
    """Its guardian was killed as well."""
    abandoned = temporary / f"{PREFIX}left"
    abandoned.mkdir()
    (abandoned / f"cell-sequential-{MADE}.log").write_text("")
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True, env={**os.environ, MARK: MADE})
    with private_directory() as directory:
        assert sorted(temporary.iterdir()) == [directory]
        assert child.wait(5) < 0
    assert list(temporary.iterdir()) == []


def test_a_directory_in_use_is_left_alone(temporary: Path) -> None:
    """A directory that merely has such a name is left alone as well."""
    (temporary / f"{PREFIX}file").write_text("precious")
    with private_directory() as first, private_directory() as second:
        assert first != second
        assert first.is_dir()
    assert [path.name for path in temporary.iterdir()] == [f"{PREFIX}file"]


def test_one_that_cannot_be_locked_for_want_of_descriptors_is_not_left(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message says so."""

    def refused(*arguments: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refused)
        with pytest.raises(OSError, match="Too many open files"), private_directory():
            pass
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("length", [10, 200])
def test_workers_find_room_for_the_names_of_their_sockets(
    length: int, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This holds however long the name of the directory for temporary files is."""
    deep = temporary / ("x" * length)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with private_directory() as directory:
        elsewhere = sockets_in(directory)
        assert len(os.fsencode(elsewhere)) <= 76
    assert not elsewhere.exists()
    cell = (
        measure(Sleep(tasks=2, seconds=0.001), runners=["process-pool:2"], rounds=1, observe=False).tables[0].cells[0]
    )
    assert cell.outcome.kind == "ok", cell.outcome.reason
    assert list(deep.iterdir()) == []


@pytest.mark.parametrize("gone", ["removed", "not found"])
def test_where_none_can_be_made_there_is_a_sentence(
    gone: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says what to do; earlier workloads keep their tables, as with any work that cannot be prepared."""

    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in [...]")

    if gone == "not found":
        monkeypatch.setattr(tempfile, "gettempdir", none)
    else:
        temporary.rmdir()
    with pytest.raises(HostFailure, match=r"set TMPDIR to a writable directory$"), private_directory():
        pass
